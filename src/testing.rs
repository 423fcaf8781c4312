//! Messages for testing a processor without AWS and without a server.
//!
//! ```
//! use channel_flow::{Decision, LimitError, Message, Processor, testing};
//!
//! struct Quiet;
//!
//! impl Processor for Quiet {
//!     type Error = LimitError;
//!
//!     async fn process(&self, message: &Message) -> Result<Decision, LimitError> {
//!         Decision::update(message.content().to_lowercase())
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let message = testing::message("GOOD MORNING").build();
//! assert_eq!(Quiet.process(&message).await, Decision::update("good morning"));
//! # });
//! ```

use serde_json::{Map, Value, json};

use crate::event::payload::Payload;
use crate::event::{Event, RawEvent};
use crate::{Error, Invocation, Message, PushNotification, PushNotificationType};

const APP_INSTANCE: &str = "arn:aws:chime:us-east-1:111122223333:app-instance/5e6f7a8b-0c1d-4e2f-8a3b-4c5d6e7f8091";

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
    MessageBuilder { event_type: "CHANNEL_MESSAGE_EVENT".into(), fields }
}

/// Returns the message in an event, as the function would read it.
///
/// # Errors
///
/// Returns an [`Error`] of kind [`Event`](crate::ErrorKind::Event) if `json` is not JSON, lacks an id, or has content
/// that a processor would not be shown.
pub fn message_from_event(json: impl Into<String>) -> Result<Message, Error> {
    let event = RawEvent::from_json(json)?;
    let event = Event::read(&Payload::read(event.json()), &Invocation::default())?;
    event.message.map_err(Error::from)
}

/// Builds a [`Message`].
#[derive(Clone)]
#[must_use]
pub struct MessageBuilder {
    event_type: Value,
    fields: Map<String, Value>,
}

impl MessageBuilder {
    /// Sets the sender to this app instance user.
    pub fn sender_user(self, id: &str) -> Self {
        self.field("Sender", json!({ "Arn": format!("{APP_INSTANCE}/user/{id}"), "Name": id }))
    }

    /// Sets the sender to this app instance bot.
    pub fn sender_bot(self, id: &str) -> Self {
        self.field("Sender", json!({ "Arn": format!("{APP_INSTANCE}/bot/{id}"), "Name": id }))
    }

    /// Sets the metadata.
    pub fn metadata(self, metadata: &str) -> Self {
        self.field("Metadata", metadata.into())
    }

    /// Sets the push notification.
    pub fn push_notification(self, push_notification: &PushNotification) -> Self {
        let notification_type =
            push_notification.notification_type().map(|notification_type| match notification_type {
                PushNotificationType::Default => "DEFAULT",
                PushNotificationType::Voip => "VOIP",
                PushNotificationType::Unknown(other) => other,
            });
        let (title, body) = (push_notification.title(), push_notification.body());
        self.field("PushNotification", json!({ "Title": title, "Body": body, "Type": notification_type }))
    }

    /// Marks the message as not stored by the service.
    pub fn non_persistent(self) -> Self {
        self.field("Persistence", "NON_PERSISTENT".into())
    }

    /// Marks the message as an edit of a message that was sent before.
    pub fn edited(self) -> Self {
        self.field("LastEditedTimestamp", "2026-06-01T08:31:00.000Z".into())
    }

    /// Sets the type of the event, which need not be a type that the crate knows.
    pub fn event_type(mut self, event_type: &str) -> Self {
        self.event_type = event_type.into();
        self
    }

    /// Builds the message.
    pub fn build(self) -> Message {
        let event = json!({
            "EventType": self.event_type,
            "CallbackId": "0b9e1c52-7a64-4d0e-9f3b-2c1d0e9f8a7b",
            "ChannelMessage": self.fields,
        });
        message_from_event(event.to_string()).expect("the ids are there and the content is a string")
    }

    fn field(mut self, name: &str, value: Value) -> Self {
        self.fields.insert(name.to_owned(), value);
        self
    }
}

impl std::fmt::Debug for MessageBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MessageBuilder").finish_non_exhaustive()
    }
}
