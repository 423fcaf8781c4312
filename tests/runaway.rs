//! A processor that blocks its thread does not keep the callback back.

use std::time::Duration;

use channel_flow_emulator::{Decision, FunctionSettings};
use channel_flow_tests::Stage;

async fn stage() -> Stage {
    let settings = FunctionSettings::new().timeout(Duration::from_secs(3)).env("RESERVE_MS", "2000");
    Stage::new(env!("CARGO_BIN_EXE_troublemaker"), settings).await
}

#[tokio::test]
async fn the_fallback_action_is_accepted_and_the_environment_ends() {
    let stage = stage().await;
    for runaway in ["spin", "sleep", "spin and hold the log"] {
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
    let message = delivered.message.expect("it has ids");
    let seen = message.seen_by_everyone().expect("it was not denied");
    assert_eq!(seen.content.as_deref(), Some("decided in time"));
}
