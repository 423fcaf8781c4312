//! A callback that is refused: decided before, no grant, or something to be corrected. Which of these it is, is asked if the
//! service does not say it.

use std::time::Duration;

use channel_flow_emulator::assumptions::{AbsentStatus, DECIDED_BEFORE};
use channel_flow_emulator::{
    Decision, Delivered, Event, Fault, FunctionSettings, Grant, InvocationOutcome, MessageStatus, OutgoingMessage,
    Persistence, RepeatedCallback, Sender,
};
use channel_flow_tests::Stage;
use serde_json::{Value, json};

const TROUBLEMAKER: &str = env!("CARGO_BIN_EXE_troublemaker");
const MAY_ASK: &str = "CHANNEL_FLOW_MAY_ASK_STATUS";
const SHAPES: [RepeatedCallback; 3] =
    [RepeatedCallback::NonPending, RepeatedCallback::Conflict, RepeatedCallback::Forbidden];

async fn stage() -> Stage {
    Stage::new(TROUBLEMAKER, FunctionSettings::new()).await
}

/// A stage whose deployment says that the function may ask.
async fn asking_stage() -> Stage {
    Stage::new(TROUBLEMAKER, FunctionSettings::new().env(MAY_ASK, "true")).await
}

fn message(content: &str) -> OutgoingMessage {
    OutgoingMessage::new(content).expect("content within the limits")
}

