//! A processor that fails leads to the fallback action.

use std::time::Duration;

use channel_flow_emulator::{Decision, Delivered, Fault, FunctionSettings, InvocationOutcome};
use channel_flow_tests::{Stage, events};
use serde_json::{Value, json};

const FAILURES: [&str; 11] = [
    "fail",
    "fail, and panic when shown",
    "fail, and cannot be shown",
    "fail, and panic when converted",
    "fail, and panic when dropped",
    "panic",
    "panic with a number",
    "panic while slicing",
    "panic in a task",
    "update too much",
    "never finish",
];

async fn stage(settings: FunctionSettings) -> Stage {
    let settings = settings.timeout(Duration::from_secs(3)).env("RESERVE_MS", "2500");
    Stage::new(env!("CARGO_BIN_EXE_troublemaker"), settings).await
}

#[tokio::test]
async fn it_aborts_by_default_and_goes_on() {
    let stage = stage(FunctionSettings::new()).await;
    for failure in FAILURES {
        let delivered = stage.send(failure).await;
        assert_eq!(delivered.decision(), Some(Decision::Deny), "{failure}: {:?}", delivered.invocation.outcome());
        assert_eq!(delivered.callbacks.len(), 1, "{failure}");
        assert!(delivered.invocation.outcome().is_success(), "{failure}");
        let next = stage.send("good morning").await;
        assert_eq!(next.decision(), Some(Decision::NoChange), "after {failure}");
    }
}

#[tokio::test]
async fn it_continues_where_it_is_told_to() {
    let stage = stage(FunctionSettings::new().env("FALLBACK_ACTION", "CONTINUE")).await;
    for failure in FAILURES {
        let delivered = stage.send(failure).await;
        assert_eq!(delivered.decision(), Some(Decision::NoChange), "{failure}: {:?}", delivered.invocation.outcome());
    }
}

#[tokio::test]
async fn whoever_deploys_has_the_last_word() {
    for (variable, code, decision) in [("CONTINUE", "ABORT", Decision::NoChange), ("ABORT", "CONTINUE", Decision::Deny)]
    {
        let settings =
            FunctionSettings::new().env("CHANNEL_FLOW_FALLBACK_ACTION", variable).env("FALLBACK_ACTION", code);
        let delivered = stage(settings).await.send("fail").await;
        assert_eq!(delivered.decision(), Some(decision), "{variable}: {:?}", delivered.invocation.outcome());
    }
}

#[tokio::test]
async fn the_log_says_what_failed() {
    let stage = stage(FunctionSettings::new()).await;
    stage.send("fail").await;
    stage.send("never finish").await;
    let logs = stage.logs();
    assert!(logs.contains("the processor failed; the fallback action decides"), "{logs}");
    assert!(logs.contains("the moderation service said no"), "{logs}");
    assert!(logs.contains("the processor ran out of time"), "{logs}");
}

#[tokio::test]
async fn an_error_writes_one_line_and_steers_no_terminal() {
    let stage = stage(FunctionSettings::new()).await;
    stage.send("fail in several lines").await;
    let logs = stage.logs();
    let line = logs.lines().find(|line| line.contains("the processor failed")).expect("it is logged");
    assert!(line.contains("one") && line.contains("two") && line.contains("red"), "{line}");
    assert!(!line.contains("\u{1b}[31m"), "{line}");
}

#[tokio::test]
async fn an_error_that_cannot_be_shown_is_named_as_one() {
    let stage = stage(FunctionSettings::new()).await;
    for failure in ["fail, and panic when shown", "fail, and cannot be shown", "fail, and panic when converted"] {
        stage.send(failure).await;
    }
    stage.send("fail, and panic when dropped").await;
    let logs = stage.logs();
    assert!(logs.contains("an error that cannot be shown"), "{logs}");
    assert!(logs.contains("it is seen"), "{logs}");
    assert!(!logs.contains("private"), "{logs}");
}

fn returned(delivered: &Delivered) -> Value {
    let outcome = delivered.invocation.outcome();
    let InvocationOutcome::Response(response) = outcome else { panic!("{outcome:?}") };
    serde_json::from_slice(response).unwrap()
}

async fn fallback(stage: &Stage, content: &str) -> Value {
    let settled = returned(&stage.send(content).await);
    let by = if settled.get("Fallback").is_some() { "FALLBACK_ACTION" } else { "PROCESSOR" };
    assert_eq!(settled["DecidedBy"], by, "{content}");
    settled["Fallback"].clone()
}

#[tokio::test]
async fn the_cause_is_returned_and_logged_without_a_text() {
    let stage = stage(FunctionSettings::new()).await;
    for (content, cause) in [
        ("fail", "ERROR"),
        ("update too much", "ERROR"),
        ("panic in a task", "ERROR"),
        ("never finish", "OUT_OF_TIME"),
        ("always try again", "NO_TIME_FOR_RETRY"),
        ("hold", "NOT_HELD"),
        ("panic", "PANIC"),
        ("panic while slicing", "PANIC"),
    ] {
        let mut fallback = fallback(&stage, content).await;
        let at = fallback.as_object_mut().unwrap().remove("PanickedAt");
        assert_eq!(fallback, json!({ "Cause": cause }), "{content}");
        assert_eq!(at.is_some(), cause == "PANIC", "{content}");
        let settled = format!("decided_by=FallbackAction fallback_cause=\"{cause}\"");
        let logs = stage.logs();
        let line = logs.lines().rfind(|line| line.contains("message settled")).expect("it is logged");
        assert!(line.contains(&settled), "{line}");
        if let Some(at) = at {
            let at = at.as_str().unwrap();
            let (file, place) = at.split_once(".rs:").expect("a place in a file of Rust");
            assert!(file.ends_with("troublemaker") && place.split(':').count() == 2, "{at}");
            assert!(line.contains(&format!("panicked_at=\"{at}\"")), "{line}");
        }
    }
    assert_eq!(fallback(&stage, "good morning").await, Value::Null);
}

#[tokio::test]
async fn a_refused_decision_an_unreadable_message_and_a_thread_that_is_blocked_are_causes() {
    let stage = stage(FunctionSettings::new()).await;
    stage.emulator.service().fault(Fault::status(400));
    assert_eq!(fallback(&stage, "oh shit").await, json!({ "Cause": "DECISION_REFUSED" }));
    for file in events("fallback") {
        let delivered = stage.deliver(&file).await;
        assert_eq!(returned(&delivered)["Fallback"], json!({ "Cause": "UNREADABLE" }), "{}", file.display());
    }
    assert_eq!(fallback(&stage, "spin").await, json!({ "Cause": "BLOCKED" }));
    let logs = stage.logs();
    let line = logs.lines().find(|line| line.contains("the watchdog answered in its place")).expect("it is logged");
    assert!(line.contains("fallback_cause=\"BLOCKED\""), "{line}");
}
