//! An app instance.

use serde::{Deserialize, Serialize};
use std::time::SystemTime;

/// Holds users, bots, channels and channel flows.
#[derive(Serialize, Deserialize)]
pub(crate) struct AppInstance {
    pub(crate) name: String,
    pub(crate) metadata: Option<String>,
    pub(crate) created: SystemTime,
    pub(crate) last_updated: SystemTime,
}

/// How long messages are kept, and since when that holds.
#[derive(Serialize, Deserialize)]
pub(crate) struct Retention {
    /// `None`: for good.
    pub(crate) days: Option<u32>,
    pub(crate) since: SystemTime,
}
