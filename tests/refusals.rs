//! A callback that is refused: decided before, or something to be mended.

use std::time::{Duration, SystemTime};

use channel_flow_emulator::{
    Decision, Event, Fault, FunctionSettings, InvocationOutcome, OutgoingMessage, RepeatedCallback,
};
use channel_flow_tests::Stage;
use serde_json::Value;

const SHAPES: [RepeatedCallback; 3] =
    [RepeatedCallback::NonPending, RepeatedCallback::Conflict, RepeatedCallback::Forbidden];

async fn stage() -> Stage {
    Stage::new(env!("CARGO_BIN_EXE_troublemaker"), FunctionSettings::new()).await
}

fn outcome(invocation: &InvocationOutcome) -> Value {
    match invocation {
        InvocationOutcome::Response(response) => serde_json::from_slice(response).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn error_type(invocation: &InvocationOutcome) -> &str {
    match invocation {
        InvocationOutcome::Error(error) => &error.error_type,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_message_that_was_decided_is_settled_in_each_shape_of_the_refusal() {
    let stage = stage().await;
    for shape in SHAPES {
        stage.emulator.service().set_repeated_callback(shape);
        let event = stage.emulator.event(OutgoingMessage::new("good morning").unwrap());
        let first = stage.function.deliver(&event).await;
        assert_eq!(outcome(first.invocation.outcome())["Outcome"], "ACCEPTED", "{shape:?}");
        let second = stage.function.deliver(&event).await;
        assert_eq!(outcome(second.invocation.outcome())["Outcome"], "DECIDED_BEFORE", "{shape:?}");
        assert_eq!(second.message.unwrap().decision(), Some(Decision::NoChange), "{shape:?}");
    }
    assert_eq!(stage.emulator.service().counts().decided_twice, 0);
}

#[tokio::test]
async fn a_lost_answer_is_settled_in_each_shape_of_the_refusal() {
    for shape in SHAPES {
        // The first callback of a new environment, which has never had one accepted.
        let stage = stage().await;
        stage.emulator.service().set_repeated_callback(shape);
        stage.emulator.service().fault(Fault::lost_answer());
        let delivered = stage.send("good morning").await;
        assert_eq!(outcome(delivered.invocation.outcome())["Outcome"], "DECIDED_BEFORE", "{shape:?}");
        assert!(delivered.is_decided(), "{shape:?}");
    }
}

#[tokio::test]
async fn a_missing_grant_fails_the_invocation_and_is_named() {
    let stage = stage().await;
    stage.emulator.service().fault(Fault::forbidden());
    let event = stage.emulator.event(OutgoingMessage::new("good morning").unwrap());
    let delivered = stage.function.deliver(&event).await;
    assert_eq!(error_type(delivered.invocation.outcome()), "ChannelFlow.CallbackForbidden");
    assert!(delivered.invocation.outcome().to_string().contains("chime:ChannelFlowCallback"));
    assert!(!delivered.is_decided());
    assert!(stage.function.deliver(&event).await.is_decided(), "when the grant is there");
}

#[tokio::test]
async fn a_grant_that_was_taken_away_is_noticed() {
    let stage = stage().await;
    assert!(stage.send("good morning").await.is_decided());
    stage.emulator.service().fault(Fault::forbidden().times(3));
    // The first looks like the second callback for a message that was decided.
    let first = stage.send("good morning").await;
    assert_eq!(outcome(first.invocation.outcome())["Outcome"], "DECIDED_BEFORE");
    for _ in 0..2 {
        let next = stage.send("good morning").await;
        assert_eq!(error_type(next.invocation.outcome()), "ChannelFlow.CallbackForbidden");
    }
    assert!(stage.logs().contains("taken for decided before"), "{}", stage.logs());
}

#[tokio::test]
async fn a_message_that_is_too_old_is_not_tried_again() {
    let stage = stage().await;
    stage.emulator.service().set_callback_lifetime(Duration::ZERO);
    let event = stage.emulator.event(OutgoingMessage::new("good morning").unwrap());
    let mut json: Value = serde_json::from_slice(event.json()).unwrap();
    json["ChannelMessage"]["CreatedTimestamp"] = "2026-01-01T00:00:00.000Z".into();
    assert!(SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() > 1_767_400_000, "the message is older than 48 hours");
    let delivered = stage.function.deliver(&Event::raw(json.to_string())).await;
    assert_eq!(outcome(delivered.invocation.outcome())["Outcome"], "EXPIRED");
    assert_eq!(delivered.callbacks.len(), 1);
    assert!(stage.logs().contains("too late for the message's callback"), "{}", stage.logs());
}

#[tokio::test]
async fn a_decision_that_is_refused_as_invalid_gives_way_to_the_fallback_action() {
    let stage = stage().await;
    stage.emulator.service().fault(Fault::status(400));
    let delivered = stage.send("oh shit").await;
    assert_eq!(delivered.decision(), Some(Decision::Deny));
    let settled = outcome(delivered.invocation.outcome());
    assert_eq!((&settled["Decision"], &settled["DecidedBy"]), (&"DENY".into(), &"FALLBACK_ACTION".into()));

    stage.emulator.service().fault(Fault::status(400).times(2));
    let delivered = stage.send("oh shit").await;
    assert_eq!(error_type(delivered.invocation.outcome()), "ChannelFlow.CallbackInvalid");
    assert_eq!(delivered.callbacks.len(), 2, "the decision and the fallback action");
}
