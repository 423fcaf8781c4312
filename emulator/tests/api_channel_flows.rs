//! Channel flows, and the channels that they are associated with, over HTTP.

mod common;

use channel_flow_emulator::Settings;
use common::Response;
use common::api::{Api, Room, token};
use serde_json::{Value, json};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:filter";

fn processor(order: u64) -> Value {
    json!({
        "Name": format!("processor {order}"),
        "Configuration": { "Lambda": { "ResourceArn": FUNCTION, "InvocationType": "ASYNC" } },
        "ExecutionOrder": order,
        "FallbackAction": "ABORT",
    })
}

fn with(pointer: &str, value: Value) -> Value {
    let mut processor = processor(1);
    *processor.pointer_mut(pointer).unwrap() = value;
    processor
}

async fn room(settings: Settings) -> (Api, Room) {
    let api = Api::start(settings).await;
    let room = api.room(json!({}));
    (api, room)
}

fn create(api: &Api, room: &Room, processors: Value) -> Response {
    let body = json!({
        "AppInstanceArn": room.app_instance, "Name": "flow", "Processors": processors, "ClientRequestToken": token(),
    });
    api.send("POST", "/channel-flows", &[], "", body)
}

fn arn(made: &Value) -> String {
    made["ChannelFlowArn"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_flow_from_beginning_to_end() {
    let (api, room) = room(Settings::new().processors_of_a_flow(3)).await;
    let flow = arn(&create(&api, &room, json!([processor(3), processor(1)])).ok(201));
    let described = api.get("/channel-flows/{}", &[&flow], "").ok(200)["ChannelFlow"].clone();
    assert_eq!(described["Processors"], json!([processor(1), processor(3)]));
    assert!(described["CreatedTimestamp"].is_f64() && described["LastUpdatedTimestamp"].is_f64());
    let body = json!({ "Name": "new", "Processors": [processor(2)] });
    assert_eq!(arn(&api.send("PUT", "/channel-flows/{}", &[&flow], "", body).ok(200)), flow);
    let listed = api.get("/channel-flows?app-instance-arn={}", &[&room.app_instance], "").ok(200);
    let expected = json!([{ "ChannelFlowArn": flow, "Name": "new", "Processors": [processor(2)] }]);
    assert_eq!(listed["ChannelFlows"], expected);
    api.delete("/channel-flows/{}", &[&flow], "").ok(204);
    api.get("/channel-flows/{}", &[&flow], "").forbidden();
    api.delete("/channel-flows/{}", &[&flow], "").forbidden();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_channel_flow_cannot_have() {
    let (api, room) = room(Settings::new().processors_of_a_flow(3)).await;
    let function = "/Configuration/Lambda/ResourceArn";
    for wrong in [
        json!([]),
        json!([processor(1), processor(1)]),
        json!([processor(1), processor(2), processor(3), processor(1)]),
        json!([processor(0)]),
        json!([processor(4)]),
        json!([with("/Name", json!(""))]),
        json!([with("/FallbackAction", json!("RETRY"))]),
        json!([with("/Configuration/Lambda/InvocationType", json!("SYNC"))]),
        json!([with(function, json!("arn:aws:lambda:us-east-1:123456789012:filter"))]),
        json!([with(function, json!(FUNCTION.replace("us-east-1", "eu-central-1")))]),
        json!([with(function, json!(FUNCTION.replace("123456789012", "210987654321")))]),
    ] {
        create(&api, &room, wrong).bad_request();
    }
    create(&api, &room, json!([with(function, json!(format!("{FUNCTION}:live")))])).ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quota_of_processors() {
    let (api, room) = room(Settings::new()).await;
    create(&api, &room, json!([processor(1), processor(2)])).refused(400, "ResourceLimitExceededException");
    let flow = arn(&create(&api, &room, json!([processor(1)])).ok(201));
    // The model of this operation has no exception for a quota.
    let body = json!({ "Name": "new", "Processors": [processor(1), processor(2)] });
    api.send("PUT", "/channel-flows/{}", &[&flow], "", body).bad_request();
}

#[tokio::test(flavor = "multi_thread")]
async fn moderators_and_admins_choose_the_channel_flow() {
    let (api, room) = room(Settings::new()).await;
    let flow = arn(&create(&api, &room, json!([processor(1)])).ok(201));
    let second = arn(&create(&api, &room, json!([processor(1)])).ok(201));
    let associate = |flow: &str, user: &str| {
        api.send("PUT", "/channels/{}/channel-flow", &[&room.channel], user, json!({ "ChannelFlowArn": flow }))
    };
    let part = |flow: &str, user: &str| api.delete("/channels/{}/channel-flow/{}", &[&room.channel, flow], user);
    let associated = || {
        let path = "/channels?scope=channel-flow-associations&channel-flow-arn={}";
        api.get(path, &[&flow], "").ok(200)["Channels"].clone()
    };
    api.join(&room.channel, &room.bob, &room.bob).ok(201);
    for user in [&room.bob, &room.carol] {
        associate(&flow, user).forbidden();
    }
    associate(&format!("{flow}x"), &room.alice).refused(404, "NotFoundException");
    associate(&flow, &room.alice).ok(200);
    associate(&flow, &room.alice).ok(200);
    let channel = api.get("/channels/{}", &[&room.channel], &room.bob).ok(200)["Channel"].clone();
    assert_eq!(channel["ChannelFlowArn"], flow);
    let expected = json!([{ "Name": "Room", "ChannelArn": room.channel, "Mode": "UNRESTRICTED", "Privacy": "PUBLIC" }]);
    assert_eq!(associated(), expected);

    api.delete("/channel-flows/{}", &[&flow], "").conflict();
    part(&flow, &room.bob).forbidden();
    part(&second, &room.alice).refused(404, "NotFoundException");
    part(&flow, &room.admin).ok(204);
    part(&flow, &room.admin).refused(404, "NotFoundException");
    assert_eq!(associated(), json!([]));
    api.delete("/channel-flows/{}", &[&flow], "").ok(204);

    let other = api.room(json!({}));
    let elsewhere = arn(&create(&api, &other, json!([processor(1)])).ok(201));
    associate(&elsewhere, &room.alice).bad_request();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_channel_flow_replaces_the_first_unless_it_is_a_conflict() {
    let (api, room) = room(Settings::new()).await;
    let created = || arn(&create(&api, &room, json!([processor(1)])).ok(201));
    let (first, second) = (created(), created());
    let associate = |flow: &str| {
        let body = json!({ "ChannelFlowArn": flow });
        api.send("PUT", "/channels/{}/channel-flow", &[&room.channel], &room.alice, body)
    };
    let channel = || api.get("/channels/{}", &[&room.channel], &room.alice).ok(200)["Channel"].clone();
    let before = channel();
    associate(&first).ok(200);
    associate(&second).ok(200);
    assert_eq!(channel()["ChannelFlowArn"], second);
    assert_eq!(channel()["LastUpdatedTimestamp"], before["LastUpdatedTimestamp"]);
    // Nothing is left of the association with the first.
    api.delete("/channels/{}/channel-flow/{}", &[&room.channel, &first], &room.alice).refused(404, "NotFoundException");
    api.delete("/channel-flows/{}", &[&first], "").ok(204);
    api.delete("/channel-flows/{}", &[&second], "").conflict();

    api.emulator.service().set_assumptions(|assumptions| assumptions.second_channel_flow_replaces = false);
    associate(&created()).conflict();
    associate(&second).ok(200);
    assert_eq!(channel()["ChannelFlowArn"], second);
}
