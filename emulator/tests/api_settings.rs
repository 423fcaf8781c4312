//! Preferences of memberships, endpoints of users and streaming configurations, over HTTP.

mod common;

use channel_flow_emulator::Settings;
use common::api::{Api, token};
use serde_json::{Value, json};

async fn api() -> Api {
    Api::start(Settings::new()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn preferences_are_the_members_own() {
    let api = api().await;
    let room = api.room(json!({}));
    api.join(&room.channel, &room.bob, &room.alice).ok(201);
    let path = "/channels/{}/memberships/{}/preferences";
    let put = |member: &str, bearer: &str, push: Value| {
        let body = json!({ "Preferences": { "PushNotifications": push } });
        api.send("PUT", path, &[&room.channel, member], bearer, body)
    };
    let get = |member: &str, bearer: &str| api.get(path, &[&room.channel, member], bearer);
    let bob = json!({ "Arn": room.bob, "Name": "bob" });
    assert_eq!(get(&room.bob, &room.bob).ok(200), json!({ "ChannelArn": room.channel, "Member": bob }));
    let push = json!({ "AllowNotifications": "FILTERED", "FilterRule": "{\"a\":[\"b\"]}" });
    let kept = json!({ "ChannelArn": room.channel, "Member": bob, "Preferences": { "PushNotifications": push } });
    assert_eq!(put(&room.bob, &room.bob, push).ok(200), kept);
    assert_eq!(get(&room.bob, &room.bob).ok(200), kept);
    // Neither the moderator nor an admin, nor somebody who is no member.
    let all = || json!({ "AllowNotifications": "ALL" });
    for bearer in [&room.alice, &room.admin, &room.carol] {
        put(&room.bob, bearer, all()).forbidden();
        get(&room.bob, bearer).forbidden();
        put(bearer, &room.bob, all()).forbidden();
    }
    put(&room.carol, &room.carol, all()).forbidden();
    for wrong in [
        json!({}),
        json!({ "AllowNotifications": "SOME" }),
        json!({ "AllowNotifications": "FILTERED" }),
        json!({ "AllowNotifications": "FILTERED", "FilterRule": "" }),
        json!({ "AllowNotifications": "FILTERED", "FilterRule": "[]" }),
    ] {
        put(&room.bob, &room.bob, wrong).bad_request();
    }
    assert_eq!(get(&room.bob, &room.bob).ok(200), kept);
    // A new membership begins anew.
    api.delete("/channels/{}/memberships/{}", &[&room.channel, &room.bob], &room.alice).ok(204);
    get(&room.bob, &room.bob).forbidden();
    api.join(&room.channel, &room.bob, &room.alice).ok(201);
    assert!(get(&room.bob, &room.bob).ok(200)["Preferences"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_of_a_user_from_beginning_to_end() {
    let api = api().await;
    let room = api.room(json!({}));
    let all = "/app-instance-users/{}/endpoints";
    let one = "/app-instance-users/{}/endpoints/{}";
    let register = |user: &str, more: Value| {
        let mut body = json!({
            "Type": "GCM", "ResourceArn": "arn:aws:mobiletargeting:us-east-1:123456789012:apps/a",
            "EndpointAttributes": { "DeviceToken": "secret" }, "ClientRequestToken": token(),
        });
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        api.send("POST", all, &[user], "", body)
    };
    let made = register(&room.bob, json!({ "Name": "phone" })).ok(201);
    assert_eq!(made["AppInstanceUserArn"], room.bob);
    let id = made["EndpointId"].as_str().unwrap();
    register(&room.bob, json!({ "AllowMessages": "NONE" })).ok(201);
    let described = api.get(one, &[&room.bob, id], "").ok(200)["AppInstanceUserEndpoint"].clone();
    assert_eq!(described["EndpointAttributes"], json!({ "DeviceToken": "secret" }));
    assert_eq!((&described["Name"], &described["AllowMessages"]), (&json!("phone"), &json!("ALL")));
    assert_eq!(described["EndpointState"], json!({ "Status": "ACTIVE" }));
    let body = json!({ "AllowMessages": "NONE" });
    assert_eq!(api.send("PUT", one, &[&room.bob, id], "", body).ok(200), made);
    let described = api.get(one, &[&room.bob, id], "").ok(200)["AppInstanceUserEndpoint"].clone();
    assert_eq!((&described["Name"], &described["AllowMessages"]), (&json!("phone"), &json!("NONE")));

    let first = api.get("/app-instance-users/{}/endpoints?max-results=1", &[&room.bob], "").ok(200);
    assert_eq!(first["AppInstanceUserEndpoints"].as_array().unwrap().len(), 1);
    assert!(first["NextToken"].is_string());
    let listed = api.get(all, &[&room.bob], "").ok(200)["AppInstanceUserEndpoints"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert!(!listed.to_string().contains("secret"));
    assert_eq!(api.get(all, &[&room.carol], "").ok(200), json!({ "AppInstanceUserEndpoints": [] }));

    api.get(one, &[&room.carol, id], "").forbidden();
    api.delete(one, &[&room.carol, id], "").forbidden();
    register(&format!("{}/user/none", room.app_instance), json!({})).forbidden();
    for wrong in [
        json!({ "Type": "PAGER" }),
        json!({ "EndpointAttributes": {} }),
        json!({ "EndpointAttributes": { "DeviceToken": "" } }),
        json!({ "ResourceArn": "here" }),
    ] {
        register(&room.bob, wrong).bad_request();
    }
    api.delete(one, &[&room.bob, id], "").ok(204);
    api.get(one, &[&room.bob, id], "").forbidden();
    api.delete("/app-instance-users/{}", &[&room.bob], "").ok(204);
    api.user(&room.app_instance, "bob");
    assert_eq!(api.get(all, &[&room.bob], "").ok(200), json!({ "AppInstanceUserEndpoints": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn streaming_configurations_are_kept() {
    let api = api().await;
    let room = api.room(json!({}));
    let path = "/app-instances/{}/streaming-configurations";
    let stream = "arn:aws:kinesis:us-east-1:123456789012:stream/chime-messaging-a";
    let configuration = |kind: &str| json!({ "DataType": kind, "ResourceArn": stream });
    let put = |configurations: Value| {
        api.send("PUT", path, &[&room.app_instance], "", json!({ "StreamingConfigurations": configurations }))
    };
    api.get(path, &[&room.app_instance], "").refused(404, "NotFoundException");
    let both = json!([configuration("ChannelMessage"), configuration("Channel")]);
    assert_eq!(put(both.clone()).ok(200), json!({ "StreamingConfigurations": both }));
    assert_eq!(api.get(path, &[&room.app_instance], "").ok(200), json!({ "StreamingConfigurations": both }));
    put(json!([configuration("Channel"), configuration("Channel")])).bad_request();
    put(json!([])).bad_request();
    put(json!([configuration("Users")])).bad_request();
    for _ in 0..2 {
        api.delete(path, &[&room.app_instance], "").ok(204);
    }
    api.get(path, &[&room.app_instance], "").refused(404, "NotFoundException");
    let none = "arn:aws:chime:us-east-1:123456789012:app-instance/none";
    api.get(path, &[none], "").refused(404, "NotFoundException");
    api.delete(path, &[none], "").forbidden();
}
