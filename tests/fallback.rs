//! A processor that fails leads to the fallback action.

use std::time::Duration;

use channel_flow_emulator::{Decision, FunctionSettings};
use channel_flow_tests::Stage;

const FAILURES: [&str; 7] = [
    "fail",
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
async fn the_log_says_what_failed() {
    let stage = stage(FunctionSettings::new()).await;
    stage.send("fail").await;
    stage.send("never finish").await;
    let logs = stage.logs();
    assert!(logs.contains("the processor failed; the fallback action decides"), "{logs}");
    assert!(logs.contains("the moderation service said no"), "{logs}");
    assert!(logs.contains("the processor ran out of time"), "{logs}");
}