/// What the function returned for a message that it settled.
#[track_caller]
fn settled(delivered: &Delivered) -> Value {
    match delivered.invocation.outcome() {
        InvocationOutcome::Response(response) => serde_json::from_slice(response).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// The type and the text of the error with which an invocation failed.
#[track_caller]
fn failed(delivered: &Delivered) -> (&str, &str) {
    match delivered.invocation.outcome() {
        InvocationOutcome::Error(error) => (&error.error_type, &error.error_message),
        other => panic!("reported as success: {other:?}"),
    }
}

/// The ARN of the app instance of an event.
fn app_instance(event: &Event) -> String {
    let channel_arn = &event.ids().expect("it has ids").channel_arn;
    channel_arn.split_once("/channel/").expect("a channel's ARN").0.to_owned()
}

fn revoke(stage: &Stage, event: &Event, grants: &[Grant]) {
    for grant in grants {
        stage.emulator.service().revoke(&app_instance(event), *grant);
    }
}

#[tokio::test]
async fn a_message_that_was_decided_is_settled_in_each_shape_of_the_refusal() {
    let stage = stage().await;
    for shape in SHAPES {
        stage.emulator.service().set_repeated_callback(shape);
        let event = stage.emulator.event(message("good morning"));
        let first = stage.function.deliver(&event).await;
        assert_eq!(settled(&first)["Outcome"], "ACCEPTED", "{shape:?}");
        let second = stage.function.deliver(&event).await;
        assert_eq!(settled(&second)["Outcome"], "DECIDED_BEFORE", "{shape:?}");
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
        assert_eq!(settled(&delivered)["Outcome"], "DECIDED_BEFORE", "{shape:?}");
        assert!(delivered.is_decided(), "{shape:?}");
    }
}

#[tokio::test]
async fn nothing_is_asked_if_nothing_went_wrong() {
    let stage = stage().await;
    for content in ["good morning", "deny", "oh shit"] {
        assert_eq!(settled(&stage.send(content).await)["Outcome"], "ACCEPTED");
    }
    assert_eq!(stage.emulator.service().status_questions(), 0);
}

#[tokio::test]
async fn a_missing_grant_fails_the_invocation_and_is_named() {
    let stage = stage().await;
    let event = stage.emulator.event(message("good morning"));
    revoke(&stage, &event, &[Grant::ChannelFlowCallback]);
    let delivered = stage.function.deliver(&event).await;
    let (error_type, text) = failed(&delivered);
    assert_eq!(error_type, "ChannelFlow.CallbackForbidden");
    assert!(text.contains("chime:ChannelFlowCallback"), "{text}");
    assert!(!delivered.is_decided());
    stage.emulator.service().grant(&app_instance(&event), Grant::ChannelFlowCallback);
    assert!(stage.function.deliver(&event).await.is_decided(), "when the grant is there");
}

#[tokio::test]
async fn a_failed_attempt_before_a_refusal_is_no_proof() {
    let stage = Stage::new(TROUBLEMAKER, FunctionSettings::new().timeout(Duration::from_secs(4))).await;
    for grants in [&[Grant::ChannelFlowCallback][..], &[Grant::ChannelFlowCallback, Grant::GetChannelMessageStatus]] {
        revoke(&stage, &stage.emulator.event(message("good morning")), grants);
        let faults = [
            Fault::status(500),
            Fault::status(503),
            Fault::throttled(),
            Fault::conflict(),
            Fault::reset_before_reading(),
            Fault::reset_after_reading(),
            Fault::html(502),
            Fault::no_answer(),
        ];
        for fault in faults {
            let name = fault.to_string();
            stage.emulator.service().fault(fault);
            let delivered = stage.send("good morning").await;
            assert_eq!(failed(&delivered).0, "ChannelFlow.CallbackForbidden", "{name}");
            assert!(!delivered.is_decided(), "{name}");
        }
    }
}

#[tokio::test]
async fn a_grant_is_proven_for_one_app_instance_only() {
    let stage = stage().await;
    let other = || stage.emulator.event(message("good morning").app_instance("other"));
    revoke(&stage, &other(), &[Grant::ChannelFlowCallback, Grant::GetChannelMessageStatus]);
    for _ in 0..5 {
        assert!(stage.send("good morning").await.is_decided());
        let delivered = stage.function.deliver(&other()).await;
        assert_eq!(failed(&delivered).0, "ChannelFlow.CallbackForbidden");
        assert!(!delivered.is_decided());
    }
}

#[tokio::test]
async fn a_grant_that_was_taken_away_is_noticed() {
    for grants in [&[Grant::ChannelFlowCallback][..], &[Grant::ChannelFlowCallback, Grant::GetChannelMessageStatus]] {
        let stage = asking_stage().await;
        assert!(stage.send("good morning").await.is_decided());
        revoke(&stage, &stage.emulator.event(message("hello")), grants);
        // The first one too looks like the second callback for a message that was decided.
        let first = stage.send("good morning").await;
        assert_eq!(failed(&first).0, "ChannelFlow.CallbackForbidden", "{grants:?}");
    }
}

#[tokio::test]
async fn conflicts_without_end_are_no_proof() {
    let stage = Stage::new(TROUBLEMAKER, FunctionSettings::new().timeout(Duration::from_secs(3))).await;
    stage.emulator.service().fault(Fault::conflict().times(3));
    stage.emulator.service().fault(Fault::status(503).times(2));
    stage.emulator.service().fault(Fault::conflict().times(1000));
    let delivered = stage.send("good morning").await;
    assert_eq!(failed(&delivered).0, "ChannelFlow.CallbackConflict");
    assert!(!delivered.is_decided());
}

#[tokio::test]
async fn a_duplicate_in_a_cold_environment_is_settled() {
    let asking = asking_stage().await;
    let service = asking.emulator.service();
    service.set_repeated_callback(RepeatedCallback::Forbidden);
    for content in ["good morning", "oh shit", "deny"] {
        let event = asking.emulator.event(message(content));
        assert!(asking.function.deliver(&event).await.is_decided(), "{content}");
        asking.function.recycle().await;
        let duplicate = asking.function.deliver(&event).await;
        assert!(duplicate.invocation.cold_start().is_some());
        assert_eq!(settled(&duplicate)["Outcome"], "DECIDED_BEFORE", "{content}");
        // That a denied message is not stored rests on what the deployment says.
        let doubt = if content == "deny" { json!("DENIED_OR_NOT_GRANTED") } else { Value::Null };
        assert_eq!(settled(&duplicate)["Doubt"], doubt, "{content}");
        asking.function.recycle().await;
    }
}

/// To a sender who has left the channel the service gives no status. That is no proof in an environment that has seen the
/// grant missing.
#[tokio::test]
async fn a_refused_status_is_no_proof_if_the_grant_was_seen_missing() {
    let stage = asking_stage().await;
    assert!(stage.send("good morning").await.is_decided());
    revoke(&stage, &stage.emulator.event(message("hello")), &[Grant::ChannelFlowCallback]);
    assert_eq!(failed(&stage.send("good morning").await).0, "ChannelFlow.CallbackForbidden");
    let event = stage.emulator.event(message("good morning"));
    let left = Fault::forbidden().times(10).on_status_question();
    stage.emulator.service().fault(left.for_message(&event.ids().unwrap().message_id));
    let delivered = stage.function.deliver(&event).await;
    assert_eq!(failed(&delivered).0, "ChannelFlow.CallbackForbidden");
    assert!(!delivered.is_decided());
    stage.emulator.service().clear_faults();
    stage.emulator.service().grant(&app_instance(&event), Grant::ChannelFlowCallback);
    assert!(stage.function.deliver(&event).await.is_decided(), "when the grant is there");
}

#[tokio::test]
async fn a_denied_message_fails_the_invocation_if_nothing_tells_it_from_a_missing_grant() {
    let refusals = [
        (None, AbsentStatus::Forbidden),
        (Some("true"), AbsentStatus::BadRequest),
        (Some("false"), AbsentStatus::NotFound),
    ];
    for (may_ask, absent) in refusals {
        let settings = may_ask.map_or(FunctionSettings::new(), |value| FunctionSettings::new().env(MAY_ASK, value));
        let stage = Stage::new(TROUBLEMAKER, settings).await;
        stage.emulator.service().set_repeated_callback(RepeatedCallback::Forbidden);
        stage.emulator.service().set_assumptions(|assumptions| assumptions.status_of_denied = absent);
        let event = stage.emulator.event(message("deny"));
        assert!(stage.function.deliver(&event).await.is_decided());
        stage.function.recycle().await;
        let duplicate = stage.function.deliver(&event).await;
        let (error_type, text) = failed(&duplicate);
        assert_eq!(error_type, "ChannelFlow.CallbackForbidden", "{may_ask:?} {absent:?}");
        assert!(text.contains("cannot be found out"), "{text}");
        if may_ask != Some("true") {
            assert!(text.contains("chime:GetChannelMessageStatus") && text.contains(MAY_ASK), "{text}");
        }
        assert!(stage.logs().contains("doubt"), "{}", stage.logs());
    }
}

#[tokio::test]
async fn a_service_that_says_so_needs_no_variable() {
    let stage = stage().await;
    stage.emulator.service().set_repeated_callback(RepeatedCallback::Forbidden);
    stage.emulator.service().set_assumptions(|assumptions| assumptions.status_of_denied = AbsentStatus::NotFound);
    let event = stage.emulator.event(message("deny"));
    assert!(stage.function.deliver(&event).await.is_decided());
    stage.function.recycle().await;
    let duplicate = settled(&stage.function.deliver(&event).await);
    assert_eq!((&duplicate["Outcome"], &duplicate["Doubt"]), (&json!("DECIDED_BEFORE"), &Value::Null));
}

#[tokio::test]
async fn the_variable_speaks_for_the_app_instances_that_it_names() {
    let event = |stage: &Stage| stage.emulator.event(message("good morning").app_instance("other"));
    let named = app_instance(&stage().await.emulator.event(message("hello")));
    let stage = Stage::new(TROUBLEMAKER, FunctionSettings::new().env(MAY_ASK, named)).await;
    let event = event(&stage);
    revoke(&stage, &event, &[Grant::ChannelFlowCallback, Grant::GetChannelMessageStatus]);
    let delivered = stage.function.deliver(&event).await;
    assert_eq!(failed(&delivered).0, "ChannelFlow.CallbackForbidden");
    assert!(!delivered.is_decided());
}

#[tokio::test]
async fn a_question_that_gets_no_answer_is_asked_again() {
    let stage = asking_stage().await;
    stage.emulator.service().set_repeated_callback(RepeatedCallback::Forbidden);
    let event = stage.emulator.event(message("good morning"));
    assert!(stage.function.deliver(&event).await.is_decided());
    let faults =
        [Fault::status(503).times(4), Fault::throttled().times(4), Fault::reset_after_reading(), Fault::no_answer()];
    for fault in faults {
        let name = fault.to_string();
        stage.emulator.service().fault(fault.on_status_question());
        let duplicate = stage.function.deliver(&event).await;
        assert_eq!(settled(&duplicate)["Outcome"], "DECIDED_BEFORE", "{name}");
        assert_eq!(stage.emulator.service().faults_left(), 0, "{name} was not met");
    }
    stage.emulator.service().fault(Fault::status(503).times(1000).on_status_question());
    let settings = FunctionSettings::new().timeout(Duration::from_secs(2));
    let function = stage.emulator.function(TROUBLEMAKER, settings).unwrap();
    assert_eq!(failed(&function.deliver(&event).await).0, "ChannelFlow.CallbackUnavailable");
}

/// Whatever the service does with the messages that it need not store, with those of bots, and with edits.
#[tokio::test]
async fn a_missing_grant_is_no_success_whatever_the_service_answers() {
    let text = || message("good morning");
    let edited = |stage: &Stage| {
        let event = stage.emulator.event(text());
        let mut json: Value = serde_json::from_slice(event.json()).unwrap();
        json["ChannelMessage"]["LastEditedTimestamp"] = "2999-01-01T00:00:00.000Z".into();
        Event::raw(json.to_string())
    };
    type EventOf<'a> = &'a dyn Fn(&Stage) -> Event;
    let sorts: [(&str, EventOf<'_>); 3] = [
        ("non-persistent", &|stage| stage.emulator.event(text().persistence(Persistence::NonPersistent))),
        ("of a bot", &|stage| stage.emulator.event(text().sender(Sender::bot("helper", "Helper")))),
        ("edited", &edited),
    ];
    for known in [true, false] {
        for (sort, event) in &sorts {
            let stage = asking_stage().await;
            stage.emulator.service().set_assumptions(|assumptions| {
                assumptions.non_persistent_has_status = known;
                assumptions.bots_may_ask_status = known;
                assumptions.edit_has_status = known;
            });
            let event = event(&stage);
            revoke(&stage, &event, &[Grant::ChannelFlowCallback]);
            let delivered = stage.function.deliver(&event).await;
            assert_eq!(failed(&delivered).0, "ChannelFlow.CallbackForbidden", "{sort}, {known}");
            assert!(!delivered.is_decided());
        }
    }
}

#[tokio::test]
async fn a_message_that_is_too_old_fails_the_invocation_and_says_so() {
    let stage = stage().await;
    stage.emulator.service().set_callback_lifetime(Duration::ZERO);
    let dated = |created: Value| {
        let event = stage.emulator.event(message("good morning"));
        let mut json: Value = serde_json::from_slice(event.json()).unwrap();
        json["ChannelMessage"]["CreatedTimestamp"] = created;
        Event::raw(json.to_string())
    };
    let old = stage.function.deliver(&dated("2026-01-01T00:00:00.000Z".into())).await;
    assert_eq!(failed(&old).0, "ChannelFlow.CallbackExpired");
    assert!(stage.logs().contains("too late for the message's callback"), "{}", stage.logs());
    // Times at which no message was sent.
    for created in [json!(0), json!(-1), json!("1970-01-01T00:00:00.000Z"), json!("2999-01-01T00:00:00.000Z")] {
        let odd = stage.function.deliver(&dated(created.clone())).await;
        assert_eq!(failed(&odd).0, "ChannelFlow.CallbackForbidden", "{created}");
    }
}

#[tokio::test]
async fn a_queue_keeps_a_message_that_is_too_old() {
    let stage = stage().await;
    stage.emulator.service().set_callback_lifetime(Duration::ZERO);
    let event = stage.emulator.event(message("good morning"));
    stage.emulator.service().register(&event).expect("it has ids");
    let mut body: Value = serde_json::from_slice(event.json()).unwrap();
    body["ChannelMessage"]["CreatedTimestamp"] = "2026-01-01T00:00:00.000Z".into();
    let records = json!([{ "messageId": "m1", "eventSource": "aws:sqs", "body": body.to_string() }]);
    let delivered = stage.function.deliver(&Event::raw(json!({ "Records": records }).to_string())).await;
    assert_eq!(settled(&delivered), json!({ "batchItemFailures": [{ "itemIdentifier": "m1" }] }));
    let state = stage.emulator.service().message(event.ids().unwrap()).unwrap();
    assert_eq!(state.status(), MessageStatus::Pending);
    assert!(stage.logs().contains("expired"), "{}", stage.logs());
}

#[tokio::test]
async fn a_decision_that_is_refused_as_invalid_gives_way_to_the_fallback_action() {
    let stage = stage().await;
    stage.emulator.service().fault(Fault::status(400));
    let delivered = stage.send("oh shit").await;
    assert_eq!(delivered.decision(), Some(Decision::Deny));
    let settled = settled(&delivered);
    assert_eq!((&settled["Decision"], &settled["DecidedBy"]), (&"DENY".into(), &"FALLBACK_ACTION".into()));
    assert!(stage.logs().contains("fallback_action=\"ABORT\""), "{}", stage.logs());

    stage.emulator.service().fault(Fault::status(400).times(2));
    let delivered = stage.send("oh shit").await;
    assert_eq!(failed(&delivered).0, "ChannelFlow.CallbackInvalid");
    assert_eq!(delivered.callbacks.len(), 2, "the decision and the fallback action");
}

#[tokio::test]
async fn a_decided_message_whose_callbacks_are_refused_as_invalid_is_settled() {
    let stage = stage().await;
    let event = stage.emulator.event(message("good morning"));
    assert!(stage.function.deliver(&event).await.is_decided());
    stage.emulator.service().fault(Fault::status(400).times(2));
    let duplicate = stage.function.deliver(&event).await;
    assert_eq!(settled(&duplicate)["Outcome"], "DECIDED_BEFORE", "in other words than the service's");
}

#[tokio::test]
async fn what_the_service_quotes_is_not_what_it_says() {
    let stage = stage().await;
    let quotation = format!("Value '{DECIDED_BEFORE} 1' at 'channelMessage.content' failed to satisfy constraint");
    for text in [quotation.as_str(), "non-pending", "Value 'non-pending' at 'content' failed"] {
        stage.emulator.service().fault(Fault::status_with(400, "BadRequestException", text));
        let delivered = stage.send("oh shit").await;
        assert!(delivered.is_decided(), "{text}");
        assert_eq!(settled(&delivered)["Outcome"], "ACCEPTED", "{text}");
    }
}

#[tokio::test]
async fn throttling_by_any_name_does_not_change_the_decision() {
    let stage = stage().await;
    for code in ["ThrottlingException", "TooManyRequestsException", "ThrottledClientException"] {
        stage.emulator.service().fault(Fault::status_with(400, code, "Rate exceeded").times(5));
        let delivered = stage.send("oh shit").await;
        assert_eq!(delivered.decision(), Some(Decision::Update), "{code}");
        assert_eq!(stage.emulator.service().faults_left(), 0, "{code} was not met");
    }
}

#[tokio::test]
async fn a_storm_is_not_fed() {
    let stage = Stage::new(TROUBLEMAKER, FunctionSettings::new().timeout(Duration::from_secs(10))).await;
    stage.emulator.service().fault(Fault::throttled().times(10_000));
    let delivered = stage.send("good morning").await;
    assert_eq!(failed(&delivered).0, "ChannelFlow.CallbackUnavailable");
    // Eight rounds of three, as docs/reliability.md says; a slow machine has fewer.
    assert!(delivered.callbacks.len() <= 24, "{} requests", delivered.callbacks.len());
}

#[tokio::test]
async fn what_the_service_quotes_is_not_shown() {
    let settings = FunctionSettings::new().timeout(Duration::from_secs(1)).env("RUST_LOG", "debug");
    let stage = Stage::new(TROUBLEMAKER, settings).await;
    let text = "Value 'privatetext' at 'content' failed\nERROR forged \u{1b}[31m";
    for status in [400, 401, 403, 409, 429, 500] {
        for code in ["ValidationException", "ForbiddenException", "Private'text'Exception"] {
            stage.emulator.service().fault(Fault::status_with(status, code, text).times(1000));
            stage.emulator.service().fault(Fault::status_with(status, code, text).times(1000).on_status_question());
            let delivered = stage.send("oh shit").await;
            stage.emulator.service().clear_faults();
            let (_, error) = failed(&delivered);
            assert!(!error.contains("rivate") && !error.contains("forged"), "{status} {code}: {error}");
            assert!(error.contains(&status.to_string()), "{status} {code}: {error}");
        }
    }
    let logs = stage.logs();
    for shown in ["rivate", "forged", "\u{1b}"] {
        assert!(!logs.contains(shown), "{shown:?} in {logs}");
    }
}

#[tokio::test]
async fn a_benign_duplicate_looks_benign() {
    let stage = stage().await;
    for shape in SHAPES {
        stage.emulator.service().set_repeated_callback(shape);
        let event = stage.emulator.event(message("good morning"));
        stage.function.deliver(&event).await;
        assert_eq!(settled(&stage.function.deliver(&event).await)["Outcome"], "DECIDED_BEFORE");
    }
    let logs = stage.logs();
    for alarming in ["Exception", "delivers the event again", "WARN", "ERROR", "doubt"] {
        assert!(!logs.contains(alarming), "{alarming} in {logs}");
    }
}

#[tokio::test]
async fn a_value_of_the_variable_that_makes_no_sense_stops_the_start() {
    let stage = Stage::new(TROUBLEMAKER, FunctionSettings::new().env(MAY_ASK, "perhaps")).await;
    let delivered = stage.send("good morning").await;
    assert!(!delivered.is_decided());
    assert!(stage.logs().contains(MAY_ASK), "{}", stage.logs());
}
