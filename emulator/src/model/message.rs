//! A message as the channel has it.

use crate::arn::app_instance_of;
use crate::limits::{self, LimitError};
use crate::model::decision::Decision;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The three ids that make a callback belong to a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MessageIds {
    /// `CallbackId` of the event.
    pub callback_id: String,
    /// `ChannelMessage.MessageId` of the event.
    pub message_id: String,
    /// `ChannelMessage.ChannelArn` of the event.
    pub channel_arn: String,
}

/// Which message of which channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MessageKey<'a> {
    pub(crate) channel_arn: &'a str,
    pub(crate) message_id: &'a str,
}

/// Whether somebody sends a message or updates one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageChange {
    /// It is new.
    Create,
    /// It replaces the content of a message that was sent.
    Update,
}

/// The fields of a message that a callback may change.
///
/// Serializes as the service spells it. Its `Debug` shows lengths, never content.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct MessageFields {
    /// The text that people read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Data that clients attach, unseen by people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
    /// What devices show when the message arrives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_notification: Option<PushNotification>,
    /// Attributes that a subscription can filter on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_attributes: Option<BTreeMap<String, MessageAttributeValue>>,
    /// The sub-channel of an elastic channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_channel_id: Option<String>,
    /// The form of the content, for Lex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}

/// What devices show when the message arrives.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct PushNotification {
    /// The headline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// `DEFAULT` or `VOIP`.
    #[serde(default, rename = "Type", skip_serializing_if = "Option::is_none")]
    pub notification_type: Option<String>,
}

/// The values of one message attribute.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct MessageAttributeValue {
    /// All of them, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string_values: Option<Vec<String>>,
}

/// How far a message is on its way, as `GetChannelMessageStatus` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum MessageStatus {
    /// Nobody but its sender sees it, and a processor of its flow has not called back.
    Pending,
    /// Everyone in the channel sees it.
    Sent,
    /// A processor denied it; nobody but its sender ever saw it.
    Denied,
    /// The processor could not be reached, and the fallback action is to abort.
    Failed,
}

/// A message that was sent, and its status.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageState {
    ids: Arc<MessageIds>,
    status: MessageStatus,
    fields: MessageFields,
    decision: Option<Decision>,
    decided_by: Option<Arc<str>>,
}

impl MessageState {
    pub(crate) fn pending(ids: Arc<MessageIds>, fields: MessageFields) -> Self {
        Self { ids, status: MessageStatus::Pending, fields, decision: None, decided_by: None }
    }

    /// One that a channel has.
    pub(crate) fn of_channel(
        ids: MessageIds,
        status: MessageStatus,
        fields: MessageFields,
        decision: Option<Decision>,
        decided_by: Option<Arc<str>>,
    ) -> Self {
        Self { ids: Arc::new(ids), status, fields, decision, decided_by }
    }

    /// The ids it was sent with.
    pub fn ids(&self) -> &MessageIds {
        &self.ids
    }

    /// How far it is on its way.
    pub fn status(&self) -> MessageStatus {
        self.status
    }

    /// Its content now. Everyone in the channel sees this once the status is
    /// [`MessageStatus::Sent`], persistent or not.
    pub fn fields(&self) -> &MessageFields {
        &self.fields
    }

    /// What everyone in the channel sees; `None` while it is pending, and when it was denied.
    pub fn seen_by_everyone(&self) -> Option<&MessageFields> {
        (self.status == MessageStatus::Sent).then_some(&self.fields)
    }

    /// The decision of the accepted callback; `None` while there is none.
    pub fn decision(&self) -> Option<Decision> {
        self.decision
    }

    /// The function that the accepted callback came from, by its name; `None` if the service does not know.
    pub fn decided_by(&self) -> Option<&str> {
        self.decided_by.as_deref()
    }

    pub(crate) fn decide(
        &mut self,
        decision: Decision,
        changes: MessageFields,
        by: Option<Arc<str>>,
        absent_fields_are_kept: bool,
    ) {
        self.decision = Some(decision);
        self.decided_by = by;
        match decision {
            Decision::Deny => self.status = MessageStatus::Denied,
            // No callback says that a message is held.
            Decision::Update | Decision::NoChange | Decision::Hold => {
                self.status = MessageStatus::Sent;
                self.fields.apply(changes, absent_fields_are_kept);
            }
        }
    }
}

