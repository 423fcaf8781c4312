//! Where a message comes from: what it takes to ask the service about it.

use std::time::SystemTime;

use crate::event::lenient_json::Fields;
use crate::message::Timestamp;

/// The longest ARN that the service takes for who calls it.
const LONGEST_ARN: usize = 1600;

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

impl Provenance {
    pub(crate) fn is_from_bot(&self) -> bool {
        self.sender_arn.as_deref().is_some_and(|arn| arn.contains("/bot/"))
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
