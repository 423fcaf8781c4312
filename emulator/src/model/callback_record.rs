//! The service's record of a callback.

use crate::model::decision::Decision;
use crate::model::refusal::Refusal;
use axum::body::Bytes;
use std::fmt;
use std::time::{Instant, SystemTime};

/// One request to the callback operation, accepted or not.
#[derive(Clone)]
pub struct CallbackRecord {
    pub(crate) received_at: SystemTime,
    pub(crate) received: Instant,
    pub(crate) access_key_id: Option<String>,
    pub(crate) callback_id: Option<String>,
    pub(crate) body: Bytes,
    pub(crate) verdict: Result<Decision, Refusal>,
    pub(crate) fault: Option<String>,
}

impl CallbackRecord {
    /// When the service had read it.
    pub fn received_at(&self) -> SystemTime {
        self.received_at
    }

    /// The access key it claims to be signed with.
    pub fn access_key_id(&self) -> Option<&str> {
        self.access_key_id.as_deref()
    }

    /// Its body, as it came. It holds content: keep it out of logs.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Whether it decided the message.
    pub fn is_accepted(&self) -> bool {
        self.verdict.is_ok()
    }

    /// The decision it carried.
    ///
    /// # Errors
    ///
    /// Why the service refused it.
    pub fn verdict(&self) -> Result<Decision, &Refusal> {
        self.verdict.as_ref().copied()
    }

    /// The scripted fault that it met, such as `lost answer`. A callback can be accepted and its caller not know.
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }
}

impl fmt::Debug for CallbackRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackRecord")
            .field("access_key_id", &self.access_key_id)
            .field("callback_id", &self.callback_id)
            .field("body_bytes", &self.body.len())
            .field("verdict", &self.verdict)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}
