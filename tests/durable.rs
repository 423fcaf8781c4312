//! The binary as a function that was created with a `DurableConfig`.

use std::time::Duration;

use channel_flow_emulator::{Event, FunctionSettings, InvocationOutcome, MessageStatus, OutgoingMessage};
use channel_flow_tests::Stage;
use serde_json::{Value, json};

async fn stage(settings: FunctionSettings) -> Stage {
    Stage::new(env!("CARGO_BIN_EXE_troublemaker"), settings).await
}

/// An event whose message waits for a callback.
fn pending(stage: &Stage, content: &str) -> Event {
    let event = stage.emulator.event(OutgoingMessage::new(content).unwrap());
    stage.emulator.service().register(&event).expect("it has ids");
    event
}

fn status(stage: &Stage, event: &Event) -> MessageStatus {
    stage.emulator.service().message(event.ids().unwrap()).unwrap().status()
}

/// What Lambda invokes a durable function with if an execution starts.
fn execution(event: &Event) -> Value {
    let event = std::str::from_utf8(event.json()).unwrap();
    let arn = "arn:aws:lambda:us-east-1:444455556666:function:filter:1/durable-execution/8d7c/2f1e";
    json!({
        "DurableExecutionArn": arn,
        "CheckpointToken": "MQ==",
        "InitialExecutionState": {
            "Operations": [{
                "Id": "2f1e",
                "Type": "EXECUTION",
                "Status": "STARTED",
                "StartTimestamp": 1_777_879_200_000_u64,
                "ExecutionDetails": { "InputPayload": event },
            }],
            "NextMarker": "",
        },
    })
}

async fn returned(stage: &Stage, payload: &Value) -> Value {
    let delivered = stage.function.deliver(&Event::raw(payload.to_string())).await;
    match delivered.invocation.outcome() {
        InvocationOutcome::Response(response) => serde_json::from_slice(response).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// What the function returned, out of the answer of a durable function.
fn result(answer: &Value) -> Value {
    assert_eq!(answer["Status"], "SUCCEEDED", "{answer}");
    serde_json::from_str(answer["Result"].as_str().expect("the result is a string")).unwrap()
}

#[tokio::test]
async fn the_processor_decides_and_the_execution_succeeds() {
    let stage = stage(FunctionSettings::new()).await;
    let event = pending(&stage, "this is shit");
    let settled = result(&returned(&stage, &execution(&event)).await);
    assert_eq!((&settled["DecidedBy"], &settled["Outcome"]), (&json!("PROCESSOR"), &json!("ACCEPTED")));
    let callbacks = stage.emulator.callbacks();
    let [callback] = &*callbacks else { panic!("{} callbacks", callbacks.len()) };
    assert!(callback.is_accepted(), "{:?}", callback.verdict());
    let message = stage.emulator.service().message(event.ids().unwrap()).unwrap();
    assert_eq!(message.seen_by_everyone().unwrap().content.as_deref(), Some("this is ****"));

    // If the answer is lost, Lambda invokes the function again for the same execution.
    let settled = result(&returned(&stage, &execution(&event)).await);
    assert_eq!(settled["Outcome"], "DECIDED_BEFORE");
}

#[tokio::test]
async fn the_watchdog_ends_the_execution_of_a_processor_that_hangs() {
    let settings = FunctionSettings::new().timeout(Duration::from_secs(3)).env("RESERVE_MS", "2000");
    let stage = stage(settings).await;
    let event = pending(&stage, "spin");
    let settled = result(&returned(&stage, &execution(&event)).await);
    assert_eq!((&settled["DecidedBy"], &settled["Outcome"]), (&json!("FALLBACK_ACTION"), &json!("ACCEPTED")));
    assert_eq!(status(&stage, &event), MessageStatus::Denied);
}

#[tokio::test]
async fn an_execution_without_its_event_fails_for_good_and_says_why() {
    let stage = stage(FunctionSettings::new()).await;
    let mut paged = execution(&pending(&stage, "good morning"));
    paged["InitialExecutionState"] = json!({ "NextMarker": "the next page" });
    let answer = returned(&stage, &paged).await;
    assert_eq!((&answer["Status"], &answer["Error"]["ErrorType"]), (&json!("FAILED"), &json!("ChannelFlow.Event")));
    let message = answer["Error"]["ErrorMessage"].as_str().unwrap();
    let remedy = "a channel flow needs a function without DurableConfig";
    assert!(message.contains(remedy), "{message}");
    assert!(stage.emulator.callbacks().is_empty());
    assert!(stage.logs().contains(remedy), "{}", stage.logs());
}

#[tokio::test]
async fn a_rescue_finds_the_event_of_an_execution_that_failed() {
    let stage = stage(FunctionSettings::new()).await;
    // The processor would let this through; the fallback action does not.
    let [destination, queue] = [(); 2].map(|()| pending(&stage, "good morning"));
    let envelope = json!({
        "version": "1.0",
        "requestContext": { "requestId": "r", "condition": "RetriesExhausted", "approximateInvokeCount": 3 },
        "requestPayload": execution(&destination),
        "responseContext": { "statusCode": 200, "functionError": "Unhandled" },
    });
    // The rescue is no durable function, so it returns what it always does.
    assert_eq!(returned(&stage, &envelope).await["DecidedBy"], "RESCUE");
    let body = execution(&queue).to_string();
    let records = json!({ "Records": [{ "messageId": "1", "eventSource": "aws:sqs", "body": body }] });
    assert_eq!(returned(&stage, &records).await, json!({ "batchItemFailures": [] }));
    for event in [destination, queue] {
        assert_eq!(status(&stage, &event), MessageStatus::Denied);
    }
}
