//! Messages that a function holds for a reviewer: the table, the desk, and what the page and a recording say of them.

#![cfg(feature = "dynamodb")]

mod common;

use axum::Router;
use channel_flow_emulator::{
    Bytes, Decision, DeskFuture, Event, HeldMessage, InvokeEndpoint, MessagingService, RecordedStep, Recorder,
    RecorderSettings, Resolution, Resolved, ReviewDesk, Settings, Verdict,
};
use common::chat::{Chat, function_arn, start};
use common::page::{Stream, post};
use common::{Response, request};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

const UNTIL: u64 = 1_786_700_000_123;

async fn stage() -> (MessagingService, Chat) {
    start(Settings::new().page(true).table("remembered")).await
}

fn dynamodb(chat: &Chat, operation: &str, input: &Value, more: &[(&str, &str)]) -> Response {
    let target = format!("DynamoDB_20120810.{operation}");
    let headers: Vec<_> = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.0")]
        .into_iter()
        .chain(more.iter().copied())
        .collect();
    request(chat.address, "POST", "/", &headers, input.to_string().as_bytes())
}

/// A function that holds every message, behind an endpoint.
async fn holder(service: &MessagingService) -> UnboundedReceiver<Event> {
    let (sender, events) = unbounded_channel();
    let router = Router::new().fallback(move |event: Bytes| {
        sender.send(Event::raw(event)).unwrap();
        let returned = json!({ "Decision": "HOLD", "Outcome": "HELD", "HeldUntil": UNTIL, "Reasons": ["links"] });
        std::future::ready(returned.to_string())
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = InvokeEndpoint::new(&format!("http://{}", listener.local_addr().unwrap()), "function").unwrap();
    tokio::spawn(axum::serve(listener, router).into_future());
    service.set_function(function_arn(0), endpoint);
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_is_at_the_port_of_the_service() {
    let (service, chat) = stage().await;
    let put = json!({ "TableName": "remembered", "Item": { "pk": { "S": "claim#1" }, "by": { "S": "Alice" } } });
    let get = json!({ "TableName": "remembered", "Key": { "pk": { "S": "claim#1" } }, "ConsistentRead": true });
    assert_eq!(dynamodb(&chat, "PutItem", &put, &[]).status, 200);
    let got = dynamodb(&chat, "GetItem", &get, &[]);
    assert_eq!(got.json()["Item"]["by"]["S"], "Alice");
    assert_eq!(got.header("content-type"), Some("application/x-amz-json-1.0"));

    let elsewhere = dynamodb(&chat, "GetItem", &get, &[("origin", "https://example.com")]);
    assert!(elsewhere.status == 403 && !elsewhere.body.contains("Alice"), "{elsewhere:?}");
    service.table_down();
    assert_eq!(dynamodb(&chat, "GetItem", &get, &[]).status, 503);
    service.table_up();
    assert_eq!(dynamodb(&chat, "GetItem", &get, &[]).status, 200);

    let (_service, without) = start(Settings::new()).await;
    assert_eq!(dynamodb(&without, "GetItem", &get, &[]).status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_message_waits_and_its_story_and_recording_say_why() {
    let (service, chat) = stage().await;
    let mut events = holder(&service).await;
    chat.associate_flow(&["ABORT"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recording.jsonl");
    let recorder = Recorder::start(&service, &file, RecorderSettings::new()).unwrap();
    let mut stream = Stream::open(&chat, "alice", "bob");
    chat.say("https://example.com");
    let event = events.recv().await.unwrap();

    let held = stream.story("held");
    let step = &held["steps"][0];
    assert_eq!((&held["status"], &step["heldUntil"]), (&json!("PENDING"), &json!(UNTIL)));
    assert_eq!(step["returned"]["reasons"], json!(["links"]));
    let ids = event.ids().unwrap();
    assert_eq!(step["callbackId"], *ids.callback_id);

    assert_eq!(chat.call_back(ids, |body| body["DeleteResource"] = json!(true)).status, 200);
    let denied = stream.story("deny");
    assert_eq!(denied["steps"][0]["heldUntil"], UNTIL);

    recorder.finish();
    let lines = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<_> = lines.lines().map(|line| RecordedStep::read(line.as_bytes()).unwrap()).collect();
    let last = lines.last().unwrap();
    assert!(last.held && last.decision.as_deref() == Some("DENY"), "{last:?}");
    assert_eq!(
        (last.decision(), last.released(), &last.reasons[..]),
        (Some(Decision::Hold), None, &["links".into()][..])
    );
}

/// A desk with one message, which remembers what it was asked.
#[derive(Default)]
struct Desk {
    resolved: Mutex<Option<Resolution>>,
    verdicts: Mutex<Vec<Verdict>>,
}

impl ReviewDesk for Desk {
    fn held(&self) -> DeskFuture<'_, Vec<HeldMessage>> {
        let held = HeldMessage {
            id: "ticket-1".to_owned(),
            channel_arn: "arn:channel".to_owned(),
            message_id: "m1".to_owned(),
            sender_arn: "arn:user/alice".to_owned(),
            sender_name: Some("Alice".to_owned()),
            content: Some("https://example.com".to_owned()),
            approved_content: None,
            reasons: vec!["links".to_owned()],
            held_at: UNIX_EPOCH + Duration::from_secs(1),
            deadline: UNIX_EPOCH + Duration::from_millis(UNTIL),
            default_decision: Decision::Deny,
            resolution: self.resolved.lock().unwrap().clone(),
        };
        Box::pin(async move { Ok(vec![held]) })
    }

    fn resolve<'a>(&'a self, id: &'a str, verdict: Verdict) -> DeskFuture<'a, Resolved> {
        self.verdicts.lock().unwrap().push(verdict);
        let mut resolved = self.resolved.lock().unwrap();
        let answer = match (id, &*resolved) {
            ("ticket-1", Some(resolution)) => Ok(Resolved { first: false, resolution: resolution.clone() }),
            ("ticket-1", None) => {
                let resolution =
                    Resolution { decision: Decision::NoChange, by: Some("mary".to_owned()), at: SystemTime::now() };
                Ok(Resolved { first: true, resolution: resolved.insert(resolution).clone() })
            }
            _ => Err("there is no such ticket".to_owned()),
        };
        Box::pin(async move { answer })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_what_the_desk_says_and_resolves_nothing_by_itself() {
    let (service, chat) = stage().await;
    let mut early = Stream::open(&chat, "alice", "bob");
    assert_eq!(early.next("held"), Value::Null);
    assert_eq!(post(&chat, "/page/review", &json!({ "action": "approve", "id": "ticket-1" })).status, 404);

    let desk = Arc::new(Desk::default());
    service.set_review_desk(Arc::clone(&desk) as Arc<dyn ReviewDesk>);
    let told = early.next("held");
    let mut late = Stream::open(&chat, "alice", "bob");
    assert_eq!(late.next("held"), told);
    let held = &told["held"][0];
    assert_eq!((&held["id"], &held["content"]), (&json!("ticket-1"), &json!("https://example.com")));
    assert_eq!((&held["deadline"], &held["defaultDecision"]), (&json!(UNTIL), &json!("DENY")));
    assert_eq!(held["resolution"], Value::Null);

    let approved = post(&chat, "/page/review", &json!({ "action": "approve", "id": "ticket-1" })).json();
    assert_eq!((&approved["first"], &approved["resolution"]["by"]), (&json!(true), &json!("mary")));
    let update = json!({ "action": "update", "id": "ticket-1", "content": "no link" });
    let beaten = post(&chat, "/page/review", &update).json();
    assert_eq!((&beaten["first"], &beaten["resolution"]["decision"]), (&json!(false), &json!("NO_CHANGE")));
    let unknown = post(&chat, "/page/review", &json!({ "action": "deny", "id": "ticket-2" }));
    assert_eq!(unknown.json()["error"]["message"], "there is no such ticket");
    let verdicts = [Verdict::Approve, Verdict::Update("no link".to_owned()), Verdict::Deny];
    assert_eq!(*desk.verdicts.lock().unwrap(), verdicts);

    // Somebody else writes to the table, so the desk is asked again.
    let put = json!({ "TableName": "remembered", "Item": { "pk": { "S": "ticket#ticket-1" } } });
    assert_eq!(dynamodb(&chat, "PutItem", &put, &[]).status, 200);
    for stream in [&mut early, &mut late] {
        assert_eq!(stream.next("held")["held"][0]["resolution"]["by"], "mary");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_gets_the_event_of_a_schedule() {
    let (service, _chat) = stage().await;
    let mut events = holder(&service).await;
    service.invoke(function_arn(0), &Event::scheduled("sweep", service.region())).await.unwrap();
    let event = events.recv().await.unwrap();
    let event: Value = serde_json::from_slice(event.json()).unwrap();
    assert_eq!((&event["detail-type"], &event["source"]), (&json!("Scheduled Event"), &json!("aws.events")));
    assert_eq!(event["resources"][0], "arn:aws:events:eu-central-1:123456789012:rule/sweep");
    let time = event["time"].as_str().unwrap();
    assert!(time.len() == 20 && time.ends_with('Z'), "{time}");
}
