//! Messages over HTTP, in a channel without a flow: who may do what, and what each sees.

mod common;

use channel_flow_emulator::Settings;
use common::chat::{Chat, assert_refused, encoded, start};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_message() {
    let (_service, chat) = start(Settings::new()).await;
    let message = json!({
        "Content": "hello",
        "Metadata": "{}",
        "ContentType": "text/plain",
        "MessageAttributes": { "color": { "StringValues": ["red"] } },
        "PushNotification": { "Title": "t", "Body": "b", "Type": "DEFAULT" },
        "Type": "STANDARD",
        "Persistence": "PERSISTENT",
        "ClientRequestToken": "a-token",
    });
    let id = chat.send("alice", &message);
    let sent = chat.see("bob", &id);
    let created = sent["CreatedTimestamp"].as_f64().unwrap();
    let expected = json!({
        "ChannelArn": chat.channel,
        "MessageId": id,
        "Content": "hello",
        "Metadata": "{}",
        "ContentType": "text/plain",
        "MessageAttributes": { "color": { "StringValues": ["red"] } },
        "Type": "STANDARD",
        "Persistence": "PERSISTENT",
        "Redacted": false,
        "Sender": { "Arn": chat.arn("alice"), "Name": "alice" },
        "Status": { "Value": "SENT" },
        "CreatedTimestamp": created,
        "LastUpdatedTimestamp": created,
    });
    assert_eq!(sent, expected);
    assert_eq!(chat.status(&id).json(), json!({ "Status": { "Value": "SENT" } }));

    let updated = chat.update("alice", &id, "goodbye");
    assert_eq!((updated.status, updated.json()["Status"]["Value"].as_str()), (200, Some("SENT")));
    let seen = chat.see("bob", &id);
    assert_eq!((seen["Content"].as_str(), seen["Metadata"].as_str()), (Some("goodbye"), Some("{}")));
    assert!(seen["LastEditedTimestamp"].as_f64().unwrap() >= created);

    let redacted = chat.redact("mia", &id);
    assert_eq!((redacted.status, redacted.json()), (200, json!({ "ChannelArn": chat.channel, "MessageId": id })));
    let seen = chat.see("bob", &id);
    assert_eq!((&seen["Redacted"], seen.get("Content"), seen.get("Metadata")), (&json!(true), None, None));
    assert_refused(&chat.update("alice", &id, "again"), 409, "ConflictException");

    let deleted = chat.delete("ada", &id);
    assert_eq!((deleted.status, deleted.body.as_str()), (204, ""));
    assert_refused(&chat.get("bob", &id), 404, "NotFoundException");
    assert_refused(&chat.status(&id), 403, "ForbiddenException");
    assert_eq!(chat.list("bob", "").json()["ChannelMessages"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_do_what() {
    let (_service, chat) = start(Settings::new()).await;
    let people = ["alice", "bob", "carol", "mia", "ada", "nobody"];
    let all = |what: &dyn Fn(&str) -> u16| people.map(what);
    let sends = |person: &str| {
        chat.request("POST", &chat.messages(""), person, &Chat::message("x", &format!("by-{person}"))).status
    };
    assert_eq!(all(&sends), [201, 201, 403, 201, 403, 403]);
    let id = chat.say("hello");
    assert_eq!(all(&|person| chat.get(person, &id).status), [200, 200, 403, 200, 200, 403]);
    assert_eq!(all(&|person| chat.list(person, "").status), [200, 200, 403, 200, 200, 403]);
    assert_eq!(all(&|person| chat.update(person, &id, "x").status), [200, 403, 403, 403, 403, 403]);
    let status = |person: &str| {
        let path = chat.messages(&format!("/{id}?scope=message-status"));
        chat.request("GET", &path, person, &Value::Null).status
    };
    assert_eq!(all(&status), [200, 403, 403, 403, 403, 403]);
    assert_eq!(all(&|person| chat.redact(person, &chat.say("x")).status), [200, 403, 403, 200, 200, 403]);
    assert_eq!(all(&|person| chat.delete(person, &chat.say("x")).status), [403, 403, 403, 403, 204, 403]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_a_limit_is_a_bad_request() {
    let (_service, chat) = start(Settings::new()).await;
    let long = "x".repeat(4097);
    for (change, expected) in [
        (json!({ "Content": "" }), "Content has 0 characters"),
        (json!({ "Content": long }), "4097 bytes"),
        (json!({ "Content": null }), "Content is missing"),
        (json!({ "Type": "SYSTEM" }), "Type must be one of STANDARD, CONTROL"),
        (json!({ "Persistence": true }), "Persistence must be a string"),
        (json!({ "ClientRequestToken": null }), "ClientRequestToken is missing"),
        (json!({ "Type": "CONTROL", "Content": "x".repeat(31) }), "31 bytes"),
        (json!({ "Type": "CONTROL", "Metadata": "{}" }), "CONTROL messages have no Metadata"),
        (json!({ "Target": [] }), "Target has 0 elements"),
        (json!({ "Target": [{ "MemberArn": chat.arn("carol") }] }), "must be a member"),
        (json!({ "SubChannelId": "s" }), "elastic channels"),
    ] {
        let mut message = Chat::message("secret", "a-token");
        message.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refused = chat.request("POST", &chat.messages(""), "alice", &message);
        assert_refused(&refused, 400, "BadRequestException");
        assert!(refused.body.contains(expected), "{} should have {expected}", refused.body);
        assert!(!refused.body.contains("secret"));
    }
    assert_refused(&chat.list("alice", "?max-results=51"), 400, "BadRequestException");
    assert_refused(&chat.list("alice", "?not-before=yesterday"), 400, "BadRequestException");
    assert_refused(&chat.list("alice", "?next-token=x"), 400, "BadRequestException");
    assert_refused(&chat.get("alice", "nothing"), 404, "NotFoundException");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_for_one_is_seen_by_two() {
    let (_service, chat) = start(Settings::new()).await;
    let mut message = Chat::message("psst", "a-token");
    message["Target"] = json!([{ "MemberArn": chat.arn("bob") }]);
    let id = chat.send("alice", &message);
    for (person, status, listed) in [("alice", 200, 1), ("bob", 200, 1), ("mia", 404, 0), ("ada", 404, 0)] {
        assert_eq!(chat.get(person, &id).status, status, "{person}");
        assert_eq!(chat.list(person, "").json()["ChannelMessages"].as_array().unwrap().len(), listed, "{person}");
    }
    assert_eq!(chat.see("bob", &id)["Target"], json!([{ "MemberArn": chat.arn("bob") }]));
    assert_refused(&chat.redact("mia", &id), 403, "ForbiddenException");
    assert_eq!(chat.delete("ada", &id).status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_twice_is_one_message() {
    let (_service, chat) = start(Settings::new()).await;
    let message = Chat::message("hello", "a-token");
    let id = chat.send("alice", &message);
    assert_eq!(chat.send("alice", &message), id);
    assert_ne!(chat.send("bob", &message), id);
    assert_eq!(chat.list("alice", "").json()["ChannelMessages"].as_array().unwrap().len(), 2);
    let other = chat.request("POST", &chat.messages(""), "alice", &Chat::message("other", "a-token"));
    assert_refused(&other, 409, "ConflictException");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_persistent_messages_are_kept() {
    let (_service, chat) = start(Settings::new()).await;
    let mut message = Chat::message("now", "a-token");
    message["Persistence"] = json!("NON_PERSISTENT");
    let id = chat.send("alice", &message);
    assert_refused(&chat.get("alice", &id), 404, "NotFoundException");
    assert_eq!(chat.list("alice", "").json()["ChannelMessages"], json!([]));
    let channel = || {
        let path = format!("/channels/{}", encoded(&chat.channel));
        chat.request("GET", &path, "alice", &Value::Null).json()["Channel"].take()
    };
    assert_eq!(channel().get("LastMessageTimestamp"), None);
    let id = chat.say("kept");
    assert_eq!(channel()["LastMessageTimestamp"], chat.see("alice", &id)["CreatedTimestamp"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_listed_in_pages() {
    let (_service, chat) = start(Settings::new()).await;
    let ids: Vec<_> = (0..5).map(|number| chat.say(&number.to_string())).collect();
    let mut listed = Vec::new();
    let mut query = "?sort-order=ASCENDING&max-results=2".to_owned();
    loop {
        let page = chat.list("bob", &query).json();
        assert_eq!(page["ChannelArn"], *chat.channel);
        listed.extend(page["ChannelMessages"].as_array().unwrap().clone());
        let Some(token) = page["NextToken"].as_str() else { break };
        query = format!("?sort-order=ASCENDING&max-results=2&next-token={}", encoded(token));
    }
    let listed_ids: Vec<_> = listed.iter().map(|message| message["MessageId"].as_str().unwrap()).collect();
    assert_eq!(listed_ids, ids);
    assert_eq!(listed[0].get("ChannelArn"), None);
    assert_eq!(listed[0]["Sender"]["Name"], "alice");
    let latest = chat.list("bob", "?max-results=1").json();
    assert_eq!(latest["ChannelMessages"][0]["MessageId"], *ids[4]);
    let none = chat.list("bob", "?not-before=2999-01-01T00%3A00%3A00Z&not-after=2000-01-01T00%3A00%3A00Z").json();
    assert_eq!(none["ChannelMessages"], json!([]));
}
