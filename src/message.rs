//! A message as a processor sees it.

pub(crate) mod lex_envelope;
pub(crate) mod percent_encoding;
pub(crate) mod push_notification;
pub(crate) mod sender;
pub(crate) mod text;

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use aws_sdk_chimesdkmessaging::primitives::{DateTime, DateTimeFormat};

use self::lex_envelope::LexEnvelope;
use self::push_notification::PushNotification;
use self::sender::Sender;
use self::text::Text;
use crate::Invocation;
use crate::event::ids::CallbackIds;
use crate::event::lenient_json::{self, Fields};

/// A message that passes through the channel flow.
///
/// Only the [`id`](Self::id) and the [`channel_arn`](Self::channel_arn) are always present. The service may omit any
/// other field, send null for it, or add fields. A field that the event omits reads as absent or empty. A value that
/// this version of the crate does not know reads as the `Unknown` variant of its type.
///
/// `Debug` shows ids and lengths, never content, names or metadata.
///
/// ```
/// use channel_flow::testing;
///
/// let message = testing::message("What%20the%20heck%3F").build();
/// assert_eq!(message.content(), "What%20the%20heck%3F");
/// assert_eq!(message.decoded_content(), "What the heck?");
/// assert!(message.sender().is_user());
/// ```
#[derive(Clone)]
pub struct Message {
    ids: CallbackIds,
    event_type: Option<EventType>,
    content: String,
    metadata: Option<String>,
    sender: Sender,
    persistence: Option<Persistence>,
    message_type: Option<MessageType>,
    created: Option<Timestamp>,
    last_edited: Option<Timestamp>,
    push_notification: Option<PushNotification>,
    message_attributes: BTreeMap<String, Vec<String>>,
    sub_channel_id: Option<String>,
    content_type: Option<String>,
    target: Vec<String>,
    invocation: Invocation,
}

/// The type of the event that brought a message. The type does not matter to the framework: if the event contains a
/// message, the processor is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventType {
    /// `CHANNEL_MESSAGE_EVENT`: the only type that the service documents for channel flows.
    ChannelMessageEvent,
    /// A value that this version of the crate does not know.
    Unknown(String),
}

/// Whether the service stores a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Persistence {
    /// `PERSISTENT`: stored.
    Persistent,
    /// `NON_PERSISTENT`: delivered to the members who are present, and not stored.
    NonPersistent,
    /// A value that this version of the crate does not know.
    Unknown(String),
}

/// The type of a message. Channel flows process `STANDARD` messages. The `CONTROL` variant exists because an event has
/// the field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageType {
    /// `STANDARD`: a message that people write.
    Standard,
    /// `CONTROL`: a message that clients send each other.
    Control,
    /// A value that this version of the crate does not know.
    Unknown(String),
}

impl Message {
    /// The fields that are read from an event's `ChannelMessage`.
    pub(crate) const FIELDS: &[&str] = &[
        "MessageId",
        "ChannelArn",
        "Content",
        "Metadata",
        "Sender",
        "Persistence",
        "Type",
        "CreatedTimestamp",
        "LastEditedTimestamp",
        "PushNotification",
        "MessageAttributes",
        "SubChannelId",
        "ContentType",
        "Target",
    ];

    /// Reads the `ChannelMessage` of an event. Returns `None` if the content cannot be read, since a processor cannot
    /// decide on content that it does not see.
    pub(crate) fn read(
        ids: CallbackIds,
        event_type: Option<EventType>,
        fields: &Fields<'_>,
        invocation: Invocation,
    ) -> Option<Self> {
        let sender = fields.object("Sender", &["Arn", "Name"]).unwrap_or_default();
        Some(Self {
            ids,
            event_type,
            content: match fields.raw("Content") {
                Some(raw) => lenient_json::string(raw)?,
                None => String::new(),
            },
            metadata: fields.string("Metadata"),
            sender: Sender { arn: sender.string("Arn").unwrap_or_default(), name: sender.string("Name") },
            persistence: fields.non_empty("Persistence").map(Persistence::from),
            message_type: fields.non_empty("Type").map(MessageType::from),
            created: fields.raw("CreatedTimestamp").and_then(Timestamp::read),
            last_edited: fields.raw("LastEditedTimestamp").and_then(Timestamp::read),
            push_notification: fields
                .object("PushNotification", &["Title", "Body", "Type"])
                .map(|fields| read_push_notification(&fields)),
            message_attributes: fields.raw("MessageAttributes").map(read_message_attributes).unwrap_or_default(),
            sub_channel_id: fields.non_empty("SubChannelId"),
            content_type: fields.non_empty("ContentType"),
            target: fields.raw("Target").map(read_target).unwrap_or_default(),
            invocation,
        })
    }

    /// Returns the id of the message.
    pub fn id(&self) -> &str {
        &self.ids.message_id
    }

    /// Returns the ARN of the channel in which the message was sent.
    pub fn channel_arn(&self) -> &str {
        &self.ids.channel_arn
    }

    /// Returns the id by which the service recognizes the callback. The framework sends the callback; use this id for
    /// logs.
    pub fn callback_id(&self) -> &str {
        &self.ids.callback_id
    }

    /// Returns the type of the event that brought the message. An event need not have a type.
    pub fn event_type(&self) -> Option<&EventType> {
        self.event_type.as_ref()
    }

    /// Returns the content as it was sent, or an empty string if the event has none. For the text that a person reads,
    /// use [`text`](Self::text).
    pub fn content(&self) -> &str {
        &self.content
    }

