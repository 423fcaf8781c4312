//! Memberships, moderators and bans.

use crate::messaging::resource::channel::{Appointment, Membership};
use crate::messaging::resource::identity::Identity;
use crate::messaging::wire::output;
use crate::messaging::world::World;
use crate::model::session_event::SessionEvent;
use serde_json::json;
use std::time::SystemTime;

impl World {
    /// Puts somebody into a channel, without notifying anyone.
    fn put_membership(
        &mut self,
        channel_arn: &str,
        sub_channel_id: Option<&str>,
        member_arn: &str,
        membership: Membership,
    ) {
        self.channels.change(&mut self.batch, channel_arn, |channel| {
            if let Some(memberships) = channel.memberships_of_mut(sub_channel_id) {
                memberships.insert(member_arn.to_owned(), membership);
            }
        });
    }

    /// Adds a member, to a sub-channel if the channel is elastic, and notifies those who may know.
    pub(crate) fn add_membership(
        &mut self,
        channel_arn: &str,
        sub_channel_id: Option<&str>,
        member_arn: &str,
        membership: Membership,
    ) {
        self.put_membership(channel_arn, sub_channel_id, member_arn, membership);
        self.notify_of_membership("CREATE_CHANNEL_MEMBERSHIP", channel_arn, sub_channel_id, member_arn);
    }

    /// Adds members to a channel that is not elastic by one request, and notifies those who may know with one event.
    pub(crate) fn add_memberships(&mut self, channel_arn: &str, member_arns: &[String], membership: &Membership) {
        for member_arn in member_arns {
            self.put_membership(channel_arn, None, member_arn, membership.clone());
        }
        if member_arns.is_empty() {
            return;
        }
        let to = self.who_hears_of(channel_arn, None, member_arns, &membership.kind);
        let payload = self.describe_batch(channel_arn, None, member_arns, membership);
        let event_type = "BATCH_CREATE_CHANNEL_MEMBERSHIP";
        self.batch.notify(to, SessionEvent { event_type, message_type: "SYSTEM", payload });
    }

    /// Takes a member out, of this sub-channel if the channel is elastic, and notifies those who may know, and the former
    /// member; `false` if there is no such member.
    pub(crate) fn remove_membership(
        &mut self,
        channel_arn: &str,
        sub_channel_id: Option<&str>,
        member_arn: &str,
    ) -> bool {
        let channel = self.channels.get(channel_arn);
        if channel.is_none_or(|channel| channel.membership(member_arn, sub_channel_id).is_none()) {
            return false;
        }
        self.notify_of_membership("DELETE_CHANNEL_MEMBERSHIP", channel_arn, sub_channel_id, member_arn);
        self.channels.change(&mut self.batch, channel_arn, |channel| {
            channel.memberships_of_mut(sub_channel_id).and_then(|memberships| memberships.remove(member_arn));
        });
        self.forget_preferences(channel_arn, member_arn);
        true
    }

    /// Takes a member out of a channel and of all its sub-channels, as [`remove_membership`](Self::remove_membership) does; `false`
    /// if there is no such member.
    pub(crate) fn remove_memberships(&mut self, channel_arn: &str, member_arn: &str) -> bool {
        let Some(channel) = self.channels.get(channel_arn) else { return false };
        let held: Vec<_> = channel
            .memberships_held_by(member_arn)
            .map(|(sub_channel_id, _)| sub_channel_id.map(str::to_owned))
            .collect();
        for sub_channel_id in &held {
            self.remove_membership(channel_arn, sub_channel_id.as_deref(), member_arn);
        }
        if !held.is_empty() {
            self.balance_sub_channels(channel_arn, self.clock.now());
        }
        !held.is_empty()
    }

    /// Makes somebody a moderator. In an elastic channel, members who become moderators are in no sub-channel any more.
    pub(crate) fn add_moderator(&mut self, channel_arn: &str, arn: &str, created_by: Identity, now: SystemTime) {
        if self.is_elastic(channel_arn) {
            self.remove_memberships(channel_arn, arn);
        }
        self.channels.change(&mut self.batch, channel_arn, |channel| {
            channel.moderators.insert(arn.to_owned(), Appointment { created_by, created: now });
        });
    }

    /// Dismisses a moderator, who in an elastic channel is in no sub-channel any more; `false` if there is no such one.
    pub(crate) fn remove_moderator(&mut self, channel_arn: &str, arn: &str) -> bool {
        let there = self.is_moderator(channel_arn, arn);
        if there && self.is_elastic(channel_arn) {
            self.remove_memberships(channel_arn, arn);
        }
        there
            && self
                .channels
                .change(&mut self.batch, channel_arn, |channel| channel.moderators.remove(arn).is_some())
                .unwrap_or_default()
    }

