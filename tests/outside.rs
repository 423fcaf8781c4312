//! A callback that is sent from outside an invocation.

use std::io::Write;
use std::process::{Command, Stdio};

use channel_flow_emulator::{Decision, Emulator, Event, Grant, OutgoingMessage, Settings};
use serde_json::{Value, json};

async fn stage() -> (Emulator, Event) {
    let emulator = Emulator::start(Settings::new()).await.expect("a loopback port is free");
    let event = emulator.event(OutgoingMessage::new("good morning").expect("within the limits"));
    emulator.service().register(&event).expect("the event has ids");
    (emulator, event)
}

/// Returns what the program prints, or its error.
async fn decide(emulator: &Emulator, event: &Event, decision: &str) -> Result<Value, String> {
    let credentials = emulator.service().issue_credentials_to("outside");
    let mut program = Command::new(env!("CARGO_BIN_EXE_outside"))
        .arg(decision)
        .env("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING", emulator.service().endpoint_url())
        .env("AWS_REGION", emulator.service().region())
        .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key())
        .env("AWS_SESSION_TOKEN", credentials.session_token())
        .env("CHANNEL_FLOW_MAY_ASK_STATUS", "true")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    program.stdin.take().expect("piped").write_all(event.json()).expect("it reads the event");
    let output = tokio::task::spawn_blocking(|| program.wait_with_output()).await.unwrap().expect("it ends");
    match output.status.success() {
        true => Ok(serde_json::from_slice(&output.stdout).expect("it prints JSON")),
        false => Err(String::from_utf8(output.stderr).expect("its error is UTF-8")),
    }
}

#[tokio::test]
async fn a_message_is_decided_once() {
    let (emulator, event) = stage().await;
    let ids = event.ids().expect("it has ids");
    let settled = decide(&emulator, &event, "good evening").await.unwrap();
    let expected = json!({
        "MessageId": ids.message_id,
        "Decision": "UPDATE",
        "DecidedBy": "CALLER",
        "Outcome": "ACCEPTED",
    });
    assert_eq!(settled, expected);
    assert_eq!(decide(&emulator, &event, "deny").await.unwrap()["Outcome"], "DECIDED_BEFORE");
    let message = emulator.service().message(ids).expect("the service knows it");
    assert_eq!(message.decision(), Some(Decision::Update));
    assert_eq!(message.fields().content.as_deref(), Some("good evening"));
}

#[tokio::test]
async fn a_refused_callback_is_an_error_and_not_the_fallback_action() {
    let (emulator, event) = stage().await;
    let ids = event.ids().expect("it has ids");
    let app_instance = ids.channel_arn.split_once("/channel/").expect("a channel's ARN").0;
    emulator.service().revoke(app_instance, Grant::ChannelFlowCallback);
    let error = decide(&emulator, &event, "no change").await.unwrap_err();
    assert!(error.contains("chime:ChannelFlowCallback"), "{error}");
    emulator.service().grant(app_instance, Grant::ChannelFlowCallback);
    // Nobody knows what becomes of the content.
    let error = decide(&emulator, &event, "update metadata").await.unwrap_err();
    assert!(error.contains("sets no content"), "{error}");
    assert!(emulator.service().message(ids).expect("the service knows it").decision().is_none());
    assert_eq!(decide(&emulator, &event, "no change").await.unwrap()["Outcome"], "ACCEPTED");
}
