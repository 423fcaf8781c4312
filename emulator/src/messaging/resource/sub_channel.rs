//! Elastic channels, whose members are split among sub-channels.

use crate::messaging::resource::channel::Membership;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::SystemTime;

/// `ElasticChannelConfiguration`, as the model spells it. It never changes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ElasticChannelConfiguration {
    pub(crate) maximum_sub_channels: usize,
    /// The most that a sub-channel has, moderators aside.
    pub(crate) target_memberships_per_sub_channel: usize,
    pub(crate) minimum_membership_percentage: usize,
}

/// A part of an elastic channel, with members and messages of its own.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SubChannel {
    pub(crate) created: SystemTime,
    /// By ARN.
    pub(crate) memberships: BTreeMap<String, Membership>,
}

impl ElasticChannelConfiguration {
    /// With fewer members than this, moderators aside, a sub-channel is given up if the others have room for them.
    pub(crate) fn minimum_memberships(self) -> usize {
        self.target_memberships_per_sub_channel.saturating_mul(self.minimum_membership_percentage).div_ceil(100)
    }
}