impl MessageIds {
    /// Which message they are of.
    pub(crate) fn key(&self) -> MessageKey<'_> {
        MessageKey { channel_arn: &self.channel_arn, message_id: &self.message_id }
    }

    /// The ARN of the app instance that the channel is of.
    pub fn app_instance_arn(&self) -> &str {
        app_instance_of(&self.channel_arn)
    }

    /// Whether the service could have given these ids out.
    ///
    /// # Errors
    ///
    /// The first limit that one of them breaks.
    pub fn check(&self) -> Result<(), LimitError> {
        limits::CALLBACK_ID.check(&self.callback_id)?;
        limits::MESSAGE_ID.check(&self.message_id)?;
        limits::CHANNEL_ARN.check(&self.channel_arn)
    }
}

impl MessageFields {
    /// Whether there is anything here: a callback without any leaves the message as it is.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Gives back memory that is not needed, before it is kept.
    pub(crate) fn shrink(&mut self) {
        let texts = [&mut self.content, &mut self.metadata, &mut self.sub_channel_id, &mut self.content_type];
        texts.into_iter().flatten().for_each(String::shrink_to_fit);
    }

    /// Takes over what `changes` has; see
    /// [`absent_fields_are_kept`](crate::assumptions::Assumptions::absent_fields_are_kept) for the fields that it lacks.
    pub(crate) fn apply(&mut self, changes: Self, absent_fields_are_kept: bool) {
        fn replace<T>(field: &mut Option<T>, change: Option<T>, keep: bool) {
            if change.is_some() || !keep {
                *field = change;
            }
        }
        let keep = absent_fields_are_kept;
        replace(&mut self.content, changes.content, keep);
        replace(&mut self.metadata, changes.metadata, keep);
        replace(&mut self.push_notification, changes.push_notification, keep);
        replace(&mut self.message_attributes, changes.message_attributes, keep);
        replace(&mut self.sub_channel_id, changes.sub_channel_id, keep);
        replace(&mut self.content_type, changes.content_type, keep);
    }
}

impl fmt::Display for MessageStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "PENDING",
            Self::Sent => "SENT",
            Self::Denied => "DENIED",
            Self::Failed => "FAILED",
        })
    }
}

impl fmt::Debug for MessageFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = |text: &Option<String>| text.as_ref().map(String::len);
        f.debug_struct("MessageFields")
            .field("content_bytes", &bytes(&self.content))
            .field("metadata_bytes", &bytes(&self.metadata))
            .field("push_notification", &self.push_notification)
            .field("message_attributes", &self.message_attributes.as_ref().map(BTreeMap::len))
            .field("sub_channel_id", &self.sub_channel_id)
            .field("content_type", &self.content_type)
            .finish()
    }
}

impl fmt::Debug for PushNotification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushNotification")
            .field("title_bytes", &self.title.as_ref().map(String::len))
            .field("body_bytes", &self.body.as_ref().map(String::len))
            .field("notification_type", &self.notification_type)
            .finish()
    }
}

impl fmt::Debug for MessageAttributeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageAttributeValue")
            .field("string_values", &self.string_values.as_ref().map(Vec::len))
            .finish()
    }
}

impl fmt::Debug for MessageState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageState")
            .field("ids", &self.ids)
            .field("status", &self.status)
            .field("fields", &self.fields)
            .field("decision", &self.decision)
            .field("decided_by", &self.decided_by)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> Arc<MessageIds> {
        Arc::new(MessageIds {
            callback_id: "c".repeat(36),
            message_id: "m".into(),
            channel_arn: "arn:aws:chime:us-east-1:123456789012:app-instance/a/channel/b".into(),
        })
    }

    #[test]
    fn a_release_keeps_what_it_does_not_mention() {
        let sent =
            MessageFields { content: Some("before".into()), metadata: Some("{}".into()), ..MessageFields::default() };
        let mut message = MessageState::pending(ids(), sent);
        assert_eq!(message.seen_by_everyone(), None);
        let changes = MessageFields { content: Some("after".into()), ..Default::default() };
        message.decide(Decision::Update, changes, Some("filter".into()), true);
        assert_eq!((message.decision(), message.decided_by()), (Some(Decision::Update), Some("filter")));
        let seen = message.seen_by_everyone().unwrap();
        assert_eq!(seen.content.as_deref(), Some("after"));
        assert_eq!(seen.metadata.as_deref(), Some("{}"));
    }

    #[test]
    fn debug_shows_nothing_that_was_said() {
        let fields = MessageFields {
            content: Some("secret".into()),
            metadata: Some("secret".into()),
            push_notification: Some(PushNotification {
                title: Some("secret".into()),
                body: Some("secret".into()),
                notification_type: None,
            }),
            message_attributes: Some(BTreeMap::from([(
                "secret".into(),
                MessageAttributeValue { string_values: Some(vec!["secret".into()]) },
            )])),
            ..MessageFields::default()
        };
        assert!(!format!("{:?}", MessageState::pending(ids(), fields)).contains("secret"));
    }
}
