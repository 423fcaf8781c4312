//! Resources, and the client request tokens that made them, outlive the service.

mod common;

use channel_flow_emulator::Settings;
use common::api::Api;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn resources_and_tokens_are_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let settings = Settings::new().data(directory.path().join("data"));
    let api = Api::start(settings.clone()).await;
    let room = api.room(json!({ "Tags": [{ "Key": "k", "Value": "v" }], "Mode": "RESTRICTED" }));
    api.join(&room.channel, &room.bob, &room.alice).ok(201);
    let body = json!({ "MemberArn": room.carol });
    api.send("POST", "/channels/{}/bans", &[&room.channel], &room.alice, body).ok(201);
    let gone = api.channel(&room.app_instance, &room.alice, json!({ "ChannelId": "gone" }));
    api.delete("/channels/{}", &[&gone], &room.alice).ok(204);
    let flow = json!({
        "AppInstanceArn": room.app_instance,
        "Name": "flow",
        "Processors": [{
            "Name": "p",
            "Configuration": { "Lambda": {
                "ResourceArn": "arn:aws:lambda:us-east-1:123456789012:function:f", "InvocationType": "ASYNC",
            } },
            "ExecutionOrder": 1,
            "FallbackAction": "CONTINUE",
        }],
        "ClientRequestToken": "token",
    });
    let made = api.send("POST", "/channel-flows", &[], "", flow.clone()).ok(201);
    let endpoint = json!({
        "Type": "APNS", "ResourceArn": room.app_instance, "EndpointAttributes": { "DeviceToken": "t" },
        "ClientRequestToken": "token",
    });
    api.send("POST", "/app-instance-users/{}/endpoints", &[&room.alice], "", endpoint).ok(201);
    let body = json!({ "Preferences": { "PushNotifications": { "AllowNotifications": "NONE" } } });
    let preferences = "/channels/{}/memberships/{}/preferences";
    api.send("PUT", preferences, &[&room.channel, &room.alice], &room.alice, body).ok(200);
    let body = json!({ "StreamingConfigurations": [{ "DataType": "Channel", "ResourceArn": room.app_instance }] });
    let streaming = "/app-instances/{}/streaming-configurations";
    api.send("PUT", streaming, &[&room.app_instance], "", body).ok(200);
    let body = json!({ "AppInstanceRetentionSettings": { "ChannelRetentionSettings": { "RetentionDays": 9 } } });
    let retention = "/app-instances/{}/retention-settings";
    api.send("PUT", retention, &[&room.app_instance], "", body).ok(200);
    let questions: [(&str, &[&str]); 11] = [
        ("/app-instances", &[]),
        ("/app-instances/{}/admins", &[&room.app_instance]),
        ("/channels/{}", &[&room.channel]),
        ("/channels/{}/memberships", &[&room.channel]),
        ("/channels/{}/bans", &[&room.channel]),
        ("/channel-flows?app-instance-arn={}", &[&room.app_instance]),
        ("/tags?arn={}", &[&room.channel]),
        ("/app-instance-users/{}/endpoints", &[&room.alice]),
        (preferences, &[&room.channel, &room.alice]),
        (streaming, &[&room.app_instance]),
        (retention, &[&room.app_instance]),
    ];
    let answers = |api: &Api| questions.map(|(path, labels)| api.get(path, labels, &room.alice).ok(200));
    let before = answers(&api);
    api.emulator.service().end().await;

    let api = Api::start(settings).await;
    assert_eq!(answers(&api), before);
    api.get("/channels/{}", &[&gone], &room.alice).forbidden();
    assert_eq!(api.send("POST", "/channel-flows", &[], "", flow.clone()).ok(201), made);
    let mut other = flow;
    other["Name"] = json!("other");
    api.send("POST", "/channel-flows", &[], "", other).conflict();
}
