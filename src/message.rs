//! A message as a processor sees it.

pub(crate) mod decoded;
mod difference;
pub(crate) mod lex_envelope;
pub(crate) mod mask;
pub(crate) mod message_type;
pub(crate) mod open_enum;
pub(crate) mod percent_encoding;
pub(crate) mod persistence;
pub(crate) mod push_notification;
pub(crate) mod sender;
pub(crate) mod text;
mod texts;
pub(crate) mod times;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::time::Instant;

use self::lex_envelope::LexEnvelope;
use self::message_type::MessageType;
use self::persistence::Persistence;
use self::push_notification::PushNotification;
use self::sender::Sender;
use self::text::Text;
use crate::event::event_type::EventType;
use crate::event::header::Header;
use crate::event::ids::CallbackIds;
use crate::event::lenient_json::{self, Fields};
use crate::event::payload::Payload;
use crate::event::provenance::Provenance;
use crate::{Invocation, Update};

/// A message that passes through the channel flow.
///
/// Only the [`id`](Self::id) and the [`channel_arn`](Self::channel_arn) are always present. The service may omit any
/// other field, send null for it, or add fields. A field that the event omits reads as absent or empty. A value that
/// this version of the crate does not know reads as the `Unknown` variant of its type.
///
/// A clone shares everything with the original, so it costs next to nothing. Two messages are equal if everything that
/// they show is, the invocation included: an event that Lambda redelivers brings another message with the same id.
///
/// `Debug` shows ids and lengths, never content, names or metadata.
///
/// ```
/// use channel_flow::testing;
///
/// let message = testing::message("What%20the%20heck%3F").build();
/// assert_eq!(message.content(), "What%20the%20heck%3F");
/// assert_eq!(message.to_decoded_content(), "What the heck?");
/// assert!(message.sender().is_user());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Message(Arc<Inner>, Invocation);

