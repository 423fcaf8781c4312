//! The messaging service over HTTP: who may call back, with what, and how often.

mod common;

use channel_flow_emulator::{
    Credentials, Decision, Event, MessageIds, MessageStatus, MessagingService, OutgoingMessage,
};
use common::{Call, Response, request};
use serde_json::json;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

struct Sent {
    service: MessagingService,
    credentials: Credentials,
    ids: MessageIds,
}

/// A service with one pending message.
async fn sent() -> Sent {
    let service = MessagingService::start("us-east-1").await.unwrap();
    let message = OutgoingMessage::new("hello").unwrap().metadata("{}").unwrap();
    let event = Event::new(message, "us-east-1");
    service.register(&event).unwrap();
    let credentials = service.issue_credentials();
    Sent { credentials, ids: event.ids().unwrap().clone(), service }
}

impl Sent {
    fn call(&self) -> Call {
        Call::new(self.service.address(), &self.credentials, &self.ids)
    }

    fn status(&self) -> MessageStatus {
        self.service.message(&self.ids).unwrap().status()
    }
}

fn assert_refused(response: &Response, status: u16, exception: &str) {
    assert_eq!(response.status, status, "{response:?}");
    assert_eq!(response.header("x-amzn-errortype"), Some(exception));
    assert!(response.header("x-amzn-requestid").is_some());
    let body = response.json();
    assert!(body["Code"].is_string() && body["Message"].is_string(), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_callback_decides_the_message() {
    let sent = sent().await;
    let response = sent.call().with(|body| body["ChannelMessage"]["Content"] = json!("h*llo")).send();
    assert_eq!(response.status, 200);
    assert!(response.header("x-amzn-requestid").is_some());
    assert_eq!(response.json(), json!({ "ChannelArn": sent.ids.channel_arn, "CallbackId": sent.ids.callback_id }));
    let message = sent.service.message(&sent.ids).unwrap();
    let seen = message.seen_by_everyone().unwrap();
    assert_eq!(seen.content.as_deref(), Some("h*llo"));
    assert_eq!(seen.metadata.as_deref(), Some("{}"));
    let [record] = &sent.service.callbacks()[..] else { panic!("one callback") };
    assert_eq!(record.verdict(), Ok(Decision::Update));
    assert_eq!(record.access_key_id(), Some(sent.credentials.access_key_id()));
    assert!(!format!("{record:?} {message:?}").contains("h*llo"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_change_releases_and_deny_hides() {
    let released = sent().await;
    assert_eq!(released.call().send().status, 200);
    let message = released.service.message(&released.ids).unwrap();
    assert_eq!(message.seen_by_everyone().unwrap().content.as_deref(), Some("hello"));

    let denied = sent().await;
    assert_eq!(denied.call().with(|body| body["DeleteResource"] = json!(true)).send().status, 200);
    assert_eq!(denied.status(), MessageStatus::Denied);
    assert_eq!(denied.service.message(&denied.ids).unwrap().seen_by_everyone(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_callback_is_refused_and_changes_nothing() {
    let sent = sent().await;
    assert_eq!(sent.call().send().status, 200);
    let second = sent.call().with(|body| body["DeleteResource"] = json!(true)).send();
    assert_refused(&second, 400, "BadRequestException");
    let message = second.json()["Message"].as_str().unwrap().to_owned();
    assert!(message.contains("non-pending message for callback id"), "{message}");
    assert!(message.ends_with(&sent.ids.callback_id), "{message}");
    assert_eq!(sent.status(), MessageStatus::Sent);
    let verdicts: Vec<_> = sent.service.callbacks().iter().map(|c| c.is_accepted()).collect();
    assert_eq!(verdicts, [true, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_delivery_does_not_make_the_message_pending_again() {
    let sent = sent().await;
    assert_eq!(sent.call().send().status, 200);
    let json = json!({
        "CallbackId": sent.ids.callback_id,
        "ChannelMessage": {
            "MessageId": sent.ids.message_id, "ChannelArn": sent.ids.channel_arn, "Content": "x",
        },
    });
    let again = sent.service.register(&Event::raw(json.to_string())).unwrap();
    assert_eq!(again.status(), MessageStatus::Sent);
    assert_eq!(again.fields().content.as_deref(), Some("hello"));
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_have_to_belong_together() {
    let sent = sent().await;
    let other = "f".repeat(64);
    for call in [
        sent.call().with(|body| body["CallbackId"] = json!(other)),
        sent.call().with(|body| body["ChannelMessage"]["MessageId"] = json!(other)),
        Call { path: sent.call().path.replace("channel%2F0b", "channel%2F0c"), ..sent.call() },
    ] {
        let response = call.send();
        assert_refused(&response, 400, "BadRequestException");
        assert!(!response.body.contains("non-pending"), "{}", response.body);
    }
    assert_eq!(sent.status(), MessageStatus::Pending);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_a_limit_is_refused_and_can_be_repaired() {
    let sent = sent().await;
    for call in [
        sent.call().with(|body| body["ChannelMessage"]["Content"] = json!("")),
        sent.call().with(|body| body["ChannelMessage"]["Content"] = json!("é".repeat(2049))),
        sent.call().with(|body| body["ChannelMessage"]["Metadata"] = json!("a\nb")),
        sent.call().with(|body| body["ChannelMessage"]["PushNotification"] = json!({"Type": "X"})),
        sent.call().with(|body| body["DeleteResource"] = json!("yes")),
        Call { body: b"{".to_vec(), ..sent.call() },
        Call { body: vec![b' '; 2 * 1024 * 1024], ..sent.call() },
        Call { path: "/channels/here?operation=channel-flow-callback".into(), ..sent.call() },
        Call { path: "/channels/%ff?operation=channel-flow-callback".into(), ..sent.call() },
    ] {
        assert_refused(&call.send(), 400, "BadRequestException");
    }
    assert_eq!(sent.status(), MessageStatus::Pending);
    assert_eq!(sent.call().send().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_right_signature_counts() {
    let sent = sent().await;
    let wrong = "InvalidSignatureException";
    for (call, exception, reason) in [
        (Call { secret_access_key: "x".into(), ..sent.call() }, wrong, "another secret"),
        (Call { region: "eu-central-1".into(), ..sent.call() }, wrong, "another region"),
        (Call { service: "execute-api".into(), ..sent.call() }, wrong, "another service"),
        (Call { time: sent.call().time - Duration::from_secs(301), ..sent.call() }, wrong, "five minutes"),
        (Call { access_key_id: "ASIAUNKNOWN".into(), ..sent.call() }, "UnrecognizedClientException", "access key"),
        (Call { session_token: "x".into(), ..sent.call() }, "UnrecognizedClientException", "session token"),
    ] {
        assert_refused(&call.send(), 403, exception);
        let record = sent.service.callbacks().pop().unwrap();
        let refusal = record.verdict().unwrap_err().clone();
        assert!(refusal.reason().contains(reason), "{refusal}");
    }
    assert_refused(&sent.call().send_with(&[]), 403, "MissingAuthenticationTokenException");
    assert_eq!(sent.status(), MessageStatus::Pending);
    assert_eq!(sent.call().send().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_signed_cannot_be_changed() {
    let sent = sent().await;
    let signed = sent.call().signed_headers();
    for tampered in [
        sent.call().with(|body| body["DeleteResource"] = json!(true)),
        Call { path: sent.call().path + "&more=1", ..sent.call() },
    ] {
        assert_refused(&tampered.send_with(&signed), 403, "InvalidSignatureException");
    }
    for name in ["x-amz-date", "x-amz-security-token", "authorization"] {
        let without: Vec<_> = signed.iter().filter(|(key, _)| key != name).cloned().collect();
        assert_eq!(sent.call().send_with(&without).status, 403, "without {name}");
    }
    for header in ["Basic x", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential=a/b", "\u{1}"] {
        let garbage = [("authorization".to_owned(), header.to_owned())];
        let status = sent.call().send_with(&garbage).status;
        assert!([400, 403].contains(&status), "{header}: {status}");
    }
    assert_eq!(sent.status(), MessageStatus::Pending);
    assert_eq!(sent.call().send_with(&signed).status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_operations_are_refused_by_name() {
    let sent = sent().await;
    let address = sent.service.address();
    for (method, path) in [
        ("GET", "/nothing"),
        ("PATCH", "/channels/a?operation=channel-flow-callback"),
        ("POST", "/channels/a/streams"),
        ("PUT", "/app-instances/a/nothing"),
    ] {
        let response = request(address, method, path, &[], b"");
        assert_refused(&response, 404, "UnknownOperationException");
    }
    assert!(sent.service.callbacks().is_empty());
}

/// As it is even where another crate turns HTTP/2 on, which these tests do.
#[tokio::test(flavor = "multi_thread")]
async fn http_2_is_not_spoken() {
    let service = MessagingService::start("us-east-1").await.unwrap();
    let mut connection = TcpStream::connect(service.address()).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let no_settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    connection.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    // The other side may have closed by now.
    let _ = connection.write_all(&no_settings);
    let mut answer = Vec::new();
    if let Err(error) = connection.read_to_end(&mut answer) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_callbacks_at_once_one_is_accepted() {
    let sent = sent().await;
    let statuses: Vec<_> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..8).map(|_| scope.spawn(|| sent.call().send().status)).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 7, "{statuses:?}");
}
