//! An event of a messaging session.

use serde_json::Value;
use std::fmt;

/// An event that a session sends to its client, in a text frame.
#[derive(Clone)]
pub(crate) struct SessionEvent {
    /// `x-amz-chime-event-type`, such as `CREATE_CHANNEL_MESSAGE`.
    pub(crate) event_type: &'static str,
    /// `x-amz-chime-message-type`: `SYSTEM`, `STANDARD` or `CONTROL`.
    pub(crate) message_type: &'static str,
    pub(crate) payload: Value,
}

impl fmt::Debug for SessionEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionEvent")
            .field("event_type", &self.event_type)
            .field("message_type", &self.message_type)
            .finish_non_exhaustive()
    }
}
