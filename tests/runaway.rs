//! A processor that blocks its thread does not keep the callback back.

use std::time::Duration;

use channel_flow_emulator::{
    Decision, Delivered, Event, Fault, Function, FunctionSettings, InitFailure, InvocationOutcome, OutgoingMessage,
};
use channel_flow_tests::Stage;
use serde_json::json;

const TROUBLEMAKER: &str = env!("CARGO_BIN_EXE_troublemaker");

fn settings() -> FunctionSettings {
    FunctionSettings::new().timeout(Duration::from_secs(3)).env("RESERVE_MS", "2000")
}

async fn stage() -> Stage {
    Stage::new(TROUBLEMAKER, settings()).await
}

/// A function that has to look the service's name up.
fn looking_up_a_name(stage: &Stage) -> Function {
    let endpoint = format!("http://localhost:{}", stage.emulator.service().address().port());
    let settings = settings().env("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING", endpoint);
    stage.emulator.function(TROUBLEMAKER, settings).expect("the binary is built")
}

async fn send(function: &Function, content: &str) -> Delivered {
    function.send(OutgoingMessage::new(content).expect("content within the limits")).await
}

/// What everyone sees of a message that was released.
fn seen(delivered: &Delivered) -> String {
    let message = delivered.message.as_ref().expect("it has ids");
    let seen = message.seen_by_everyone().expect("it was not denied");
    seen.content.clone().expect("it has content")
}

fn accepted(delivered: &Delivered) -> usize {
    delivered.callbacks.iter().filter(|callback| callback.is_accepted()).count()
}

#[tokio::test]
async fn the_fallback_action_is_accepted_and_the_environment_ends() {
    let stage = stage().await;
    for runaway in [
        "spin",
        "sleep",
        "spin and hold the log",
        "fail, and never end being shown",
        "fail, and never end being dropped",
    ] {
        // The process that ends is the one that served this message, not a new one.
        assert!(stage.send("good morning").await.is_decided());
        let delivered = stage.send(runaway).await;
        assert_eq!(delivered.decision(), Some(Decision::Deny), "{runaway}: {:?}", delivered.invocation.outcome());
        assert_eq!(delivered.callbacks.len(), 1, "{runaway}");
        assert!(delivered.invocation.outcome().is_success(), "{runaway}: {:?}", delivered.invocation.outcome());
        assert!(delivered.invocation.cold_start().is_none(), "{runaway}");

        let next = stage.send("good morning").await;
        assert_eq!(next.decision(), Some(Decision::NoChange), "after {runaway}");
        assert!(next.invocation.cold_start().is_some(), "after {runaway}, a new environment");
    }
    assert!(stage.logs().contains("the watchdog answered in its place"), "{}", stage.logs());
}

#[tokio::test]
async fn a_decision_that_was_made_in_time_is_the_one_that_goes_out() {
    let stage = stage().await;
    let delivered = stage.send("decide, then block").await;
    assert_eq!(delivered.decision(), Some(Decision::Update), "{:?}", delivered.invocation.outcome());
    assert_eq!(seen(&delivered), "decided in time");
}

#[tokio::test]
async fn a_decision_whose_callback_hardly_gets_its_turn_goes_out() {
    let settings = FunctionSettings::new().timeout(Duration::from_secs(2)).env("RESERVE_MS", "2000");
    let stage = Stage::new(TROUBLEMAKER, settings).await;
    let delivered = stage.send("decide, then keep the thread busy").await;
    assert!(delivered.invocation.outcome().is_success(), "{:?}", delivered.invocation.outcome());
    assert_eq!(delivered.decision(), Some(Decision::Update));
    assert_eq!(accepted(&delivered), 1);
    assert_eq!(seen(&delivered), "decided in time");
    assert!(stage.send("good morning").await.is_decided());
}

#[tokio::test]
async fn a_pool_without_a_thread_left_keeps_no_callback_back() {
    let stage = stage().await;
    let function = looking_up_a_name(&stage);
    for content in ["hang all blocking threads", "oh shit", "good morning", "fail"] {
        let delivered = send(&function, content).await;
        assert!(delivered.invocation.outcome().is_success(), "{content}: {:?}", delivered.invocation.outcome());
        let expected = match content {
            "good morning" => Decision::NoChange,
            "fail" => Decision::Deny,
            _ => Decision::Update,
        };
        assert_eq!(delivered.decision(), Some(expected), "{content}");
        assert_eq!(accepted(&delivered), 1, "{content}");
    }
}

