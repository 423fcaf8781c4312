//! A dry run: every message is released unchanged, and the decisions are recorded.

use std::time::Duration;

use channel_flow_emulator::{Decision, Delivered, Event, FunctionSettings, InvocationOutcome, OutgoingMessage};
use channel_flow_tests::Stage;
use serde_json::{Value, json};

async fn stage(binary: &str) -> Stage {
    let settings = FunctionSettings::new().timeout(Duration::from_secs(3)).env("RESERVE_MS", "2000");
    Stage::new(binary, settings.env("CHANNEL_FLOW_DRY_RUN", "true")).await
}

fn returned(delivered: &Delivered) -> Value {
    match delivered.invocation.outcome() {
        InvocationOutcome::Response(response) => serde_json::from_slice(response).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_decision_is_recorded_with_its_reasons_and_not_sent() {
    let stage = stage(env!("CARGO_BIN_EXE_rules")).await;
    for (content, decision, reasons) in [
        ("damn", "UPDATE", json!(["cursing"])),
        ("see https://example.com", "DENY", json!(["links"])),
        ("good morning", "NO_CHANGE", Value::Null),
    ] {
        let delivered = stage.send(content).await;
        assert_eq!(delivered.decision(), Some(Decision::NoChange), "{content}");
        let returned = returned(&delivered);
        assert_eq!((&returned["Decision"], &returned["DryRun"]), (&json!("NO_CHANGE"), &json!(decision)));
        assert_eq!(returned["Reasons"], reasons);
        assert!(!returned["Steps"].as_array().unwrap().is_empty());
    }
    let logs = stage.logs();
    assert!(logs.contains(r#"decision="NO_CHANGE" dry_run="DENY" reasons="links""#), "{logs}");
    assert!(logs.contains("dry run: every message is released"), "{logs}");
}

/// The fallback action of the function is `ABORT`, which denies.
#[tokio::test]
async fn no_failure_denies_a_message() {
    let stage = stage(env!("CARGO_BIN_EXE_troublemaker")).await;
    for content in ["fail", "panic", "never finish", "sleep", "update too much"] {
        let delivered = stage.send(content).await;
        assert_eq!(delivered.decision(), Some(Decision::NoChange), "{content}");
        assert_eq!(returned(&delivered)["DecidedBy"], "FALLBACK_ACTION", "{content}");
    }
    let event = stage.emulator.event(OutgoingMessage::new("good morning").unwrap());
    stage.emulator.service().register(&event).unwrap();
    let event: Value = serde_json::from_slice(event.json()).unwrap();
    let rescue = json!({ "requestPayload": event, "requestContext": { "condition": "RetriesExhausted" } });
    let delivered = stage.function.deliver(&Event::raw(rescue.to_string())).await;
    let returned = returned(&delivered);
    assert_eq!((&returned["Decision"], &returned["DryRun"]), (&json!("NO_CHANGE"), &json!("DENY")));
}
