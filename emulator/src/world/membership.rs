//! Memberships, moderators and bans.

use crate::api::answer;
use crate::world::channel::{Appointment, Membership};
use crate::world::identity::Identity;
use crate::world::{SessionEvent, World};
use serde_json::json;
use std::time::SystemTime;

impl World {
    /// Puts somebody into a channel, without telling anyone.
    fn put_membership(&mut self, channel_arn: &str, member_arn: &str, membership: Membership) {
        self.channels.change(&mut self.batch, channel_arn, |channel| {
            channel.memberships.insert(member_arn.to_owned(), membership);
        });
    }

    /// Adds a member, and tells those who may know.
    pub(crate) fn add_membership(&mut self, channel_arn: &str, member_arn: &str, membership: Membership) {
        self.put_membership(channel_arn, member_arn, membership);
        self.tell_of_membership("CREATE_CHANNEL_MEMBERSHIP", channel_arn, member_arn);
    }

    /// Adds members by one request, and tells those who may know with one event.
    pub(crate) fn add_memberships(&mut self, channel_arn: &str, member_arns: &[String], membership: &Membership) {
        for member_arn in member_arns {
            self.put_membership(channel_arn, member_arn, membership.clone());
        }
        if member_arns.is_empty() {
            return;
        }
        let to = self.who_hears_of(channel_arn, member_arns, &membership.kind);
        let payload = self.describe_batch(channel_arn, member_arns, membership);
        let event_type = "BATCH_CREATE_CHANNEL_MEMBERSHIP";
        self.batch.tell(to, SessionEvent { event_type, message_type: "SYSTEM", payload });
    }

    /// Takes a member out, and tells those who may know, and the one who goes; `false` if there is no such member.
    pub(crate) fn remove_membership(&mut self, channel_arn: &str, member_arn: &str) -> bool {
        if !self.is_member(channel_arn, member_arn) {
            return false;
        }
        self.tell_of_membership("DELETE_CHANNEL_MEMBERSHIP", channel_arn, member_arn);
        self.channels.change(&mut self.batch, channel_arn, |channel| {
            channel.memberships.remove(member_arn);
        });
        true
    }

    /// Makes somebody a moderator.
    pub(crate) fn add_moderator(&mut self, channel_arn: &str, arn: &str, created_by: Identity, now: SystemTime) {
        self.channels.change(&mut self.batch, channel_arn, |channel| {
            channel.moderators.insert(arn.to_owned(), Appointment { created_by, created: now });
        });
    }

    /// Dismisses a moderator; `false` if there is no such one.
    pub(crate) fn remove_moderator(&mut self, channel_arn: &str, arn: &str) -> bool {
        self.is_moderator(channel_arn, arn)
            && self
                .channels
                .change(&mut self.batch, channel_arn, |channel| channel.moderators.remove(arn).is_some())
                .unwrap_or_default()
    }

    /// Bans somebody, who is no member any more.
    pub(crate) fn add_ban(&mut self, channel_arn: &str, arn: &str, created_by: Identity, now: SystemTime) {
        self.remove_membership(channel_arn, arn);
        self.channels.change(&mut self.batch, channel_arn, |channel| {
            channel.bans.insert(arn.to_owned(), Appointment { created_by, created: now });
        });
    }

    /// Lifts a ban; `false` if there is no such one.
    pub(crate) fn remove_ban(&mut self, channel_arn: &str, arn: &str) -> bool {
        self.is_banned(channel_arn, arn)
            && self
                .channels
                .change(&mut self.batch, channel_arn, |channel| channel.bans.remove(arn).is_some())
                .unwrap_or_default()
    }

    pub(crate) fn is_banned(&self, channel_arn: &str, arn: &str) -> bool {
        self.channels.get(channel_arn).is_some_and(|channel| channel.bans.contains_key(arn))
    }

    /// Tells of one member who is in the channel.
    pub(crate) fn tell_of_membership(&mut self, event_type: &'static str, channel_arn: &str, member_arn: &str) {
        let membership = self.channels.get(channel_arn).and_then(|channel| channel.memberships.get(member_arn));
        let Some(membership) = membership else { return };
        let to = self.who_hears_of(channel_arn, &[member_arn.to_owned()], &membership.kind);
        let payload = self.describe_membership(channel_arn, member_arn, membership, answer::text);
        self.batch.tell(to, SessionEvent { event_type, message_type: "SYSTEM", payload });
    }

    /// Which members of the channel hear of members of this kind: of hidden ones those who may see them, and themselves.
    fn who_hears_of(&self, channel_arn: &str, member_arns: &[String], kind: &str) -> Vec<String> {
        let Some(channel) = self.channels.get(channel_arn) else { return Vec::new() };
        let hears = |arn: &String| {
            kind != "HIDDEN"
                || member_arns.contains(arn)
                || self.role(channel_arn, arn).is_some_and(|role| role.may_deal_with_hidden_members())
        };
        channel.memberships.keys().filter(|arn| hears(arn)).cloned().collect()
    }

    /// `BatchChannelMemberships`.
    pub(crate) fn describe_batch(
        &self,
        channel_arn: &str,
        member_arns: &[String],
        membership: &Membership,
    ) -> serde_json::Value {
        json!({
            "InvitedBy": membership.invited_by,
            "Type": membership.kind,
            "Members": member_arns.iter().filter_map(|arn| self.identity(arn)).collect::<Vec<_>>(),
            "ChannelArn": channel_arn,
        })
    }
}