#[tokio::test]
async fn nothing_that_is_logged_holds_the_watchdog() {
    for level in ["debug", "trace"] {
        let stage = Stage::new(TROUBLEMAKER, settings().env("RUST_LOG", level)).await;
        let delivered = stage.send("spin and hold the log").await;
        assert_eq!(delivered.decision(), Some(Decision::Deny), "{level}: {:?}", delivered.invocation.outcome());
        assert!(delivered.invocation.outcome().is_success(), "{level}: {:?}", delivered.invocation.outcome());
    }
}

#[tokio::test]
async fn a_refusal_that_is_logged_does_not_hold_the_watchdog() {
    let stage = stage().await;
    for fault in [Fault::status(400), Fault::throttled(), Fault::status(500)] {
        stage.emulator.service().fault(fault);
        let delivered = stage.send("decide, then block with the log").await;
        assert!(delivered.invocation.outcome().is_success(), "{:?}", delivered.invocation.outcome());
        assert!(delivered.is_decided());
        assert_eq!(stage.emulator.service().faults_left(), 0);
    }
}

#[tokio::test]
async fn the_line_of_the_watchdog_has_the_format_and_the_fields_of_all_others() {
    let stage = Stage::new(TROUBLEMAKER, settings().env("AWS_LAMBDA_LOG_FORMAT", "JSON")).await;
    for (content, decision, decided_by, fallback_action) in [
        ("spin and hold the log", "DENY", "FallbackAction", json!("ABORT")),
        ("decide, then block with the log", "UPDATE", "Processor", json!(null)),
    ] {
        let delivered = stage.send(content).await;
        assert!(delivered.is_decided(), "{:?}", delivered.invocation.outcome());
        let logs = delivered.logs.iter().map(|line| serde_json::from_str::<serde_json::Value>(&line.text));
        let lines: Vec<_> = logs.map(|line| line.expect("each line is JSON")).collect();
        let told = |line: &&serde_json::Value| {
            line["fields"]["message"]
                .as_str()
                .is_some_and(|message| message.contains("the watchdog answered in its place"))
        };
        let line = lines.iter().find(told).unwrap_or_else(|| panic!("{content}: {lines:?}"));
        let ids = delivered.event.ids().expect("it has ids");
        assert_eq!(line["level"], "ERROR");
        assert!(line["timestamp"].is_string(), "{line}");
        assert_eq!(line["fields"]["message_id"], json!(ids.message_id), "{line}");
        assert_eq!(line["fields"]["channel_arn"], json!(ids.channel_arn), "{line}");
        assert_eq!(line["fields"]["callback_id"], json!(ids.callback_id), "{line}");
        assert_eq!(line["fields"]["decision"], decision, "{line}");
        assert_eq!(line["fields"]["decided_by"], decided_by, "{line}");
        assert_eq!(line["fields"]["fallback_action"], fallback_action, "{line}");
    }
}

#[tokio::test]
async fn a_callback_that_makes_the_sdk_panic_fails_its_invocation_alone() {
    let stage = stage().await;
    for content in ["good morning", "spin"] {
        let event = json!({
            "EventType": "CHANNEL_MESSAGE_EVENT",
            "CallbackId": "4c2f1a9e-7f3b-4d58-9a61-1a2b3c4d5e6f",
            "ChannelMessage": { "MessageId": "m", "ChannelArn": "a".repeat(100_000), "Content": content },
        });
        let delivered = stage.function.deliver(&Event::raw(event.to_string())).await;
        let InvocationOutcome::Error(error) = delivered.invocation.outcome() else {
            panic!("{content}: {:?}", delivered.invocation.outcome());
        };
        assert_eq!(error.error_type, "ChannelFlow.CallbackInvalid", "{content}: {error}");
        assert!(stage.send("good morning").await.is_decided(), "after {content}");
    }
    // The watchdog is still there.
    assert_eq!(stage.send("spin").await.decision(), Some(Decision::Deny));
}

#[tokio::test]
async fn without_a_thread_for_the_watchdog_the_function_does_not_start() {
    // No address space has room for such a stack.
    let settings = settings().env("RUST_MIN_STACK", "1000000000000000");
    let stage = Stage::new(TROUBLEMAKER, settings).await;
    let delivered = stage.send("good morning").await;
    let outcome = delivered.invocation.outcome();
    assert!(matches!(outcome, InvocationOutcome::InitFailed(InitFailure::Exited(_))), "{outcome:?}");
    assert!(stage.logs().contains("no thread for the watchdog"), "{}", stage.logs());
}
