//! App instances, users, bots, admins and tags, over HTTP.

mod common;

use channel_flow_emulator::Settings;
use common::api::{Api, token};
use serde_json::{Value, json};

async fn api() -> Api {
    Api::start(Settings::new()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_instance_from_beginning_to_end() {
    let api = api().await;
    let body = json!({ "Name": "One", "Metadata": "m", "ClientRequestToken": token() });
    let made = api.send("POST", "/app-instances", &[], "", body).ok(201);
    let arn = made["AppInstanceArn"].as_str().unwrap();
    let described = api.get("/app-instances/{}", &[arn], "").ok(200)["AppInstance"].clone();
    assert_eq!((&described["Name"], &described["Metadata"]), (&json!("One"), &json!("m")));
    let created = described["CreatedTimestamp"].as_f64().unwrap();
    assert_eq!(created, (created * 1000.0).round() / 1000.0);
    assert_eq!(described["LastUpdatedTimestamp"], described["CreatedTimestamp"]);

    let body = json!({ "Name": "Two", "Metadata": "" });
    assert_eq!(api.send("PUT", "/app-instances/{}", &[arn], "", body).ok(200), json!({ "AppInstanceArn": arn }));
    let listed = api.get("/app-instances", &[], "").ok(200);
    assert_eq!(listed, json!({ "AppInstances": [{ "AppInstanceArn": arn, "Name": "Two", "Metadata": "" }] }));

    let deleted = api.delete("/app-instances/{}", &[arn], "");
    assert_eq!((deleted.ok(204), deleted.header("content-type")), (Value::Null, None));
    for gone in [
        api.get("/app-instances/{}", &[arn], ""),
        api.delete("/app-instances/{}", &[arn], ""),
        api.send("PUT", "/app-instances/{}", &[arn], "", json!({ "Name": "x", "Metadata": "" })),
    ] {
        gone.forbidden();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_an_app_instance_deletes_what_is_in_it() {
    let api = api().await;
    let room = api.room(json!({}));
    let other = api.room(json!({}));
    api.delete("/app-instances/{}", &[&room.app_instance], "").ok(204);
    api.get("/app-instance-users/{}", &[&room.alice], "").forbidden();
    api.get("/channels/{}", &[&room.channel], &room.alice).forbidden();
    api.get("/tags?arn={}", &[&room.alice], "").forbidden();
    api.get("/app-instance-users/{}", &[&other.alice], "").ok(200);
    api.get("/channels/{}", &[&other.channel], &other.alice).ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn users() {
    let api = api().await;
    let room = api.room(json!({}));
    let create = |id: &str, name: &str, app_instance: &str| {
        let body = json!({
            "AppInstanceArn": app_instance, "AppInstanceUserId": id, "Name": name, "ClientRequestToken": token(),
        });
        api.send("POST", "/app-instance-users", &[], "", body)
    };
    create("bob", "Another Bob", &room.app_instance).conflict();
    create("dora", "Dora", "arn:aws:chime:us-east-1:123456789012:app-instance/none").forbidden();
    for (id, name) in
        [("", "x"), ("-a", "x"), ("a b", "x"), (&"a".repeat(65), "x"), ("a", " "), ("a", &"x".repeat(101))]
    {
        create(id, name, &room.app_instance).bad_request();
    }
    let odd = create("o@x.y:1", "Odd", &room.app_instance).ok(201)["AppInstanceUserArn"].clone();
    assert_eq!(odd, format!("{}/user/o@x.y:1", room.app_instance));

    let body = json!({ "Name": "Robert", "Metadata": "{}" });
    api.send("PUT", "/app-instance-users/{}", &[&room.bob], "", body).ok(200);
    let bob = api.get("/app-instance-users/{}", &[&room.bob], "").ok(200)["AppInstanceUser"].clone();
    assert_eq!((&bob["Name"], &bob["Metadata"]), (&json!("Robert"), &json!("{}")));
    api.send("PUT", "/app-instance-users/{}", &[&room.bob], "", json!({ "Name": "R" })).bad_request();

    let settings = json!({ "ExpirationDays": 1, "ExpirationCriterion": "CREATED_TIMESTAMP" });
    let path = "/app-instance-users/{}/expiration-settings";
    api.send("PUT", path, &[&room.bob], "", json!({ "ExpirationSettings": settings })).ok(200);
    let bob = api.get("/app-instance-users/{}", &[&room.bob], "").ok(200)["AppInstanceUser"].clone();
    assert_eq!(bob["ExpirationSettings"], settings);
    for wrong in
        [json!({ "ExpirationDays": 0, "ExpirationCriterion": "CREATED_TIMESTAMP" }), json!({ "ExpirationDays": 1 })]
    {
        api.send("PUT", path, &[&room.bob], "", json!({ "ExpirationSettings": wrong })).bad_request();
    }
    api.send("PUT", path, &[&room.bob], "", json!({})).ok(200);
    assert!(
        api.get("/app-instance-users/{}", &[&room.bob], "").ok(200)["AppInstanceUser"]["ExpirationSettings"].is_null()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_deleted_is_nowhere_any_more() {
    let api = api().await;
    let room = api.room(json!({}));
    api.join(&room.channel, &room.bob, &room.alice).ok(201);
    let body = json!({ "ChannelModeratorArn": room.bob });
    api.send("POST", "/channels/{}/moderators", &[&room.channel], &room.alice, body).ok(201);
    let body = json!({ "MemberArn": room.carol });
    api.send("POST", "/channels/{}/bans", &[&room.channel], &room.alice, body).ok(201);
    for user in [&room.bob, &room.carol] {
        api.delete("/app-instance-users/{}", &[user], "").ok(204);
        api.get("/app-instance-users/{}", &[user], "").forbidden();
    }
    let list = |of: &str| api.get(&format!("/channels/{{}}/{of}"), &[&room.channel], &room.alice).ok(200);
    assert_eq!(list("memberships")["ChannelMemberships"].as_array().unwrap().len(), 1);
    assert_eq!(list("moderators")["ChannelModerators"].as_array().unwrap().len(), 1);
    assert_eq!(list("bans")["ChannelBans"], json!([]));
    api.get("/channels/{}", &[&room.channel], &room.bob).forbidden();
}

#[tokio::test(flavor = "multi_thread")]
async fn admins() {
    let api = api().await;
    let (room, other) = (api.room(json!({})), api.room(json!({})));
    let path = "/app-instances/{}/admins";
    let promote = |arn: &str| api.send("POST", path, &[&room.app_instance], "", json!({ "AppInstanceAdminArn": arn }));
    promote(&room.admin).conflict();
    promote(&other.bob).bad_request();
    promote(&room.channel).bad_request();
    let promoted = promote(&room.bob).ok(201);
    assert_eq!(promoted["AppInstanceAdmin"], json!({ "Arn": room.bob, "Name": "bob" }));

    let one = "/app-instances/{}/admins/{}";
    let described = api.get(one, &[&room.app_instance, &room.bob], "").ok(200)["AppInstanceAdmin"].clone();
    assert!(described["CreatedTimestamp"].is_f64() && described["Admin"]["Arn"] == room.bob);
    let listed = api.get(path, &[&room.app_instance], "").ok(200)["AppInstanceAdmins"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    api.delete(one, &[&room.app_instance, &room.bob], "").ok(204);
    api.get(one, &[&room.app_instance, &room.bob], "").forbidden();
    api.delete(one, &[&room.app_instance, &room.bob], "").forbidden();
    api.get(one, &[&other.app_instance, &room.admin], "").forbidden();
    api.get("/app-instance-users/{}", &[&room.bob], "").ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn bots() {
    let api = api().await;
    let room = api.room(json!({}));
    let lex = json!({
        "LexBotAliasArn": "arn:aws:lex:us-east-1:123456789012:bot-alias/ABCDEFGH12/TSTALIASID",
        "LocaleId": "en_US",
        "InvokedBy": { "StandardMessages": "ALL", "TargetedMessages": "NONE" },
    });
    let create = |lex: Value| {
        let configuration = json!({ "Lex": lex });
        let body = json!({
            "AppInstanceArn": room.app_instance, "Configuration": configuration, "ClientRequestToken": token(),
        });
        api.send("POST", "/app-instance-bots", &[], "", body)
    };
    for (member, wrong) in [
        ("LexBotAliasArn", json!("arn:aws:lex:us-east-1:123456789012:bot/x")),
        ("WelcomeIntent", json!("two__underscores")),
        ("RespondsTo", json!("EVERYTHING")),
        ("InvokedBy", json!({ "StandardMessages": "ALL" })),
        ("LocaleId", Value::Null),
    ] {
        let mut lex = lex.clone();
        lex[member] = wrong;
        create(lex).bad_request();
    }
    let made = create(lex.clone()).ok(201);
    let bot = made["AppInstanceBotArn"].as_str().unwrap();
    let described = api.get("/app-instance-bots/{}", &[bot], "").ok(200)["AppInstanceBot"].clone();
    assert_eq!((&described["Configuration"]["Lex"], &described["Name"]), (&lex, &json!("")));
    api.join(&room.channel, bot, &room.alice).ok(201);

    api.send("PUT", "/app-instance-bots/{}", &[bot], "", json!({ "Name": "Bot", "Metadata": "" })).ok(200);
    let listed = api.get("/app-instance-bots?app-instance-arn={}", &[&room.app_instance], "").ok(200);
    assert_eq!(listed["AppInstanceBots"], json!([{ "AppInstanceBotArn": bot, "Name": "Bot", "Metadata": "" }]));
    // A bot is no user, and a user no bot.
    api.get("/app-instance-users/{}", &[bot], "").forbidden();
    api.get("/app-instance-bots/{}", &[&room.bob], "").refused(404, "NotFoundException");
    api.delete("/app-instance-bots/{}", &[bot], "").ok(204);
    api.get("/app-instance-bots/{}", &[bot], "").refused(404, "NotFoundException");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages() {
    let api = api().await;
    let room = api.room(json!({}));
    for number in 0..60 {
        api.user(&room.app_instance, &format!("u{number:02}"));
    }
    let path = "/app-instance-users?app-instance-arn={}";
    let first = api.get(path, &[&room.app_instance], "").ok(200);
    assert_eq!(first["AppInstanceUsers"].as_array().unwrap().len(), 50);
    let mut seen = Vec::new();
    let mut token = None::<String>;
    loop {
        let more = token.map_or(String::new(), |token| format!("&next-token={}", common::api::encode(&token)));
        let page = api.get(&format!("{path}&max-results=7{more}"), &[&room.app_instance], "").ok(200);
        let users = page["AppInstanceUsers"].as_array().unwrap();
        seen.extend(users.iter().map(|user| user["AppInstanceUserArn"].as_str().unwrap().to_owned()));
        if seen.len() == 7 {
            // The next page begins after what was last, though that is gone.
            api.delete("/app-instance-users/{}", &[&seen[6]], "").ok(204);
        }
        token = page["NextToken"].as_str().map(str::to_owned);
        if token.is_none() {
            break;
        }
        assert_eq!(users.len(), 7);
    }
    assert_eq!(seen.len(), 64);
    assert!(seen.is_sorted_by(|one, next| one < next));

    let of_another_list = first["NextToken"].as_str().unwrap();
    for (query, value) in
        [("next-token", "x"), ("next-token", ""), ("max-results", "0"), ("max-results", "51"), ("max-results", "x")]
    {
        api.get(&format!("{path}&{query}={value}"), &[&room.app_instance], "").bad_request();
    }
    api.get("/app-instances?next-token={}", &[of_another_list], "").bad_request();
}

#[tokio::test(flavor = "multi_thread")]
async fn tags() {
    let api = api().await;
    let room = api.room(json!({ "Tags": [{ "Key": "a", "Value": "1" }] }));
    let tag = |arn: &str, tags: Value| {
        api.send("POST", "/tags?operation=tag-resource", &[], "", json!({ "ResourceARN": arn, "Tags": tags }))
    };
    let list = |arn: &str| api.get("/tags?arn={}", &[arn], "");
    tag(&room.channel, json!([{ "Key": "a", "Value": "2" }, { "Key": "b", "Value": "3" }])).ok(204);
    let expected = json!({ "Tags": [{ "Key": "a", "Value": "2" }, { "Key": "b", "Value": "3" }] });
    assert_eq!(list(&room.channel).ok(200), expected);
    tag(&room.channel, json!([{ "Key": "c", "Value": "1" }, { "Key": "c", "Value": "2" }])).bad_request();
    tag(&room.channel, json!([])).bad_request();
    tag(&room.channel, json!([{ "Key": "k".repeat(129), "Value": "1" }])).bad_request();
    let many: Vec<_> = (0..49).map(|key| json!({ "Key": format!("k{key}"), "Value": "v" })).collect();
    tag(&room.channel, json!(many)).refused(400, "ResourceLimitExceededException");
    assert_eq!(list(&room.channel).ok(200), expected);
    tag(&room.channel, json!(many[1..])).ok(204);
    let body = json!({ "ResourceARN": room.channel, "TagKeys": ["a", "b", "none"] });
    api.send("POST", "/tags?operation=untag-resource", &[], "", body).ok(204);
    assert_eq!(list(&room.channel).ok(200)["Tags"].as_array().unwrap().len(), 48);
    tag(&format!("{}x", room.channel), json!([{ "Key": "a", "Value": "2" }])).forbidden();

    // They go with the resource.
    tag(&room.bob, json!([{ "Key": "a", "Value": "2" }])).ok(204);
    api.delete("/app-instance-users/{}", &[&room.bob], "").ok(204);
    list(&room.bob).forbidden();
    assert_eq!(api.user(&room.app_instance, "bob"), room.bob);
    assert_eq!(list(&room.bob).ok(200)["Tags"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_request_token_is_used_once() {
    let api = api().await;
    let room = api.room(json!({}));
    let create = |id: &str| {
        let body = json!({
            "AppInstanceArn": room.app_instance, "AppInstanceUserId": id, "Name": "x", "ClientRequestToken": "tt",
        });
        api.send("POST", "/app-instance-users", &[], "", body)
    };
    // What was refused is not remembered.
    create("bob").conflict();
    let first = create("dora").ok(201);
    assert_eq!(create("dora").ok(201), first);
    create("emma").conflict();
    let emma = format!("{}/user/emma", room.app_instance);
    api.get("/app-instance-users/{}", &[&emma], "").forbidden();

    // Operations are apart, and callers are.
    let channel = |bearer: &str| {
        let body = json!({ "AppInstanceArn": room.app_instance, "Name": "x", "ClientRequestToken": "tt" });
        api.send("POST", "/channels", &[], bearer, body).ok(201)["ChannelArn"].clone()
    };
    let (of_alice, of_bob) = (channel(&room.alice), channel(&room.bob));
    assert_ne!(of_alice, of_bob);
    assert_eq!((channel(&room.alice), channel(&room.bob)), (of_alice, of_bob));

    for wrong in [json!("x"), json!("a b"), json!("x".repeat(65)), Value::Null] {
        let body = json!({ "Name": "x", "ClientRequestToken": wrong });
        api.send("POST", "/app-instances", &[], "", body).bad_request();
    }
}
