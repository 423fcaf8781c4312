//! The `CHANNEL_DETAILS` events that a session gets when it opens, if it asks for them.

use crate::assumptions::{PREFETCHED_MEMBERSHIPS, PREFETCHED_MESSAGES};
use crate::limits::PREFETCHED_CHANNELS;
use crate::messaging::resource::channel::Channel;
use crate::messaging::wire::output::{object, text};
use crate::messaging::world::World;
use crate::model::session_event::SessionEvent;
use serde_json::Value;
use std::cmp::Reverse;
use std::ops::Bound;

/// Which channels come first, if a user has more than fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PrefetchSortBy {
    /// Those with messages that the user has not marked as read, and among them and the others those with the latest
    /// message.
    #[default]
    Unread,
    /// Those with the latest message.
    LastMessageTimestamp,
}

impl PrefetchSortBy {
    /// As `prefetch-sort-by` names it.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "unread" => Some(Self::Unread),
            "last-message-timestamp" => Some(Self::LastMessageTimestamp),
            _ => None,
        }
    }
}

impl World {
    /// A `CHANNEL_DETAILS` for each channel of the user, up to [`PREFETCHED_CHANNELS`].
    pub(crate) fn prefetch(&self, user_arn: &str, sort_by: PrefetchSortBy) -> Vec<SessionEvent> {
        let mut channels: Vec<_> =
            self.channels.iter().filter(|(_, channel)| channel.memberships.contains_key(user_arn)).collect();
        channels.sort_by_key(|(_, channel)| {
            let unread = sort_by == PrefetchSortBy::Unread && channel.has_unread_messages(user_arn);
            Reverse((unread, channel.last_message))
        });
        let details = |(arn, channel): (&String, &Channel)| SessionEvent {
            event_type: "CHANNEL_DETAILS",
            message_type: "SYSTEM",
            payload: self.describe_details(arn, channel, user_arn),
        };
        channels.into_iter().take(PREFETCHED_CHANNELS).map(details).collect()
    }

    /// Its summary, its latest messages that the user sees, the latest first, and its members but for hidden ones.
    fn describe_details(&self, arn: &str, channel: &Channel, user_arn: &str) -> Value {
        let messages = self.messages.between(arn, (Bound::Unbounded, Bound::Unbounded)).rev();
        let messages = messages.filter(|(_, _, message)| self.lists(message, user_arn)).take(PREFETCHED_MESSAGES);
        let messages: Vec<_> = messages.map(|(_, key, message)| message.summarize(key, user_arn, text)).collect();
        let members = channel.memberships.iter().filter(|(_, membership)| membership.kind != "HIDDEN");
        let members: Vec<_> =
            members.take(PREFETCHED_MEMBERSHIPS).map(|(arn, _)| self.summarize_membership(arn)).collect();
        let read_marker = channel.memberships.get(user_arn).and_then(|membership| membership.read_marker);
        object([
            ("Channel", channel.summarize(arn, text)),
            ("ChannelMessages", messages.into()),
            ("ChannelMemberships", members.into()),
            ("ReadMarkerTimestamp", read_marker.map(text).into()),
        ])
    }
}

impl Channel {
    /// Whether the last message came after this member's read marker.
    fn has_unread_messages(&self, member_arn: &str) -> bool {
        let read = self.memberships.get(member_arn).and_then(|membership| membership.read_marker);
        // Without a marker everything is unread; without messages nothing is.
        self.last_message > read
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assumptions::Assumptions;
    use crate::messaging::world::testing::{CHANNEL, arn, identity, message, world};
    use serde_json::json;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// The world with these channels of Bob's beside the first, which has no message: last message, and what he has read.
    fn with_channels(channels: &[(u64, Option<u64>)]) -> World {
        let mut world = world(Assumptions::default());
        let first = world.channels.get(CHANNEL).unwrap().clone();
        for (number, (last, read)) in channels.iter().enumerate() {
            let mut channel = Channel { name: number.to_string(), last_message: Some(at(*last)), ..first.clone() };
            channel.memberships.get_mut(&arn("bob")).unwrap().read_marker = read.map(at);
            world.channels.put(&mut world.batch, format!("{CHANNEL}{number:03}"), channel);
        }
        world
    }

    fn names(world: &World, sort_by: PrefetchSortBy) -> Vec<String> {
        let name = |event: SessionEvent| event.payload["Channel"]["Name"].as_str().unwrap().to_owned();
        world.prefetch(&arn("bob"), sort_by).into_iter().map(name).collect()
    }

    #[test]
    fn unread_channels_come_first_or_those_with_the_latest_message() {
        let world = with_channels(&[(10, Some(10)), (40, Some(50)), (20, Some(19)), (30, None)]);
        assert_eq!(names(&world, PrefetchSortBy::default()), ["3", "2", "1", "0", "c"]);
        assert_eq!(names(&world, PrefetchSortBy::LastMessageTimestamp), ["1", "3", "2", "0", "c"]);
        assert!(world.prefetch(&arn("dora"), PrefetchSortBy::Unread).is_empty());
    }

    #[test]
    fn of_more_than_fifty_channels_the_first_fifty_are_told() {
        let world = with_channels(&(0..60).map(|number| (number, None)).collect::<Vec<_>>());
        let told = names(&world, PrefetchSortBy::Unread);
        assert_eq!((told.len(), &*told[0], &*told[49]), (50, "59", "10"));
    }

    #[test]
    fn a_channel_has_its_latest_messages_and_the_members_that_may_be_seen() {
        let mut world = world(Assumptions::default());
        world.channels.change(&mut world.batch, CHANNEL, |channel| {
            channel.channel_flow_arn = None;
            let alice = channel.memberships[&arn("alice")].clone();
            for number in 0..PREFETCHED_MEMBERSHIPS {
                channel.memberships.insert(arn(&format!("d{number:03}")), alice.clone());
            }
            channel.memberships.get_mut(&arn("carol")).unwrap().kind = "HIDDEN".to_owned();
            channel.memberships.get_mut(&arn("bob")).unwrap().read_marker = Some(at(1));
        });
        for number in 0..=PREFETCHED_MESSAGES {
            world.send_message(CHANNEL, message("alice", &number.to_string()), at(2));
            let mut for_carol = message("alice", "for Carol");
            for_carol.target = Some(arn("carol"));
            world.send_message(CHANNEL, for_carol, at(2));
        }
        let [event] = &world.prefetch(&arn("bob"), PrefetchSortBy::Unread)[..] else { panic!("one channel") };
        assert_eq!((event.event_type, event.message_type), ("CHANNEL_DETAILS", "SYSTEM"));
        let details = &event.payload;
        assert_eq!(details["Channel"]["ChannelArn"], CHANNEL);
        assert_eq!(details["ReadMarkerTimestamp"], "1970-01-01T00:00:01.000Z");
        let messages = details["ChannelMessages"].as_array().unwrap();
        let contents: Vec<_> = messages.iter().map(|message| message["Content"].as_str().unwrap()).collect();
        let expected: Vec<_> = (1..=PREFETCHED_MESSAGES).rev().map(|number| number.to_string()).collect();
        assert_eq!(contents, expected);
        assert_eq!(messages[0]["CreatedTimestamp"], "1970-01-01T00:00:02.000Z");
        let members = details["ChannelMemberships"].as_array().unwrap();
        assert_eq!(members.len(), PREFETCHED_MEMBERSHIPS);
        assert_eq!(members[0], json!({ "Member": identity("alice") }));
        assert!(!members.contains(&json!({ "Member": identity("carol") })));
    }
}
