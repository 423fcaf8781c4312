//! When the last message came to a channel.

use crate::ids;
use crate::messaging::world::World;
use crate::messaging::world::batch::Change;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The store's table of when the last message came to a channel: apart from channels, which are large.
pub(crate) const LAST_MESSAGES: &str = "last-messages";

impl World {
    /// The channel has got a message.
    pub(super) fn note_last_message(&mut self, channel_arn: &str, at: SystemTime) {
        if !self.set_last_message(channel_arn, at) || !self.batch.is_durable() {
            return;
        }
        let value = Some(ids::milliseconds(at).to_string().into_bytes());
        self.batch.changes.push(Change { table: LAST_MESSAGES, key: channel_arn.to_owned(), value });
    }

    /// The channel is deleted.
    pub(super) fn forget_last_message(&mut self, channel_arn: &str) {
        if self.batch.is_durable() {
            self.batch.changes.push(Change { table: LAST_MESSAGES, key: channel_arn.to_owned(), value: None });
        }
    }

    /// Loads an entry of the data file; `false` if it cannot be read.
    pub(super) fn load_last_message(&mut self, channel_arn: &str, value: &[u8]) -> bool {
        let milliseconds = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
        let at = milliseconds.and_then(|at| UNIX_EPOCH.checked_add(Duration::from_millis(at)));
        if let Some(at) = at {
            self.set_last_message(channel_arn, at);
        }
        at.is_some()
    }

    fn set_last_message(&mut self, channel_arn: &str, at: SystemTime) -> bool {
        let Some(channel) = self.channels.get_unnoted(channel_arn) else { return false };
        let later = channel.last_message.is_none_or(|last| last < at);
        if later {
            channel.last_message = Some(at);
        }
        later
    }
}