    /// Returns the percent-decoded content, decoded as `decodeURIComponent` does it. If decoding fails, for example on
    /// a lone `%`, returns the content unchanged.
    pub fn decoded_content(&self) -> std::borrow::Cow<'_, str> {
        percent_encoding::decode(&self.content)
    }

    /// Returns the text that a person reads, percent-decoded and without the envelope of a Lex bot. A [`Text`] also
    /// converts edits back into the content's form.
    pub fn text(&self) -> Text {
        Text::new(&*self.content)
    }

    /// Returns the envelope of a Lex bot's answer, if the content is one.
    pub fn lex_envelope(&self) -> Option<LexEnvelope> {
        LexEnvelope::parse(&self.decoded_content())
    }

    /// Returns the metadata.
    pub fn metadata(&self) -> Option<&str> {
        self.metadata.as_deref()
    }

    /// Returns the sender of the message.
    pub fn sender(&self) -> &Sender {
        &self.sender
    }

    /// Returns whether the service stores the message.
    pub fn persistence(&self) -> Option<&Persistence> {
        self.persistence.as_ref()
    }

    /// Returns the type of the message.
    pub fn message_type(&self) -> Option<&MessageType> {
        self.message_type.as_ref()
    }

    /// Returns the time at which the message was sent.
    pub fn created_at(&self) -> Option<SystemTime> {
        self.created.as_ref().and_then(Timestamp::time)
    }

    /// Returns the time at which the message was last edited.
    pub fn last_edited_at(&self) -> Option<SystemTime> {
        self.last_edited.as_ref().and_then(Timestamp::time)
    }

    /// Returns whether this is an edit of a message that was sent before: it has a time of its last edit, which differs
    /// from the time at which it was sent.
    pub fn is_edited(&self) -> bool {
        Timestamp::tell_edit(self.created.as_ref(), self.last_edited.as_ref())
    }

    /// Returns the push notification of the message.
    pub fn push_notification(&self) -> Option<&PushNotification> {
        self.push_notification.as_ref()
    }

    /// Returns the message attributes: names, and the string values of each.
    pub fn message_attributes(&self) -> &BTreeMap<String, Vec<String>> {
        &self.message_attributes
    }

    /// Returns the id of the sub-channel.
    pub fn sub_channel_id(&self) -> Option<&str> {
        self.sub_channel_id.as_deref()
    }

    /// Returns the content type.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// Returns the ARNs of the members that the message is for. Empty if the message is for everyone in the channel.
    pub fn target(&self) -> &[String] {
        &self.target
    }

    /// Returns the invocation that processes the message, with the time left and the request id.
    pub fn invocation(&self) -> &Invocation {
        &self.invocation
    }
}

fn read_push_notification(fields: &Fields<'_>) -> PushNotification {
    let mut push_notification = PushNotification::builder();
    if let Some(title) = fields.string("Title") {
        push_notification = push_notification.title(title);
    }
    if let Some(body) = fields.string("Body") {
        push_notification = push_notification.body(body);
    }
    if let Some(notification_type) = fields.non_empty("Type") {
        push_notification = push_notification.notification_type(notification_type.as_str().into());
    }
    push_notification.build()
}

fn read_message_attributes(raw: &str) -> BTreeMap<String, Vec<String>> {
    let values = |raw| {
        let fields = Fields::read(raw, &["StringValues"])?;
        Some(lenient_json::elements(fields.raw("StringValues")?).into_iter().filter_map(lenient_json::string).collect())
    };
    lenient_json::entries(raw).into_iter().filter_map(|(name, raw)| Some((name, values(raw)?))).collect()
}

fn read_target(raw: &str) -> Vec<String> {
    let member = |target| Fields::read(target, &["MemberArn"])?.non_empty("MemberArn");
    lenient_json::elements(raw).into_iter().filter_map(member).collect()
}

/// A time as the event gives it. It is documented as ISO 8601; in other AWS APIs it is seconds since 1970.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Timestamp(String);

impl Timestamp {
    pub(crate) fn read(raw: &str) -> Option<Self> {
        let written = lenient_json::string(raw).unwrap_or_else(|| raw.to_owned());
        (!written.is_empty()).then_some(Self(written))
    }

    /// Returns whether these are the times of a message that was edited.
    pub(crate) fn tell_edit(created: Option<&Self>, last_edited: Option<&Self>) -> bool {
        last_edited.is_some() && last_edited != created
    }

    pub(crate) fn time(&self) -> Option<SystemTime> {
        let formats = [DateTimeFormat::DateTimeWithOffset, DateTimeFormat::EpochSeconds];
        formats.into_iter().find_map(|format| DateTime::from_str(&self.0, format).ok()?.try_into().ok())
    }
}

impl From<String> for EventType {
    fn from(value: String) -> Self {
        match &*value {
            "CHANNEL_MESSAGE_EVENT" => Self::ChannelMessageEvent,
            _ => Self::Unknown(value),
        }
    }
}

impl From<String> for Persistence {
    fn from(value: String) -> Self {
        match &*value {
            "PERSISTENT" => Self::Persistent,
            "NON_PERSISTENT" => Self::NonPersistent,
            _ => Self::Unknown(value),
        }
    }
}

impl From<String> for MessageType {
    fn from(value: String) -> Self {
        match &*value {
            "STANDARD" => Self::Standard,
            "CONTROL" => Self::Control,
            _ => Self::Unknown(value),
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.ids.message_id)
            .field("channel_arn", &self.ids.channel_arn)
            .field("callback_id", &self.ids.callback_id)
            .field("content_bytes", &self.content.len())
            .field("metadata_bytes", &self.metadata.as_ref().map(String::len))
            .field("sender", &self.sender)
            .field("persistence", &self.persistence)
            .field("message_type", &self.message_type)
            .field("is_edited", &self.is_edited())
            .finish_non_exhaustive()
    }
}
