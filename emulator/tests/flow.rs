//! Messages through a flow over HTTP: pending, sent, denied and failed, and who sees what meanwhile.

mod common;

use channel_flow_emulator::{
    ActivityKind, Assumptions, Event, EventInvokeConfig, EventQueue, FunctionSettings, MessageStatus, MessagingService,
    RefusalKind, RepeatedCallback, Settings,
};
use common::Response;
use common::chat::{Chat, Processor, assert_refused, encoded, function_arn, start};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// A chat whose channel has a flow of one processor, which the test is.
async fn stage(settings: Settings) -> (MessagingService, Chat, Processor) {
    let (service, chat) = start(settings).await;
    chat.associate_flow(&["ABORT"]);
    let processor = Processor::of(&service, 0).await;
    (service, chat, processor)
}

fn say(content: &'static str) -> impl FnOnce(&mut Value) {
    move |body| body["ChannelMessage"]["Content"] = json!(content)
}

fn deny(body: &mut Value) {
    body["DeleteResource"] = json!(true);
}

fn status_of(response: &Response) -> Value {
    assert_eq!(response.status, 200, "{response:?}");
    response.json()["Status"]["Value"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_message_is_known_to_its_sender_only() {
    let (service, chat, mut processor) = stage(Settings::new()).await;
    let id = chat.say("hell");
    assert_eq!(chat.see("alice", &id)["Status"]["Value"], "PENDING");
    assert_eq!(status_of(&chat.status(&id)), "PENDING");
    assert_eq!(chat.list("alice", "").json()["ChannelMessages"][0]["Status"]["Value"], "PENDING");
    for other in ["bob", "mia", "ada"] {
        assert_refused(&chat.get(other, &id), 404, "NotFoundException");
        assert_eq!(chat.list(other, "").json()["ChannelMessages"], json!([]));
    }
    for refused in [chat.update("alice", &id, "x"), chat.redact("alice", &id), chat.delete("ada", &id)] {
        assert_refused(&refused, 403, "ForbiddenException");
    }
    assert_eq!((service.counts().sent, service.counts().pending), (1, 1));
    let ids = processor.next_ids().await;
    assert_eq!(service.message(&ids).unwrap().status(), MessageStatus::Pending);
    let accepted = chat.call_back(&ids, say("h*ll"));
    assert_eq!(accepted.json(), json!({ "ChannelArn": chat.channel, "CallbackId": ids.callback_id }));
    assert_eq!(chat.see("bob", &id)["Content"], "h*ll");
    assert_eq!(status_of(&chat.status(&id)), "SENT");
    let state = service.message(&ids).unwrap();
    assert_eq!(state.seen_by_everyone().unwrap().content.as_deref(), Some("h*ll"));
    assert_eq!((service.counts().sent, service.counts().pending, service.counts().accepted), (1, 0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_event_has_the_shape_of_live_traffic() {
    let (_service, chat, mut processor) = stage(Settings::new()).await;
    let mut message = Chat::message("x", "a-token");
    let rest = json!({
        "Metadata": "{}",
        "ContentType": "text/plain",
        "PushNotification": { "Title": "t", "Body": "b", "Type": "DEFAULT" },
        "Target": [{ "MemberArn": chat.arn("bob") }],
    });
    message.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    let id = chat.send("alice", &message);
    let read = |event: Event| serde_json::from_slice::<Value>(event.json()).unwrap();
    let event = read(processor.next().await);
    let keys = |object: &Value| object.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let expected = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(keys(&event), expected(&["CallbackId", "ChannelMessage", "EventType"]));
    let live = [
        "ChannelArn",
        "Content",
        "CreatedTimestamp",
        "MessageId",
        "Metadata",
        "Persistence",
        "PushNotification",
        "Sender",
        "Type",
    ];
    let said = &event["ChannelMessage"];
    assert_eq!(keys(said), expected(&live));
    assert_eq!((said["MessageId"].as_str(), &said["Persistence"]), (Some(&*id), &json!("PERSISTENT")));
    assert_eq!(said["Sender"], json!({ "Arn": chat.arn("alice"), "Name": "alice" }));
    assert!(said["CreatedTimestamp"].as_str().unwrap().ends_with('Z'));

    let plain = chat.say("plain");
    let ids = {
        let event = processor.next().await;
        assert!(read(event.clone())["ChannelMessage"].get("Metadata").is_none());
        event.ids().unwrap().clone()
    };
    chat.call_back(&ids, |_| ());
    assert_eq!(status_of(&chat.update("alice", &plain, "edited")), "PENDING");
    let update = read(processor.next().await);
    assert_eq!(update["ChannelMessage"]["Content"], "edited");
    assert!(update["ChannelMessage"]["LastEditedTimestamp"].is_string());
    assert_ne!(update["CallbackId"], *ids.callback_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_processors_one_after_the_other() {
    let (service, chat) = start(Settings::new()).await;
    chat.associate_flow(&["ABORT", "CONTINUE", "ABORT"]);
    let mut first = Processor::of(&service, 0).await;
    let mut third = Processor::of(&service, 2).await;
    let mut activities = service.watch();
    let id = chat.say("one");
    chat.call_back(&first.next_ids().await, say("two"));
    let event = third.next().await;
    assert_eq!(event.fields().content.as_deref(), Some("two"));
    assert_eq!(status_of(&chat.status(&id)), "PENDING");
    chat.call_back(event.ids().unwrap(), |_| ());
    assert_eq!(chat.see("bob", &id)["Content"], "two");

    let mut told = Vec::new();
    loop {
        let activity = activities.recv().await.unwrap();
        assert_eq!((activity.channel_arn, activity.message_id), (chat.channel.clone(), id.clone()));
        match activity.kind {
            ActivityKind::Sent { status, .. } => told.push(format!("sent {status}")),
            ActivityKind::Invoked { processor, .. } => told.push(processor),
            ActivityKind::Unreachable { fallback_action, reason, .. } => {
                assert!(reason.contains("there is no function"), "{reason}");
                told.push(fallback_action);
            }
            ActivityKind::Callback(record) => told.push(record.verdict().unwrap().to_string()),
            ActivityKind::Settled { status, fields } => {
                assert_eq!(fields.content.as_deref(), Some("two"));
                told.push(format!("settled {status}"));
                break;
            }
            _ => {}
        }
    }
    let expected = [
        "sent PENDING",
        "processor 0",
        "update",
        "processor 1",
        "CONTINUE",
        "processor 2",
        "no change",
        "settled SENT",
    ];
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_denied_is_no_more_and_a_denied_update_changes_nothing() {
    let (service, chat, mut processor) = stage(Settings::new()).await;
    let denied = chat.say("x");
    let ids = processor.next_ids().await;
    assert_eq!(chat.call_back(&ids, deny).status, 200);
    for person in ["alice", "bob", "ada"] {
        assert_refused(&chat.get(person, &denied), 404, "NotFoundException");
    }
    assert_refused(&chat.status(&denied), 403, "ForbiddenException");
    assert_eq!(service.message(&ids).unwrap().status(), MessageStatus::Denied);

    let kept = chat.say("before");
    chat.call_back(&processor.next_ids().await, |_| ());
    assert_eq!(status_of(&chat.update("alice", &kept, "after")), "PENDING");
    assert_eq!(chat.see("alice", &kept)["Content"], "after");
    let seen = chat.see("bob", &kept);
    assert_eq!((&seen["Content"], &seen["Status"]["Value"]), (&json!("before"), &json!("SENT")));
    assert_refused(&chat.update("alice", &kept, "meanwhile"), 403, "ForbiddenException");
    chat.call_back(&processor.next_ids().await, deny);
    for person in ["alice", "bob"] {
        assert_eq!(chat.see(person, &kept)["Content"], "before");
    }
    assert_eq!(status_of(&chat.status(&kept)), "SENT");
    assert_eq!(status_of(&chat.update("alice", &kept, "at last")), "PENDING");
    chat.call_back(&processor.next_ids().await, |_| ());
    assert_eq!(chat.see("bob", &kept)["Content"], "at last");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_processor_that_cannot_be_reached_ends_it_where_the_fallback_action_is_to_abort() {
    let (service, chat) = start(Settings::new()).await;
    chat.associate_flow(&["ABORT"]);
    let mut activities = service.watch();
    let id = chat.say("x");
    loop {
        if let ActivityKind::Settled { status, .. } = activities.recv().await.unwrap().kind {
            assert_eq!(status, MessageStatus::Failed);
            break;
        }
    }
    assert_eq!(status_of(&chat.status(&id)), "FAILED");
    assert_refused(&chat.get("bob", &id), 404, "NotFoundException");
    assert_refused(&chat.update("alice", &id, "again"), 403, "ForbiddenException");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_callback_is_refused_in_the_chosen_shape_whatever_became_of_the_message() {
    let conflict = {
        let mut assumptions = Assumptions::default();
        assumptions.repeated_callback = RepeatedCallback::Conflict;
        assumptions
    };
    let (service, chat, mut processor) = stage(Settings::new().assumptions(conflict)).await;
    let (sent, denied, deleted) = (chat.say("1"), chat.say("2"), chat.say("3"));
    let mut steps = Vec::new();
    for _ in 0..3 {
        let ids = processor.next_ids().await;
        let accepted = if ids.message_id == denied { chat.call_back(&ids, deny) } else { chat.call_back(&ids, |_| ()) };
        assert_eq!(accepted.status, 200);
        steps.push(ids);
    }
    assert_eq!(chat.delete("ada", &deleted).status, 204);
    let refused = |status, exception| {
        for ids in &steps {
            assert_refused(&chat.call_back(ids, say("again")), status, exception);
        }
    };
    refused(409, "ConflictException");
    service.set_repeated_callback(RepeatedCallback::Forbidden);
    refused(403, "ForbiddenException");
    service.set_repeated_callback(RepeatedCallback::NonPending);
    refused(400, "BadRequestException");
    assert_eq!(chat.see("bob", &sent)["Content"], "1");
    assert_eq!(service.counts().refused[&RefusalKind::DecidedBefore], 9);
    assert_eq!(service.counts().decided_twice, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_can_come_too_late() {
    let (service, chat, mut processor) = stage(Settings::new()).await;
    let id = chat.say("x");
    let ids = processor.next_ids().await;
    service.set_callback_lifetime(Duration::ZERO);
    assert_refused(&chat.call_back(&ids, |_| ()), 403, "ForbiddenException");
    assert_eq!(status_of(&chat.status(&id)), "PENDING");
    assert_eq!(service.counts().refused[&RefusalKind::Expired], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn control_messages_pass_by_and_messages_that_are_not_persistent_do_not() {
    let (_service, chat, mut processor) = stage(Settings::new()).await;
    let mut control = Chat::message("typing", "token-1");
    control["Type"] = json!("CONTROL");
    let sent = chat.request("POST", &chat.messages(""), "alice", &control);
    assert_eq!(sent.json()["Status"]["Value"], "SENT");
    let mut now = Chat::message("now", "token-2");
    now["Persistence"] = json!("NON_PERSISTENT");
    let id = chat.send("alice", &now);
    let event = processor.next().await;
    assert_eq!(event.ids().unwrap().message_id, id);
    assert_eq!(status_of(&chat.status(&id)), "PENDING");
    chat.call_back(event.ids().unwrap(), |_| ());
    assert_refused(&chat.get("bob", &id), 404, "NotFoundException");
    assert!(processor.try_next().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_under_way_keeps_its_flow_and_survives_its_sender() {
    let (_service, chat, mut processor) = stage(Settings::new()).await;
    let id = chat.say("x");
    let ids = processor.next_ids().await;
    let path = format!("/channels/{}", encoded(&chat.channel));
    let flow = chat.request("GET", &path, "mia", &Value::Null).json()["Channel"]["ChannelFlowArn"].take();
    let flow = format!("{path}/channel-flow/{}", encoded(flow.as_str().unwrap()));
    assert_eq!(chat.request("DELETE", &flow, "mia", &Value::Null).status, 204);
    let leave = format!("{path}/memberships/{}", encoded(&chat.arn("alice")));
    assert_eq!(chat.request("DELETE", &leave, "mia", &Value::Null).status, 204);
    assert_refused(&chat.get("alice", &id), 403, "ForbiddenException");
    assert_eq!(chat.call_back(&ids, say("y")).status, 200);
    assert_eq!(chat.see("bob", &id)["Content"], "y");
    assert_eq!(chat.say_as("bob", "now without a flow")["Status"]["Value"], "SENT");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_waits_for_a_callback_once_the_channel_is_gone() {
    let (service, chat, mut processor) = stage(Settings::new()).await;
    chat.say("x");
    let ids = processor.next_ids().await;
    let path = format!("/channels/{}", encoded(&chat.channel));
    assert_eq!(chat.request("DELETE", &path, "mia", &Value::Null).status, 204);
    assert_refused(&chat.call_back(&ids, |_| ()), 400, "BadRequestException");
    assert_eq!(service.counts().refused[&RefusalKind::UnknownMessage], 1);
    assert_eq!(service.counts().pending, 0);
}

/// Not a test: what `function.sh` runs.
#[cfg(unix)]
#[test]
fn acts_as_the_function() {
    common::function::run();
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_real_function_decides_a_message_of_a_channel() {
    let settings = FunctionSettings::new().name("processor-0");
    let (emulator, function) = common::function::function(settings).await;
    let service = emulator.service();
    let chat = Chat::of(service);
    chat.associate_flow(&["ABORT"]);
    service.set_function(function_arn(0), EventQueue::new(function, EventInvokeConfig::new()));
    let mut activities = service.watch();
    let id = chat.say("call back");
    loop {
        if let ActivityKind::Finished { decided, .. } = activities.recv().await.unwrap().kind {
            assert!(decided);
            break;
        }
    }
    assert_eq!(chat.see("bob", &id)["Content"], "called back");
    assert!(service.messages().is_empty(), "what a channel has is in one place only");
}
