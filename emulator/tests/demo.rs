//! The chat that `Emulator::demo` sets up, with a function as a process.

#![cfg(unix)]

mod common;

use channel_flow_emulator::{
    DemoMessage, EventInvokeConfig, EventQueue, FunctionSettings, InvocationFault, MessageStatus,
};
use common::function::{another, function};
use serde_json::json;
use std::time::Duration;

/// Not a test: what `function.sh` runs.
#[test]
fn acts_as_the_function() {
    common::function::run();
}

fn outcome(message: &DemoMessage) -> (MessageStatus, Option<&str>) {
    (message.status, message.content.as_deref())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_reported_as_bob_sees_it() {
    let (emulator, function) = function(FunctionSettings::new()).await;
    let demo = emulator.demo(function).await.unwrap();
    let sent = demo.send("call back").await.unwrap();
    assert_eq!(outcome(&sent), (MessageStatus::Sent, Some("called back")));
    assert!(!format!("{sent:?}").contains("called back"));
    let denied = demo.send("deny").await.unwrap();
    assert_eq!(outcome(&denied), (MessageStatus::Denied, None));
    // The function ends well, and calls back nobody.
    let pending = demo.send("answer").await.unwrap();
    assert_eq!(outcome(&pending), (MessageStatus::Pending, None));
    // It fails for good.
    let given_up = demo.send("error").await.unwrap();
    assert_eq!(outcome(&given_up), (MessageStatus::Pending, None));
    emulator.service().fault_invocation(InvocationFault::Unreachable);
    let failed = demo.send("call back").await.unwrap();
    assert_eq!(outcome(&failed), (MessageStatus::Failed, None));
    assert_eq!(demo.send("").await.unwrap_err().name(), "BadRequestException");

    let listed = json!({ "ChannelArn": demo.channel_arn(), "ChimeBearer": demo.bob() });
    let listed = emulator.service().call("ListChannelMessages", listed).await.unwrap();
    let messages = listed["ChannelMessages"].as_array().unwrap();
    assert_eq!(messages.len(), 1);
    assert_eq!((&messages[0]["MessageId"], &messages[0]["Sender"]["Arn"]), (&json!(sent.id), &json!(demo.alice())));
}

#[tokio::test(flavor = "multi_thread")]
async fn its_arns_are_known_before() {
    let (emulator, function) = function(FunctionSettings::new()).await;
    let demo = emulator.demo(function).await.unwrap();
    let app_instance = "arn:aws:chime:eu-central-1:123456789012:app-instance/demo";
    assert_eq!(demo.app_instance_arn(), app_instance);
    let arns = [demo.alice(), demo.bob(), &demo.arns().bot, demo.channel_arn(), demo.flow_arn()];
    let expected = ["user/alice", "user/bob", "bot/helper", "channel/general", "channel-flow/demo"];
    assert_eq!(arns, expected.map(|id| format!("{app_instance}/{id}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_function_takes_its_place_in_the_same_demo() {
    let (emulator, first) = function(FunctionSettings::new().name("first")).await;
    let arns = emulator.demo(first).await.unwrap().arns().clone();
    let second = another(&emulator, FunctionSettings::new().name("second"));
    let config = EventInvokeConfig::new().retry_delays(Duration::ZERO, Duration::ZERO);
    let demo = emulator.demo_of(EventQueue::new(second, config)).await.unwrap();
    assert_eq!(demo.arns(), &arns);
    assert!(emulator.service().remove_function("first").is_some());
    assert_eq!(outcome(&demo.send("call back").await.unwrap()), (MessageStatus::Sent, Some("called back")));
    // Nothing processes the messages of a channel without a flow.
    let flow = json!({ "ChannelArn": arns.channel, "ChannelFlowArn": arns.channel_flow, "ChimeBearer": arns.alice });
    emulator.service().call("DisassociateChannelFlow", flow).await.unwrap();
    assert_eq!(outcome(&demo.send("deny").await.unwrap()), (MessageStatus::Sent, Some("deny")));
}
