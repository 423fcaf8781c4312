//! Sub-channels: opening them, filling them, and balancing their members.

use crate::ids;
use crate::messaging::resource::channel::{Channel, Membership};
use crate::messaging::resource::sub_channel::SubChannel;
use crate::messaging::wire::output;
use crate::messaging::world::World;
use crate::model::session_event::SessionEvent;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::SystemTime;

impl World {
    /// Whether the members of the channel are split among sub-channels.
    pub(crate) fn is_elastic(&self, channel_arn: &str) -> bool {
        self.elastic_channels.contains(channel_arn)
    }

    /// Opens a sub-channel. Its id.
    pub(crate) fn open_sub_channel(&mut self, channel_arn: &str, now: SystemTime) -> String {
        let id = ids::uuid();
        self.channels.change(&mut self.batch, channel_arn, |channel| {
            channel.sub_channels.insert(id.clone(), SubChannel { created: now, memberships: BTreeMap::new() });
        });
        id
    }

    /// A sub-channel that has room for a member who is no moderator: the fullest one, or else a new one. `None` if there are as
    /// many as there may be.
    pub(crate) fn sub_channel_with_room(&mut self, channel_arn: &str, now: SystemTime) -> Option<String> {
        let configuration = *self.elastic_channels.get(channel_arn)?;
        let channel = self.channels.get(channel_arn)?;
        let fullest = fullest_with_room(channel, configuration.target_memberships_per_sub_channel, None);
        match fullest {
            Some(id) => Some(id),
            None if channel.sub_channels.len() < configuration.maximum_sub_channels => {
                Some(self.open_sub_channel(channel_arn, now))
            }
            None => None,
        }
    }

    /// Gives up sub-channels that have too few members, if the others have room for them.
    pub(super) fn balance_sub_channels(&mut self, channel_arn: &str, now: SystemTime) {
        while let Some(id) = self.sub_channel_to_give_up(channel_arn) {
            self.give_up_sub_channel(channel_arn, &id, now);
        }
    }

    fn sub_channel_to_give_up(&self, channel_arn: &str) -> Option<String> {
        if !self.assumptions.sub_channels_are_balanced {
            return None;
        }
        let configuration = self.elastic_channels.get(channel_arn)?;
        let channel = self.channels.get(channel_arn)?;
        // Of two that are equal the later one goes.
        let smallest = |(_, sub_channel): &(&String, &SubChannel)| {
            (channel.count_of_regular_members(sub_channel), Reverse(sub_channel.created))
        };
        let (id, smallest) = channel.sub_channels.iter().min_by_key(smallest)?;
        let count = channel.count_of_regular_members(smallest);
        let others = channel.sub_channels.iter().filter(|(other, _)| *other != id);
        let most = configuration.target_memberships_per_sub_channel;
        let room = |(_, other): (&String, &SubChannel)| most.saturating_sub(channel.count_of_regular_members(other));
        let rooms: Vec<_> = others.map(room).collect();
        let fits = !rooms.is_empty() && rooms.iter().fold(0_usize, |sum, room| sum.saturating_add(*room)) >= count;
        (fits && count < configuration.minimum_memberships()).then(|| id.clone())
    }

    fn give_up_sub_channel(&mut self, channel_arn: &str, id: &str, now: SystemTime) {
        let Some(configuration) = self.elastic_channels.get(channel_arn).copied() else { return };
        let Some(channel) = self.channels.get(channel_arn) else { return };
        let members = channel.sub_channels.get(id).map(|sub_channel| sub_channel.memberships.clone());
        let (moderators, members): (BTreeMap<_, _>, BTreeMap<_, _>) =
            members.into_iter().flatten().partition(|(arn, _)| channel.moderators.contains_key(arn));
        for arn in moderators.into_keys() {
            self.remove_membership(channel_arn, Some(id), &arn);
        }
        let mut moved = Vec::new();
        self.channels.change(&mut self.batch, channel_arn, |channel| {
            for (arn, membership) in members {
                let most = configuration.target_memberships_per_sub_channel;
                let Some(to) = fullest_with_room(channel, most, Some(id)) else { continue };
                let Some(memberships) = channel.memberships_of_mut(Some(&to)) else { continue };
                memberships.insert(arn.clone(), Membership { last_updated: now, ..membership });
                moved.push((arn, to));
            }
            channel.sub_channels.remove(id);
        });
        for (arn, to) in moved {
            self.notify_of_transfer(channel_arn, &to, arn);
        }
    }

    /// Only the one who was transferred is notified.
    fn notify_of_transfer(&mut self, channel_arn: &str, to: &str, arn: String) {
        let membership = self.channels.get(channel_arn).and_then(|channel| channel.membership(&arn, Some(to)));
        let Some(membership) = membership else { return };
        let payload = self.describe_membership(channel_arn, Some(to), &arn, membership, output::text);
        let event = SessionEvent { event_type: "UPDATE_CHANNEL_MEMBERSHIP", message_type: "SYSTEM", payload };
        self.batch.notify(vec![arn], event);
    }
}

