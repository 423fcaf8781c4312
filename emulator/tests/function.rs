//! Functions as processes: how they live, and the ways in which they end.

#![cfg(unix)]

mod common;

use channel_flow_emulator::{
    Decision, Delivered, Emulator, ErrorKind, Event, Function, FunctionSettings, InitFailure, InvocationOutcome,
    MessageStatus, OutgoingMessage, Settings,
};
use common::function::{Hostage, function};
use std::env;
use std::path::Path;
use std::time::Duration;

/// Not a test: what `function.sh` runs.
#[test]
fn acts_as_the_function() {
    common::function::run();
}

async fn send(function: &Function, content: &str) -> Delivered {
    function.send(OutgoingMessage::new(content).unwrap()).await
}

fn outcome(delivered: &Delivered) -> &InvocationOutcome {
    delivered.invocation.outcome()
}

fn wrote(delivered: &Delivered, text: &str) -> bool {
    delivered.logs.iter().any(|line| line.text == text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_decides_and_the_environment_stays_warm() {
    let (emulator, function) = function(FunctionSettings::new()).await;
    let cold = send(&function, "call back").await;
    assert!(cold.invocation.cold_start().is_some());
    assert_eq!(cold.decision(), Some(Decision::Update));
    assert!(cold.is_decided() && cold.decided_after().is_some());
    let seen = cold.message.as_ref().unwrap().seen_by_everyone().unwrap();
    assert_eq!(seen.content.as_deref(), Some("called back"));

    let duplicate = function.deliver(&cold.event).await;
    assert_eq!(duplicate.invocation.cold_start(), None);
    assert_eq!(duplicate.decision(), None);
    assert!(duplicate.is_decided());
    assert_eq!(duplicate.callbacks.len(), 1);
    assert!(duplicate.callbacks[0].verdict().unwrap_err().message().contains("non-pending"));
    assert_eq!(emulator.callbacks().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_callback_leaves_the_message_pending() {
    let (_emulator, function) = function(FunctionSettings::new()).await;
    let answered = send(&function, "answer").await;
    assert!(outcome(&answered).is_success());
    assert_eq!(answered.message.as_ref().unwrap().status(), MessageStatus::Pending);
    assert!(!answered.is_decided() && answered.callbacks.is_empty());
    let failed = send(&function, "error").await;
    let InvocationOutcome::Error(error) = outcome(&failed) else { panic!("{failed:?}") };
    assert_eq!((&*error.error_type, &*error.error_message), ("Boom", "it broke"));
    assert_eq!(failed.invocation.cold_start(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_cannot_start_says_how() {
    for (at_start, expected) in [("exit", "exit status: 3"), ("error", "Config: no such setting")] {
        let (_emulator, function) = function(FunctionSettings::new().env("AT_START", at_start)).await;
        let delivered = send(&function, "answer").await;
        assert!(matches!(outcome(&delivered), InvocationOutcome::InitFailed(_)), "{delivered:?}");
        assert!(outcome(&delivered).to_string().contains(expected), "{}", outcome(&delivered));
        assert!(wrote(&delivered, "starting"));
        assert_eq!(delivered.message.unwrap().status(), MessageStatus::Pending);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_program_cannot_start() {
    let emulator = Emulator::start(Settings::new()).await.unwrap();
    let missing = emulator.function("no/such/file", FunctionSettings::new()).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Function);
    assert!(emulator.function(env!("CARGO_MANIFEST_DIR"), FunctionSettings::new()).is_err());
    let text = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let function = emulator.function(text, FunctionSettings::new()).unwrap();
    let delivered = send(&function, "answer").await;
    let InvocationOutcome::InitFailed(InitFailure::NotStarted(_)) = outcome(&delivered) else {
        panic!("{delivered:?}")
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_takes_too_long_is_killed_and_started_anew() {
    let (_emulator, function) = function(FunctionSettings::new().timeout(Duration::from_millis(300))).await;
    let hanging = send(&function, "hang").await;
    assert_eq!(outcome(&hanging), &InvocationOutcome::TimedOut);
    assert!(hanging.invocation.duration() >= Duration::from_millis(300));
    assert!(hanging.invocation.cold_start().is_some());
    let next = send(&function, "call back").await;
    assert!(next.is_decided() && next.invocation.cold_start().is_some(), "{next:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_ends_within_an_invocation_is_started_anew() {
    let (_emulator, function) = function(FunctionSettings::new()).await;
    send(&function, "answer").await;
    let ended = send(&function, "exit").await;
    let InvocationOutcome::Exited(status) = outcome(&ended) else { panic!("{ended:?}") };
    assert_eq!(status.code(), Some(7));
    let next = send(&function, "call back").await;
    assert!(next.is_decided() && next.invocation.cold_start().is_some(), "{next:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_ends_between_invocations_loses_no_event() {
    let (_emulator, function) = function(FunctionSettings::new()).await;
    let last = OutgoingMessage::new("answer").unwrap().metadata("last").unwrap();
    for _ in 0..20 {
        assert!(outcome(&function.send(last.clone()).await).is_success());
    }
    function.recycle().await;
    assert!(send(&function, "call back").await.invocation.cold_start().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_is_lambdas_and_nothing_else() {
    let settings = FunctionSettings::new().name("shout").memory_mb(256).env("MINE", "1");
    let (emulator, function) = function(settings.env("TZ", ":Europe/Paris")).await;
    let delivered = send(&function, "environment").await;
    for expected in [
        "AWS_LAMBDA_FUNCTION_NAME=shout",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256",
        "AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/shout",
        "AWS_REGION=eu-central-1",
        "MINE=1",
        "TZ=:Europe/Paris",
    ] {
        assert!(wrote(&delivered, expected), "{expected}");
    }
    let endpoint = emulator.service().endpoint_url();
    assert!(wrote(&delivered, &format!("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING={endpoint}")));
    assert!(env::var_os("CARGO_MANIFEST_DIR").is_some(), "cargo sets it for tests");
    assert!(!delivered.logs.iter().any(|line| line.text.starts_with("CARGO_MANIFEST_DIR=")));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_without_ids_are_delivered_all_the_same() {
    let (_emulator, function) = function(FunctionSettings::new()).await;
    for raw in ["{}", "[]", "", "{\"ChannelMessage\":{\"Content\":\"write\"}}"] {
        let delivered = function.deliver(&Event::raw(raw)).await;
        assert!(outcome(&delivered).is_success(), "{raw}: {delivered:?}");
        assert_eq!(delivered.message, None);
        assert!(delivered.event.ids().is_err());
        assert!(!delivered.is_decided());
    }
    assert!(function.logs().iter().any(|line| line.text == "written"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_outlives_the_function() {
    let hostage = Hostage::new();
    let settings = FunctionSettings::new().timeout(Duration::from_secs(3600));
    let (_emulator, function) = function(settings.env("HELD_BY", hostage.address())).await;
    let held = tokio::select! {
        delivered = send(&function, "hold") => panic!("it hangs, and yet: {delivered:?}"),
        held = hostage.held() => held,
    };
    drop(function);
    held.released().await;
}
