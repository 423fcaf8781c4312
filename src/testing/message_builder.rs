//! Builds messages as the service sends them.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use crate::event::payload::Payload;
use crate::event::{Event, RawEvent};
use crate::{Error, Invocation, Message, MessageType, Persistence, PushNotification, PushNotificationType};

pub(super) const APP_INSTANCE: &str =
    "arn:aws:chime:us-east-1:111122223333:app-instance/5e6f7a8b-0c1d-4e2f-8a3b-4c5d6e7f8091";

/// Creates a message with this content, sent by a user, as the service sends it.
pub fn message(content: impl Into<String>) -> MessageBuilder {
    let user = format!("{APP_INSTANCE}/user/alice");
    let fields = json!({
        "MessageId": "6d7c1f0a93b84e5f8b2d4c6e8f0a1b3c5d7e9f1a3b5c7d9e0f2a4b6c8d0e1f2a",
        "ChannelArn": format!("{APP_INSTANCE}/channel/9a8b7c6d-5e4f-4a3b-9c2d-1e0f9a8b7c6d"),
        "Content": content.into(),
        "Sender": { "Arn": user, "Name": "Alice" },
        "Persistence": "PERSISTENT",
        "Type": "STANDARD",
        "CreatedTimestamp": "2026-06-01T08:30:00.000Z",
    });
    let Value::Object(fields) = fields else { unreachable!("an object was written") };
    MessageBuilder {
        event_type: "CHANNEL_MESSAGE_EVENT".into(),
        callback_id: "0b9e1c52-7a64-4d0e-9f3b-2c1d0e9f8a7b".into(),
        fields,
        time_left: None,
    }
}

/// Returns the message in an event, as the function would read it.
///
/// # Errors
///
/// Returns an [`Error`] of kind [`Event`](crate::ErrorKind::Event) if `json` is not JSON, lacks an id, or has content
/// that a processor would not be shown.
pub fn message_from_event(json: impl Into<String>) -> Result<Message, Error> {
    read(&RawEvent::from_json(json)?, Invocation::default())
}

pub(super) fn read(event: &RawEvent, invocation: Invocation) -> Result<Message, Error> {
    Event::read(&Payload::read(event.json()), &invocation)?.message.map_err(Error::from)
}

/// Builds a [`Message`]. Every field of an event can be set: by a method, or as JSON by [`field`](Self::field).
///
/// ```
/// use std::time::Duration;
///
/// use channel_flow::{Persistence, testing};
///
/// let message = testing::message("Hi")
///     .sender_bot("helper")
///     .persistence(Persistence::NonPersistent)
///     .message_attribute("language", ["en"])
///     .field("Target", r#"[{ "MemberArn": "arn:aws:chime:us-east-1:111122223333:app-instance/a/user/bob" }]"#)
///     .time_left(Duration::from_millis(200))
///     .build();
/// assert_eq!(message.message_attributes()["language"], ["en"]);
/// assert_eq!(message.target().len(), 1);
/// assert!(message.invocation().time_left() <= Duration::from_millis(200));
/// ```
#[derive(Clone)]
#[must_use]
pub struct MessageBuilder {
    event_type: Value,
    callback_id: Value,
    fields: Map<String, Value>,
    time_left: Option<Duration>,
}

impl MessageBuilder {
    /// Sets the id of the message.
    pub fn id(self, id: &str) -> Self {
        self.set("MessageId", id)
    }

    /// Sets the ARN of the channel.
    pub fn channel_arn(self, channel_arn: &str) -> Self {
        self.set("ChannelArn", channel_arn)
    }

    /// Sets the id of the callback.
    pub fn callback_id(mut self, callback_id: &str) -> Self {
        self.callback_id = callback_id.into();
        self
    }

    /// Sets the type of the event, which need not be a type that the crate knows.
    pub fn event_type(mut self, event_type: &str) -> Self {
        self.event_type = event_type.into();
        self
    }

    /// Sets the sender to this app instance user.
    pub fn sender_user(self, id: &str) -> Self {
        self.set("Sender", json!({ "Arn": format!("{APP_INSTANCE}/user/{id}"), "Name": id }))
    }

    /// Sets the sender to this app instance bot.
    pub fn sender_bot(self, id: &str) -> Self {
        self.set("Sender", json!({ "Arn": format!("{APP_INSTANCE}/bot/{id}"), "Name": id }))
    }

    /// Sets the metadata.
    pub fn metadata(self, metadata: &str) -> Self {
        self.set("Metadata", metadata)
    }

    /// Sets whether the service stores the message. The default is [`Persistence::Persistent`].
    pub fn persistence(self, persistence: Persistence) -> Self {
        self.set("Persistence", persistence.as_str())
    }

    /// Sets the type of the message. The default is [`MessageType::Standard`].
    pub fn message_type(self, message_type: MessageType) -> Self {
        self.set("Type", message_type.as_str())
    }

    /// Sets the time at which the message was sent, to the second. The default is a day in June 2026, so that a message is
    /// the same in each run of a test. The service takes callbacks for 48 hours after this time.
    pub fn created_at(self, created_at: SystemTime) -> Self {
        let since_1970 = created_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.set("CreatedTimestamp", since_1970.as_secs())
    }

