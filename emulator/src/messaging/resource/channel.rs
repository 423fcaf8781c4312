//! A channel: its members, moderators and bans, and the flow of its messages.

use crate::messaging::resource::identity::Identity;
use crate::messaging::resource::sub_channel::SubChannel;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
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
    /// By ARN. None in an elastic channel, whose sub-channels have them.
    pub(crate) memberships: BTreeMap<String, Membership>,
    /// Those of an elastic channel, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) sub_channels: BTreeMap<String, SubChannel>,
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

impl Channel {
    /// The memberships of this sub-channel, or without one those of a channel that is not elastic, if there is such a sub-channel.
    pub(crate) fn memberships_of(&self, sub_channel_id: Option<&str>) -> Option<&BTreeMap<String, Membership>> {
        match sub_channel_id {
            None => Some(&self.memberships),
            Some(id) => self.sub_channels.get(id).map(|sub_channel| &sub_channel.memberships),
        }
    }

    /// As [`memberships_of`](Self::memberships_of), to change them.
    pub(crate) fn memberships_of_mut(
        &mut self,
        sub_channel_id: Option<&str>,
    ) -> Option<&mut BTreeMap<String, Membership>> {
        match sub_channel_id {
            None => Some(&mut self.memberships),
            Some(id) => self.sub_channels.get_mut(id).map(|sub_channel| &mut sub_channel.memberships),
        }
    }

    /// Somebody's membership of this sub-channel, or of a channel that is not elastic.
    pub(crate) fn membership(&self, arn: &str, sub_channel_id: Option<&str>) -> Option<&Membership> {
        self.memberships_of(sub_channel_id)?.get(arn)
    }

    /// Every membership that somebody has, with its sub-channel. Moderators of an elastic channel may have several.
    pub(crate) fn memberships_held_by(&self, arn: &str) -> impl Iterator<Item = (Option<&str>, &Membership)> {
        let in_sub_channels = self.sub_channels.iter().filter_map(move |(id, sub_channel)| {
            sub_channel.memberships.get(arn).map(|membership| (Some(id.as_str()), membership))
        });
        self.memberships.get(arn).map(|membership| (None, membership)).into_iter().chain(in_sub_channels)
    }

    /// Whether somebody is a member, of whatever sub-channel.
    pub(crate) fn is_member(&self, arn: &str) -> bool {
        self.memberships_held_by(arn).next().is_some()
    }

    /// All members, of whatever sub-channel, once each.
    pub(crate) fn members(&self) -> BTreeSet<&String> {
        let in_sub_channels = self.sub_channels.values().flat_map(|sub_channel| sub_channel.memberships.keys());
        self.memberships.keys().chain(in_sub_channels).collect()
    }
}
