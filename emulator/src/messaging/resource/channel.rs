//! A channel: its members, moderators and bans, and the flow of its messages.

use crate::messaging::resource::identity::Identity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::SystemTime;

/// A channel, with all that belongs to it but its messages.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Channel {
    pub(crate) name: String,
    /// `UNRESTRICTED` or `RESTRICTED`: whether members may add members.
    pub(crate) mode: String,
    /// `PUBLIC` or `PRIVATE`.
    pub(crate) privacy: String,
    pub(crate) metadata: Option<String>,
    pub(crate) created_by: Identity,
    pub(crate) created: SystemTime,
    pub(crate) last_updated: SystemTime,
    pub(crate) last_message: Option<SystemTime>,
    pub(crate) channel_flow_arn: Option<String>,
    /// By ARN.
    pub(crate) memberships: BTreeMap<String, Membership>,
    /// By ARN.
    pub(crate) moderators: BTreeMap<String, Appointment>,
    /// By ARN.
    pub(crate) bans: BTreeMap<String, Appointment>,
}

/// A membership of a channel.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Membership {
    /// `DEFAULT` or `HIDDEN`.
    pub(crate) kind: String,
    pub(crate) invited_by: Identity,
    pub(crate) created: SystemTime,
    pub(crate) last_updated: SystemTime,
    pub(crate) read_marker: Option<SystemTime>,
}

/// The appointment of a moderator, or a ban: by whom, and since when.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Appointment {
    pub(crate) created_by: Identity,
    pub(crate) created: SystemTime,
}
