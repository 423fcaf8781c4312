//! The origin of a message: the data needed to ask the service about it.

use std::borrow::Cow;
use std::time::SystemTime;

use super::lenient_json::Fields;
use crate::message::persistence::Persistence;
use crate::message::sender::Sender;
use crate::message::times::Times;

/// The longest caller ARN that the service accepts.
const LONGEST_ARN: usize = 1600;

/// The data needed to ask the service about a message. It is available even if the message itself cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Provenance {
    pub(crate) sender: Sender,
    pub(crate) sub_channel_id: Option<String>,
    pub(crate) persistence: Option<Persistence>,
    pub(crate) times: Times,
}

impl Provenance {
    /// Returns the ARN of the sender, a user or a bot. Only the sender may ask. `None` if the event has no ARN that the
    /// service would accept.
    pub(crate) fn sender_arn(&self) -> Option<&str> {
        let arn = self.sender.arn();
        (arn.starts_with("arn:") && arn.len() <= LONGEST_ARN).then_some(arn)
    }

    /// Returns when the message was sent or last edited.
    pub(crate) fn sent_at(&self) -> Option<SystemTime> {
        self.times.last_edited_at.or(self.times.created_at)
    }

    fn is_from_bot(&self) -> bool {
        self.sender_arn().is_some_and(|arn| arn.contains("/bot/"))
    }

    /// Returns whether the service stores the message while it is processed, and lets its sender ask about it. That is
    /// documented for the persistent messages of people. `false` if the event does not say whether it is one.
    pub(crate) fn is_sure_to_have_a_status(&self) -> bool {
        self.persistence == Some(Persistence::Persistent) && !self.is_from_bot()
    }

    pub(super) fn read(channel_message: &Fields<'_>) -> Self {
        let sender = channel_message.object("Sender", &["Arn", "Name"]).unwrap_or_default();
        Self {
            sender: Sender {
                arn: sender.string("Arn").unwrap_or_default().into_owned(),
                name: sender.string("Name").map(Cow::into_owned),
            },
            sub_channel_id: channel_message.non_empty("SubChannelId").map(Cow::into_owned),
            persistence: channel_message.non_empty("Persistence").map(|value| Persistence::from(&*value)),
            times: Times::read(channel_message.raw("CreatedTimestamp"), channel_message.raw("LastEditedTimestamp")),
        }
    }
}
