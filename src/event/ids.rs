//! The three ids that a callback needs.

use std::borrow::Cow;
use std::fmt;

use super::lenient_json::Fields;
use super::payload::Payload;
use crate::{Error, ErrorKind};

/// The ids with which a callback reaches the message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CallbackIds {
    pub(crate) callback_id: String,
    pub(crate) message_id: String,
    pub(crate) channel_arn: String,
}

/// The ids that an event lacks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MissingIds(pub(crate) Vec<&'static str>);

impl CallbackIds {
    pub(super) fn read(payload: &Payload<'_>, channel_message: &Fields<'_>) -> Result<Self, MissingIds> {
        let callback_id = payload.fields.non_empty("CallbackId");
        let message_id = channel_message.non_empty("MessageId");
        let channel_arn = channel_message.non_empty("ChannelArn");
        match (callback_id, message_id, channel_arn) {
            (Some(callback_id), Some(message_id), Some(channel_arn)) => {
                let [callback_id, message_id, channel_arn] =
                    [callback_id, message_id, channel_arn].map(Cow::into_owned);
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

impl fmt::Display for MissingIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the event has no {}", self.0.join(" and no "))
    }
}

impl std::error::Error for MissingIds {}

impl From<MissingIds> for Error {
    fn from(missing: MissingIds) -> Self {
        let problem = "the event cannot be answered: it is not what a channel flow sends";
        Self::new(ErrorKind::Event, problem).caused_by(missing)
    }
}
