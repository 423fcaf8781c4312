//! Events of a channel have the form of those that are made without one.

use super::*;
use crate::model::event::{OutgoingMessage, Sender};
use crate::model::message::PushNotification;
use std::time::{Duration, UNIX_EPOCH};

const APP_INSTANCE: &str = "arn:aws:chime:us-east-1:123456789012:app-instance/demo";

fn sent() -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(1_786_699_862_113)
}

/// The event of Bob's message, of the channel `general`.
fn of_channel(persistence: Persistence, fields: MessageFields, change: MessageChange) -> Value {
    let key = MessageKey { channel_arn: &format!("{APP_INSTANCE}/channel/general"), message_id: "m" };
    let created = if change == MessageChange::Update { sent() - Duration::from_secs(60) } else { sent() };
    let message = Message {
        sequence: 0,
        sender: Arc::new(Identity { arn: format!("{APP_INSTANCE}/user/bob"), name: "Bob".to_owned() }),
        kind: MessageType::Standard,
        persistence,
        target: Some(format!("{APP_INSTANCE}/user/alice").into()),
        fields: MessageFields::default(),
        created,
        last_updated: created,
        last_edited: None,
        redacted: false,
        status: MessageStatus::Pending,
        processing: None,
        steps: Vec::new(),
    };
    let processing = Processing {
        change,
        fields,
        processors: Vec::new(),
        position: 0,
        callback_id: Uuid::new_v4(),
        since: sent(),
        said: sent(),
    };
    read(&message.event(key, &processing))
}

fn read(event: &Event) -> Value {
    serde_json::from_slice(event.json()).unwrap()
}

/// Without the ids, which are fresh.
fn made(message: OutgoingMessage, like: &Value) -> Value {
    let message = message.sender(Sender::user("bob", "Bob")).channel("general").unwrap().sent_at(sent());
    let mut event = read(&Event::new(message.app_instance("demo"), "us-east-1"));
    event["CallbackId"] = like["CallbackId"].clone();
    event["ChannelMessage"]["MessageId"] = like["ChannelMessage"]["MessageId"].clone();
    event
}

#[test]
fn events_of_a_channel_and_made_ones_are_alike() {
    let plain = || OutgoingMessage::new("hello").unwrap();
    let fields = || MessageFields { content: Some("hello".to_owned()), ..MessageFields::default() };
    let push = |title: Option<&str>, body: Option<&str>| {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let (title, body, notification_type) = (text(title), text(body), text(Some("DEFAULT")));
        MessageFields { push_notification: Some(PushNotification { title, body, notification_type }), ..fields() }
    };
    let metadata = MessageFields { metadata: Some("{}".to_owned()), ..fields() };
    let (create, update) = (MessageChange::Create, MessageChange::Update);
    for (message, persistence, fields, change) in [
        (plain(), Persistence::Persistent, fields(), create),
        (plain().persistence(Persistence::NonPersistent), Persistence::NonPersistent, fields(), create),
        (plain().metadata("{}").unwrap(), Persistence::Persistent, metadata, create),
        (plain().push_title("t").unwrap(), Persistence::Persistent, push(Some("t"), None), create),
        (plain().push_body("b").unwrap(), Persistence::Persistent, push(None, Some("b")), create),
        (plain().push_notification("t", "b").unwrap(), Persistence::Persistent, push(Some("t"), Some("b")), create),
        (plain().edited(), Persistence::Persistent, fields(), update),
    ] {
        let of_channel = of_channel(persistence, fields, change);
        assert_eq!(made(message, &of_channel), of_channel);
    }
}

#[test]
fn attributes_are_all_that_made_events_have_beyond_those_of_a_channel() {
    let mut fields = MessageFields { content: Some("hello".to_owned()), ..MessageFields::default() };
    let attributes = json!({ "language": { "StringValues": ["en"] } });
    fields.message_attributes = serde_json::from_value(attributes.clone()).unwrap();
    let of_channel = of_channel(Persistence::Persistent, fields, MessageChange::Create);
    let message = OutgoingMessage::new("hello").unwrap().attribute("language", "en").unwrap();
    let mut made = made(message, &of_channel);
    let removed = made["ChannelMessage"].as_object_mut().unwrap().remove("MessageAttributes");
    assert_eq!((made, removed), (of_channel, Some(attributes)));
}
