//! The chat page: what it consists of, who may ask for it, and what it is told.

mod common;

use axum::Router;
use channel_flow_emulator::{Bytes, Event, InvocationFault, InvokeEndpoint, MessagingService, Settings};
use common::chat::{Chat, Processor, encoded, function_arn, start};
use common::page::{PAGE, Stream, get, post};
use common::{Response, request};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

async fn stage() -> (MessagingService, Chat) {
    start(Settings::new().page(true)).await
}

/// What someone does on the page.
fn act(chat: &Chat, action: &str, by: &str, more: Value) -> Response {
    let mut body = json!({ "action": action, "channel": chat.channel, "by": chat.arn(by) });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    post(chat, "/page/messages", &body)
}

fn messages(chat: &Chat, by: &str) -> Value {
    let path = format!("/page/messages?channel={}&by={}", encoded(&chat.channel), encoded(&chat.arn(by)));
    get(chat, &path).json()["ChannelMessages"].take()
}

fn stories(chat: &Chat) -> Value {
    get(chat, &format!("/page/stories?channel={}", encoded(&chat.channel))).json()["stories"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_the_page_names_is_there() {
    let (_service, chat) = stage().await;
    let mut wanted = vec!["/".to_owned()];
    let mut position = 0;
    while let Some(path) = wanted.get(position).cloned() {
        let answer = get(&chat, &path);
        assert_eq!(answer.status, 200, "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let kind = match path.rsplit_once('.') {
            Some((_, "css")) => "text/css; charset=utf-8",
            Some((_, "js")) => "text/javascript; charset=utf-8",
            Some((_, "svg")) => "image/svg+xml",
            _ => "text/html; charset=utf-8",
        };
        assert_eq!(answer.header("content-type"), Some(kind), "{path}");
        for named in answer.body.split(['"', '\'']) {
            let named = named.strip_prefix("./").map_or(named.to_owned(), |name| format!("/page/{name}"));
            let is_file = [".css", ".js", ".svg"].iter().any(|end| named.ends_with(end));
            if is_file && !wanted.contains(&named) {
                wanted.push(named);
            }
        }
        position += 1;
    }
    assert!(wanted.len() > 15, "{wanted:?}");
    assert_eq!(get(&chat, "/page/none.js").status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_there_is_no_page() {
    let (_service, chat) = start(Settings::new()).await;
    for path in ["/", "/page/main.js", "/page/overview", "/page/stream"] {
        assert_eq!(get(&chat, path).status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_page_itself_may_ask() {
    let (_service, chat) = stage().await;
    let address = chat.address;
    let same = format!("http://{address}");
    for (headers, status) in [
        (vec![("sec-fetch-site", "same-origin"), ("origin", &*same)], 200),
        (vec![("sec-fetch-site", "cross-site")], 403),
        (vec![("sec-fetch-site", "same-site"), ("origin", "http://localhost:3000")], 403),
        (vec![("origin", "http://localhost:3000")], 403),
        (vec![("origin", "https://example.com")], 403),
    ] {
        assert_eq!(request(address, "GET", "/page/overview", &headers, b"").status, status, "{headers:?}");
        let change = br#"{"switch":"crash","times":1}"#;
        let marked: Vec<_> = headers.iter().copied().chain(PAGE).collect();
        assert_eq!(request(address, "POST", "/page/faults", &marked, change).status, status, "{headers:?}");
        assert_eq!(request(address, "POST", "/page/faults", &headers, change).status, 403, "{headers:?}");
    }
    let action = json!({ "action": "send", "channel": chat.channel, "by": chat.arn("alice"), "content": 5 });
    let refused = post(&chat, "/page/messages", &action);
    assert_eq!((refused.status, refused.json()["error"]["name"].as_str()), (400, Some("BadRequestException")));
    assert_eq!(post(&chat, "/page/faults", &json!({ "switch": "none", "times": 1 })).status, 400);
    assert_eq!(get(&chat, "/page/story?number=17").status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_see_their_channels_and_what_the_api_lets_them() {
    let (_service, chat) = stage().await;
    chat.associate_flow(&["ABORT"]);
    let overview = get(&chat, "/page/overview").json();
    let channel = &overview["channels"][0];
    assert_eq!((&channel["arn"], &channel["name"]), (&json!(chat.channel), &json!("channel")));
    let expected = json!([{ "name": "processor 0", "fallbackAction": "ABORT" }]);
    assert_eq!(channel["flow"]["processors"], expected);
    let members = channel["members"].as_array().unwrap();
    let alice = members.iter().find(|member| member["name"] == "alice").unwrap();
    let mia = members.iter().find(|member| member["name"] == "mia").unwrap();
    assert_eq!((alice["moderator"].as_bool(), mia["moderator"].as_bool()), (Some(false), Some(true)));

    let refused = act(&chat, "send", "carol", json!({ "content": "let me in" }));
    assert_eq!((refused.status, refused.json()["error"]["name"].as_str()), (403, Some("ForbiddenException")));
    let control = act(&chat, "send", "alice", json!({ "content": "typing", "control": true, "nonPersistent": true }));
    assert_eq!(control.status, 200, "{control:?}");
    assert_eq!(messages(&chat, "bob"), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_has_a_story_and_each_session_its_view() {
    let (service, chat) = stage().await;
    let mut processor = Processor::of(&service, 0).await;
    chat.associate_flow(&["ABORT"]);
    let mut stream = Stream::open(&chat, "alice", "bob");
    assert_eq!(act(&chat, "send", "alice", json!({ "content": "damn" })).status, 200);

    let pending = stream.next("session");
    assert_eq!(pending["to"], chat.arn("alice"));
    assert_eq!(pending["eventType"], "PENDING_CREATE_CHANNEL_MESSAGE");
    let waiting = stream.story("waiting");
    assert_eq!((&waiting["before"]["Content"], &waiting["after"]), (&json!("damn"), &Value::Null));
    assert_eq!(messages(&chat, "bob"), json!([]));
    assert_eq!(messages(&chat, "alice")[0]["Status"]["Value"], "PENDING");

    let ids = processor.next_ids().await;
    assert_eq!(chat.call_back(&ids, |body| body["ChannelMessage"]["Content"] = json!("****")).status, 200);
    assert_eq!(chat.call_back(&ids, |_| {}).status, 400);
    let mut told = vec![stream.next("session"), stream.next("session")];
    told.sort_by_key(|event| event["to"].to_string());
    assert_eq!(told[0]["to"], chat.arn("alice"));
    assert_eq!(told[1]["to"], chat.arn("bob"));
    assert!(told.iter().all(|event| event["payload"]["Content"] == "****"), "{told:?}");

    let story = loop {
        let stories = stories(&chat);
        if stories[0]["steps"][0]["callbacks"].as_array().is_some_and(|callbacks| callbacks.len() == 2) {
            break stories[0].clone();
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((&story["outcome"], &story["after"]["Content"]), (&json!("update"), &json!("****")));
    let callbacks = &story["steps"][0]["callbacks"];
    assert_eq!(callbacks[0]["decision"], "UPDATE");
    assert_eq!(callbacks[1]["refusal"]["status"], 400);
    let raw = get(&chat, &format!("/page/story?number={}", story["number"])).json();
    let event: Value = serde_json::from_str(raw["steps"][0]["event"].as_str().unwrap()).unwrap();
    assert_eq!(event["CallbackId"], ids.callback_id);
    let callback: Value = serde_json::from_str(raw["steps"][0]["callbacks"][0].as_str().unwrap()).unwrap();
    assert_eq!(callback["ChannelMessage"]["Content"], "****");

    let id = json!({ "messageId": ids.message_id, "content": "well" });
    assert_eq!(act(&chat, "update", "alice", id).status, 200);
    let ids = processor.next_ids().await;
    assert_eq!(chat.call_back(&ids, |body| body["DeleteResource"] = json!(true)).status, 200);
    let denied = stream.story("deny");
    assert_eq!((&denied["update"], &denied["before"]["Content"]), (&json!(true), &json!("well")));
    assert_eq!(messages(&chat, "bob")[0]["Content"], "****");
    let redaction = json!({ "messageId": ids.message_id });
    assert_eq!(act(&chat, "redact", "mia", redaction.clone()).status, 200);
    assert_eq!(messages(&chat, "bob")[0]["Redacted"], true);
    assert_eq!(act(&chat, "delete", "ada", redaction).status, 200);
    assert_eq!(messages(&chat, "bob"), json!([]));
}

/// A function behind an endpoint that answers each event with `returned` once `decided` is told.
async fn answers(service: &MessagingService, returned: Value, decided: Arc<Notify>) -> UnboundedReceiver<Event> {
    let (sender, events) = unbounded_channel();
    let router = Router::new().fallback(move |event: Bytes| {
        let (sender, returned, decided) = (sender.clone(), returned.clone(), Arc::clone(&decided));
        async move {
            sender.send(Event::raw(event)).unwrap();
            decided.notified().await;
            returned.to_string()
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = InvokeEndpoint::new(&format!("http://{}", listener.local_addr().unwrap()), "function").unwrap();
    tokio::spawn(axum::serve(listener, router).into_future());
    service.set_function(function_arn(0), endpoint);
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_has_the_reasons_the_scores_and_the_steps_that_the_function_returned() {
    let (service, chat) = stage().await;
    let returned = json!({
        "Outcome": "ACCEPTED", "DecidedBy": "FALLBACK_ACTION",
        "Fallback": { "Cause": "PANIC", "Step": "links", "PanickedAt": "src/main.rs:18:9" }, "Reasons": ["links"], "Scores": { "SPAM": 0.5 },
        "Steps": [
            { "Name": "judge", "Failure": "ERROR", "FallbackAction": "CONTINUE", "DurationMs": 1.5 },
            { "Name": "links", "Decision": "DENY", "Reasons": ["links"], "DurationMs": 0.5 },
            { "Name": "long", "Decision": "NO_CHANGE", "Shadow": true, "Scores": { "LONG": 0.25 }, "DurationMs": 2 },
        ],
    });
    let decided = Arc::new(Notify::new());
    let mut events = answers(&service, returned, Arc::clone(&decided)).await;
    chat.associate_flow(&["ABORT"]);
    let mut stream = Stream::open(&chat, "alice", "bob");
    assert_eq!(act(&chat, "send", "alice", json!({ "content": "https://example.com" })).status, 200);
    let event = events.recv().await.unwrap();
    assert_eq!(chat.call_back(event.ids().unwrap(), |body| body["DeleteResource"] = json!(true)).status, 200);
    assert_eq!(stream.story("deny")["steps"][0]["returned"], Value::Null);
    decided.notify_one();
    let story = loop {
        let story = stream.story("deny");
        if !story["steps"][0]["returned"].is_null() {
            break story;
        }
    };
    let expected = json!({
        "fallback": { "isRescue": false, "cause": "PANIC", "step": "links", "panickedAt": "src/main.rs:18:9" },
        "dryRun": null, "reasons": ["links"], "scores": { "SPAM": 0.5 },
        "steps": [
            {
                "name": "judge", "decision": null, "reasons": [], "failure": "ERROR", "panickedAt": null, "fallbackAction": "CONTINUE",
                "shadow": false, "scores": {}, "milliseconds": 1.5,
            },
            {
                "name": "links", "decision": "DENY", "reasons": ["links"], "failure": null, "panickedAt": null, "fallbackAction": null,
                "shadow": false, "scores": {}, "milliseconds": 0.5,
            },
            {
                "name": "long", "decision": "NO_CHANGE", "reasons": [], "failure": null, "panickedAt": null, "fallbackAction": null,
                "shadow": true, "scores": { "LONG": 0.25 }, "milliseconds": 2.0,
            },
        ],
    });
    assert_eq!(story["steps"][0]["returned"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_processor_out_of_reach_is_told_by_its_fallback() {
    for (fallback, outcome) in [("CONTINUE", "fallback"), ("ABORT", "failed")] {
        let (_service, chat) = stage().await;
        chat.associate_flow(&[fallback]);
        let mut stream = Stream::open(&chat, "alice", "bob");
        assert_eq!(act(&chat, "send", "alice", json!({ "content": "anybody?" })).status, 200);
        let story = stream.story(outcome);
        assert_eq!(story["steps"][0]["unreachable"]["fallbackAction"], fallback);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn switches_are_set_met_and_unset() {
    let (service, chat) = stage().await;
    let mut processor = Processor::of(&service, 0).await;
    chat.associate_flow(&["CONTINUE"]);
    let times = |state: &Value, switch: &str| {
        let armed = state["armed"].as_array().unwrap();
        armed.iter().find(|one| one["switch"] == switch).unwrap()["times"].as_u64().unwrap()
    };
    let set =
        |switch: &str, times: u32| post(&chat, "/page/faults", &json!({ "switch": switch, "times": times })).json();
    for switch in ["duplicate", "crash", "unreachable", "throttle", "forbid", "loseAnswer"] {
        assert_eq!(times(&set(switch, 3), switch), 3);
        assert_eq!(times(&set(switch, 2), switch), 2);
        assert_eq!(times(&set(switch, 0), switch), 0);
    }
    assert_eq!(service.faults_left() + service.invocation_faults_left() as u64, 0);

    service.fault_invocation(InvocationFault::Duplicate);
    set("throttle", 2);
    let mut stream = Stream::open(&chat, "alice", "bob");
    act(&chat, "send", "alice", json!({ "content": "twice" }));
    let ids = processor.next_ids().await;
    assert_eq!(processor.next_ids().await, ids);
    assert_eq!(chat.call_back(&ids, |_| {}).status, 429);
    while times(&stream.next("faults"), "throttle") != 1 {}
    assert_eq!(times(&set("throttle", 0), "duplicate"), 0);
    assert_eq!(chat.call_back(&ids, |_| {}).status, 200);
    for (name, status) in [("nonPending", 400), ("conflict", 409), ("forbidden", 403)] {
        let state = post(&chat, "/page/faults", &json!({ "repeatedCallback": name })).json();
        assert_eq!(state["repeatedCallback"], name);
        assert_eq!(chat.call_back(&ids, |_| {}).status, status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_thousand_stories_are_kept() {
    let (service, chat) = stage().await;
    for number in 0..1001 {
        let message = json!({
            "ChannelArn": chat.channel, "ChimeBearer": chat.arn("alice"), "Content": number.to_string(),
            "Type": "STANDARD", "Persistence": "NON_PERSISTENT",
        });
        service.call("SendChannelMessage", message).await.unwrap();
    }
    while stories(&chat)[0]["before"]["Content"] != "1000" {}
    let mut oldest = 1001;
    let mut seen = 0;
    loop {
        let path = format!("/page/stories?channel={}&before={oldest}", encoded(&chat.channel));
        let page = get(&chat, &path).json();
        let stories = page["stories"].as_array().unwrap();
        seen += stories.len();
        oldest = stories.last().unwrap()["number"].as_u64().unwrap();
        if page["more"] == false {
            break;
        }
    }
    assert_eq!((seen, oldest), (1000, 1));
    assert_eq!(get(&chat, "/page/story?number=0").status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_does_not_keep_a_service_that_ends() {
    let (service, chat) = stage().await;
    let mut stream = Stream::open(&chat, "alice", "bob");
    drop(service);
    assert!(stream.try_next("session").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_for_people_that_there_are_not_opens_no_session() {
    let (service, chat) = stage().await;
    let nobody: Vec<_> = (0..20).map(|number| Stream::open(&chat, &format!("x{number}"), "y")).collect();
    assert_eq!(service.open_sessions(), 0);
    let _somebody = Stream::open(&chat, "alice", "nobody");
    assert_eq!(service.open_sessions(), 1);
    // The page is told of the channel all the same.
    chat.say("hello");
    for mut stream in nobody {
        assert_eq!(stream.next("story")["messageId"].as_str().map(str::is_empty), Some(false));
    }
}
