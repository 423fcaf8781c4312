//! Asynchronous invocation: retries, destinations, queues, duplicates.

#![cfg(unix)]

mod common;

use channel_flow_emulator::{
    Destination, Emulator, Event, EventInvokeConfig, EventQueue, FailureCondition, FinishedDestination, FinishedEvent,
    Function, FunctionSettings, InvocationOutcome, InvokeError, MessageStatus, OutgoingMessage, SqsQueue, SqsSettings,
};
use common::function::{Hostage, another, function};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;

/// Not a test: what `function.sh` runs.
#[test]
fn acts_as_the_function() {
    common::function::run();
}

fn config() -> EventInvokeConfig {
    EventInvokeConfig::new().retry_delays(Duration::from_millis(1), Duration::from_millis(2))
}

fn message(content: &str) -> OutgoingMessage {
    OutgoingMessage::new(content).unwrap()
}

fn rescue(emulator: &Emulator) -> Function {
    another(emulator, FunctionSettings::new().name("rescue"))
}

async fn send(function: Function, config: EventInvokeConfig, content: &str) -> FinishedEvent {
    EventQueue::new(function, config).send(message(content)).finished().await
}

fn decided_by(finished: &FinishedEvent) -> Option<&str> {
    finished.message.as_ref().unwrap().decided_by()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_is_the_end() {
    let (emulator, function) = function(FunctionSettings::new().name("filter")).await;
    let queue = EventQueue::new(function, config());
    let queued = queue.send(message("call back"));
    let request_id = queued.request_id().to_owned();
    assert_eq!(emulator.service().counts().sent, 1);
    let finished = queued.finished().await;
    assert_eq!((finished.attempts.len(), finished.failure), (1, None));
    assert_eq!(finished.request_id, request_id);
    assert!(finished.is_decided() && finished.destination.is_none() && finished.dead_letter.is_none());
    assert_eq!(decided_by(&finished), Some("filter"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_tried_again_with_the_same_request_id_and_then_given_up() {
    for (retries, content) in [(2, "error"), (2, "exit"), (1, "error"), (0, "error")] {
        let (_emulator, function) = function(FunctionSettings::new()).await;
        let finished = send(function, config().maximum_retry_attempts(retries), content).await;
        assert_eq!(finished.attempts.len(), retries + 1, "{content}");
        assert_eq!(finished.failure, Some(FailureCondition::RetriesExhausted));
        let ids: HashSet<_> = finished.attempts.iter().map(|attempt| attempt.invocation.request_id()).collect();
        assert_eq!(ids, HashSet::from([&*finished.request_id]));
        assert_eq!(finished.message.unwrap().status(), MessageStatus::Pending);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_can_become_too_old() {
    let (_emulator, function) = function(FunctionSettings::new()).await;
    let config = EventInvokeConfig::new().maximum_event_age(Duration::from_secs(30));
    let finished = send(function, config, "error").await;
    assert_eq!(finished.attempts.len(), 1);
    assert_eq!(finished.failure, Some(FailureCondition::EventAgeExceeded));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_waits_too_long_is_not_delivered_at_all() {
    let (hanging, mut hangs) = tokio::sync::mpsc::unbounded_channel();
    let settings = FunctionSettings::new().timeout(Duration::from_secs(60)).log_sink(move |line| {
        if line.text == "hanging" {
            let _ = hanging.send(());
        }
    });
    let (_emulator, function) = function(settings).await;
    let queue = EventQueue::new(function, config().maximum_event_age(Duration::from_millis(200)));
    let _hanging = queue.send(message("hang"));
    hangs.recv().await.unwrap();
    let waiting = queue.send(message("call back")).finished().await;
    assert_eq!((waiting.attempts.len(), waiting.failure), (0, Some(FailureCondition::EventAgeExceeded)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_destination_gets_the_envelope_and_rescues() {
    let (emulator, function) = function(FunctionSettings::new().name("filter")).await;
    let destination = Destination::Function(EventQueue::new(rescue(&emulator), config()));
    let finished = send(function, config().on_failure(destination), "error").await;
    assert_eq!((finished.attempts.len(), finished.is_decided()), (3, true));
    assert_eq!(decided_by(&finished), Some("rescue"));
    let Some(FinishedDestination::Function(rescued)) = &finished.destination else { panic!("{finished:?}") };
    assert_eq!((rescued.attempts.len(), rescued.failure), (1, None));
    assert_eq!(rescued.attempts[0].callbacks.len(), 1);
    let envelope: Value = serde_json::from_slice(rescued.event.json()).unwrap();
    assert_eq!(envelope["requestContext"]["condition"], "RetriesExhausted");
    assert_eq!(envelope["requestContext"]["approximateInvokeCount"], 3);
    assert_eq!(envelope["requestContext"]["requestId"], finished.request_id);
    assert_eq!(envelope["responsePayload"]["errorType"], "Boom");
    let sent: Value = serde_json::from_slice(finished.event.json()).unwrap();
    assert_eq!(envelope["requestPayload"], sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_has_retries_of_its_own() {
    let (emulator, function) = function(FunctionSettings::new()).await;
    let destination = Destination::Function(EventQueue::new(rescue(&emulator), config()));
    let finished = send(function, config().on_failure(destination), "error, not rescued").await;
    let Some(FinishedDestination::Function(rescued)) = &finished.destination else { panic!("{finished:?}") };
    assert_eq!((rescued.attempts.len(), rescued.failure), (3, Some(FailureCondition::RetriesExhausted)));
    assert!(!finished.is_decided());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_queue_brings_the_bare_event() {
    let (emulator, function) = function(FunctionSettings::new()).await;
    let queue = SqsQueue::new(rescue(&emulator), SqsSettings::new());
    let finished = send(function, config().dead_letter_queue(queue), "error").await;
    assert_eq!(decided_by(&finished), Some("rescue"));
    let consumed = finished.dead_letter.unwrap();
    assert!(consumed.consumed && finished.destination.is_none());
    let event: Value = serde_json::from_slice(consumed.receives[0].event.json()).unwrap();
    let record = &event["Records"][0];
    assert_eq!(record["body"].as_str().unwrap().as_bytes(), finished.event.json());
    assert_eq!(record["messageId"], consumed.message_id);
    assert_eq!(record["eventSource"], "aws:sqs");
    assert_eq!(record["awsRegion"], "eu-central-1");
    assert_eq!(record["attributes"]["ApproximateReceiveCount"], "1");
    assert_eq!(record["messageAttributes"]["RequestID"]["stringValue"], finished.request_id);
    assert_eq!(record["messageAttributes"]["ErrorMessage"]["stringValue"], "it broke");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_can_be_a_queue() {
    let (emulator, function) = function(FunctionSettings::new()).await;
    let queue = SqsQueue::new(rescue(&emulator), SqsSettings::new());
    let finished = send(function, config().on_failure(Destination::Queue(queue)), "error").await;
    assert_eq!(decided_by(&finished), Some("rescue"));
    let Some(FinishedDestination::Queue(consumed)) = finished.destination else { panic!("a queue") };
    assert!(consumed.consumed);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_in_a_batch_comes_again_and_nothing_else() {
    let (emulator, consumer) = function(FunctionSettings::new()).await;
    let settings = SqsSettings::new().batch_size(2).batching_window(Duration::from_secs(20)).max_receive_count(3);
    let queue = SqsQueue::new(consumer, settings.visibility_timeout(Duration::from_millis(5)));
    let event = |content| Event::new(message(content), "eu-central-1");
    let (good, bad) = (event("call back"), event("error, not rescued"));
    emulator.service().register(&good);
    let body = |event: &Event| String::from_utf8(event.json().to_vec()).unwrap();
    // The one that fails comes again alone, or the batch waits for another: a batch of two is full at once.
    let (good_one, bad_one) = tokio::join!(queue.send_message(body(&good)), async {
        let first = queue.send_message(body(&bad));
        let others = async {
            for _ in 0..2 {
                let more = event("call back");
                emulator.service().register(&more);
                queue.send_message(body(&more)).await;
            }
        };
        tokio::join!(first, others).0
    });
    assert!(good_one.consumed && !bad_one.consumed);
    assert_eq!((good_one.receives.len(), bad_one.receives.len()), (1, 3));
    let last: Value = serde_json::from_slice(bad_one.receives[2].event.json()).unwrap();
    let record = last["Records"].as_array().unwrap().iter().find(|record| record["messageId"] == bad_one.message_id);
    assert_eq!(record.unwrap()["attributes"]["ApproximateReceiveCount"], "3");
    assert_eq!(emulator.service().counts().accepted, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_report_a_batch_is_what_its_invocation_is() {
    let (_emulator, consumer) = function(FunctionSettings::new()).await;
    let settings = SqsSettings::new().report_batch_item_failures(false);
    let queue = SqsQueue::new(consumer, settings);
    let body = json!({ "ChannelMessage": { "Content": "error, not rescued" } });
    assert!(queue.send_message(body.to_string()).await.consumed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_goes_to_two_environments_at_once() {
    let (emulator, function) = function(FunctionSettings::new().concurrency(2)).await;
    let queue = EventQueue::new(function, config());
    let [one, other] = queue.deliver_twice(&Event::new(message("call back"), "eu-central-1")).unwrap();
    let (one, other) = tokio::join!(one.finished(), other.finished());
    assert_ne!(one.request_id, other.request_id);
    for finished in [&one, &other] {
        assert!(finished.attempts[0].invocation.cold_start().is_some());
        assert_eq!((finished.attempts.len(), finished.attempts[0].callbacks.len()), (1, 1));
    }
    let counts = emulator.service().counts();
    assert_eq!((counts.sent, counts.accepted, counts.decided_twice), (1, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_invoke_refuses_is_not_taken() {
    let (_emulator, function) = function(FunctionSettings::new()).await;
    let queue = EventQueue::new(function, config());
    for raw in ["", "{", "not JSON", "{} {}"] {
        assert_eq!(queue.deliver(&Event::raw(raw)).unwrap_err(), InvokeError::InvalidRequestContent, "{raw}");
    }
    let large = format!("\"{}\"", "x".repeat(1024 * 1024));
    let bytes = large.len();
    assert_eq!(queue.deliver(&Event::raw(large)).unwrap_err(), InvokeError::RequestTooLarge(bytes));
    for raw in ["[]", "null", r#"{"half":"\ud83d"}"#] {
        assert_eq!(queue.deliver(&Event::raw(raw)).unwrap().finished().await.failure, None, "{raw}");
    }
    // The Runtime API hands out anything all the same.
    let delivered = queue.function().deliver(&Event::raw("not JSON")).await;
    assert!(matches!(delivered.invocation.outcome(), InvocationOutcome::Response(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_outlives_the_queue() {
    let hostage = Hostage::new();
    let settings = FunctionSettings::new().timeout(Duration::from_secs(3600));
    let (_emulator, function) = function(settings.env("HELD_BY", hostage.address())).await;
    let queue = EventQueue::new(function, config());
    let queued = queue.send(message("hold"));
    let held = hostage.held().await;
    drop(queue);
    drop(queued);
    held.released().await;
}
