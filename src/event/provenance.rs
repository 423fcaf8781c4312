//! The origin of a message: the data needed to ask the service about it.

use std::time::SystemTime;

use crate::event::lenient_json::Fields;
use crate::message::Timestamp;

/// The longest caller ARN that the service accepts.
const LONGEST_ARN: usize = 1600;

/// The data needed to ask the service about a message. It is available even if the message itself cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Provenance {
    /// The sender, a user or a bot. Only the sender may ask. `None` if the event has no ARN for the sender.
    pub(crate) sender_arn: Option<String>,
    pub(crate) sub_channel_id: Option<String>,
    pub(crate) is_edited: bool,
    /// Whether the event says that the service stores the message; `false` if the event does not say.
    pub(crate) is_persistent: bool,
    /// When the message was sent or last edited.
    pub(crate) sent_at: Option<SystemTime>,
}

impl Provenance {
    fn is_from_bot(&self) -> bool {
        self.sender_arn.as_deref().is_some_and(|arn| arn.contains("/bot/"))
    }

    /// Returns whether the service stores the message while it is processed, and lets its sender ask about it. That is
    /// documented for the persistent messages of people.
    pub(crate) fn is_sure_to_have_a_status(&self) -> bool {
        self.is_persistent && !self.is_from_bot()
    }

    pub(super) fn read(channel_message: &Fields<'_>) -> Self {
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
