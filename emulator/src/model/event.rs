//! The event that the service sends to a processor, made here or brought along.

use crate::arn::ACCOUNT;
use crate::ids;
use crate::json::Members;
use crate::limits::{self, LimitError};
use crate::model::message::{MessageAttributeValue, MessageChange, MessageFields, MessageIds, PushNotification};
use axum::body::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A message that somebody sends.
///
/// [`Event::new`] gives it ids and makes the event of it, in the shape seen on live traffic. The one addition to that shape is
/// a [message attribute](Self::attribute), if the message has one.
///
/// ```
/// use channel_flow_emulator::{Event, OutgoingMessage, Sender};
///
/// let message = OutgoingMessage::new("hello")?
///     .sender(Sender::user("bob", "Bob"))
///     .channel("general")?
///     .attribute("language", "en")?
///     .edited();
/// let event = Event::new(message, "us-east-1");
/// assert!(event.ids().unwrap().channel_arn.ends_with("/channel/general"));
/// # Ok::<(), channel_flow_emulator::limits::LimitError>(())
/// ```
#[derive(Clone)]
pub struct OutgoingMessage {
    content: String,
    metadata: Option<String>,
    push_notification: Option<PushNotification>,
    attributes: BTreeMap<String, MessageAttributeValue>,
    sender: Sender,
    persistence: Persistence,
    is_edit: bool,
    app_instance: AppInstance,
    channel: String,
    sent_at: Option<SystemTime>,
}

/// The app instance of a message that is sent.
#[derive(Clone)]
enum AppInstance {
    /// In the emulator's account and region.
    Id(String),
    Arn(String),
}

/// Who sends a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sender {
    /// An app-instance user: its id, the last part of its ARN, and its name.
    User {
        /// The last part of its ARN.
        id: String,
        /// The name that people see.
        name: String,
    },
    /// An app-instance bot: its id, the last part of its ARN, and its name.
    Bot {
        /// The last part of its ARN.
        id: String,
        /// The name that people see.
        name: String,
    },
}

/// Whether the channel stores a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum Persistence {
    /// `PERSISTENT`: it does.
    #[default]
    Persistent,
    /// `NON_PERSISTENT`: only those who are connected see it.
    NonPersistent,
}

/// One event, byte for byte as the function will get it.
///
/// Delivering a clone is a duplicate delivery: the ids are the same.
#[derive(Clone)]
pub struct Event {
    json: Bytes,
    /// Shared, as the bytes are: an event has several clones on its way.
    message: Arc<EventMessage>,
}

/// What an event says of its message.
struct EventMessage {
    ids: Result<MessageIds, MissingIds>,
    fields: MessageFields,
    sender_arn: Option<String>,
    persistence: Persistence,
    is_edit: bool,
}

/// The app instance of the demo channel.
const APP_INSTANCE: &str = "8d3fbf4c-9b8e-4a52-a1b7-3a5b1b2f6c10";

/// The demo channel.
const CHANNEL: &str = "0b1e6a52-7d1f-4c3a-8f55-c2c9e7d9a4f3";

/// How long before its edit a message was sent.
const AGE_OF_EDITED: Duration = Duration::from_secs(60);

/// Which of the ids that a callback needs an event does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingIds(Vec<&'static str>);

impl OutgoingMessage {
    /// A persistent message of a user, Alice, who says `content`.
    ///
    /// # Errors
    ///
    /// `content` is empty or longer than 4,096 bytes of UTF-8.
    pub fn new(content: impl Into<String>) -> Result<Self, LimitError> {
        let content = content.into();
        limits::check_content(&content)?;
        Ok(Self {
            content,
            metadata: None,
            push_notification: None,
            attributes: BTreeMap::new(),
            sender: Sender::user("alice", "Alice"),
            persistence: Persistence::Persistent,
            is_edit: false,
            app_instance: AppInstance::Id(APP_INSTANCE.to_owned()),
            channel: CHANNEL.to_owned(),
            sent_at: None,
        })
    }

    /// Sets who sends it.
    #[must_use]
    pub fn sender(mut self, sender: Sender) -> Self {
        self.sender = sender;
        self
    }

    /// Sets whether the channel stores it.
    #[must_use]
    pub fn persistence(mut self, persistence: Persistence) -> Self {
        self.persistence = persistence;
        self
    }

