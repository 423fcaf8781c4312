//! A queue that is told of a denial after the callback.

use channel_flow_emulator::{Decision, Delivered, FunctionSettings, InvocationOutcome, OutgoingMessage};
use channel_flow_tests::Stage;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// A queue on loopback, of which a test takes one request after the other.
struct Queue(TcpListener);

impl Queue {
    /// Returns it with a function that knows its address.
    async fn start() -> (Self, Stage) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
        let address = listener.local_addr().expect("it is bound").to_string();
        let stage = Stage::new(env!("CARGO_BIN_EXE_notifier"), FunctionSettings::new().env("QUEUE", address)).await;
        (Self(listener), stage)
    }

    /// Waits for a request, answers it with this status once `before` was called, and returns its body.
    async fn request(&self, status: u16, before: impl FnOnce()) -> Value {
        let (connection, _) = self.0.accept().await.expect("a connection");
        let mut connection = BufReader::new(connection);
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let start = head.len();
            connection.read_line(&mut head).await.expect("a line of the head");
            match &head[start..] {
                "\r\n" => break,
                line => length = line.strip_prefix("content-length: ").map_or(length, |n| n.trim().parse().unwrap()),
            }
        }
        assert!(head.contains("x-amz-target: AmazonSQS.SendMessage\r\n"), "{head}");
        let mut body = vec![0; length];
        connection.read_exact(&mut body).await.expect("the body");
        before();
        let answer = format!("HTTP/1.1 {status} \r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        connection.write_all(answer.as_bytes()).await.expect("it listens for the answer");
        serde_json::from_slice(&body).expect("JSON")
    }
}

#[track_caller]
fn assert_settled(delivered: &Delivered, decision: Decision) {
    assert_eq!(delivered.message.as_ref().and_then(|message| message.decision()), Some(decision));
    let outcome = delivered.invocation.outcome();
    assert!(matches!(outcome, InvocationOutcome::Response(_)), "{outcome}");
}

#[tokio::test]
async fn a_queue_is_told_once_of_each_denial_and_after_the_callback() {
    let (queue, stage) = Queue::start().await;
    let message = OutgoingMessage::new("a private text: https://example.com").expect("within the limits");
    let event = stage.emulator.event(message);
    let is_decided = || assert_eq!(stage.emulator.service().counts().pending, 0);
    let (delivered, request) = tokio::join!(stage.function.deliver(&event), queue.request(200, is_decided));
    assert_settled(&delivered, Decision::Deny);

    let ids = event.ids().expect("it has ids");
    let body: Value = serde_json::from_str(request["MessageBody"].as_str().expect("a string")).expect("JSON");
    assert_eq!(body["ChannelArn"], json!(ids.channel_arn));
    let settled = &body["Settled"];
    assert_eq!((&settled["MessageId"], &settled["Decision"]), (&json!(ids.message_id), &json!("DENY")));
    assert_eq!(settled["Reasons"], json!(["links"]));
    assert!(!request.to_string().contains("private"), "{request}");

    // The event comes again, and a message that is released comes: the next request is about neither.
    assert_settled(&stage.function.deliver(&event).await, Decision::Deny);
    assert_settled(&stage.send("good morning").await, Decision::NoChange);
    let (delivered, request) = tokio::join!(stage.send("https://example.com"), queue.request(200, is_decided));
    let ids = delivered.event.ids().expect("it has ids");
    assert!(request["MessageBody"].as_str().is_some_and(|body| body.contains(&ids.message_id)), "{request}");
}

#[tokio::test]
async fn a_queue_that_is_away_is_asked_again_and_the_message_stays_denied() {
    let (queue, stage) = Queue::start().await;
    let requests = async {
        let mut tokens = Vec::new();
        for status in [503, 503, 200] {
            tokens.push(queue.request(status, || ()).await["MessageDeduplicationId"].clone());
        }
        tokens
    };
    let (delivered, tokens) = tokio::join!(stage.send("https://example.com"), requests);
    assert_settled(&delivered, Decision::Deny);
    assert!(tokens[0].is_string() && tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
    assert!(!stage.logs().contains("after_callback_failed"), "{}", stage.logs());

    // Nobody listens any more.
    drop(queue);
    assert_settled(&stage.send("https://example.com").await, Decision::Deny);
    assert_eq!(stage.logs().matches("after_callback_failed=true").count(), 1, "{}", stage.logs());
}
