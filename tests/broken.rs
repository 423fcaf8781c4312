//! Events that are not what the service sends: answered where they have ids, refused with a reason where not.

use channel_flow_emulator::{Decision, Event, FunctionSettings, InvocationOutcome, OutgoingMessage};
use channel_flow_tests::Stage;

async fn stage() -> Stage {
    Stage::new(env!("CARGO_BIN_EXE_troublemaker"), FunctionSettings::new()).await
}

/// As large as an event can be that Lambda hands over, and larger than any that the service sends.
const LARGE: usize = 6_000_000;

/// A function of the smallest size has 128 MB for everything.
#[tokio::test]
async fn an_event_of_6_mb_is_answered_by_its_ids_within_the_memory_of_a_small_function() {
    let stage = stage().await;
    let event = |replaced: &str, by: &str| {
        let event = stage.emulator.event(OutgoingMessage::new("good morning").unwrap());
        let json = String::from_utf8(event.json().to_vec()).unwrap();
        Event::raw(json.replacen(replaced, by, 1))
    };
    let large = [
        event("{", &format!("{{\"Padding\":\"{}\",", "x".repeat(LARGE))),
        event("{", &format!("{{{}", "\"a\":0,".repeat(LARGE / 6))),
        event("good morning", &"%20".repeat(LARGE / 3)),
        event("good morning", &format!("{{\\\"Messages\\\":[{{\\\"Content\\\":\\\"{}\\\"}}]}}", "x".repeat(LARGE))),
        event("\"Content\"", &format!("\"Target\":[{}0],\"Content\"", "[],".repeat(LARGE / 3))),
    ];
    for event in &large {
        let delivered = stage.function.deliver(event).await;
        assert_eq!(delivered.decision(), Some(Decision::Deny), "{:?}", delivered.invocation.outcome());
    }
    if cfg!(target_os = "linux") {
        let delivered = stage.send("tell the memory").await;
        assert!(delivered.invocation.cold_start().is_none(), "the same process");
        let told = delivered.message.unwrap().seen_by_everyone().unwrap().content.clone().unwrap();
        let peak: u64 = told.parse().expect("a number");
        println!("{peak} KiB at most");
        assert!(peak < 128 * 1024, "{peak} KiB");
    }
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
