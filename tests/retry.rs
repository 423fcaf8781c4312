//! A processor that asks for another try gets one while there is time.

use std::time::Duration;

use channel_flow_emulator::{Decision, FunctionSettings, InvocationOutcome};
use channel_flow_tests::Stage;

async fn stage(settings: FunctionSettings) -> Stage {
    let settings = settings.timeout(Duration::from_secs(2)).env("RESERVE_MS", "1500");
    Stage::new(env!("CARGO_BIN_EXE_troublemaker"), settings).await
}

#[tokio::test]
async fn it_is_asked_again_in_the_same_invocation() {
    let delivered = stage(FunctionSettings::new()).await.send("try again once").await;
    assert_eq!(delivered.decision(), Some(Decision::Update));
    let message = delivered.message.expect("it has ids");
    assert_eq!(message.seen_by_everyone().unwrap().content.as_deref(), Some("the second try"));
}

#[tokio::test]
async fn when_tries_run_out_the_fallback_action_decides() {
    let stage = stage(FunctionSettings::new()).await;
    let delivered = stage.send("always try again").await;
    assert_eq!(delivered.decision(), Some(Decision::Deny));
    assert!(stage.logs().contains("the moderation service is busy"), "{}", stage.logs());
}

#[tokio::test]
async fn when_tries_run_out_lambda_delivers_again_where_asked_to() {
    let delivered = stage(FunctionSettings::new().env("REDELIVER", "1")).await.send("always try again").await;
    let InvocationOutcome::Error(error) = delivered.invocation.outcome() else {
        panic!("{:?}", delivered.invocation.outcome());
    };
    assert_eq!(error.error_type, "ChannelFlow.Redelivery");
    assert!(delivered.callbacks.is_empty());
}
