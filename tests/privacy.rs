//! Content, names and metadata stay out of the logs.

use std::time::Duration;

use channel_flow_emulator::{Event, FunctionSettings, OutgoingMessage, Sender};
use channel_flow_tests::{Stage, events};
use serde_json::{Value, json};

const TROUBLEMAKER: &str = env!("CARGO_BIN_EXE_troublemaker");

fn private_message() -> OutgoingMessage {
    OutgoingMessage::new("privatecontent, oh shit")
        .and_then(|message| message.metadata("privatemetadata"))
        .and_then(|message| message.push_notification("privatetitle", "privatebody"))
        .expect("within the limits")
        .sender(Sender::user("alice", "Privatename"))
}

const PRIVATE: [&str; 6] =
    ["privatecontent", "privatemetadata", "privatetitle", "privatebody", "Privatename", "hidden"];

/// What the function logs about the private message and about events that it cannot read.
async fn logs_of_private_messages(settings: FunctionSettings) -> String {
    let stage = Stage::new(TROUBLEMAKER, settings).await;
    assert!(stage.function.send(private_message()).await.is_decided());
    for file in events("unanswerable").into_iter().chain(events("fallback")) {
        stage.deliver(&file).await;
    }
    stage.logs()
}

fn assert_private(logs: &str, setting: &str) {
    for private in PRIVATE {
        let line = logs.lines().find(|line| line.contains(private));
        assert_eq!(line, None, "{setting}");
    }
}

#[tokio::test]
async fn no_level_of_logging_shows_a_message() {
    for level in ["info", "debug", "trace"] {
        let logs = logs_of_private_messages(FunctionSettings::new().env("RUST_LOG", level)).await;
        assert!(logs.contains("message settled"), "{level}: {logs}");
        assert_private(&logs, level);
    }
    let logs = logs_of_private_messages(FunctionSettings::new().env("AWS_LAMBDA_LOG_LEVEL", "TRACE")).await;
    assert!(logs.contains("message settled"), "{logs}");
    assert_private(&logs, "AWS_LAMBDA_LOG_LEVEL");
}

#[tokio::test]
async fn no_directive_shows_a_message_by_accident() {
    for directives in [
        // Another crate, whose name begins as that of one that logs events.
        "trace,lambda_runtime_api_client=info",
        "trace,lambda_runtime_api_client=trace",
        "trace,aws_smithy_runtime_api=off,hyper_util=info,h2=warn",
        "trace,hyperactive=info,aws_sdk_chimesdkmessagingx=trace",
        // Named, but not to hear all of it.
        "trace,lambda_runtime=debug",
        "trace,lambda_runtime=info,hyper=4",
        "5,LAMBDA_RUNTIME=TRACE",
        // A part of the name, which a filter takes for the beginning of a target.
        "lambda=trace",
        "lambda_runtime:=trace",
        "aws=trace,hyp=trace,lambda_run",
        // Spans and fields, within which a filter lets everything pass.
        "[channel_flow]=trace",
        "[Lambda runtime invoke]=trace",
        "info,[{requestId}]=trace",
        "trace,lambda_runtime[nowhere]=trace",
        "trace,lambda_runtime[{requestId}]=info",
        // What is no directive.
        "trace,lambda_runtime=loud",
        "trace,lambda_runtime = trace",
        "TRACE , lambda_runtime_api_client = info",
    ] {
        assert_private(
            &logs_of_private_messages(FunctionSettings::new().env("RUST_LOG", directives)).await,
            directives,
        );
    }
}

#[tokio::test]
async fn a_message_is_shown_to_who_asks_a_crate_for_it() {
    for directives in
        ["lambda_runtime=trace", "info, lambda_runtime::layers=TRACE", "lambda_runtime=5", "lambda_runtime"]
    {
        let logs = logs_of_private_messages(FunctionSettings::new().env("RUST_LOG", directives)).await;
        assert!(logs.contains("hidden"), "{directives}: {logs}");
    }
}