    /// Marks the message as an edit of a message that was sent before.
    pub fn edited(self) -> Self {
        self.set("LastEditedTimestamp", "2026-06-01T08:31:00.000Z")
    }

    /// Sets the push notification.
    pub fn push_notification(self, push_notification: PushNotification) -> Self {
        let notification_type = push_notification.notification_type().map(PushNotificationType::as_str);
        let (title, body) = (push_notification.title(), push_notification.body());
        self.set("PushNotification", json!({ "Title": title, "Body": body, "Type": notification_type }))
    }

    /// Adds a message attribute, or replaces the attribute with that name.
    pub fn message_attribute<V: Into<String>>(
        mut self,
        name: impl Into<String>,
        string_values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values: Vec<String> = string_values.into_iter().map(Into::into).collect();
        let attributes = self.fields.entry("MessageAttributes").or_insert_with(|| json!({}));
        if !attributes.is_object() {
            *attributes = json!({});
        }
        attributes[name.into()] = json!({ "StringValues": values });
        self
    }

    /// Sets the id of the sub-channel.
    pub fn sub_channel_id(self, sub_channel_id: &str) -> Self {
        self.set("SubChannelId", sub_channel_id)
    }

    /// Sets the content type.
    pub fn content_type(self, content_type: &str) -> Self {
        self.set("ContentType", content_type)
    }

    /// Sets the ARNs of the members that the message is for.
    pub fn target<V: Into<String>>(self, member_arns: impl IntoIterator<Item = V>) -> Self {
        let members: Vec<_> = member_arns.into_iter().map(|arn| json!({ "MemberArn": arn.into() })).collect();
        self.set("Target", members)
    }

    /// Sets any field of the event's `ChannelMessage`, by the service's name for it, to this JSON. `null` removes it.
    ///
    /// # Panics
    ///
    /// Panics if `json` is not JSON.
    pub fn field(self, name: &str, json: &str) -> Self {
        let value: Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{name} is not JSON: {error}"));
        self.set(name, value)
    }

    /// Sets the time that the processor has left when the message is built. Without it, there is no limit.
    pub fn time_left(mut self, time_left: Duration) -> Self {
        self.time_left = Some(time_left);
        self
    }

    /// Returns the event in which the message comes, as JSON: the event that `cargo channel-flow send --event` takes.
    pub fn to_event(&self) -> String {
        let (event_type, callback_id, fields) = (&self.event_type, &self.callback_id, &self.fields);
        json!({ "EventType": event_type, "CallbackId": callback_id, "ChannelMessage": fields }).to_string()
    }

    /// Builds the message.
    ///
    /// # Panics
    ///
    /// Panics if an id is missing or the content is not a string, which only [`field`](Self::field) and empty ids can
    /// bring about.
    pub fn build(self) -> Message {
        let invocation = self.time_left.map(Invocation::ending_in).unwrap_or_default();
        let event = RawEvent::from_json(self.to_event()).expect("it is JSON");
        read(&event, invocation).unwrap_or_else(|error| panic!("no processor would be shown this message: {error:?}"))
    }

    fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }
}

impl std::fmt::Debug for MessageBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MessageBuilder").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventType;

    #[test]
    fn every_field_of_an_event_can_be_set() {
        let push = PushNotification::builder().title("t").notification_type(PushNotificationType::Voip).build();
        let message = message("Hi")
            .id("m")
            .channel_arn("arn:channel")
            .callback_id("c")
            .event_type("NEW_EVENT")
            .sender_bot("helper")
            .metadata("{}")
            .persistence(Persistence::NonPersistent)
            .message_type(MessageType::Control)
            .edited()
            .push_notification(push.clone())
            .message_attribute("one", ["1", "2"])
            .message_attribute("two", ["3"])
            .sub_channel_id("sub")
            .content_type("text/plain")
            .target(["arn:bob"])
            .created_at(SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_900))
            .time_left(Duration::from_secs(5))
            .build();
        assert_eq!((message.id(), message.channel_arn(), message.callback_id()), ("m", "arn:channel", "c"));
        assert_eq!(message.event_type(), Some(&EventType::Unknown("NEW_EVENT".into())));
        assert!(message.sender().is_bot() && message.is_edited());
        assert_eq!(message.metadata(), Some("{}"));
        assert_eq!(message.persistence(), Some(&Persistence::NonPersistent));
        assert_eq!(message.message_type(), Some(&MessageType::Control));
        assert_eq!(message.push_notification(), Some(&push));
        assert_eq!(message.message_attributes()["one"], ["1", "2"]);
        assert_eq!(message.message_attributes()["two"], ["3"]);
        assert_eq!((message.sub_channel_id(), message.content_type()), (Some("sub"), Some("text/plain")));
        assert_eq!(message.target(), ["arn:bob"]);
        assert_eq!(message.created_at(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)));
        let left = message.invocation().time_left();
        assert!(left > Duration::ZERO && left <= Duration::from_secs(5), "{left:?}");
    }

    #[test]
    fn a_message_that_a_processor_never_sees_cannot_be_built() {
        let message = message_from_event(message("Hi").field("Content", "7").to_event());
        assert_eq!(message.unwrap_err().kind(), crate::ErrorKind::Event);
    }
}