#[derive(Clone, PartialEq, Eq, Hash)]
struct Inner {
    header: Arc<Header>,
    event_type: Option<EventType>,
    content: String,
    metadata: Option<String>,
    message_type: Option<MessageType>,
    push_notification: Option<PushNotification>,
    message_attributes: BTreeMap<String, Vec<String>>,
    /// The sub-channel that an update sets. The message's own one is in the header.
    updated_sub_channel_id: Option<String>,
    content_type: Option<String>,
    target: Vec<String>,
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
        header: &Arc<Header>,
        payload: &Payload<'_>,
        fields: &Fields<'_>,
        invocation: &Invocation,
    ) -> Option<Self> {
        Some(Self(
            Arc::new(Inner {
                header: header.clone(),
                event_type: payload.fields.non_empty("EventType").map(|value| EventType::from(&*value)),
                content: match fields.raw("Content") {
                    Some(raw) => lenient_json::string(raw)?.into_owned(),
                    None => String::new(),
                },
                metadata: fields.string("Metadata").map(Cow::into_owned),
                message_type: fields.non_empty("Type").map(|value| MessageType::from(&*value)),
                push_notification: fields
                    .object("PushNotification", &["Title", "Body", "Type"])
                    .map(|fields| read_push_notification(&fields)),
                message_attributes: fields.raw("MessageAttributes").map(read_message_attributes).unwrap_or_default(),
                updated_sub_channel_id: None,
                content_type: fields.non_empty("ContentType").map(Cow::into_owned),
                target: fields.raw("Target").map(read_target).unwrap_or_default(),
            }),
            invocation.clone(),
        ))
    }

    pub(crate) fn header(&self) -> &Arc<Header> {
        &self.0.header
    }

    /// Returns the id of the message.
    pub fn id(&self) -> &str {
        &self.ids().message_id
    }

    /// Returns the ARN of the channel in which the message was sent.
    pub fn channel_arn(&self) -> &str {
        &self.ids().channel_arn
    }

    /// Returns the id by which the service recognizes the callback. The framework sends the callback; use this id for
    /// logs.
    pub fn callback_id(&self) -> &str {
        &self.ids().callback_id
    }

    /// Returns the type of the event that brought the message. An event need not have a type.
    pub fn event_type(&self) -> Option<&EventType> {
        self.0.event_type.as_ref()
    }

    /// Returns the content as it was sent, or an empty string if the event has none. For the text that a person reads,
    /// use [`to_text`](Self::to_text).
    pub fn content(&self) -> &str {
        &self.0.content
    }

    /// Returns the percent-decoded content, decoded as `decodeURIComponent` does it. If decoding fails, for example on
    /// a lone `%`, returns the content unchanged.
    pub fn to_decoded_content(&self) -> Cow<'_, str> {
        percent_encoding::decode(&self.0.content)
    }

    /// Returns the text that a person reads, percent-decoded and without the envelope of a Lex bot. A [`Text`] also
    /// converts edits back into the content's form.
    pub fn to_text(&self) -> Text {
        Text::new(&*self.0.content)
    }

    /// Returns the envelope of a Lex bot's answer, if the content is one.
    pub fn to_lex_envelope(&self) -> Option<LexEnvelope> {
        LexEnvelope::parse(&self.to_decoded_content())
    }

    /// Returns the metadata.
    pub fn metadata(&self) -> Option<&str> {
        self.0.metadata.as_deref()
    }

    /// Returns the sender of the message.
    pub fn sender(&self) -> &Sender {
        &self.provenance().sender
    }

    /// Returns whether the service stores the message.
    pub fn persistence(&self) -> Option<&Persistence> {
        self.provenance().persistence.as_ref()
    }

    /// Returns the type of the message.
    pub fn message_type(&self) -> Option<&MessageType> {
        self.0.message_type.as_ref()
    }

    /// Returns the time at which the message was sent.
    pub fn created_at(&self) -> Option<SystemTime> {
        self.provenance().times.created_at
    }

    /// Returns the time at which the message was last edited.
    pub fn last_edited_at(&self) -> Option<SystemTime> {
        self.provenance().times.last_edited_at
    }

    /// Returns whether this is an edit of a message that was sent before: it has a time of its last edit, which differs
    /// from the time at which it was sent.
    pub fn is_edited(&self) -> bool {
        self.provenance().times.is_edited
    }

    /// Returns the push notification of the message.
    pub fn push_notification(&self) -> Option<&PushNotification> {
        self.0.push_notification.as_ref()
    }

    /// Returns the message attributes: names, and the string values of each.
    pub fn message_attributes(&self) -> &BTreeMap<String, Vec<String>> {
        &self.0.message_attributes
    }

    /// Returns the id of the sub-channel.
    pub fn sub_channel_id(&self) -> Option<&str> {
        self.0.updated_sub_channel_id.as_deref().or(self.provenance().sub_channel_id.as_deref())
    }

    /// Returns the content type.
    pub fn content_type(&self) -> Option<&str> {
        self.0.content_type.as_deref()
    }

    /// Returns the ARNs of the members that the message is for. Empty if the message is for everyone in the channel.
    pub fn target(&self) -> &[String] {
        &self.0.target
    }

    /// Returns the invocation that processes the message, with the time left and the request id.
    pub fn invocation(&self) -> &Invocation {
        &self.1
    }

    /// Returns the message as `update` leaves it: each field that the update sets in place of the message's own. The
    /// attributes of an update take the place of all attributes of the message.
    ///
    /// ```
    /// use channel_flow::{Update, testing};
    ///
    /// let message = testing::message("Hello").metadata("{}").build();
    /// let update = Update::builder().content("Hi").build()?;
    /// let updated = message.with_update(&update);
    /// assert_eq!((updated.content(), updated.metadata()), ("Hi", Some("{}")));
    /// # Ok::<_, channel_flow::LimitError>(())
    /// ```
    #[must_use]
    pub fn with_update(&self, update: &Update) -> Self {
        let mut message = self.clone();
        if update.is_empty() {
            return message;
        }
        fn set<T: Clone>(field: &mut T, new: Option<T>) {
            if let Some(new) = new {
                *field = new;
            }
        }
        let inner = Arc::make_mut(&mut message.0);
        set(&mut inner.content, update.content().map(str::to_owned));
        set(&mut inner.metadata, update.metadata().map(|metadata| Some(metadata.to_owned())));
        set(&mut inner.push_notification, update.push_notification().map(|push| Some(push.clone())));
        let attributes = update.message_attributes();
        set(&mut inner.message_attributes, (!attributes.is_empty()).then(|| attributes.clone()));
        set(&mut inner.updated_sub_channel_id, update.sub_channel_id().map(|id| Some(id.to_owned())));
        set(&mut inner.content_type, update.content_type().map(|content_type| Some(content_type.to_owned())));
        message
    }

    /// Returns the message for a processor whose time ends at `deadline`, or earlier if the message's own time does.
    pub(crate) fn with_processor_deadline(&self, deadline: Instant) -> Self {
        Self(self.0.clone(), self.1.with_processor_deadline(deadline))
    }

    /// Returns the message for a processor that runs after the callback, with the time until `deadline`.
    pub(crate) fn with_time_after_callback(&self, deadline: Option<Instant>) -> Self {
        Self(self.0.clone(), self.1.after_callback(deadline))
    }

    fn ids(&self) -> &CallbackIds {
        &self.0.header.ids
    }

    fn provenance(&self) -> &Provenance {
        &self.0.header.provenance
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
        push_notification = push_notification.notification_type((&*notification_type).into());
    }
    push_notification.build()
}

