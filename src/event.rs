//! The event that the service sends: first the three ids that a callback needs, then the rest.

pub(crate) mod envelope;
pub(crate) mod ids;
pub(crate) mod lenient_json;
pub(crate) mod provenance;

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use self::ids::{CallbackIds, MissingIds};
use self::lenient_json::Fields;
use self::provenance::Provenance;
use crate::message::{EventType, Message};
use crate::{Error, ErrorKind, Invocation};

/// The largest event that is read whole, in bytes. The service invokes asynchronously, for which Lambda took this much
/// until October 2025 ("Lambda quotas" in AWS's documentation; 1 MB since), and the largest message that the service
/// stores, 4,096 bytes of content and 1,024 characters of metadata, makes an event of some 30 KB. A processor may need a
/// hundred bytes for each of a text, and the smallest function has 128 MB for all.
pub(crate) const LARGEST_EVENT: usize = 256 * 1024;

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
    pub fn from_json(json: impl Into<String>) -> Result<Self, Error> {
        RawValue::from_string(json.into())
            .map(Self)
            .map_err(|error| Error::new(ErrorKind::Event, "the event is not JSON").caused_by(error))
    }
}

impl fmt::Debug for RawEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawEvent").field("bytes", &self.0.get().len()).finish()
    }
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

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(f, "the event is larger than {LARGEST_EVENT} bytes"),
            Self::Content => f.write_str("the message's Content is not a string"),
        }
    }
}

impl std::error::Error for Unreadable {}

impl From<Unreadable> for Error {
    fn from(unreadable: Unreadable) -> Self {
        Self::new(ErrorKind::Event, "the message cannot be shown to a processor").caused_by(unreadable)
    }
}

#[cfg(test)]
mod tests;
