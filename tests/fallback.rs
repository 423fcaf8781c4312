//! A processor that fails leads to the fallback action.

use std::time::Duration;

use channel_flow_emulator::{Decision, FunctionSettings};
use channel_flow_tests::Stage;

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
