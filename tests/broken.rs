//! Events that are not what the service sends: answered where they have ids, refused with a reason where not.

use channel_flow_emulator::{Decision, Event, FunctionSettings, InvocationOutcome, OutgoingMessage};
use channel_flow_tests::Stage;

async fn stage() -> Stage {
    Stage::new(env!("CARGO_BIN_EXE_troublemaker"), FunctionSettings::new()).await
}

#[tokio::test]
async fn an_event_of_6_mb_is_answered() {
    let stage = stage().await;
    let event = stage.emulator.event(OutgoingMessage::new("good morning").unwrap());
    let json = String::from_utf8(event.json().to_vec()).unwrap();
    let large = json.replacen('{', &format!("{{\"Padding\":\"{}\",", "x".repeat(6_000_000)), 1);
    let delivered = stage.function.deliver(&Event::raw(large)).await;
    assert_eq!(delivered.decision(), Some(Decision::NoChange), "{:?}", delivered.invocation.outcome());
}

#[tokio::test]
async fn what_is_not_json_fails_without_being_shown() {
    let stage = stage().await;
    let not_json: [&[u8]; 5] =
        [b"", b"private", b"{\"Content\":\"private\"", b"{\"Content\":private}", b"\"private\xff\""];
    for event in not_json {
        let delivered = stage.function.deliver(&Event::raw(event)).await;
        let InvocationOutcome::Error(error) = delivered.invocation.outcome() else {
            panic!("{:?}: {:?}", String::from_utf8_lossy(event), delivered.invocation.outcome());
        };
        assert!(error.error_message.contains("failed to deserialize"), "{error}");
        assert!(!error.error_message.contains("private"), "{error}");
        assert!(delivered.callbacks.is_empty());
    }
    assert!(!stage.logs().contains("private"), "{}", stage.logs());
    assert!(stage.send("good morning").await.is_decided(), "the function goes on");
}

#[tokio::test]
async fn brackets_without_end_do_not_overflow_the_stack() {
    let stage = stage().await;
    for event in
        ["[".repeat(1_000_000), "{\"a\":".repeat(500_000), format!("{}{}", "[".repeat(500_000), "]".repeat(500_000))]
    {
        let delivered = stage.function.deliver(&Event::raw(event)).await;
        assert!(matches!(delivered.invocation.outcome(), InvocationOutcome::Error(_)));
    }
    assert!(stage.send("good morning").await.invocation.cold_start().is_none(), "the function goes on");
}
