//! The event that the service sends. What a callback needs is read first, then the message.

pub(crate) mod durable;
pub(crate) mod envelope;
pub(crate) mod event_type;
pub(crate) mod header;
pub(crate) mod ids;
pub(crate) mod lenient_json;
pub(crate) mod payload;
pub(crate) mod provenance;

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use self::header::Header;
use self::ids::MissingIds;
use self::lenient_json::Fields;
use self::payload::Payload;
use crate::message::Message;
use crate::{Error, ErrorKind, Invocation};

/// The largest event that is read whole, in bytes. The service invokes functions asynchronously. For asynchronous
/// invocations, Lambda accepted events of up to this size until October 2025 ("Lambda quotas" in AWS's documentation; 1
/// MB since). The largest message that the service stores, with 4,096 bytes of content and 1,024 characters of
/// metadata, makes an event of some 30 KB. A processor may need a hundred bytes for each byte of a text, and the
/// smallest function has 128 MB in total.
pub(crate) const LARGEST_EVENT: usize = 256 * 1024;

/// An event as Lambda delivers it: JSON that has not been read yet.
///
/// [`Adapter`](crate::Adapter) takes events in this form because lambda_runtime does not call a function if the event
/// does not fit the function's type. The message in such an event needs a decision too.
///
/// `Debug` shows only the length.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct RawEvent(Box<RawValue>);

impl RawEvent {
    /// Creates an event from `json`.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] if `json` is not JSON. The error gives the position of the problem and shows none of the
    /// JSON.
    pub fn from_json(json: impl Into<String>) -> Result<Self, Error> {
        RawValue::from_string(json.into())
            .map(Self)
            .map_err(|error| Error::new(ErrorKind::Event, "the event is not JSON").caused_by(error))
    }

    pub(crate) fn json(&self) -> &str {
        self.0.get()
    }
}

impl fmt::Debug for RawEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawEvent").field("bytes", &self.json().len()).finish()
    }
}

/// An event with the ids that a callback needs.
pub(crate) struct Event {
    /// The message has the same header.
    pub(crate) header: Arc<Header>,
    pub(crate) message: Result<Message, Unreadable>,
}

/// The reason why a message with known ids cannot be shown to a processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// The event is larger than any that the service can have sent, and too large for the memory of a small function.
    TooLarge,
    Content,
}

impl Event {
    pub(crate) fn read(payload: &Payload<'_>, invocation: &Invocation) -> Result<Self, MissingIds> {
        let channel_message = Self::channel_message(payload);
        let header = Arc::new(Header::read(payload, &channel_message)?);
        let message = match payload.json.len() > LARGEST_EVENT {
            true => Err(Unreadable::TooLarge),
            false => Message::read(&header, payload, &channel_message, invocation).ok_or(Unreadable::Content),
        };
        Ok(Self { header, message })
    }

    /// Reads what a callback needs, without the message.
    pub(crate) fn read_header(payload: &Payload<'_>) -> Result<Header, MissingIds> {
        Header::read(payload, &Self::channel_message(payload))
    }

    fn channel_message<'a>(payload: &Payload<'a>) -> Fields<'a> {
        payload.fields.object("ChannelMessage", Message::FIELDS).unwrap_or_default()
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
