//! The Runtime API as bytes on a connection.

mod common;

use channel_flow_emulator::{Answer, Invocation, Running, RuntimeApi};
use common::{Response, request};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn invoke(api: &RuntimeApi, request_id: &str) -> Running {
    api.invoke(Invocation {
        request_id: request_id.to_owned(),
        function_arn: "arn:aws:lambda:us-east-1:123456789012:function:f".to_owned(),
        timeout: Duration::from_secs(60),
        event: "{\"a\": 1}\n".into(),
    })
}

fn next(api: &RuntimeApi) -> Response {
    request(api.address(), "GET", "/2018-06-01/runtime/invocation/next", &[], b"")
}

fn post(api: &RuntimeApi, path: &str, body: &[u8]) -> Response {
    request(api.address(), "POST", &format!("/2018-06-01/runtime/{path}"), &[], body)
}

fn assert_problem(response: &Response, status: u16, error_type: &str) {
    assert_eq!(response.status, status, "{response:?}");
    assert_eq!(response.json()["errorType"], error_type);
    assert!(response.json()["errorMessage"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_goes_out_and_an_answer_comes_back() {
    let api = RuntimeApi::start().await.unwrap();
    let running = invoke(&api, "request-1");
    let event = next(&api);
    assert_eq!(event.status, 200);
    assert_eq!(event.body, "{\"a\": 1}\n");
    assert_eq!(event.header("Lambda-Runtime-Aws-Request-Id"), Some("request-1"));
    let arn = event.header("Lambda-Runtime-Invoked-Function-Arn").unwrap();
    assert_eq!(arn, "arn:aws:lambda:us-east-1:123456789012:function:f");
    assert!(event.header("Lambda-Runtime-Trace-Id").unwrap().starts_with("Root=1-"));
    let deadline = event.header("Lambda-Runtime-Deadline-Ms").unwrap().parse().unwrap();
    let deadline = UNIX_EPOCH + Duration::from_millis(deadline);
    let left = deadline.duration_since(SystemTime::now()).unwrap();
    assert!(left <= Duration::from_secs(60) && left > Duration::from_secs(1), "{left:?}");

    let accepted = post(&api, "invocation/request-1/response", b"null");
    assert_eq!((accepted.status, accepted.json()), (202, json!({ "status": "OK" })));
    assert_eq!(running.answer().await, Some(Answer::Response("null".into())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_waits_for_an_event() {
    let api = RuntimeApi::start().await.unwrap();
    let address = api.address();
    let poll =
        tokio::task::spawn_blocking(move || request(address, "GET", "/2018-06-01/runtime/invocation/next", &[], b""));
    api.initialized().await.unwrap();
    assert!(!poll.is_finished());
    let _running = invoke(&api, "late");
    let event = poll.await.unwrap();
    assert_eq!(event.header("lambda-runtime-aws-request-id"), Some("late"));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_have_to_be_for_the_invocation_in_hand_and_once() {
    let api = RuntimeApi::start().await.unwrap();
    let forbidden = "InvalidStateTransition";
    assert_problem(&post(&api, "invocation/none/response", b""), 403, forbidden);
    let running = invoke(&api, "mine");
    next(&api);
    assert_problem(&next(&api), 403, forbidden);
    assert_problem(&post(&api, "invocation/other/response", b""), 400, "InvalidRequestID");
    assert_problem(&post(&api, "invocation/other/error", b""), 400, "InvalidRequestID");
    assert_eq!(post(&api, "invocation/mine/response", b"first").status, 202);
    assert_problem(&post(&api, "invocation/mine/response", b"second"), 403, forbidden);
    assert_problem(&post(&api, "invocation/mine/error", b"second"), 403, forbidden);
    assert_eq!(running.answer().await, Some(Answer::Response("first".into())));
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_read_as_far_as_they_can_be() {
    let api = RuntimeApi::start().await.unwrap();
    let error_of = async |body: &'static str, headers: &'static [(&str, &str)]| {
        let running = invoke(&api, "r");
        next(&api);
        let path = "/2018-06-01/runtime/invocation/r/error";
        assert_eq!(request(api.address(), "POST", path, headers, body.as_bytes()).status, 202);
        match running.answer().await {
            Some(Answer::Error(error)) => (error.error_type, error.error_message),
            other => panic!("{other:?}"),
        }
    };
    let header = &[("lambda-runtime-function-error-type", "Function.Header")];
    let full = error_of(r#"{"errorType":"Boom","errorMessage":"it broke"}"#, header).await;
    assert_eq!(full, ("Boom".into(), "it broke".into()));
    assert_eq!(error_of("", header).await, ("Function.Header".into(), "".into()));
    assert_eq!(error_of("\"text\"", &[]).await, ("Unknown".into(), "".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_too_large_is_an_error() {
    let api = RuntimeApi::start().await.unwrap();
    let running = invoke(&api, "large");
    next(&api);
    let most = 6 * 1024 * 1024 + 100;
    let refused = post(&api, "invocation/large/response", &vec![b'x'; most + 1]);
    assert_problem(&refused, 413, "RequestEntityTooLarge");
    let Some(Answer::Error(error)) = running.answer().await else { panic!("an error") };
    assert_eq!(error.error_type, "Function.ResponseSizeTooLarge");

    let running = invoke(&api, "just");
    next(&api);
    assert_eq!(post(&api, "invocation/just/response", &vec![b'x'; most]).status, 202);
    assert!(matches!(running.answer().await, Some(Answer::Response(body)) if body.len() == most));
}

#[tokio::test(flavor = "multi_thread")]
async fn initialization_fails_before_the_first_poll_only() {
    let failing = RuntimeApi::start().await.unwrap();
    let error = br#"{"errorType":"Extension.Bad","errorMessage":"no"}"#;
    assert_eq!(post(&failing, "init/error", error).status, 202);
    assert_eq!(failing.initialized().await.unwrap_err().error_type, "Extension.Bad");

    let running = RuntimeApi::start().await.unwrap();
    let _invocation = invoke(&running, "r");
    next(&running);
    running.initialized().await.unwrap();
    assert_problem(&post(&running, "init/error", error), 403, "InvalidStateTransition");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_paths_do_not_exist() {
    let api = RuntimeApi::start().await.unwrap();
    for path in ["/", "/2018-06-01/runtime", "/2020-01-01/extension/register"] {
        assert_problem(&request(api.address(), "GET", path, &[], b""), 404, "NotFound");
    }
    let path = "/2018-06-01/runtime/invocation/next";
    assert_eq!(request(api.address(), "POST", path, &[], b"").status, 405);
}

/// A poll with these headers, and no others.
fn poll_with(api: &RuntimeApi, headers: &[(&str, &str)]) -> String {
    let mut connection = TcpStream::connect(api.address()).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut head = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nconnection: close\r\n".to_owned();
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    connection.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_page_takes_no_event_and_answers_none() {
    let api = RuntimeApi::start().await.unwrap();
    let running = invoke(&api, "request-1");
    let port = api.address().port();
    let own = api.address().to_string();
    let of_port = |name: &str| format!("{name}:{port}");
    let other_port = format!("127.0.0.1:{}", port ^ 1);
    let rebound = of_port("page.example.com");
    for headers in [
        &[("host", &*rebound)][..],
        &[("host", &*of_port("127.0.0.1.example.com"))],
        &[("host", &*of_port("10.0.0.1"))],
        &[("host", &*other_port)],
        &[("host", "127.0.0.1")],
        &[("host", "")],
        &[],
        &[("host", &*own), ("host", &*rebound)],
        // One that asks by the right name is a page of somebody else all the same.
        &[("host", &*own), ("origin", "https://example.com")],
        &[("host", &*own), ("origin", "null")],
        &[("host", &*own), ("origin", &*format!("http://{own}"))],
        // An image or a form of a page has no origin.
        &[("host", &*own), ("sec-fetch-site", "cross-site")],
        &[("host", &*own), ("sec-fetch-mode", "no-cors")],
    ] {
        let answer = poll_with(&api, headers);
        assert!(!answer.contains("\"a\": 1"), "{headers:?} took the event");
        let refused = answer.starts_with("HTTP/1.1 403 ") || answer.starts_with("HTTP/1.1 400 ");
        assert!(refused, "{headers:?}: {answer}");
    }
    let taken = poll_with(&api, &[("host", &*of_port("LocalHost"))]);
    assert!(taken.ends_with("{\"a\": 1}\n"), "{taken}");
    let (path, body) = ("/2018-06-01/runtime/invocation/request-1/response", b"null");
    let refused = request(api.address(), "POST", path, &[("origin", "https://example.com")], body);
    assert_problem(&refused, 403, "Forbidden");
    assert_eq!(post(&api, "invocation/request-1/response", b"null").status, 202);
    assert_eq!(running.answer().await, Some(Answer::Response("null".into())));
    for name in ["127.0.0.1", "127.9.9.9", "[::1]", "runtime.localhost"] {
        let running = invoke(&api, "request-2");
        assert!(poll_with(&api, &[("host", &*of_port(name))]).ends_with("{\"a\": 1}\n"), "{name}");
        post(&api, "invocation/request-2/response", b"null");
        running.answer().await.unwrap();
    }
}