fn read_message_attributes(raw: &str) -> BTreeMap<String, Vec<String>> {
    let values = |raw| {
        let fields = Fields::read(raw, &["StringValues"])?;
        let values = lenient_json::elements(fields.raw("StringValues")?).into_iter().flatten();
        Some(values.filter_map(lenient_json::string).map(Cow::into_owned).collect())
    };
    let entries = lenient_json::entries(raw).into_iter().flatten();
    entries.filter_map(|(name, raw)| Some((name.into_owned(), values(raw)?))).collect()
}

fn read_target(raw: &str) -> Vec<String> {
    let member = |target| Some(Fields::read(target, &["MemberArn"])?.non_empty("MemberArn")?.into_owned());
    lenient_json::elements(raw).into_iter().flatten().filter_map(member).collect()
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.ids().message_id)
            .field("channel_arn", &self.ids().channel_arn)
            .field("callback_id", &self.ids().callback_id)
            .field("content_bytes", &self.0.content.len())
            .field("metadata_bytes", &self.0.metadata.as_ref().map(String::len))
            .field("sender", self.sender())
            .field("persistence", &self.persistence())
            .field("message_type", &self.0.message_type)
            .field("is_edited", &self.is_edited())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn an_update_replaces_what_it_sets() {
        let original = testing::message("a").metadata("m").message_attribute("x", ["1"]).sub_channel_id("s").build();
        let push = PushNotification::builder().title("t").build();
        let update = Update::builder()
            .content("b")
            .push_notification(push.clone())
            .message_attribute("y", ["2"])
            .sub_channel_id("s2")
            .content_type("text/plain")
            .build()
            .unwrap();
        let updated = original.with_update(&update);
        assert_eq!((updated.content(), updated.metadata()), ("b", Some("m")));
        assert_eq!((updated.push_notification(), updated.content_type()), (Some(&push), Some("text/plain")));
        assert_eq!(updated.message_attributes().keys().collect::<Vec<_>>(), ["y"]);
        assert_eq!(updated.sub_channel_id(), Some("s2"));
        let metadata = Update::builder().metadata("").build().unwrap();
        assert_eq!(updated.with_update(&metadata).metadata(), Some(""));
        // The callback goes to the message as it was sent.
        assert_eq!(updated.pending(), original.pending());
        assert_eq!((original.content(), original.sub_channel_id()), ("a", Some("s")));
        assert_eq!(original.with_update(&Update::default()), original);
    }
}