    /// Sets the id of the app instance that the channel and the sender are of: letters, digits, `-` and `_`.
    #[must_use]
    pub fn app_instance(mut self, id: impl Into<String>) -> Self {
        self.app_instance = AppInstance::Id(id.into());
        self
    }

    /// Sets the ARN of the app instance that the channel and the sender are of, in any account and region.
    ///
    /// # Errors
    ///
    /// `arn` is not an ARN.
    pub fn app_instance_arn(mut self, arn: impl Into<String>) -> Result<Self, LimitError> {
        let arn = arn.into();
        limits::CHANNEL_ARN.check(&arn)?;
        self.app_instance = AppInstance::Arn(arn);
        Ok(self)
    }

    /// Sets the id of the channel, the last part of its ARN.
    ///
    /// # Errors
    ///
    /// `id` has more than 64 characters or is empty, begins or ends with anything but a letter or a digit, or has in between
    /// anything but letters, digits, `:`, `-`, `_`, `.` and `@`.
    pub fn channel(mut self, id: impl Into<String>) -> Result<Self, LimitError> {
        let id = id.into();
        limits::ID.check(&id)?;
        self.channel = id;
        Ok(self)
    }

    /// Makes it the update of a message that was sent a minute before, in place of a new message.
    #[must_use]
    pub fn edited(mut self) -> Self {
        self.is_edit = true;
        self
    }

    /// Sets the time at which it is sent, or updated. Without this, that is when the event is made.
    #[must_use]
    pub fn sent_at(mut self, time: SystemTime) -> Self {
        self.sent_at = Some(time);
        self
    }

    /// Adds a value of a message attribute. Several values of one name are collected, in order.
    ///
    /// The event has them as a stored message has them, in `MessageAttributes`. AWS does not document whether the events of the
    /// service have this field, and those of the emulator's channels do not.
    ///
    /// # Errors
    ///
    /// `name` is not 1 to 64 characters, or `value` not 1 to 512 characters.
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Result<Self, LimitError> {
        let (name, value) = (name.into(), value.into());
        limits::ATTRIBUTE_NAME.check(&name)?;
        limits::ATTRIBUTE_VALUE.check(&value)?;
        self.attributes.entry(name).or_default().string_values.get_or_insert_default().push(value);
        Ok(self)
    }

    /// Attaches metadata.
    ///
    /// # Errors
    ///
    /// `metadata` has more than 1,024 characters or a line break.
    pub fn metadata(mut self, metadata: impl Into<String>) -> Result<Self, LimitError> {
        let metadata = metadata.into();
        limits::METADATA.check(&metadata)?;
        self.metadata = Some(metadata);
        Ok(self)
    }

    /// Attaches a push notification of type `DEFAULT`.
    ///
    /// # Errors
    ///
    /// `title` is not 1 to 50 characters on one line, or `body` not 1 to 150 characters.
    pub fn push_notification(self, title: &str, body: &str) -> Result<Self, LimitError> {
        self.push_title(title)?.push_body(body)
    }

    /// Sets the title of the push notification, which has the type `DEFAULT`.
    ///
    /// # Errors
    ///
    /// `title` is not 1 to 50 characters on one line.
    pub fn push_title(mut self, title: &str) -> Result<Self, LimitError> {
        limits::PUSH_TITLE.check(title)?;
        self.push().title = Some(title.to_owned());
        Ok(self)
    }

    /// Sets the text of the push notification, which has the type `DEFAULT`.
    ///
    /// # Errors
    ///
    /// `body` is not 1 to 150 characters.
    pub fn push_body(mut self, body: &str) -> Result<Self, LimitError> {
        limits::PUSH_BODY.check(body)?;
        self.push().body = Some(body.to_owned());
        Ok(self)
    }

    fn push(&mut self) -> &mut PushNotification {
        let notification_type = Some("DEFAULT".to_owned());
        self.push_notification.get_or_insert(PushNotification { notification_type, ..PushNotification::default() })
    }
}

impl Persistence {
    /// As the model spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Persistent => "PERSISTENT",
            Self::NonPersistent => "NON_PERSISTENT",
        }
    }
}

impl Sender {
    /// A user with this id and name.
    pub fn user(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self::User { id: id.into(), name: name.into() }
    }

    /// A bot with this id and name.
    pub fn bot(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self::Bot { id: id.into(), name: name.into() }
    }
}

