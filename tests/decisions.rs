//! Each decision becomes the callback that it should.

use channel_flow_emulator::{Decision, Delivered, FunctionSettings};
use channel_flow_tests::Stage;
use serde_json::{Value, json};

async fn stage() -> Stage {
    Stage::new(env!("CARGO_BIN_EXE_troublemaker"), FunctionSettings::new().env("AWS_LAMBDA_LOG_FORMAT", "JSON")).await
}

/// The body of the one callback, without its ids.
fn callback(delivered: &Delivered) -> Value {
    let [callback] = &*delivered.callbacks else { panic!("{} callbacks", delivered.callbacks.len()) };
    assert!(callback.is_accepted(), "{:?}", callback.verdict());
    let mut body: Value = serde_json::from_slice(callback.body()).expect("JSON");
    assert!(body.as_object_mut().unwrap().remove("CallbackId").is_some());
    assert!(body["ChannelMessage"].as_object_mut().unwrap().remove("MessageId").is_some());
    body
}

#[tokio::test]
async fn no_change_sends_the_ids_alone() {
    let delivered = stage().await.send("good morning").await;
    assert_eq!(callback(&delivered), json!({ "ChannelMessage": {} }));
    assert_eq!(delivered.decision(), Some(Decision::NoChange));
}

#[tokio::test]
async fn deny_deletes_the_resource() {
    let delivered = stage().await.send("deny").await;
    assert_eq!(callback(&delivered), json!({ "DeleteResource": true, "ChannelMessage": {} }));
    assert!(delivered.message.unwrap().seen_by_everyone().is_none());
}

#[tokio::test]
async fn an_update_sends_what_changed() {
    let stage = stage().await;
    let delivered = stage.send("oh shit, 100 %").await;
    assert_eq!(callback(&delivered), json!({ "ChannelMessage": { "Content": "oh ****, 100 %" } }));

    let delivered = stage.send("update everything").await;
    let everything = json!({ "ChannelMessage": {
        "Content": "new content",
        "Metadata": "new metadata",
        "PushNotification": { "Title": "T", "Body": "B", "Type": "VOIP" },
        "MessageAttributes": { "one": { "StringValues": ["1", "2"] } },
        "SubChannelId": "sub-1",
        "ContentType": "text/plain",
    }});
    assert_eq!(callback(&delivered), everything);
}

#[tokio::test]
async fn an_update_without_content_sends_the_content_as_it_was() {
    let delivered = stage().await.send("update metadata").await;
    assert_eq!(callback(&delivered), json!({ "ChannelMessage": { "Content": "update metadata", "Metadata": "{}" } }));
}

#[tokio::test]
async fn an_update_of_nothing_is_no_change() {
    let delivered = stage().await.send("update nothing").await;
    assert_eq!(callback(&delivered), json!({ "ChannelMessage": {} }));
}

#[tokio::test]
async fn a_processor_knows_the_request_and_the_time_left() {
    let delivered = stage().await.send("tell the invocation").await;
    let body = callback(&delivered);
    let (request_id, time_left) = body["ChannelMessage"]["Content"].as_str().unwrap().split_once(' ').unwrap();
    assert_eq!(request_id, delivered.invocation.request_id());
    assert!(time_left.parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn the_log_tells_ids_decision_and_duration() {
    let stage = stage().await;
    let delivered = stage.send("good morning").await;
    let logs = stage.logs();
    let line: Value = logs.lines().find_map(|line| serde_json::from_str(line).ok()).expect("a line of JSON");
    assert_eq!(line["fields"]["message"], "message settled");
    assert_eq!(line["fields"]["decision"], "NO_CHANGE");
    assert!(line["fields"]["duration_ms"].is_number(), "{line}");
    let ids = delivered.message.unwrap().ids().clone();
    assert_eq!(line["span"]["message_id"], ids.message_id);
    assert_eq!(line["span"]["channel_arn"], ids.channel_arn);
    assert_eq!(line["spans"][0]["requestId"], delivered.invocation.request_id());
}
