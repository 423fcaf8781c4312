//! The service's clock: what is over is over when a test moves it.

mod common;

use channel_flow_emulator::{Event, MessagingService, OutgoingMessage, RefusalKind, Settings};
use common::Call;
use common::api::{Api, Room, token};
use serde_json::{Value, json};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn api() -> Api {
    Api::start(Settings::new()).await
}

fn say(api: &Api, room: &Room, content: &str, token: &str) -> Value {
    let body = json!({
        "Content": content, "Type": "STANDARD", "Persistence": "PERSISTENT", "ClientRequestToken": token,
    });
    api.send("POST", "/channels/{}/messages", &[&room.channel], &room.alice, body).ok(201)
}

fn contents(api: &Api, room: &Room) -> Vec<String> {
    let listed = api.get("/channels/{}/messages?sort-order=ASCENDING", &[&room.channel], &room.alice).ok(200);
    let content = |message: &Value| message["Content"].as_str().unwrap().to_owned();
    listed["ChannelMessages"].as_array().unwrap().iter().map(content).collect()
}

async fn advance(api: &Api, by: Duration) {
    api.emulator.service().advance(by).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_deleted_when_it_expires() {
    let api = api().await;
    let settings = json!({ "ExpirationDays": 2, "ExpirationCriterion": "LAST_MESSAGE_TIMESTAMP" });
    let room = api.room(json!({ "ExpirationSettings": settings }));
    let other = api.channel(&room.app_instance, &room.alice, json!({}));
    advance(&api, DAY).await;
    say(&api, &room, "hello", &token());
    advance(&api, DAY).await;
    api.get("/channels/{}", &[&room.channel], &room.alice).ok(200);
    advance(&api, DAY).await;
    api.get("/channels/{}", &[&room.channel], &room.alice).forbidden();
    api.get("/channels/{}", &[&other], &room.alice).ok(200);
    // Expiration can be set later, and counts from the beginning.
    let settings = json!({ "ExpirationDays": 3, "ExpirationCriterion": "CREATED_TIMESTAMP" });
    let body = json!({ "ExpirationSettings": settings });
    api.send("PUT", "/channels/{}/expiration-settings", &[&other], &room.alice, body).ok(200);
    api.get("/channels/{}", &[&other], &room.alice).ok(200);
    advance(&api, Duration::ZERO).await;
    api.get("/channels/{}", &[&other], &room.alice).forbidden();
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_kept_for_as_long_as_the_app_instance_says() {
    let api = api().await;
    let (room, other) = (api.room(json!({})), api.room(json!({})));
    let path = "/app-instances/{}/retention-settings";
    assert_eq!(api.get(path, &[&room.app_instance], "").ok(200), json!({ "AppInstanceRetentionSettings": {} }));
    say(&api, &room, "old", &token());
    say(&api, &other, "old", &token());
    let settings = json!({ "ChannelRetentionSettings": { "RetentionDays": 2 } });
    let body = json!({ "AppInstanceRetentionSettings": settings });
    let put = api.send("PUT", path, &[&room.app_instance], "", body).ok(200);
    assert_eq!(put["AppInstanceRetentionSettings"], settings);
    assert!(put["InitiateDeletionTimestamp"].is_f64());
    assert_eq!(api.get(path, &[&room.app_instance], "").ok(200), put);
    advance(&api, DAY).await;
    say(&api, &room, "new", &token());
    assert_eq!(contents(&api, &room), ["old", "new"]);
    advance(&api, DAY).await;
    assert_eq!((contents(&api, &room), contents(&api, &other)), (vec!["new".to_owned()], vec!["old".to_owned()]));
    let body = json!({ "AppInstanceRetentionSettings": {} });
    api.send("PUT", path, &[&room.app_instance], "", body).ok(200);
    advance(&api, DAY).await;
    assert_eq!(contents(&api, &room), ["new"]);
    for wrong in [json!({ "ChannelRetentionSettings": { "RetentionDays": 0 } }), json!([]), Value::Null] {
        let body = json!({ "AppInstanceRetentionSettings": wrong });
        api.send("PUT", path, &[&room.app_instance], "", body).bad_request();
    }
    api.get(path, &["arn:aws:chime:us-east-1:123456789012:app-instance/none"], "").forbidden();
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_remembered_for_ten_minutes_by_the_services_clock() {
    let api = api().await;
    let room = api.room(json!({}));
    let id = |sent: Value| sent["MessageId"].clone();
    let first = id(say(&api, &room, "hello", "token"));
    advance(&api, Duration::from_secs(9 * 60)).await;
    assert_eq!(id(say(&api, &room, "hello", "token")), first);
    advance(&api, Duration::from_secs(2 * 60)).await;
    assert_ne!(id(say(&api, &room, "hello", "token")), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_are_accepted_for_two_days_by_the_services_clock() {
    let service = MessagingService::start("us-east-1").await.unwrap();
    let credentials = service.issue_credentials();
    let event = || {
        let event = Event::new(OutgoingMessage::new("hello").unwrap(), "us-east-1");
        service.register(&event).unwrap();
        event
    };
    let (early, late) = (event(), event());
    let call_back = |event: &Event| Call::new(service.address(), &credentials, event.ids().unwrap()).send().status;
    service.advance(DAY * 2 - Duration::from_secs(600)).await.unwrap();
    assert_eq!(call_back(&early), 200);
    service.advance(Duration::from_secs(600)).await.unwrap();
    assert_eq!(call_back(&late), 403);
    assert_eq!(service.counts().refused[&RefusalKind::Expired], 1);
    assert!(service.callbacks()[1].received_at() <= service.now());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_expired_is_gone_after_a_restart_too() {
    let directory = tempfile::tempdir().unwrap();
    let settings = Settings::new().data(directory.path().join("data"));
    let api = Api::start(settings.clone()).await;
    let room = api.room(json!({}));
    // More than one turn deletes.
    for number in 0..600 {
        say(&api, &room, &number.to_string(), &token());
    }
    let body = json!({ "AppInstanceRetentionSettings": { "ChannelRetentionSettings": { "RetentionDays": 1 } } });
    api.send("PUT", "/app-instances/{}/retention-settings", &[&room.app_instance], "", body).ok(200);
    let expiration = json!({ "ExpirationDays": 1, "ExpirationCriterion": "CREATED_TIMESTAMP" });
    let path = "/app-instance-users/{}/expiration-settings";
    api.send("PUT", path, &[&room.bob], "", json!({ "ExpirationSettings": expiration })).ok(200);
    advance(&api, DAY).await;
    say(&api, &room, "new", &token());
    api.emulator.service().end().await;
    let api = Api::start(settings).await;
    assert_eq!(contents(&api, &room), ["new"]);
    api.get("/app-instance-users/{}", &[&room.bob], "").forbidden();
    api.get("/app-instance-users/{}", &[&room.carol], "").ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_stays_in_range() {
    let service = MessagingService::start("us-east-1").await.unwrap();
    let before = service.now();
    let error = service.advance(Duration::MAX).await.unwrap_err();
    assert_eq!(error.name(), "BadRequestException");
    assert!(service.now().duration_since(before).unwrap() < DAY);
}
