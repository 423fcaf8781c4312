//! A flow of steps, their reasons, and the work after the callback.

use std::sync::Arc;
use std::time::Duration;

use channel_flow_emulator::{
    Decision, Delivered, Destination, Emulator, EventInvokeConfig, EventQueue, FinishedDestination, FunctionSettings,
    InvocationOutcome, OutgoingMessage, Settings,
};
use channel_flow_tests::Stage;
use serde_json::{Value, json};

async fn stage(settings: FunctionSettings) -> Stage {
    Stage::new(env!("CARGO_BIN_EXE_rules"), settings).await
}

/// What the function returned.
#[track_caller]
fn returned(delivered: &Delivered) -> Value {
    let InvocationOutcome::Response(response) = delivered.invocation.outcome() else {
        panic!("{:?}", delivered.invocation.outcome())
    };
    serde_json::from_slice(response).unwrap()
}

/// What the function returned, without the times of the steps.
#[track_caller]
fn settled(delivered: &Delivered) -> Value {
    let mut settled = returned(delivered);
    for step in settled["Steps"].as_array_mut().expect("steps") {
        assert!(step.as_object_mut().unwrap().remove("DurationMs").expect("a duration").is_number());
    }
    settled
}

#[tokio::test]
async fn the_reasons_and_the_steps_are_told() {
    let stage = stage(FunctionSettings::new()).await;
    let delivered = stage.send("damn, a long message it is").await;
    assert_eq!(delivered.decision(), Some(Decision::Update));
    let settled = settled(&delivered);
    assert_eq!(settled["Reasons"], json!(["cursing"]));
    let steps = json!([
        { "Name": "worker", "Decision": "NO_CHANGE" },
        { "Name": "cursing", "Decision": "UPDATE", "Reasons": ["cursing"] },
        { "Name": "judge", "Decision": "NO_CHANGE" },
        { "Name": "links", "Decision": "NO_CHANGE" },
        { "Name": "long", "Decision": "DENY", "Reasons": ["long"], "Shadow": true },
    ]);
    assert_eq!(settled["Steps"], steps);
    let logs = stage.logs();
    assert!(logs.contains(r#"reasons="cursing""#), "{logs}");
    assert!(logs.contains("cursing=UPDATE"), "{logs}");
    assert!(logs.contains(r#"shadow step step="long" decision="DENY" reasons="long""#), "{logs}");
}

#[tokio::test]
async fn a_denial_ends_the_flow_with_its_reason() {
    let stage = stage(FunctionSettings::new()).await;
    let delivered = stage.send("damn, see https://example.com").await;
    assert_eq!(delivered.decision(), Some(Decision::Deny));
    assert_eq!(settled(&delivered)["Reasons"], json!(["links"]));
}

#[tokio::test]
async fn a_slow_step_and_one_that_fails_leave_the_others_their_turn() {
    let stage = stage(FunctionSettings::new()).await;
    for (content, failure) in [("the judge hangs", "OUT_OF_TIME"), ("the judge fails", "ERROR")] {
        let delivered = stage.send(content).await;
        assert_eq!(delivered.decision(), Some(Decision::NoChange));
        let settled = settled(&delivered);
        assert_eq!(settled["DecidedBy"], "PROCESSOR");
        let step = json!({ "Name": "judge", "Failure": failure, "FallbackAction": "CONTINUE" });
        assert!(settled["Steps"].as_array().unwrap().contains(&step), "{settled}");
    }
    // The alarms look for this field.
    assert_eq!(stage.logs().matches(r#"fallback_action="CONTINUE""#).count(), 2, "{}", stage.logs());
}

#[tokio::test]
async fn a_flow_that_fails_tells_what_its_steps_did() {
    let stage = stage(FunctionSettings::new()).await;
    let delivered = stage.send("the list of links is away").await;
    assert_eq!(delivered.decision(), Some(Decision::Deny));
    let settled = settled(&delivered);
    assert_eq!((&settled["DecidedBy"], &settled["Fallback"]["Step"]), (&json!("FALLBACK_ACTION"), &json!("links")));
    let steps = json!([
        { "Name": "worker", "Decision": "NO_CHANGE" },
        { "Name": "cursing", "Decision": "NO_CHANGE" },
        { "Name": "judge", "Decision": "NO_CHANGE" },
        { "Name": "links", "Failure": "ERROR" },
    ]);
    assert_eq!(settled["Steps"], steps);
    let logs = stage.logs();
    assert!(logs.contains(" ms, links=ERROR "), "{logs}");
    // As for any processor that fails.
    assert_eq!(logs.matches("worked").count(), 1, "{logs}");
}

#[tokio::test]
async fn whatever_the_work_after_the_callback_does_the_message_is_decided() {
    let stage = stage(FunctionSettings::new().timeout(Duration::from_secs(3))).await;
    for content in ["work", "work fails", "work panics", "work never ends"] {
        let delivered = stage.send(content).await;
        assert_eq!(delivered.decision(), Some(Decision::NoChange), "{content}");
        assert_eq!(settled(&delivered)["Outcome"], "ACCEPTED", "{content}");
    }
    let logs = stage.logs();
    assert_eq!(logs.matches("worked").count(), 4, "{logs}");
    assert_eq!(logs.matches("after_callback_failed=true").count(), 3, "{logs}");
    assert!(!logs.contains("private"), "{logs}");
}

/// No time limit of the framework ends it, but Lambda's does.
#[tokio::test]
async fn work_that_blocks_its_thread_costs_invocations_and_not_the_message() {
    let emulator = Emulator::start(Settings::new()).await.expect("a loopback port is free");
    let queue = |name: &str, settings: FunctionSettings, config: EventInvokeConfig| {
        let settings = settings.name(name).timeout(Duration::from_secs(2));
        let function = emulator.function(env!("CARGO_BIN_EXE_rules"), settings).expect("the binary is built");
        EventQueue::new(Arc::new(function), config.retry_delays(Duration::ZERO, Duration::ZERO))
    };
    let rescue = queue("rescue", FunctionSettings::new(), EventInvokeConfig::new());
    let rescued = || EventInvokeConfig::new().on_failure(Destination::Function(rescue.clone()));
    let send = async |queue: &EventQueue| {
        let finished = queue.send(OutgoingMessage::new("work blocks").expect("within the limits")).finished().await;
        let first = &finished.attempts[0];
        assert_eq!(first.decision(), Some(Decision::NoChange));
        assert!(matches!(first.invocation.outcome(), InvocationOutcome::TimedOut), "{}", first.invocation.outcome());
        let accepted = finished.attempts.iter().flat_map(|attempt| &attempt.callbacks).filter(|one| one.is_accepted());
        assert_eq!(accepted.count(), 1);
        finished
    };

    // Lambda delivers the event again, and the message was decided before.
    let finished = send(&queue("processor", FunctionSettings::new(), rescued())).await;
    let [_, again] = &finished.attempts[..] else { panic!("{} attempts", finished.attempts.len()) };
    assert_eq!(settled(again)["Outcome"], "DECIDED_BEFORE");
    assert!(finished.failure.is_none());

    // The work is asked for again, and blocks each time.
    let again = FunctionSettings::new().env("AFTER_DECIDED_BEFORE", "1");
    let finished = send(&queue("again", again, rescued())).await;
    let timed_out = |attempt: &Delivered| matches!(attempt.invocation.outcome(), InvocationOutcome::TimedOut);
    assert_eq!((finished.attempts.len(), finished.attempts.iter().filter(|one| timed_out(one)).count()), (3, 3));
    let Some(FinishedDestination::Function(rescue)) = &finished.destination else { panic!("it goes to the rescue") };
    let [rescue] = &rescue.attempts[..] else { panic!("{} attempts", rescue.attempts.len()) };
    assert_eq!(returned(rescue)["Outcome"], "DECIDED_BEFORE");
    assert_eq!(emulator.service().counts().decided_twice, 0);
}

#[tokio::test]
async fn the_work_is_done_once_unless_it_is_asked_for() {
    for (settings, times) in
        [(FunctionSettings::new(), 1), (FunctionSettings::new().env("AFTER_DECIDED_BEFORE", "1"), 2)]
    {
        let stage = stage(settings).await;
        let event = stage.emulator.event(OutgoingMessage::new("work").expect("within the limits"));
        for outcome in ["ACCEPTED", "DECIDED_BEFORE"] {
            let delivered = stage.function.deliver(&event).await;
            assert_eq!(settled(&delivered)["Outcome"], outcome);
        }
        assert_eq!(stage.logs().matches("worked").count(), times, "{}", stage.logs());
    }
}