impl Event {
    /// The event of a message that is sent in `region`, with fresh ids. Unless the message says otherwise, it is sent now, to the
    /// demo channel.
    pub fn new(message: OutgoingMessage, region: &str) -> Self {
        let app_instance = match &message.app_instance {
            AppInstance::Id(id) => format!("arn:aws:chime:{region}:{ACCOUNT}:app-instance/{id}"),
            AppInstance::Arn(arn) => arn.clone(),
        };
        let sent = message.sent_at.unwrap_or_else(SystemTime::now);
        let created = if message.is_edit { sent - AGE_OF_EDITED } else { sent };
        let (kind, id, name) = match &message.sender {
            Sender::User { id, name } => ("user", id, name),
            Sender::Bot { id, name } => ("bot", id, name),
        };
        let mut channel_message = json!({
            "MessageId": ids::message_id(),
            "ChannelArn": format!("{app_instance}/channel/{}", message.channel),
            "Content": message.content,
            "Persistence": message.persistence.name(),
            "Sender": { "Arn": format!("{app_instance}/{kind}/{id}"), "Name": name },
            "Type": "STANDARD",
            "CreatedTimestamp": ids::timestamp(created),
        });
        if message.is_edit {
            channel_message["LastEditedTimestamp"] = ids::timestamp(sent).into();
        }
        if !message.attributes.is_empty() {
            channel_message["MessageAttributes"] = json!(message.attributes);
        }
        if let Some(metadata) = &message.metadata {
            channel_message["Metadata"] = json!(metadata);
        }
        if let Some(push_notification) = &message.push_notification {
            channel_message["PushNotification"] = json!(push_notification);
        }
        let event = json!({
            "EventType": "CHANNEL_MESSAGE_EVENT",
            "CallbackId": ids::uuid(),
            "ChannelMessage": channel_message,
        });
        Self::raw(event.to_string())
    }

    /// The event of a schedule in EventBridge, as its rule `rule` sends it now: a processor that holds messages sweeps then.
    /// It is about no message, so it has no ids.
    pub fn scheduled(rule: &str, region: &str) -> Self {
        let event = json!({
            "version": "0",
            "id": ids::uuid(),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": ACCOUNT,
            // EventBridge has no fractions of a second.
            "time": ids::timestamp(SystemTime::now()).split_at(19).0.to_owned() + "Z",
            "region": region,
            "resources": [format!("arn:aws:events:{region}:{ACCOUNT}:rule/{rule}")],
            "detail": {},
        });
        Self::raw(event.to_string())
    }

    /// An event as it stands, of any bytes. Its ids and its message are read from the event, or from one that failed before
    /// and comes in the envelope of an on-failure destination.
    pub fn raw(json: impl Into<Bytes>) -> Self {
        let json = json.into();
        let event = Members::read(&json).map(|event| event.object("requestPayload").unwrap_or(event));
        let message = event.as_ref().and_then(|event| event.object("ChannelMessage"));
        let ids = read_ids(event.as_ref(), message.as_ref());
        let fields = message.as_ref().map(read_fields).unwrap_or_default();
        let message = message.as_ref();
        let sender_arn = message.and_then(|message| message.object("Sender")?.string("Arn"));
        let non_persistent = message.and_then(|message| message.string("Persistence"));
        let non_persistent = non_persistent.is_some_and(|value| value == Persistence::NonPersistent.name());
        let persistence = if non_persistent { Persistence::NonPersistent } else { Persistence::Persistent };
        let is_edit = message.is_some_and(|message| message.string("LastEditedTimestamp").is_some());
        let message = EventMessage { ids, fields, sender_arn, persistence, is_edit };
        Self { json, message: Arc::new(message) }
    }

    /// The event `json` of a message that is known, so that it need not be read from the event.
    pub(crate) fn of_message(
        json: String,
        ids: MessageIds,
        fields: MessageFields,
        sender_arn: String,
        persistence: Persistence,
        change: MessageChange,
    ) -> Self {
        if ids.check().is_err() {
            return Self::raw(json);
        }
        let sender_arn = Some(sender_arn);
        let is_edit = change == MessageChange::Update;
        let message = EventMessage { ids: Ok(ids), fields, sender_arn, persistence, is_edit };
        Self { json: json.into(), message: Arc::new(message) }
    }

    /// The bytes that the function gets.
    pub fn json(&self) -> &Bytes {
        &self.json
    }