impl Channel {
    /// How many members a sub-channel has that are no moderators.
    pub(crate) fn count_of_regular_members(&self, sub_channel: &SubChannel) -> usize {
        sub_channel.memberships.keys().filter(|arn| !self.moderators.contains_key(*arn)).count()
    }
}

/// The sub-channel with the most members that has room for one more, `but` for this one.
fn fullest_with_room(channel: &Channel, most: usize, but: Option<&str>) -> Option<String> {
    let count = |sub_channel: &SubChannel| channel.count_of_regular_members(sub_channel);
    let roomy = channel.sub_channels.iter().filter(|(id, sub_channel)| but != Some(id) && count(sub_channel) < most);
    // Of two that are equal the earlier one is filled.
    let fullest = roomy.max_by_key(|(_, sub_channel)| (count(sub_channel), Reverse(sub_channel.created)));
    fullest.map(|(id, _)| id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assumptions::Assumptions;
    use crate::messaging::resource::sub_channel::ElasticChannelConfiguration;
    use crate::messaging::world::batch::Effect;
    use crate::messaging::world::prefetch::PrefetchSortBy;
    use crate::messaging::world::testing::{CHANNEL, arn, identity, message, world};
    use proptest::prelude::*;
    use serde_json::Value;
    use std::collections::BTreeSet;
    use std::time::{Duration, UNIX_EPOCH};

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// The channel as an elastic one that Mia moderates and nobody is in yet: three sub-channels of ten, given up with fewer
    /// than four.
    fn elastic() -> World {
        let mut world = world(Assumptions::default());
        let configuration = ElasticChannelConfiguration {
            maximum_sub_channels: 3,
            target_memberships_per_sub_channel: 10,
            minimum_membership_percentage: 31,
        };
        world.elastic_channels.put(&mut world.batch, CHANNEL.to_owned(), configuration);
        world.channels.change(&mut world.batch, CHANNEL, |channel| {
            channel.memberships.clear();
            channel.channel_flow_arn = None;
        });
        world.add_moderator(CHANNEL, &arn("mia"), identity("mia"), UNIX_EPOCH);
        world
    }

    fn membership() -> Membership {
        Membership {
            kind: "DEFAULT".to_owned(),
            invited_by: identity("mia"),
            created: UNIX_EPOCH,
            last_updated: UNIX_EPOCH,
            read_marker: None,
        }
    }

    fn join(world: &mut World, person: &str, second: u64) -> String {
        world.create_member(arn(person), person.to_owned(), None, UNIX_EPOCH);
        let id = world.sub_channel_with_room(CHANNEL, at(second)).unwrap();
        world.add_membership(CHANNEL, Some(&id), &arn(person), membership());
        id
    }

    /// What was told to whom: the type, the sub-channel and the people.
    fn told(world: &mut World) -> Vec<(&'static str, String, String)> {
        let tell = |effect| match effect {
            Effect::Notify { to, event } => {
                let people: Vec<_> = to.iter().map(|arn| arn.rsplit('/').next().unwrap_or_default()).collect();
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                Some((event.event_type, text(&event.payload["SubChannelId"]), people.join(" ")))
            }
            _ => None,
        };
        world.take_batch().effects.into_iter().filter_map(tell).collect()
    }

    #[test]
    fn the_first_sub_channel_is_filled_before_another_is_opened() {
        let mut world = elastic();
        let ids: Vec<_> = (0..30).map(|number| join(&mut world, &format!("p{number:02}"), number)).collect();
        assert!(ids.chunks(10).all(|of_one| of_one.iter().all(|id| *id == of_one[0])), "{ids:?}");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 3);
        assert_eq!(world.sub_channel_with_room(CHANNEL, at(31)), None);
        world.assumptions.sub_channels_are_balanced = false;
        world.remove_memberships(CHANNEL, &arn("p15"));
        assert_eq!(world.sub_channel_with_room(CHANNEL, at(32)).as_ref(), Some(&ids[15]));
    }

    #[test]
    fn what_happens_in_a_sub_channel_is_told_there() {
        let mut world = elastic();
        let first = join(&mut world, "p00", 0);
        for number in 1..11 {
            join(&mut world, &format!("p{number:02}"), number);
        }
        let second = join(&mut world, "p11", 11);
        world.add_membership(CHANNEL, Some(&second), &arn("mia"), membership());
        told(&mut world);
        let mut said = message("p11", "hello");
        said.fields.sub_channel_id = Some(second.clone());
        world.send_message(CHANNEL, said, at(12));
        world.remove_membership(CHANNEL, Some(&second), &arn("mia"));
        let expected = [("CREATE_CHANNEL_MESSAGE", "mia p10 p11"), ("DELETE_CHANNEL_MEMBERSHIP", "mia p10 p11")];
        let expected = expected.map(|(event_type, people)| (event_type, second.clone(), people.to_owned()));
        assert_eq!(told(&mut world), expected);
        assert_ne!(first, second);
        world.update_channel(CHANNEL, at(13), |channel| channel.name = "New".to_owned());
        let [(event_type, _, people)] = &told(&mut world)[..] else { panic!("one event") };
        assert_eq!((*event_type, people.split(' ').count()), ("UPDATE_CHANNEL", 12));
    }

    #[test]
    fn a_sub_channel_with_too_few_members_is_given_up_once_the_others_have_room() {
        let mut world = elastic();
        let ids: Vec<_> = (0..14).map(|number| join(&mut world, &format!("p{number:02}"), number)).collect();
        let (first, second) = (ids[0].clone(), ids[13].clone());
        world.add_membership(CHANNEL, Some(&second), &arn("mia"), membership());
        told(&mut world);
        // Three are too few, and the first one has room for none, then for one, for two, and for three.
        for leaver in ["p13", "p00", "p01"] {
            world.remove_memberships(CHANNEL, &arn(leaver));
            assert!(told(&mut world).iter().all(|(event_type, ..)| *event_type == "DELETE_CHANNEL_MEMBERSHIP"));
        }
        world.remove_memberships(CHANNEL, &arn("p02"));
        let told = told(&mut world);
        let (left, moved) = told.split_first().unwrap();
        assert_eq!((left.0, &left.1), ("DELETE_CHANNEL_MEMBERSHIP", &first));
        let (moderator, moved) = moved.split_first().unwrap();
        assert_eq!(*moderator, ("DELETE_CHANNEL_MEMBERSHIP", second.clone(), "mia p10 p11 p12".to_owned()));
        let expected = ["p10", "p11", "p12"].map(|who| ("UPDATE_CHANNEL_MEMBERSHIP", first.clone(), who.to_owned()));
        assert_eq!(moved, expected);
        let channel = world.channels.get(CHANNEL).unwrap();
        assert_eq!((channel.sub_channels.len(), channel.members().len()), (1, 10));
        let transferred = channel.membership(&arn("p10"), Some(&first)).unwrap();
        assert!(transferred.last_updated > UNIX_EPOCH && transferred.created == UNIX_EPOCH);
    }

    #[test]
    fn the_last_sub_channel_stays() {
        let mut world = elastic();
        let id = join(&mut world, "p00", 0);
        assert!(world.remove_memberships(CHANNEL, &arn("p00")) && !world.remove_memberships(CHANNEL, &arn("p00")));
        assert_eq!(world.channels.get(CHANNEL).unwrap().sub_channels.keys().collect::<Vec<_>>(), [&id]);
    }

    #[test]
    fn sessions_are_not_told_of_elastic_channels_when_they_open() {
        let mut world = elastic();
        join(&mut world, "p00", 0);
        assert!(world.is_member(CHANNEL, &arn("p00")));
        assert!(world.prefetch(&arn("p00"), PrefetchSortBy::default()).is_empty());
    }

    proptest! {
        /// Whoever comes and goes: members are in one sub-channel each, none has too many, and none has too few for which the
        /// others would have room.
        #[test]
        fn members_stay_balanced(steps in prop::collection::vec((any::<bool>(), 0_usize..40), 1..120)) {
            let mut world = elastic();
            let mut inside = BTreeSet::new();
            for (second, (joins, number)) in steps.into_iter().enumerate() {
                let who = arn(&format!("p{number:02}"));
                if joins && !inside.contains(&who) {
                    if let Some(id) = world.sub_channel_with_room(CHANNEL, at(second as u64)) {
                        world.add_membership(CHANNEL, Some(&id), &who, membership());
                        inside.insert(who);
                    } else {
                        prop_assert_eq!(inside.len(), 30);
                    }
                } else if !joins {
                    prop_assert_eq!(world.remove_memberships(CHANNEL, &who), inside.remove(&who));
                    prop_assert_eq!(world.sub_channel_to_give_up(CHANNEL), None);
                }
                let channel = world.channels.get(CHANNEL).unwrap();
                prop_assert_eq!(channel.members().into_iter().cloned().collect::<BTreeSet<_>>(), inside.clone());
                let counts: Vec<_> = channel.sub_channels.values().map(|one| one.memberships.len()).collect();
                prop_assert_eq!(counts.iter().sum::<usize>(), inside.len());
                prop_assert!(counts.len() <= 3 && counts.iter().all(|count| *count <= 10), "{:?}", counts);
                world.take_batch();
            }
        }
    }
}