/// An event whose every id ends its line and begins another one.
fn hostile_event(content: &str) -> Event {
    let hostile =
        |name: &str| format!("{name}\nforged line\r\u{1b}[31mforged colour\u{9b}2J\u{7f}\u{202e}\u{2028}forged line");
    let event = json!({
        "EventType": "CHANNEL_MESSAGE_EVENT",
        "CallbackId": hostile("callback"),
        "ChannelMessage": {
            "MessageId": hostile("message"),
            "ChannelArn": hostile("arn:aws:chime:us-east-1:123456789012:app-instance/a/channel/c"),
            "Content": content,
            "Sender": { "Arn": hostile("arn:aws:chime:us-east-1:123456789012:app-instance/a/user/u"), "Name": hostile("n") },
        },
    });
    Event::raw(event.to_string())
}

/// What the function logs about hostile events: with ids, from the processor, and in an error of its own.
async fn logs_of_hostile_events(settings: FunctionSettings) -> String {
    let stage = Stage::new(TROUBLEMAKER, settings.env("REDELIVER", "1").timeout(Duration::from_secs(3))).await;
    for content in ["good morning", "log who sent it", "always try again in several lines"] {
        stage.function.deliver(&hostile_event(content)).await;
    }
    // What failed comes back in a queue, whose messages have ids as well.
    let queue = json!({ "Records": [{
        "messageId": "m\nforged line\u{1b}[31m",
        "eventSource": "aws:sqs",
        "body": String::from_utf8(hostile_event("good morning").json().to_vec()).unwrap(),
    }] });
    stage.function.deliver(&Event::raw(queue.to_string())).await;
    stage.logs()
}

#[tokio::test]
async fn nothing_from_outside_forges_a_line() {
    for (format, level, metrics) in [
        ("Text", "info", "off"),
        ("Text", "trace", "off"),
        ("JSON", "info", "off"),
        ("JSON", "trace", "off"),
        ("JSON", "info", "emf"),
    ] {
        let settings = FunctionSettings::new()
            .env("AWS_LAMBDA_LOG_FORMAT", format)
            .env("RUST_LOG", level)
            .env("CHANNEL_FLOW_METRICS", metrics);
        let logs = logs_of_hostile_events(settings).await;
        for told in ["sent by arn:aws:chime", "the processor asked for another try", "callback_id"] {
            assert!(logs.contains(told), "{format} {level}: {told}: {logs}");
        }
        assert_eq!(logs.contains("CloudWatchMetrics"), metrics == "emf");
        let is_raw = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}');
        for line in logs.split('\n') {
            assert!(!line.starts_with("forged"), "{format} {level}: {logs}");
            assert!(!line.contains(is_raw), "{format} {level}: {line:?}");
            if format == "JSON" && !line.is_empty() {
                assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line["level"].is_string()), "{line}");
            }
        }
    }
}

#[tokio::test]
async fn a_panic_is_logged_by_its_place() {
    let stage = Stage::new(TROUBLEMAKER, FunctionSettings::new()).await;
    stage.send("panic while slicing").await;
    stage.send("panic").await;
    stage.send("panic in a task").await;
    let logs = stage.logs();
    assert!(logs.contains("troublemaker.rs"), "{logs}");
    assert!(logs.contains("panicked"), "{logs}");
    assert!(!logs.contains("private"), "{logs}");
}

#[tokio::test]
async fn the_message_of_a_panic_is_shown_on_request() {
    let stage = Stage::new(TROUBLEMAKER, FunctionSettings::new().env("SHOW_PANIC_MESSAGES", "1")).await;
    stage.send("panic").await;
    stage.send("panic in a task").await;
    let logs = stage.logs();
    assert!(logs.contains("private: panic"), "{logs}");
    // Once as Rust prints it, and once in the error that the processor returned.
    assert_eq!(logs.matches("private: in a task").count(), 2, "{logs}");
}