    /// The ids that a callback needs.
    ///
    /// # Errors
    ///
    /// The event has not all of them, so no callback for it can be accepted.
    pub fn ids(&self) -> Result<&MessageIds, &MissingIds> {
        self.message.ids.as_ref()
    }

    /// The sender, if it can be read.
    pub(crate) fn sender_arn(&self) -> Option<&str> {
        self.message.sender_arn.as_deref()
    }

    /// Whether the channel stores it, which it does unless the event says that it does not.
    pub(crate) fn persistence(&self) -> Persistence {
        self.message.persistence
    }

    /// Whether it is an update of a message that was sent.
    pub(crate) fn is_edit(&self) -> bool {
        self.message.is_edit
    }

    /// The fields of the message when it was sent.
    pub fn fields(&self) -> &MessageFields {
        &self.message.fields
    }
}

fn read_ids(event: Option<&Members<'_>>, message: Option<&Members<'_>>) -> Result<MessageIds, MissingIds> {
    let mut missing = Vec::new();
    let mut read = |from: Option<&Members<'_>>, key: &'static str, limit: limits::TextLimit| {
        let id = from.and_then(|from| from.string(key)).filter(|id| limit.check(id).is_ok());
        if id.is_none() {
            missing.push(key);
        }
        id.unwrap_or_default()
    };
    let ids = MessageIds {
        callback_id: read(event, "CallbackId", limits::CALLBACK_ID),
        message_id: read(message, "MessageId", limits::MESSAGE_ID),
        channel_arn: read(message, "ChannelArn", limits::CHANNEL_ARN),
    };
    if missing.is_empty() { Ok(ids) } else { Err(MissingIds(missing)) }
}

/// Reads the fields that have the expected form; the rest is left to the function.
fn read_fields(message: &Members<'_>) -> MessageFields {
    fn read<T: DeserializeOwned>(message: &Members<'_>, key: &str) -> Option<T> {
        serde_json::from_str(message.raw(key)?).ok()
    }
    MessageFields {
        content: message.string("Content"),
        metadata: message.string("Metadata"),
        push_notification: read(message, "PushNotification"),
        message_attributes: read(message, "MessageAttributes"),
        sub_channel_id: message.string("SubChannelId"),
        content_type: message.string("ContentType"),
    }
}

impl MissingIds {
    /// Their names, as the event spells them.
    pub fn names(&self) -> &[&'static str] {
        &self.0
    }
}

impl fmt::Display for MissingIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the event has no usable {}, without which no callback can be accepted", self.0.join(", "))
    }
}

impl std::error::Error for MissingIds {}

