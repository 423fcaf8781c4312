//! A function made of sockets: it does what the message says, and knows no framework. It logs the variables that `SHOWS` names.

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use std::env;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

/// Runs until it is killed.
pub(crate) fn run() -> ! {
    if env::var("AT_START").is_ok_and(|at_start| at_start == "exit") {
        eprintln!("a setting is missing");
        std::process::exit(3);
    }
    loop {
        let next = call("GET", &runtime_api(), "/2018-06-01/runtime/invocation/next", "", b"");
        let (head, body) = next.split_once("\r\n\r\n").unwrap();
        let id = head.lines().find_map(|line| line.strip_prefix("lambda-runtime-aws-request-id: ")).unwrap();
        println!("\u{1b}[1mgot\u{1b}[0m an event");
        for name in env::var("SHOWS").iter().flat_map(|names| names.split(',')) {
            if let Ok(value) = env::var(name) {
                println!("has {name}={value}");
            }
        }
        process(&serde_json::from_str(body).unwrap());
        let returned = returned(body);
        call("POST", &runtime_api(), &format!("/2018-06-01/runtime/invocation/{id}/response"), "", returned.as_bytes());
        println!("has answered");
        if body.contains("the last one") {
            println!("and ends");
            std::process::exit(1);
        }
    }
}

/// What Lambda gets: the value that the JSON of `RETURNS` has for the content. Without it, with the reasons that `REASONS` names, separated by commas, as far as their words are in the content.
fn returned(event: &str) -> String {
    let event: Value = serde_json::from_str(event).unwrap();
    let content = event["ChannelMessage"]["Content"].as_str().unwrap_or_default();
    if let Ok(returns) = env::var("RETURNS") {
        let returns: Value = serde_json::from_str(&returns).unwrap();
        return returns[content].to_string();
    }
    let Ok(reasons) = env::var("REASONS") else { return "null".to_owned() };
    let reasons: Vec<_> = reasons.split(',').filter(|reason| content.contains(reason)).collect();
    json!({ "MessageId": event["ChannelMessage"]["MessageId"], "Reasons": reasons }).to_string()
}

fn process(event: &Value) {
    let message = &event["ChannelMessage"];
    match message["Content"].as_str() {
        Some("deny") => call_back(event, json!({ "DeleteResource": true })),
        Some("hang") => hang(),
        Some("say nothing") => {}
        Some("control") => call_back(event, json!({ "ChannelMessage": { "Content": "a\u{1b}[2J\u{202e}b" } })),
        Some(content) if content.contains("hell") => {
            let replacement = env::var("REPLACEMENT").unwrap_or("****".to_owned());
            call_back(event, json!({ "ChannelMessage": { "Content": content.replace("hell", &replacement) } }))
        }
        Some(_) => call_back(event, json!({})),
        None => {}
    }
}

/// Holds a connection to the test, which sees when it ends.
fn hang() {
    let mut held = TcpStream::connect(env::var("HELD_BY").unwrap()).unwrap();
    held.write_all(b"!").unwrap();
    sleep(Duration::from_secs(3600));
}

fn call_back(event: &Value, answer: Value) {
    let mut body = json!({ "CallbackId": event["CallbackId"], "ChannelMessage": {} });
    if let Some(deny) = answer.get("DeleteResource") {
        body["DeleteResource"] = deny.clone();
    }
    if let Some(message) = answer.get("ChannelMessage") {
        body["ChannelMessage"] = message.clone();
    }
    body["ChannelMessage"]["MessageId"] = event["ChannelMessage"]["MessageId"].clone();
    let body = body.to_string().into_bytes();
    let channel = utf8_percent_encode(event["ChannelMessage"]["ChannelArn"].as_str().unwrap(), NON_ALPHANUMERIC);
    let path = format!("/channels/{channel}?operation=channel-flow-callback");
    let host = variable("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING").replace("http://", "");
    let headers = signed_headers(&format!("http://{host}{path}"), &body);
    call("POST", &host, &path, &headers, &body);
}

fn signed_headers(uri: &str, body: &[u8]) -> String {
    let identity = aws_credential_types::Credentials::new(
        // Keys of a profile, which this function cannot read.
        env::var("AWS_ACCESS_KEY_ID").unwrap_or("AKIDPROFILE".to_owned()),
        env::var("AWS_SECRET_ACCESS_KEY").unwrap_or("secret".to_owned()),
        env::var("AWS_SESSION_TOKEN").ok(),
        None,
        "test",
    )
    .into();
    let region = variable("AWS_REGION");
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(&region)
        .name("chime")
        .time(SystemTime::now())
        .settings(SigningSettings::default());
    let params = params.build().unwrap().into();
    let request = SignableRequest::new("POST", uri, std::iter::empty(), SignableBody::Bytes(body)).unwrap();
    let (instructions, _) = sign(request, &params).unwrap().into_parts();
    instructions.headers().map(|(name, value)| format!("{name}: {value}\r\n")).collect()
}

fn call(method: &str, host: &str, path: &str, headers: &str, body: &[u8]) -> String {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    let mut connection = TcpStream::connect(host).unwrap();
    connection.write_all(head.as_bytes()).unwrap();
    connection.write_all(body).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

fn runtime_api() -> String {
    variable("AWS_LAMBDA_RUNTIME_API")
}

fn variable(name: &str) -> String {
    env::var(name).unwrap()
}
