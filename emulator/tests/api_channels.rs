//! Channels and who is in them, over HTTP: every rule of who may do what.

mod common;

use channel_flow_emulator::{Assumptions, Settings};
use common::api::{Api, Room, token};
use serde_json::{Value, json};

async fn room(more: Value) -> (Api, Room) {
    let api = Api::start(Settings::new()).await;
    let room = api.room(more);
    (api, room)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_creates_a_channel_is_its_member_and_moderator() {
    let (api, room) = room(json!({})).await;
    let more = json!({
        "ChannelId": "room.1", "Mode": "RESTRICTED", "Privacy": "PRIVATE", "Metadata": "{}",
        "MemberArns": [room.bob], "ModeratorArns": [room.carol],
        "ExpirationSettings": { "ExpirationDays": 9, "ExpirationCriterion": "LAST_MESSAGE_TIMESTAMP" },
    });
    let arn = api.channel(&room.app_instance, &room.alice, more);
    assert_eq!(arn, format!("{}/channel/room.1", room.app_instance));
    let channel = api.get("/channels/{}", &[&arn], &room.alice).ok(200)["Channel"].clone();
    assert_eq!(channel["CreatedBy"], json!({ "Arn": room.alice, "Name": "alice" }));
    assert_eq!((&channel["Mode"], &channel["Privacy"]), (&json!("RESTRICTED"), &json!("PRIVATE")));
    assert_eq!(channel["ExpirationSettings"]["ExpirationDays"], 9);
    assert!(channel["CreatedTimestamp"].is_f64());
    for absent in ["LastMessageTimestamp", "ChannelFlowArn"] {
        assert!(channel.get(absent).is_none(), "{absent}");
    }
    let arns = |of: &str, list: &str, identity: &str| -> Vec<String> {
        let page = api.get(&format!("/channels/{{}}/{of}"), &[&arn], &room.alice).ok(200);
        let entries = page[list].as_array().unwrap().iter();
        entries.map(|entry| entry[identity]["Arn"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(arns("memberships", "ChannelMemberships", "Member"), [room.alice.as_str(), &room.bob]);
    assert_eq!(arns("moderators", "ChannelModerators", "Moderator"), [room.alice.as_str(), &room.carol]);

    let plain = api.get("/channels/{}", &[&room.channel], &room.alice).ok(200)["Channel"].clone();
    assert_eq!((&plain["Mode"], &plain["Privacy"]), (&json!("UNRESTRICTED"), &json!("PUBLIC")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_channel_cannot_be() {
    let (api, room) = room(json!({ "ChannelId": "taken" })).await;
    let stranger = api.room(json!({})).bob;
    let create = |bearer: &str, more: Value| {
        let mut body = json!({ "AppInstanceArn": room.app_instance, "Name": "x", "ClientRequestToken": token() });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        api.send("POST", "/channels", &[], bearer, body)
    };
    create(&room.alice, json!({ "ChannelId": "taken" })).conflict();
    create(&stranger, json!({})).forbidden();
    create(&format!("{}x", room.alice), json!({})).forbidden();
    create("", json!({})).bad_request();
    for wrong in [
        json!({ "Name": "" }),
        json!({ "Name": "x".repeat(257) }),
        json!({ "Name": "\u{7}" }),
        json!({ "Mode": "OPEN" }),
        json!({ "Privacy": "SECRET" }),
        json!({ "Metadata": "x".repeat(1025) }),
        json!({ "ChannelId": "a b" }),
        json!({ "MemberArns": [] }),
        json!({ "MemberArns": vec![&room.bob; 11] }),
        json!({ "MemberArns": [stranger] }),
        json!({ "ModeratorArns": [format!("{}x", room.alice)] }),
        json!({ "ExpirationSettings": { "ExpirationDays": 5476, "ExpirationCriterion": "CREATED_TIMESTAMP" } }),
        json!({ "Tags": [{ "Key": "a" }] }),
    ] {
        create(&room.alice, wrong).bad_request();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn private_channels_are_for_those_who_belong_to_them() {
    let (api, room) = room(json!({ "Privacy": "PRIVATE" })).await;
    let public = api.channel(&room.app_instance, &room.alice, json!({}));
    for (user, status) in [(&room.alice, 200), (&room.admin, 200), (&room.bob, 403)] {
        assert_eq!(api.get("/channels/{}", &[&room.channel], user).status, status);
        assert_eq!(api.get("/channels/{}/memberships", &[&room.channel], user).status, status);
        let path = "/channels/{}/memberships/{}";
        assert_eq!(api.get(path, &[&room.channel, &room.alice], user).status, status);
        assert_eq!(api.get("/channels/{}", &[&public], user).status, 200);
    }
    api.join(&room.channel, &room.bob, &room.bob).forbidden();
    api.join(&room.channel, &room.bob, &room.alice).ok(201);
    api.get("/channels/{}", &[&room.channel], &room.bob).ok(200);

    let list = |user: &str, more: &str| -> Vec<String> {
        let path = format!("/channels?app-instance-arn={{}}{more}");
        let page = api.get(&path, &[&room.app_instance], user).ok(200);
        let channels = page["Channels"].as_array().unwrap().iter();
        channels.map(|channel| channel["ChannelArn"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(list(&room.alice, ""), [public.as_str()]);
    assert_eq!(list(&room.admin, "&privacy=PRIVATE"), [room.channel.as_str()]);
    assert_eq!(list(&room.admin, "").len(), 2);
    let path = "/channels?app-instance-arn={}&privacy=PRIVATE";
    api.get(path, &[&room.app_instance], &room.alice).forbidden();
    let stranger = api.room(json!({})).admin;
    api.get("/channels?app-instance-arn={}", &[&room.app_instance], &stranger).forbidden();
    api.get("/channels/{}", &[&public], &stranger).forbidden();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changes_a_channel() {
    let (api, room) = room(json!({ "Metadata": "before" })).await;
    api.join(&room.channel, &room.bob, &room.alice).ok(201);
    let update = |user: &str, body: Value| api.send("PUT", "/channels/{}", &[&room.channel], user, body);
    for user in [&room.bob, &room.carol] {
        update(user, json!({ "Name": "x" })).forbidden();
        api.delete("/channels/{}", &[&room.channel], user).forbidden();
        let path = "/channels/{}/expiration-settings";
        api.send("PUT", path, &[&room.channel], user, json!({})).forbidden();
        api.send("PUT", path, &[&room.channel], "", json!({})).bad_request();
    }
    update(&room.admin, json!({ "Name": "New" })).ok(200);
    update(&room.alice, json!({ "Mode": "RESTRICTED" })).ok(200);
    let channel = api.get("/channels/{}", &[&room.channel], &room.alice).ok(200)["Channel"].clone();
    assert_eq!((&channel["Name"], &channel["Metadata"]), (&json!("New"), &json!("before")));
    assert_eq!(channel["Mode"], "RESTRICTED");

    let mark = |user: &str| api.send("PUT", "/channels/{}/readMarker", &[&room.channel], user, json!({}));
    mark(&room.admin).forbidden();
    mark(&room.bob).ok(200);
    let path = "/channels?scope=app-instance-user-memberships";
    let mine = api.get(path, &[], &room.bob).ok(200)["ChannelMemberships"][0].clone();
    assert!(mine["AppInstanceUserMembershipSummary"]["ReadMarkerTimestamp"].is_f64(), "{mine}");
    assert_eq!(mine["ChannelSummary"]["ChannelArn"], room.channel);

    api.delete("/channels/{}", &[&room.channel], &room.alice).ok(204);
    api.delete("/channels/{}", &[&room.channel], &room.alice).forbidden();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_adds_and_removes_members() {
    let (api, room) = room(json!({})).await;
    let dora = api.user(&room.app_instance, "dora");
    // Anyone joins a public, unrestricted channel; members add others.
    api.join(&room.channel, &room.carol, &room.bob).forbidden();
    let joined = api.join(&room.channel, &room.bob, &room.bob).ok(201);
    assert_eq!(joined, json!({ "ChannelArn": room.channel, "Member": { "Arn": room.bob, "Name": "bob" } }));
    api.join(&room.channel, &room.bob, &room.bob).conflict();
    api.join(&room.channel, &room.carol, &room.bob).ok(201);
    let path = "/channels/{}/memberships/{}";
    let membership = api.get(path, &[&room.channel, &room.carol], &room.bob).ok(200)["ChannelMembership"].clone();
    assert_eq!((&membership["InvitedBy"]["Arn"], &membership["Type"]), (&json!(room.bob), &json!("DEFAULT")));

    // Members leave, and take nobody with them.
    let remove = |member: &str, user: &str| api.delete(path, &[&room.channel, member], user);
    remove(&room.carol, &room.bob).forbidden();
    remove(&room.bob, &dora).forbidden();
    remove(&room.bob, &room.bob).ok(204);
    remove(&room.carol, &room.alice).ok(204);
    remove(&room.carol, &room.alice).forbidden();
    api.get(path, &[&room.channel, &room.carol], &room.alice).refused(404, "NotFoundException");

    // In a restricted channel moderators and admins add members; in a public one whoever wants to joins.
    api.send("PUT", "/channels/{}", &[&room.channel], &room.alice, json!({ "Mode": "RESTRICTED" })).ok(200);
    api.join(&room.channel, &room.bob, &room.bob).ok(201);
    api.join(&room.channel, &room.carol, &room.bob).forbidden();
    api.join(&room.channel, &room.carol, &room.admin).ok(201);
    remove(&room.bob, &room.bob).ok(204);
    let moderators_add = |assumptions: &mut Assumptions| assumptions.anyone_joins_restricted_public_channels = false;
    api.emulator.service().set_assumptions(moderators_add);
    api.join(&room.channel, &room.bob, &room.bob).forbidden();
    api.join(&room.channel, &room.bob, &room.alice).ok(201);

    api.join(&room.channel, &format!("{dora}x"), &room.alice).refused(404, "NotFoundException");
    api.join(&format!("{}x", room.channel), &dora, &room.alice).refused(404, "NotFoundException");
    let body = json!({ "MemberArn": dora, "Type": "DEFAULT", "SubChannelId": "s" });
    api.send("POST", "/channels/{}/memberships", &[&room.channel], &room.alice, body).bad_request();
    let body = json!({ "MemberArn": dora });
    api.send("POST", "/channels/{}/memberships", &[&room.channel], &room.alice, body).bad_request();
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_members_are_seen_by_moderators() {
    let (api, room) = room(json!({})).await;
    api.join(&room.channel, &room.bob, &room.bob).ok(201);
    let hide = |user: &str| {
        let body = json!({ "MemberArn": room.carol, "Type": "HIDDEN" });
        api.send("POST", "/channels/{}/memberships", &[&room.channel], user, body)
    };
    hide(&room.bob).forbidden();
    hide(&room.alice).ok(201);
    let list = |user: &str, kind: &str| api.get(&format!("/channels/{{}}/memberships{kind}"), &[&room.channel], user);
    assert_eq!(list(&room.bob, "").ok(200)["ChannelMemberships"].as_array().unwrap().len(), 2);
    list(&room.bob, "?type=HIDDEN").forbidden();
    let hidden = list(&room.admin, "?type=HIDDEN").ok(200)["ChannelMemberships"].clone();
    assert_eq!(hidden, json!([{ "Member": { "Arn": room.carol, "Name": "carol" } }]));
    let path = "/channels/{}/memberships/{}";
    for (user, status) in [(&room.bob, 404), (&room.alice, 200), (&room.carol, 200)] {
        assert_eq!(api.get(path, &[&room.channel, &room.carol], user).status, status);
    }
    let messages = "/channels/{}/messages";
    let say = |user: &str| {
        let body = json!({
            "Content": "x", "Type": "STANDARD", "Persistence": "PERSISTENT", "ClientRequestToken": token(),
        });
        api.send("POST", messages, &[&room.channel], user, body)
    };
    say(&room.bob).ok(201);
    say(&room.carol).forbidden();
    assert_eq!(
        api.get(messages, &[&room.channel], &room.carol).ok(200)["ChannelMessages"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_adds_those_who_can_be_added() {
    let (api, room) = room(json!({})).await;
    let nobody = format!("{}x", room.bob);
    let batch = |user: &str, arns: Value| {
        let path = "/channels/{}/memberships?operation=batch-create";
        api.send("POST", path, &[&room.channel], user, json!({ "MemberArns": arns }))
    };
    batch(&room.bob, json!([room.bob, room.carol])).forbidden();
    batch(&room.alice, json!([])).bad_request();
    batch(&room.alice, json!(vec![&room.bob; 101])).bad_request();
    let answer = batch(&room.alice, json!([room.carol, nobody, room.alice, room.bob, room.bob])).ok(200);
    assert_eq!(
        answer["BatchChannelMemberships"],
        json!({
            "InvitedBy": { "Arn": room.alice, "Name": "alice" },
            "Type": "DEFAULT",
            "Members": [{ "Arn": room.carol, "Name": "carol" }, { "Arn": room.bob, "Name": "bob" }],
            "ChannelArn": room.channel,
        })
    );
    let errors: Vec<_> = answer["Errors"].as_array().unwrap().iter().map(|error| &error["ErrorCode"]).collect();
    assert_eq!(errors, ["NotFound", "Conflict", "Conflict"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn moderators() {
    let (api, room) = room(json!({})).await;
    api.join(&room.channel, &room.bob, &room.bob).ok(201);
    let all = "/channels/{}/moderators";
    let one = "/channels/{}/moderators/{}";
    let appoint =
        |arn: &str, user: &str| api.send("POST", all, &[&room.channel], user, json!({ "ChannelModeratorArn": arn }));
    for user in [&room.bob, &room.carol] {
        appoint(&room.bob, user).forbidden();
        api.get(all, &[&room.channel], user).forbidden();
        api.get(one, &[&room.channel, &room.alice], user).forbidden();
        api.delete(one, &[&room.channel, &room.alice], user).forbidden();
    }
    let appointed = appoint(&room.bob, &room.alice).ok(201);
    assert_eq!(appointed["ChannelModerator"], json!({ "Arn": room.bob, "Name": "bob" }));
    appoint(&room.bob, &room.admin).conflict();
    appoint(&format!("{}x", room.bob), &room.admin).forbidden();
    let moderator = api.get(one, &[&room.channel, &room.bob], &room.bob).ok(200)["ChannelModerator"].clone();
    assert_eq!((&moderator["CreatedBy"]["Arn"], &moderator["ChannelArn"]), (&json!(room.alice), &json!(room.channel)));
    api.get(one, &[&room.channel, &room.carol], &room.bob).refused(404, "NotFoundException");

    let moderated = "/channels?scope=app-instance-user-moderated-channels";
    let of_bob = format!("{moderated}&app-instance-user-arn={}", common::api::encode(&room.bob));
    assert_eq!(api.get(moderated, &[], &room.bob).ok(200)["Channels"].as_array().unwrap().len(), 1);
    assert_eq!(api.get(&of_bob, &[], &room.admin).ok(200)["Channels"].as_array().unwrap().len(), 1);
    api.get(&of_bob, &[], &room.alice).forbidden();
    let path = "/channels/{}?scope=app-instance-user-moderated-channel&app-instance-user-arn={}";
    let channel = api.get(path, &[&room.channel, &room.bob], &room.bob).ok(200)["Channel"].clone();
    assert_eq!(channel["ChannelSummary"]["ChannelArn"], room.channel);
    api.get(path, &[&room.channel, &room.bob], &room.carol).forbidden();

    api.delete(one, &[&room.channel, &room.bob], &room.alice).ok(204);
    api.delete(one, &[&room.channel, &room.bob], &room.alice).forbidden();
    assert_eq!(api.get(moderated, &[], &room.bob).ok(200)["Channels"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn bans() {
    let (api, room) = room(json!({})).await;
    api.join(&room.channel, &room.bob, &room.bob).ok(201);
    let all = "/channels/{}/bans";
    let one = "/channels/{}/bans/{}";
    let ban = |arn: &str, user: &str| api.send("POST", all, &[&room.channel], user, json!({ "MemberArn": arn }));
    ban(&room.carol, &room.bob).forbidden();
    api.get(all, &[&room.channel], &room.bob).forbidden();
    ban(&room.alice, &room.admin).forbidden();
    ban(&room.admin, &room.alice).forbidden();
    let banned = ban(&room.bob, &room.alice).ok(201);
    assert_eq!(banned["Member"], json!({ "Arn": room.bob, "Name": "bob" }));
    ban(&room.bob, &room.alice).conflict();
    let described = api.get(one, &[&room.channel, &room.bob], &room.alice).ok(200)["ChannelBan"].clone();
    assert_eq!(described["CreatedBy"]["Arn"], room.alice);
    api.get(one, &[&room.channel, &room.carol], &room.alice).refused(404, "NotFoundException");

    // Who is banned is out, and stays out.
    let path = "/channels/{}/memberships/{}";
    api.get(path, &[&room.channel, &room.bob], &room.alice).refused(404, "NotFoundException");
    api.join(&room.channel, &room.bob, &room.bob).forbidden();
    api.join(&room.channel, &room.bob, &room.alice).forbidden();
    api.delete(one, &[&room.channel, &room.bob], &room.alice).ok(204);
    api.delete(one, &[&room.channel, &room.bob], &room.alice).forbidden();
    assert_eq!(api.get(all, &[&room.channel], &room.alice).ok(200)["ChannelBans"], json!([]));
    api.join(&room.channel, &room.bob, &room.bob).ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_memberships_and_searches() {
    let (api, room) = room(json!({})).await;
    api.join(&room.channel, &room.bob, &room.bob).ok(201);
    let alone = api.channel(&room.app_instance, &room.bob, json!({}));
    let path = "/channels/{}?scope=app-instance-user-membership&app-instance-user-arn={}";
    for (user, asked, status) in [
        (&room.bob, &room.bob, 200),
        (&room.admin, &room.bob, 200),
        (&room.alice, &room.bob, 403),
        (&room.carol, &room.carol, 403),
    ] {
        assert_eq!(api.get(path, &[&room.channel, asked], user).status, status);
    }
    let path = "/channels?scope=app-instance-user-memberships&app-instance-user-arn={}";
    let of_bob = api.get(path, &[&room.bob], &room.admin).ok(200)["ChannelMemberships"].clone();
    assert_eq!(of_bob.as_array().unwrap().len(), 2);
    api.get(path, &[&room.bob], &room.alice).forbidden();

    let search = |user: &str, operator: &str, values: Value| {
        let body = json!({ "Fields": [{ "Key": "MEMBERS", "Operator": operator, "Values": values }] });
        api.send("POST", "/channels?operation=search", &[], user, body)
    };
    let found = |user: &str, operator: &str, values: Value| -> Vec<String> {
        let page = search(user, operator, values).ok(200);
        let channels = page["Channels"].as_array().unwrap().iter();
        channels.map(|channel| channel["ChannelArn"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(found(&room.bob, "EQUALS", json!([room.bob])), [alone.as_str()]);
    assert_eq!(found(&room.bob, "INCLUDES", json!([room.bob])).len(), 2);
    assert_eq!(found(&room.alice, "INCLUDES", json!([room.bob])), [room.channel.as_str()]);
    assert_eq!(found(&room.admin, "INCLUDES", json!([room.bob])).len(), 2);
    assert!(found(&room.carol, "INCLUDES", json!([room.bob])).is_empty());
    search(&room.bob, "LIKE", json!([room.bob])).bad_request();
}