impl fmt::Debug for OutgoingMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingMessage")
            .field("content_bytes", &self.content.len())
            .field("persistence", &self.persistence)
            .field("is_edit", &self.is_edit)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("json_bytes", &self.json.len())
            .field("ids", &self.message.ids)
            .field("fields", &self.message.fields)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn a_message_becomes_an_event_of_the_live_shape() {
        let message = OutgoingMessage::new("hello").unwrap().metadata("{}").unwrap();
        let message = message.sender(Sender::bot("helper", "Helper"));
        let event = Event::new(message, "eu-central-1");
        let json: Value = serde_json::from_slice(event.json()).unwrap();
        assert_eq!(json["EventType"], "CHANNEL_MESSAGE_EVENT");
        let sender = json["ChannelMessage"]["Sender"]["Arn"].as_str().unwrap();
        assert!(sender.starts_with("arn:aws:chime:eu-central-1:"), "{sender}");
        assert!(sender.ends_with("/bot/helper"), "{sender}");
        assert_eq!(event.ids().unwrap().check(), Ok(()));
        assert_eq!(event.fields().content.as_deref(), Some("hello"));
        assert_eq!(event.fields().metadata.as_deref(), Some("{}"));
    }

    #[test]
    fn a_message_can_be_of_any_channel_and_account() {
        let app_instance = "arn:aws:chime:eu-central-1:111122223333:app-instance/mine";
        let message = OutgoingMessage::new("hello").unwrap().sender(Sender::user("bob", "Bob"));
        let message = message.app_instance_arn(app_instance).unwrap().channel("general").unwrap();
        let event = Event::new(message, "us-east-1");
        assert_eq!(event.ids().unwrap().channel_arn, format!("{app_instance}/channel/general"));
        assert_eq!(event.sender_arn(), Some(&*format!("{app_instance}/user/bob")));
    }

    #[test]
    fn an_edit_is_later_than_its_message() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_786_699_862_113);
        let message = OutgoingMessage::new("hello").unwrap().sent_at(time);
        let read = |message| serde_json::from_slice::<Value>(Event::new(message, "us-east-1").json()).unwrap();
        let new = read(message.clone());
        assert_eq!(new["ChannelMessage"]["CreatedTimestamp"], "2026-08-14T09:31:02.113Z");
        let edit = read(message.edited());
        assert_eq!(edit["ChannelMessage"]["CreatedTimestamp"], "2026-08-14T09:30:02.113Z");
        assert_eq!(edit["ChannelMessage"]["LastEditedTimestamp"], "2026-08-14T09:31:02.113Z");
    }

    #[test]
    fn attributes_of_one_name_are_collected() {
        let message = OutgoingMessage::new("hello").unwrap();
        let message = ["de", "en"].iter().fold(message, |message, value| message.attribute("to", *value).unwrap());
        let message = message.attribute("from", "fr").unwrap();
        let event: Value = serde_json::from_slice(Event::new(message, "us-east-1").json()).unwrap();
        assert_eq!(
            event["ChannelMessage"]["MessageAttributes"],
            json!({ "from": { "StringValues": ["fr"] }, "to": { "StringValues": ["de", "en"] } })
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let missing = Event::raw(r#"{"CallbackId":7,"ChannelMessage":{"MessageId":"m"}}"#);
        assert_eq!(missing.ids().unwrap_err().names(), ["CallbackId", "ChannelArn"]);
        let all = ["CallbackId", "MessageId", "ChannelArn"];
        for nothing in ["", "[]", "null", "{", "\"ChannelMessage\"", r#"{"ChannelMessage":[]}"#] {
            assert_eq!(Event::raw(nothing).ids().unwrap_err().names(), all, "{nothing}");
        }
    }

    #[test]
    fn odd_fields_do_not_hide_the_ids() {
        let event = Event::new(OutgoingMessage::new("x").unwrap(), "us-east-1");
        let mut json: Value = serde_json::from_slice(event.json()).unwrap();
        json["ChannelMessage"]["Content"] = json!(["x"]);
        json["ChannelMessage"]["PushNotification"] = json!("x");
        json["ChannelMessage"]["Metadata"] = Value::Null;
        let odd = Event::raw(json.to_string());
        assert_eq!(odd.ids(), event.ids());
        assert!(odd.fields().is_empty());
    }

    #[test]
    fn what_rust_cannot_read_does_not_hide_the_ids() {
        let json = Event::new(OutgoingMessage::new("x").unwrap(), "us-east-1").json().clone();
        let json = String::from_utf8(json.to_vec()).unwrap();
        let deep = "[".repeat(1000) + &"]".repeat(1000);
        for (from, to) in [
            ("\"Content\":\"x\"", "\"Content\":\"\\ud83d\"".to_owned()),
            ("\"Content\":\"x\"", format!("\"Content\":{deep}")),
            ("\"Content\":\"x\"", "\"Content\":1e999".to_owned()),
            ("\"ChannelMessage\":", "\"ChannelMessage\":{},\"ChannelMessage\":".to_owned()),
        ] {
            let odd = json.replace(from, &to);
            assert_ne!(odd, json);
            assert!(Event::raw(odd.clone()).ids().is_ok(), "{odd}");
        }
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        assert!(OutgoingMessage::new("").is_err());
        assert!(OutgoingMessage::new("x".repeat(4097)).is_err());
        let message = OutgoingMessage::new("x").unwrap();
        assert!(message.clone().metadata("a\nb").is_err());
        assert!(message.clone().push_notification("", "b").is_err());
        assert!(message.clone().push_body(&"x".repeat(151)).is_err());
        assert!(message.clone().attribute("", "x").is_err());
        assert!(message.clone().attribute("x", "").is_err());
        assert!(message.clone().channel("a b").is_err());
        assert!(message.clone().app_instance_arn("a").is_err());
        assert!(!format!("{:?}", OutgoingMessage::new("secret").unwrap()).contains("secret"));
    }

    proptest! {
        #[test]
        fn bytes_stay_as_they_are(bytes in any::<Vec<u8>>()) {
            let event = Event::raw(bytes.clone());
            prop_assert_eq!(&event.json()[..], &bytes[..]);
            prop_assert!(event.ids().is_err());
        }
    }
}
