//! The binary as an on-failure destination, and behind a dead-letter queue.

use channel_flow_emulator::{Event, FunctionSettings, InvocationOutcome, MessageStatus, OutgoingMessage};
use channel_flow_tests::Stage;
use serde_json::{Value, json};

async fn stage() -> Stage {
    Stage::new(env!("CARGO_BIN_EXE_troublemaker"), FunctionSettings::new()).await
}

/// An event whose message waits for a callback.
fn pending(stage: &Stage) -> Event {
    // The processor would let this through; the fallback action does not.
    let event = stage.emulator.event(OutgoingMessage::new("good morning").unwrap());
    stage.emulator.service().register(&event).expect("it has ids");
    event
}

fn status(stage: &Stage, event: &Event) -> MessageStatus {
    stage.emulator.service().message(event.ids().unwrap()).unwrap().status()
}

fn json_of(event: &Event) -> Value {
    serde_json::from_slice(event.json()).unwrap()
}

/// What Lambda sends to a destination after the last try.
fn envelope(event: &Value) -> Value {
    json!({
        "version": "1.0",
        "timestamp": "2026-05-04T07:20:00.000Z",
        "requestContext": {
            "requestId": "7f0f9a3e-5a0f-4d6e-9e9b-3f8f3b7d1c2a",
            "functionArn": "arn:aws:lambda:us-east-1:444455556666:function:filter:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3
        },
        "requestPayload": event,
        "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
        "responsePayload": { "errorType": "Runtime.ExitError", "errorMessage": "signal: killed" }
    })
}

async fn deliver(stage: &Stage, event: &Value) -> Value {
    let delivered = stage.function.deliver(&Event::raw(event.to_string())).await;
    match delivered.invocation.outcome() {
        InvocationOutcome::Response(response) => serde_json::from_slice(response).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_destination_gets_the_fallback_action() {
    let stage = stage().await;
    let event = pending(&stage);
    let settled = deliver(&stage, &envelope(&json_of(&event))).await;
    assert_eq!(status(&stage, &event), MessageStatus::Denied);
    assert_eq!((&settled["DecidedBy"], &settled["Outcome"]), (&json!("RESCUE"), &json!("ACCEPTED")));
    assert_eq!(settled["Fallback"], json!({ "Cause": "FAILED_BEFORE" }));
}

#[tokio::test]
async fn an_envelope_in_an_envelope_is_opened() {
    let stage = stage().await;
    let event = pending(&stage);
    deliver(&stage, &envelope(&envelope(&json_of(&event)))).await;
    assert_eq!(status(&stage, &event), MessageStatus::Denied);
}

#[tokio::test]
async fn a_rescue_that_comes_too_late_is_settled() {
    let stage = stage().await;
    let event = pending(&stage);
    assert!(stage.function.deliver(&event).await.is_decided());
    let settled = deliver(&stage, &envelope(&json_of(&event))).await;
    assert_eq!(settled["Outcome"], "DECIDED_BEFORE");
    assert_eq!(status(&stage, &event), MessageStatus::Sent, "as the processor decided");
}

#[tokio::test]
async fn an_envelope_around_something_else_fails_and_says_why() {
    let stage = stage().await;
    let delivered = stage.function.deliver(&Event::raw(envelope(&json!({ "hello": 1 })).to_string())).await;
    let InvocationOutcome::Error(error) = delivered.invocation.outcome() else { panic!("there are no ids") };
    assert!(error.error_message.contains("the event has no CallbackId"), "{error}");
}

/// What a topic writes into a queue that subscribes to it.
fn notification(message: &Value) -> Value {
    json!({
        "Type": "Notification",
        "MessageId": "0f3b9a3e-5a0f-4d6e-9e9b-3f8f3b7d1c2a",
        "TopicArn": "arn:aws:sns:us-east-1:444455556666:failed-events",
        "Message": message.to_string(),
        "Timestamp": "2026-05-04T07:20:01.000Z",
        "SignatureVersion": "1",
        "Signature": "c2lnbmF0dXJl",
        "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe"
    })
}

#[tokio::test]
async fn a_queue_may_stand_behind_a_topic_or_a_bus() {
    let stage = stage().await;
    let events = [(); 5].map(|()| pending(&stage));
    let json = events.each_ref().map(json_of);
    let bus = |event| json!({ "source": "lambda", "detail-type": "Lambda Function Invocation Result - Failure", "detail": envelope(event) });
    let bodies = [
        notification(&envelope(&json[0])),
        // A dead-letter topic is sent the event alone.
        notification(&json[1]),
        notification(&bus(&json[2])),
        bus(&json[3]),
        // With raw message delivery.
        envelope(&json[4]),
    ];
    let record = |(number, body): (usize, &Value)| json!({ "messageId": format!("m{number}"), "body": body.to_string(), "eventSource": "aws:sqs" });
    let records: Vec<_> = bodies.iter().enumerate().map(record).collect();
    let answer = deliver(&stage, &json!({ "Records": records })).await;
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    for event in &events {
        assert_eq!(status(&stage, event), MessageStatus::Denied);
    }
}

#[tokio::test]
async fn a_queue_of_large_events_is_settled_one_by_one() {
    let stage = stage().await;
    let events = [(); 6].map(|()| pending(&stage));
    let record = |(number, event): (usize, &Event)| {
        let mut json = json_of(event);
        // One is as large as the others are together, which no queue would take.
        json["Padding"] = "\"".repeat(if number == 0 { 1_100_000 } else { 200_000 }).into();
        json!({ "messageId": format!("m{number}"), "body": json.to_string(), "eventSource": "aws:sqs" })
    };
    let mut records: Vec<_> = events.iter().enumerate().map(record).collect();
    records.push(json!({ "messageId": "empty", "body": "{}", "eventSource": "aws:sqs" }));
    let answer = deliver(&stage, &json!({ "Records": records })).await;
    assert_eq!(answer, json!({ "batchItemFailures": [{ "itemIdentifier": "empty" }] }));
    for event in &events {
        assert_eq!(status(&stage, event), MessageStatus::Denied);
    }
}

#[tokio::test]
async fn a_queue_gets_a_partial_batch_answer() {
    let stage = stage().await;
    let events = [pending(&stage), pending(&stage), pending(&stage)];
    assert!(stage.function.deliver(&events[1]).await.is_decided());
    let bodies = [
        json_of(&events[0]).to_string(),
        json_of(&events[1]).to_string(),
        "not an event".to_owned(),
        envelope(&json_of(&events[2])).to_string(),
        "{}".to_owned(),
    ];
    let records: Vec<_> = bodies
        .iter()
        .enumerate()
        .map(|(number, body)| {
            json!({
                "messageId": format!("m{number}"),
                "receiptHandle": "handle",
                "body": body,
                "attributes": { "ApproximateReceiveCount": "1" },
                "messageAttributes": { "ErrorCode": { "stringValue": "200", "dataType": "Number" } },
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:444455556666:dead-letters",
                "awsRegion": "us-east-1"
            })
        })
        .collect();
    let answer = deliver(&stage, &json!({ "Records": records })).await;
    let failed = json!({ "batchItemFailures": [{ "itemIdentifier": "m2" }, { "itemIdentifier": "m4" }] });
    assert_eq!(answer, failed);
    assert_eq!(
        events.each_ref().map(|event| status(&stage, event)),
        [MessageStatus::Denied, MessageStatus::Sent, MessageStatus::Denied]
    );
}
