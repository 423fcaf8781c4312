//! Elastic channels over HTTP: their sub-channels, and who may do what there.

mod common;

use channel_flow_emulator::{Assumptions, MessagingService, Settings};
use common::Response;
use common::api::{Api, Room, token};
use serde_json::{Value, json};

const MEMBERSHIPS: &str = "/channels/{}/memberships";
const MEMBERSHIP: &str = "/channels/{}/memberships/{}";
const MESSAGES: &str = "/channels/{}/messages";

/// A room with a second channel, a public and elastic one of Alice's.
struct Hall {
    api: Api,
    room: Room,
    channel: String,
}

/// Two sub-channels of two members, and with fewer than one they are given up.
fn configuration() -> Value {
    json!({ "MaximumSubChannels": 2, "TargetMembershipsPerSubChannel": 2, "MinimumMembershipPercentage": 40 })
}

fn elastic() -> Value {
    json!({ "Mode": "RESTRICTED", "Privacy": "PUBLIC", "ElasticChannelConfiguration": configuration() })
}

impl Hall {
    async fn new() -> Self {
        let api = Api::start(Settings::new()).await;
        let room = api.room(json!({}));
        let channel = api.channel(&room.app_instance, &room.alice, elastic());
        Self { api, room, channel }
    }

    fn user(&self, id: &str) -> String {
        self.api.user(&self.room.app_instance, id)
    }

    /// The id and the number of members of every sub-channel, those with the most members first.
    fn sub_channels(&self) -> Vec<(String, u64)> {
        let listed = self.api.get("/channels/{}/subchannels", &[&self.channel], &self.room.alice).ok(200);
        assert_eq!(listed["ChannelArn"], self.channel);
        let entry = |entry: &Value| {
            (entry["SubChannelId"].as_str().unwrap().to_owned(), entry["MembershipCount"].as_u64().unwrap())
        };
        let mut sub_channels: Vec<_> = listed["SubChannels"].as_array().unwrap().iter().map(entry).collect();
        sub_channels.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        sub_channels
    }

    fn add(&self, member: &str, bearer: &str, sub_channel: Option<&str>) -> Response {
        let mut body = json!({ "MemberArn": member, "Type": "DEFAULT" });
        if let Some(id) = sub_channel {
            body["SubChannelId"] = id.into();
        }
        self.api.send("POST", MEMBERSHIPS, &[&self.channel], bearer, body)
    }

    /// Adds a member who is no moderator. The sub-channel.
    fn join(&self, member: &str) -> String {
        self.add(member, member, None).ok(201)["SubChannelId"].as_str().expect("a sub-channel").to_owned()
    }

    fn leave(&self, member: &str, bearer: &str, sub_channel: Option<&str>) -> Response {
        let query = sub_channel.map(|id| format!("?sub-channel-id={id}")).unwrap_or_default();
        self.api.delete(&format!("{MEMBERSHIP}{query}"), &[&self.channel, member], bearer)
    }

