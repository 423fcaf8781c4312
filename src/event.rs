//! The event that the service sends: first the three ids that a callback needs, then the rest.

use std::fmt;
use std::time::SystemTime;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::Fields;
use crate::message::Timestamp;
use crate::{EventType, Invocation, Message};

/// The largest event that is read whole, in bytes: what Lambda takes for an asynchronous invocation, the only kind that
/// the service makes ("Lambda quotas" in AWS's documentation; 256 KB before October 2025). The largest message that the
/// service stores makes an event of some 30 KB.
pub(crate) const LARGEST_EVENT: usize = 1024 * 1024;

/// The longest ARN that the service takes for who calls it.
const LONGEST_ARN: usize = 1600;

/// An event as Lambda delivers it: JSON that nothing has looked into yet.
///
/// [`Adapter`](crate::Adapter) takes events in this form because lambda_runtime does not call a function whose event
/// does not fit its type, and someone waits for that message too.
///
/// `Debug` shows the length only.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct RawEvent(pub(crate) Box<RawValue>);

impl RawEvent {
    /// The event in `json`.
    ///
    /// # Errors
    ///
    /// Where `json` is not JSON; the error says where it stops being it, and shows none of it.
    pub fn from_json(json: impl Into<String>) -> Result<Self, crate::Error> {
        RawValue::from_string(json.into()).map(Self).map_err(crate::Error::not_json)
    }
}

impl fmt::Debug for RawEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawEvent").field("bytes", &self.0.get().len()).finish()
    }
}

/// What a callback needs to reach the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CallbackIds {
    pub(crate) callback_id: String,
    pub(crate) message_id: String,
    pub(crate) channel_arn: String,
}

/// What is needed to ask the service about a message. Known also if the message itself cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Provenance {
    /// The sender, user or bot, who alone may ask. `None` if the event has no ARN there.
    pub(crate) sender_arn: Option<String>,
    pub(crate) sub_channel_id: Option<String>,
    pub(crate) is_edited: bool,
    /// Whether the event says that the service stores the message. Not if it says nothing.
    pub(crate) is_persistent: bool,
    /// When it was sent, or edited last.
    pub(crate) sent_at: Option<SystemTime>,
}

/// An event that can be answered.
pub(crate) struct Event {
    pub(crate) ids: CallbackIds,
    pub(crate) provenance: Provenance,
    pub(crate) message: Result<Message, Unreadable>,
}

/// Why a processor cannot be shown a message whose ids are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// What the service cannot have sent, and what a small function has no memory for.
    TooLarge,
    Content,
}

/// The ids that an event does not have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MissingIds(pub(crate) Vec<&'static str>);

impl Event {
    pub(crate) fn read(raw: &RawEvent, invocation: Invocation) -> Result<Self, MissingIds> {
        let json = raw.0.get();
        let event = Fields::read(json, &["EventType", "CallbackId", "ChannelMessage"]).unwrap_or_default();
        let channel_message = event.object("ChannelMessage", Message::FIELDS).unwrap_or_default();
        let ids = CallbackIds::read(&event, &channel_message)?;
        let provenance = Provenance::read(&channel_message);

        let message = match json.len() > LARGEST_EVENT {
            true => Err(Unreadable::TooLarge),
            false => {
                let event_type = event.non_empty("EventType").map(EventType::from);
                Message::read(ids.clone(), event_type, &channel_message, invocation).ok_or(Unreadable::Content)
            }
        };
        Ok(Self { ids, provenance, message })
    }
}

impl Provenance {
    pub(crate) fn is_from_bot(&self) -> bool {
        self.sender_arn.as_deref().is_some_and(|arn| arn.contains("/bot/"))
    }

    fn read(channel_message: &Fields<'_>) -> Self {
        let timestamp = |name| channel_message.raw(name).and_then(Timestamp::read);
        let (created, last_edited) = (timestamp("CreatedTimestamp"), timestamp("LastEditedTimestamp"));
        let sender = channel_message.object("Sender", &["Arn"]).and_then(|sender| sender.string("Arn"));
        Self {
            sender_arn: sender.filter(|arn| arn.starts_with("arn:") && arn.len() <= LONGEST_ARN),
            sub_channel_id: channel_message.non_empty("SubChannelId"),
            is_edited: Timestamp::tell_edit(created.as_ref(), last_edited.as_ref()),
            is_persistent: channel_message.string("Persistence").as_deref() == Some("PERSISTENT"),
            sent_at: [last_edited, created].iter().flatten().find_map(Timestamp::time),
        }
    }
}

impl CallbackIds {
    fn read(event: &Fields<'_>, channel_message: &Fields<'_>) -> Result<Self, MissingIds> {
        let callback_id = event.non_empty("CallbackId");
        let message_id = channel_message.non_empty("MessageId");
        let channel_arn = channel_message.non_empty("ChannelArn");
        match (callback_id, message_id, channel_arn) {
            (Some(callback_id), Some(message_id), Some(channel_arn)) => {
                Ok(Self { callback_id, message_id, channel_arn })
            }
            (callback_id, message_id, channel_arn) => {
                let ids = [
                    ("CallbackId", callback_id.is_none()),
                    ("ChannelMessage.MessageId", message_id.is_none()),
                    ("ChannelMessage.ChannelArn", channel_arn.is_none()),
                ];
                Err(MissingIds(ids.into_iter().filter(|(_, missing)| *missing).map(|(id, _)| id).collect()))
            }
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(f, "the event is larger than {LARGEST_EVENT} bytes"),
            Self::Content => f.write_str("the message's Content is not a string"),
        }
    }
}

impl std::error::Error for Unreadable {}

impl fmt::Display for MissingIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the event has no {}", self.0.join(" and no "))
    }
}

impl std::error::Error for MissingIds {}

#[cfg(test)]
mod tests;