    /// Bans somebody, who is no member any more.
    pub(crate) fn add_ban(&mut self, channel_arn: &str, arn: &str, created_by: Identity, now: SystemTime) {
        self.remove_memberships(channel_arn, arn);
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

    /// Notifies of one member of the channel or sub-channel.
    pub(crate) fn notify_of_membership(
        &mut self,
        event_type: &'static str,
        channel_arn: &str,
        sub_channel_id: Option<&str>,
        member_arn: &str,
    ) {
        let channel = self.channels.get(channel_arn);
        let Some(membership) = channel.and_then(|channel| channel.membership(member_arn, sub_channel_id)) else {
            return;
        };
        let to = self.who_hears_of(channel_arn, sub_channel_id, &[member_arn.to_owned()], &membership.kind);
        let payload = self.describe_membership(channel_arn, sub_channel_id, member_arn, membership, output::text);
        self.batch.notify(to, SessionEvent { event_type, message_type: "SYSTEM", payload });
    }

    /// The members of the channel or sub-channel who are notified of members of this kind: of hidden ones those who may see
    /// them, and themselves.
    fn who_hears_of(
        &self,
        channel_arn: &str,
        sub_channel_id: Option<&str>,
        member_arns: &[String],
        kind: &str,
    ) -> Vec<String> {
        let channel = self.channels.get(channel_arn);
        let Some(memberships) = channel.and_then(|channel| channel.memberships_of(sub_channel_id)) else {
            return Vec::new();
        };
        let hears = |arn: &String| {
            kind != "HIDDEN"
                || member_arns.contains(arn)
                || self.role(channel_arn, arn).is_some_and(|role| role.may_deal_with_hidden_members())
        };
        memberships.keys().filter(|arn| hears(arn)).cloned().collect()
    }

    /// `BatchChannelMemberships`.
    pub(crate) fn describe_batch(
        &self,
        channel_arn: &str,
        sub_channel_id: Option<&str>,
        member_arns: &[String],
        membership: &Membership,
    ) -> serde_json::Value {
        output::object([
            ("InvitedBy", json!(membership.invited_by)),
            ("Type", membership.kind.as_str().into()),
            ("Members", json!(member_arns.iter().filter_map(|arn| self.identity(arn)).collect::<Vec<_>>())),
            ("ChannelArn", channel_arn.into()),
            ("SubChannelId", sub_channel_id.into()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assumptions::Assumptions;
    use crate::messaging::world::batch::Effect;
    use crate::messaging::world::testing::{CHANNEL, FLOW, arn, identity, world};
    use serde_json::Value;
    use std::time::{Duration, UNIX_EPOCH};

    /// A world in which nothing has happened yet, and where Alice is a moderator.
    fn quiet() -> World {
        let mut world = world(Assumptions::default());
        world.add_moderator(CHANNEL, &arn("alice"), identity("alice"), UNIX_EPOCH);
        world.create_member(arn("dora"), "dora".to_owned(), None, UNIX_EPOCH);
        world.take_batch();
        world
    }

    /// What was told to whom, and nothing else has come about.
    fn told(world: &mut World) -> Vec<(&'static str, Vec<String>, Value)> {
        let tell = |effect| match effect {
            Effect::Notify { to, event } => {
                assert_eq!(event.message_type, "SYSTEM");
                let people = to.iter().map(|arn| arn.rsplit('/').next().unwrap_or_default().to_owned()).collect();
                (event.event_type, people, event.payload)
            }
            other => panic!("{other:?}"),
        };
        world.take_batch().effects.into_iter().map(tell).collect()
    }

    fn membership(kind: &str) -> Membership {
        Membership {
            kind: kind.to_owned(),
            invited_by: identity("alice"),
            created: UNIX_EPOCH,
            last_updated: UNIX_EPOCH,
            read_marker: None,
        }
    }

    #[test]
    fn all_members_hear_of_a_new_one() {
        let mut world = quiet();
        world.add_membership(CHANNEL, None, &arn("dora"), membership("DEFAULT"));
        let [(event_type, to, payload)] = &told(&mut world)[..] else { panic!("one event") };
        assert_eq!(
            (*event_type, &to[..]),
            ("CREATE_CHANNEL_MEMBERSHIP", &["alice", "bob", "carol", "dora"].map(String::from)[..])
        );
        let expected = json!({
            "InvitedBy": { "Arn": arn("alice"), "Name": "alice" },
            "Type": "DEFAULT",
            "Member": { "Arn": arn("dora"), "Name": "dora" },
            "ChannelArn": CHANNEL,
            "CreatedTimestamp": "1970-01-01T00:00:00.000Z",
            "LastUpdatedTimestamp": "1970-01-01T00:00:00.000Z",
        });
        assert_eq!(*payload, expected);
    }

    #[test]
    fn of_hidden_members_those_hear_who_may_see_them() {
        let mut world = quiet();
        world.add_membership(CHANNEL, None, &arn("dora"), membership("HIDDEN"));
        world.remove_membership(CHANNEL, None, &arn("dora"));
        let told = told(&mut world);
        let events: Vec<_> = told.iter().map(|(event_type, to, _)| (*event_type, to.join(" "))).collect();
        let expected = [("CREATE_CHANNEL_MEMBERSHIP", "alice dora"), ("DELETE_CHANNEL_MEMBERSHIP", "alice dora")];
        assert_eq!(events, expected.map(|(event_type, to)| (event_type, to.to_owned())));
    }

    #[test]
    fn a_batch_is_one_event() {
        let mut world = quiet();
        world.add_memberships(CHANNEL, &[], &membership("DEFAULT"));
        assert!(told(&mut world).is_empty());
        world.add_memberships(CHANNEL, &[arn("dora")], &membership("DEFAULT"));
        let [(event_type, to, payload)] = &told(&mut world)[..] else { panic!("one event") };
        assert_eq!((*event_type, to.len()), ("BATCH_CREATE_CHANNEL_MEMBERSHIP", 4));
        assert_eq!(payload["Members"], json!([{ "Arn": arn("dora"), "Name": "dora" }]));
    }

    #[test]
    fn a_ban_takes_out_and_the_one_who_goes_hears_of_it() {
        let mut world = quiet();
        world.add_ban(CHANNEL, &arn("bob"), identity("alice"), UNIX_EPOCH);
        let [(event_type, to, _)] = &told(&mut world)[..] else { panic!("one event") };
        assert_eq!((*event_type, to.join(" ")), ("DELETE_CHANNEL_MEMBERSHIP", "alice bob carol".to_owned()));
        assert!(!world.is_member(CHANNEL, &arn("bob")) && world.is_banned(CHANNEL, &arn("bob")));
        assert!(world.remove_ban(CHANNEL, &arn("bob")) && !world.remove_ban(CHANNEL, &arn("bob")));
        assert!(told(&mut world).is_empty());
    }

    #[test]
    fn members_hear_what_becomes_of_the_channel() {
        let mut world = quiet();
        world.assumptions.association_updates_the_channel = true;
        let later = UNIX_EPOCH + Duration::from_millis(1);
        world.associate(CHANNEL, None, later);
        world.delete_channel(CHANNEL);
        let [(updated, _, payload), (deleted, to, _)] = &told(&mut world)[..] else { panic!("two events") };
        assert_eq!((*updated, *deleted, to.len()), ("UPDATE_CHANNEL", "DELETE_CHANNEL", 3));
        assert_eq!(payload["LastUpdatedTimestamp"], "1970-01-01T00:00:00.001Z");
        assert!(payload.get("ChannelFlowArn").is_none());
        assert!(world.role(CHANNEL, &arn("alice")).is_none());
    }

    #[test]
    fn an_association_is_no_update_that_members_hear_of() {
        let mut world = quiet();
        world.associate(CHANNEL, None, UNIX_EPOCH + Duration::from_secs(1));
        assert!(told(&mut world).is_empty());
        let channel = world.channels.get(CHANNEL).unwrap();
        assert_eq!((channel.channel_flow_arn.as_deref(), channel.last_updated), (None, UNIX_EPOCH));
        world.associate(CHANNEL, Some(FLOW.to_owned()), UNIX_EPOCH);
        assert_eq!(world.channels.get(CHANNEL).unwrap().channel_flow_arn.as_deref(), Some(FLOW));
    }

    #[test]
    fn what_goes_takes_all_that_the_store_has_of_it() {
        let mut world = quiet();
        world.add_tags(CHANNEL, [("k".to_owned(), "v".to_owned())].into());
        world.add_tags(&arn("bob"), [("k".to_owned(), "v".to_owned())].into());
        assert!(world.delete_member(&arn("bob")) && !world.delete_member(&arn("bob")));
        assert!(!world.is_member(CHANNEL, &arn("bob")));
        assert!(world.delete_channel(CHANNEL) && !world.delete_channel(CHANNEL));
        let mut left = std::collections::BTreeMap::new();
        for change in world.take_batch().changes {
            left.insert((change.table, change.key), change.value.is_some());
        }
        assert!(left.values().all(|there| !there), "{:?}", left.keys());
        assert!(left.len() >= 4);
    }
}