    fn say(&self, bearer: &str, sub_channel: Option<&str>, more: Value) -> Response {
        let mut body = json!({
            "Content": "hello", "Type": "STANDARD", "Persistence": "PERSISTENT", "ClientRequestToken": token(),
            "SubChannelId": sub_channel,
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.api.send("POST", MESSAGES, &[&self.channel], bearer, body)
    }

    fn contents(&self, bearer: &str, sub_channel: &str) -> Vec<String> {
        let path = format!("{MESSAGES}?sort-order=ASCENDING&sub-channel-id={sub_channel}");
        let listed = self.api.get(&path, &[&self.channel], bearer).ok(200);
        assert_eq!(listed["SubChannelId"], *sub_channel);
        let content = |message: &Value| message["Content"].as_str().unwrap_or_default().to_owned();
        listed["ChannelMessages"].as_array().unwrap().iter().map(content).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_elastic_channel_is_restricted_and_its_creator_is_only_a_moderator() {
    let hall = Hall::new().await;
    let Hall { api, room, channel } = &hall;
    let described = api.get("/channels/{}", &[channel], &room.bob).ok(200)["Channel"].clone();
    assert_eq!(described["ElasticChannelConfiguration"], configuration());
    assert_eq!(api.get(MEMBERSHIPS, &[channel], &room.alice).ok(200)["ChannelMemberships"], json!([]));
    api.get("/channels/{}/moderators/{}", &[channel, &room.alice], &room.alice).ok(200);
    assert_eq!(hall.sub_channels().iter().map(|(_, count)| *count).collect::<Vec<_>>(), [0]);
    let plain = api.get("/channels/{}", &[&room.channel], &room.alice).ok(200)["Channel"].clone();
    assert!(plain.get("ElasticChannelConfiguration").is_none());

    let refused = |change: Value| {
        let mut body = json!({ "AppInstanceArn": room.app_instance, "Name": "x", "ClientRequestToken": token() });
        for more in [elastic(), change] {
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        }
        api.send("POST", "/channels", &[], &room.alice, body).bad_request();
    };
    refused(json!({ "Mode": "UNRESTRICTED" }));
    refused(json!({ "Mode": null }));
    refused(json!({ "MemberArns": [room.bob] }));
    for (member, wrong) in [
        ("MaximumSubChannels", 1),
        ("TargetMembershipsPerSubChannel", 1),
        ("MinimumMembershipPercentage", 0),
        ("MinimumMembershipPercentage", 41),
    ] {
        let mut configuration = configuration();
        configuration[member] = wrong.into();
        refused(json!({ "ElasticChannelConfiguration": configuration }));
    }
    api.send("PUT", "/channels/{}", &[channel], &room.alice, json!({ "Mode": "UNRESTRICTED" })).bad_request();
    api.send("PUT", "/channels/{}", &[channel], &room.alice, json!({ "Name": "New" })).ok(200);
    api.delete("/channels/{}", &[channel], &room.alice).ok(204);
    api.get("/channels/{}/subchannels", &[channel], &room.alice).forbidden();

    let elsewhere = MessagingService::start_with(Settings::new().region("eu-central-1")).await.unwrap();
    let made = elsewhere.call("CreateAppInstance", json!({ "Name": "x" })).await.unwrap();
    let mut body = elastic();
    body["AppInstanceArn"] = made["AppInstanceArn"].clone();
    body["Name"] = "x".into();
    let alice = json!({ "AppInstanceArn": made["AppInstanceArn"], "AppInstanceUserId": "alice", "Name": "Alice" });
    body["ChimeBearer"] = elsewhere.call("CreateAppInstanceUser", alice).await.unwrap()["AppInstanceUserArn"].clone();
    let refused = elsewhere.call("CreateChannel", body).await.unwrap_err();
    assert!(refused.message().contains("us-east-1"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_chooses_the_sub_channel_of_members_and_moderators_choose_theirs() {
    let hall = Hall::new().await;
    let Hall { api, room, channel } = &hall;
    let first = hall.sub_channels()[0].0.clone();
    hall.add(&room.alice, &room.alice, None).bad_request();
    hall.add(&room.alice, &room.alice, Some("nowhere")).refused(404, "NotFoundException");
    assert_eq!(hall.add(&room.alice, &room.alice, Some(&first)).ok(201)["SubChannelId"], *first);
    hall.add(&room.alice, &room.alice, Some(&first)).conflict();

    // Moderators take no place of the two that there are.
    hall.add(&room.bob, &room.bob, Some(&first)).bad_request();
    assert_eq!((hall.join(&room.bob), hall.join(&room.carol)), (first.clone(), first.clone()));
    hall.add(&room.bob, &room.bob, None).conflict();
    let (dora, eve) = (hall.user("dora"), hall.user("eve"));
    let second = hall.join(&dora);
    assert_ne!(second, first);
    hall.add(&room.alice, &room.alice, Some(&second)).ok(201);
    assert_eq!(hall.join(&eve), second);
    assert_eq!(hall.sub_channels().iter().map(|(_, count)| *count).collect::<Vec<_>>(), [3, 3]);
    let full = hall.add(&hall.user("frank"), &room.alice, None);
    full.refused(400, "ResourceLimitExceededException");

    let body = json!({ "MemberArn": room.bob, "Type": "HIDDEN" });
    api.send("POST", MEMBERSHIPS, &[channel], &room.alice, body).bad_request();
    api.send("PUT", "/channels/{}/readMarker", &[channel], &room.bob, json!({})).bad_request();
    api.get("/channels/{}/memberships/{}/preferences", &[channel, &room.bob], &room.bob).bad_request();
    api.get("/channels/{}/subchannels", &[channel], &room.bob).forbidden();
    api.get("/channels/{}/subchannels", &[&room.channel], &room.alice).bad_request();
    let one = api.get("/channels/{}/subchannels?max-results=1", &[channel], &room.admin).ok(200);
    let path =
        format!("/channels/{{}}/subchannels?next-token={}", common::api::encode(one["NextToken"].as_str().unwrap()));
    let other = api.get(&path, &[channel], &room.admin).ok(200);
    assert_ne!(one["SubChannels"][0]["SubChannelId"], other["SubChannels"][0]["SubChannelId"]);
    assert!(other.get("NextToken").is_none());

    let members = |query: &str| {
        let listed = api.get(&format!("{MEMBERSHIPS}{query}"), &[channel], &room.alice).ok(200);
        listed["ChannelMemberships"].as_array().unwrap().len()
    };
    assert_eq!((members(""), members(&format!("?sub-channel-id={second}"))), (5, 3));
    let described = api.get(MEMBERSHIP, &[channel, &dora], &room.alice).ok(200)["ChannelMembership"].clone();
    assert_eq!(described["SubChannelId"], *second);
    let path = format!("{MEMBERSHIP}?sub-channel-id={first}");
    api.get(&path, &[channel, &dora], &room.alice).refused(404, "NotFoundException");
    assert_eq!(api.get(&path, &[channel, &room.alice], &room.bob).ok(200)["ChannelMembership"]["SubChannelId"], *first);

    let path = "/channels?scope=app-instance-user-memberships";
    let mine = |user: &str| {
        let listed = api.get(path, &[], user).ok(200)["ChannelMemberships"].clone();
        let of_hall = listed.as_array().unwrap().iter().filter(|one| one["ChannelSummary"]["ChannelArn"] == **channel);
        of_hall.map(|one| one["AppInstanceUserMembershipSummary"]["SubChannelId"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(mine(&dora), [second.as_str()]);
    let mut both = [first.as_str(), second.as_str()];
    both.sort_unstable();
    assert_eq!(mine(&room.alice), both);
    let path = "/channels/{}?scope=app-instance-user-membership&app-instance-user-arn={}";
    let mine = api.get(path, &[channel, &dora], &dora).ok(200)["ChannelMembership"].clone();
    assert_eq!(mine["AppInstanceUserMembershipSummary"]["SubChannelId"], *second);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_goes_where_there_is_room() {
    let hall = Hall::new().await;
    let Hall { api, room, channel } = &hall;
    let path = "/channels/{}/memberships?operation=batch-create";
    let batch = |body: Value| api.send("POST", path, &[channel], &room.alice, body);
    let made = batch(json!({ "MemberArns": [room.bob, room.carol, room.bob] })).ok(200);
    let first = hall.sub_channels()[0].0.clone();
    assert_eq!(made["BatchChannelMemberships"]["SubChannelId"], *first);
    assert_eq!(made["BatchChannelMemberships"]["Members"].as_array().unwrap().len(), 2);
    assert_eq!(made["Errors"][0]["ErrorCode"], "Conflict");
    let made = batch(json!({ "MemberArns": [room.alice], "SubChannelId": first })).ok(200);
    assert_eq!((&made["BatchChannelMemberships"]["SubChannelId"], &made["Errors"]), (&json!(first), &json!([])));
    let made = batch(json!({ "MemberArns": [hall.user("dora"), room.alice] })).ok(200);
    assert_eq!(made["Errors"][0]["MemberArn"], room.alice, "a moderator needs a sub-channel");
    assert_eq!(hall.sub_channels().iter().map(|(_, count)| *count).collect::<Vec<_>>(), [3, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_moderates_or_is_banned_is_in_no_sub_channel() {
    let hall = Hall::new().await;
    let Hall { api, room, channel } = &hall;
    let first = hall.join(&room.bob);
    hall.join(&room.carol);
    let dora = hall.user("dora");
    let second = hall.join(&dora);
    for id in [&first, &second] {
        hall.add(&room.alice, &room.alice, Some(id)).ok(201);
    }
    hall.leave(&room.bob, &room.bob, Some(&first)).bad_request();
    hall.leave(&room.alice, &room.alice, Some(&first)).ok(204);
    hall.leave(&room.alice, &room.alice, Some(&first)).forbidden();
    assert_eq!(hall.sub_channels().iter().map(|(_, count)| *count).collect::<Vec<_>>(), [2, 2]);

    // Without a single member, the second sub-channel is given up, and Alice's membership with it.
    hall.leave(&dora, &dora, None).ok(204);
    assert_eq!(hall.sub_channels(), [(first.clone(), 2)]);
    api.get(MEMBERSHIP, &[channel, &room.alice], &room.alice).refused(404, "NotFoundException");

    let body = json!({ "ChannelModeratorArn": room.bob });
    api.send("POST", "/channels/{}/moderators", &[channel], &room.alice, body).ok(201);
    assert_eq!(hall.sub_channels(), [(first.clone(), 1)]);
    hall.add(&room.bob, &room.bob, Some(&first)).ok(201);
    api.delete("/channels/{}/moderators/{}", &[channel, &room.bob], &room.alice).ok(204);
    assert_eq!(hall.sub_channels(), [(first.clone(), 1)]);
    api.send("POST", "/channels/{}/bans", &[channel], &room.alice, json!({ "MemberArn": room.carol })).ok(201);
    assert_eq!(hall.sub_channels(), [(first.clone(), 0)]);
    hall.add(&room.carol, &room.alice, None).forbidden();
    assert_eq!(hall.join(&room.bob), first);
    api.delete("/app-instance-users/{}", &[&room.bob], "").ok(204);
    assert_eq!(hall.sub_channels(), [(first, 0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_of_one_sub_channel() {
    let hall = Hall::new().await;
    let Hall { api, room, channel } = &hall;
    let first = hall.join(&room.bob);
    hall.join(&room.carol);
    let dora = hall.user("dora");
    let second = hall.join(&dora);

    hall.say(&room.bob, None, json!({})).bad_request();
    hall.say(&room.bob, Some(&second), json!({})).forbidden();
    hall.say(&room.alice, Some(&first), json!({})).forbidden();
    hall.say(&room.bob, Some(&first), json!({ "Target": [{ "MemberArn": dora }] })).bad_request();
    let said = hall.say(&room.bob, Some(&first), json!({})).ok(201);
    assert_eq!(said["SubChannelId"], *first);
    let id = said["MessageId"].as_str().unwrap();

    let message = |sub_channel: &str| format!("{MESSAGES}/{id}{sub_channel}");
    let (here, there) = (format!("?sub-channel-id={first}"), format!("?sub-channel-id={second}"));
    for reader in [&room.bob, &room.carol, &room.alice, &room.admin] {
        let read = api.get(&message(&here), &[channel], reader).ok(200)["ChannelMessage"].clone();
        assert_eq!((&read["Content"], &read["SubChannelId"]), (&json!("hello"), &json!(first)));
        assert_eq!(hall.contents(reader, &first), ["hello"]);
    }
    api.get(&message(""), &[channel], &room.bob).bad_request();
    api.get(MESSAGES, &[channel], &room.bob).bad_request();
    api.get(&message(&here), &[channel], &dora).forbidden();
    api.get(&message(&there), &[channel], &dora).refused(404, "NotFoundException");
    assert_eq!(hall.contents(&room.alice, &second), [""; 0]);
    let status = api.get(&format!("{}&scope=message-status", message(&here)), &[channel], &room.bob).ok(200);
    assert_eq!(status["Status"]["Value"], "SENT");
    api.get(&format!("{}&scope=message-status", message(&there)), &[channel], &room.bob).forbidden();

    let update = |bearer: &str, sub_channel: &str| {
        let body = json!({ "Content": "hi", "SubChannelId": sub_channel });
        api.send("PUT", &message(""), &[channel], bearer, body)
    };
    assert_eq!(update(&room.bob, &first).ok(200)["SubChannelId"], *first);
    update(&room.bob, &second).forbidden();
    update(&room.carol, &first).forbidden();
    let redact = |bearer: &str, sub_channel: &str| {
        api.send("POST", &message("?operation=redact"), &[channel], bearer, json!({ "SubChannelId": sub_channel }))
    };
    redact(&room.carol, &first).forbidden();
    assert_eq!(redact(&room.alice, &first).ok(200)["SubChannelId"], *first);
    let read = api.get(&message(&here), &[channel], &room.carol).ok(200)["ChannelMessage"].clone();
    assert_eq!((&read["Redacted"], &read["SubChannelId"], read.get("Content")), (&json!(true), &json!(first), None));
    api.delete(&message(&there), &[channel], &room.admin).forbidden();
    api.delete(&message(&here), &[channel], &room.admin).ok(204);
    assert_eq!(hall.contents(&room.bob, &first), [""; 0]);

    let outside = |assumptions: &mut Assumptions| assumptions.sub_channels_are_private = false;
    api.emulator.service().set_assumptions(outside);
    hall.say(&room.bob, Some(&first), json!({})).ok(201);
    assert_eq!(hall.contents(&dora, &first), ["hello"]);
    hall.say(&dora, Some(&first), json!({})).forbidden();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_assumed_can_be_changed() {
    let hall = Hall::new().await;
    let Hall { api, room, .. } = &hall;
    api.emulator.service().set_assumptions(|assumptions: &mut Assumptions| {
        assumptions.elastic_channels_begin_with_sub_channel = false;
        assumptions.sub_channels_are_balanced = false;
    });
    let empty = api.channel(&room.app_instance, &room.alice, elastic());
    assert_eq!(api.get("/channels/{}/subchannels", &[&empty], &room.alice).ok(200)["SubChannels"], json!([]));
    api.join(&empty, &room.bob, &room.bob).ok(201);
    let listed = api.get("/channels/{}/subchannels", &[&empty], &room.alice).ok(200)["SubChannels"].clone();
    assert_eq!(listed[0]["MembershipCount"], 1);

    for member in [&room.bob, &room.carol] {
        hall.join(member);
    }
    let dora = hall.user("dora");
    hall.join(&dora);
    hall.leave(&dora, &dora, None).ok(204);
    assert_eq!(hall.sub_channels().iter().map(|(_, count)| *count).collect::<Vec<_>>(), [2, 0]);
}
