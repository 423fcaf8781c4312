//! What is deleted because its time is over: channels and users by their expiration settings, messages by the retention
//! settings of their app instance.

use crate::messaging::resource::message::{Message, Tombstone};
use crate::messaging::world::World;
use crate::messaging::world::message_table::Place;
use crate::model::activity::ActivityKind;
use crate::model::message::{MessageFields, MessageKey};
use serde_json::Value;
use std::ops::Bound;
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(24 * 3600);

impl World {
    /// Deletes what is due, up to `most` channels, users and messages. Returns whether there may be more.
    ///
    /// It looks at each resource with expiration settings and at each channel of an app instance with retention settings, and
    /// at no other message than those that are due.
    pub(crate) fn expire(&mut self, most: usize) -> bool {
        let now = self.clock.now();
        let due = self.expiration_settings.iter().filter(|(arn, settings)| self.is_expired(arn, settings, now));
        let due: Vec<_> = due.map(|(arn, _)| arn.clone()).take(most).collect();
        for arn in &due {
            if !self.delete_channel(arn) {
                self.delete_member(arn);
            }
        }
        let old = self.old_messages(now, most - due.len());
        for (channel_arn, message_id) in &old {
            self.expire_message(MessageKey { channel_arn, message_id }, now);
        }
        due.len() + old.len() == most
    }

    /// Whether the time of a channel or user is over.
    fn is_expired(&self, arn: &str, settings: &Value, now: SystemTime) -> bool {
        let last_message = settings["ExpirationCriterion"] == "LAST_MESSAGE_TIMESTAMP";
        let since = match self.channels.get(arn) {
            // A channel without a message is as old as it is.
            Some(channel) => channel.last_message.filter(|_| last_message).or(Some(channel.created)),
            None => self.members.get(arn).map(|member| member.created),
        };
        let days = settings["ExpirationDays"].as_u64().and_then(|days| u32::try_from(days).ok());
        since.zip(days).is_some_and(|(since, days)| since + DAY * days <= now)
    }

    /// Messages that are kept no longer, by channel and id. One that a flow has is not among them.
    fn old_messages(&self, now: SystemTime, most: usize) -> Vec<(String, String)> {
        let mut old = Vec::new();
        for (app_instance_arn, retention) in self.retention_settings.iter() {
            let Some(until) = retention.days.and_then(|days| now.checked_sub(DAY * days)) else { continue };
            let until = (Bound::Unbounded, Bound::Included(Place::after(until)));
            for (channel_arn, _) in self.channels.under(&format!("{app_instance_arn}/")) {
                let messages = self.messages.between(channel_arn, until);
                let messages = messages.filter(|(_, _, message)| message.processing.is_none());
                let ids = messages.map(|(_, key, _)| (channel_arn.clone(), key.message_id.to_owned()));
                old.extend(ids.take(most - old.len()));
            }
        }
        old
    }

    fn expire_message(&mut self, key: MessageKey<'_>, now: SystemTime) {
        let Some(message) = self.messages.get(key) else { return };
        let gone = Message { fields: MessageFields::default(), ..message.clone() };
        // Nothing is to remain of it, unless a callback may still come.
        let may_be_called_back =
            now.duration_since(gone.last_updated).unwrap_or_default() < self.assumptions.callback_lifetime;
        let steps = if may_be_called_back { gone.steps.clone() } else { Vec::new() };
        self.messages.remove(&mut self.batch, key, Tombstone { status: gone.status, steps });
        if self.assumptions.retention_notifies {
            self.notify_members(key, &gone, "DELETE_CHANNEL_MESSAGE");
        }
        self.announce(now, key, ActivityKind::Deleted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assumptions::Assumptions;
    use crate::messaging::resource::app_instance::Retention;
    use crate::messaging::world::batch::Effect;
    use crate::messaging::world::testing::{CHANNEL, FLOW, arn, message, world};
    use serde_json::json;

    const APP_INSTANCE: &str = "arn:aws:chime:us-east-1:123456789012:app-instance/a";

    fn expire(world: &mut World) -> usize {
        let mut runs = 1;
        while world.expire(2) {
            runs += 1;
        }
        runs
    }

    fn retain(world: &mut World, days: u32) {
        let retention = Retention { days: Some(days), since: world.clock.now() };
        world.retention_settings.put(&mut world.batch, APP_INSTANCE.to_owned(), retention);
    }

    fn say(world: &mut World, content: &str) {
        let now = world.clock.now();
        world.send_message(CHANNEL, message("alice", content), now);
    }

    fn contents(world: &World) -> Vec<&str> {
        let messages = world.messages.between(CHANNEL, (Bound::Unbounded, Bound::Unbounded));
        messages.map(|(_, _, message)| message.fields.content.as_deref().unwrap()).collect()
    }

    fn told(world: &mut World) -> Vec<&'static str> {
        let effects = world.take_batch().effects;
        let types = effects.into_iter().filter_map(|effect| match effect {
            Effect::Notify { event, .. } => Some(event.event_type),
            _ => None,
        });
        types.collect()
    }

    #[test]
    fn messages_are_deleted_once_they_are_as_old_as_that() {
        let mut world = world(Assumptions::default());
        for content in ["1", "2", "3"] {
            say(&mut world, content);
        }
        world.clock.advance(DAY);
        say(&mut world, "4");
        expire(&mut world);
        assert_eq!(contents(&world), ["1", "2", "3", "4"]);
        retain(&mut world, 1);
        world.take_batch();
        assert_eq!(expire(&mut world), 2);
        assert_eq!(contents(&world), ["4"]);
        assert!(told(&mut world).is_empty());
        world.clock.advance(DAY - Duration::from_secs(60));
        expire(&mut world);
        assert_eq!(contents(&world), ["4"]);
        world.assumptions.retention_notifies = true;
        world.clock.advance(Duration::from_secs(60));
        expire(&mut world);
        assert!(contents(&world).is_empty());
        assert_eq!(told(&mut world), ["DELETE_CHANNEL_MESSAGE"]);
    }

    #[test]
    fn a_message_that_a_flow_has_stays_until_it_is_decided() {
        let mut world = world(Assumptions::default());
        retain(&mut world, 1);
        let processor = crate::messaging::resource::channel_flow::ChannelFlow {
            name: "f".to_owned(),
            processors: serde_json::from_value(json!([{
                "Name": "p",
                "Configuration": { "Lambda": { "ResourceArn": "f", "InvocationType": "ASYNC" } },
                "ExecutionOrder": 1,
                "FallbackAction": "ABORT",
            }]))
            .unwrap(),
            created: world.clock.now(),
            last_updated: world.clock.now(),
        };
        world.channel_flows.put(&mut world.batch, FLOW.to_owned(), processor);
        say(&mut world, "pending");
        let event = world.take_batch().effects.into_iter().find_map(|effect| match effect {
            Effect::Invoke { event, .. } => Some(event),
            _ => None,
        });
        world.clock.advance(DAY * 2);
        expire(&mut world);
        assert_eq!(contents(&world), ["pending"]);
        world.unreachable(&event.unwrap(), "gone".to_owned());
        assert_eq!(contents(&world), ["pending"]);
        expire(&mut world);
        assert!(contents(&world).is_empty());
    }

    #[test]
    fn channels_expire_by_either_criterion() {
        for (criterion, after_a_message) in [("CREATED_TIMESTAMP", false), ("LAST_MESSAGE_TIMESTAMP", true)] {
            let mut world = world(Assumptions::default());
            let now = world.clock.now();
            world.channels.change(&mut world.batch, CHANNEL, |channel| channel.created = now);
            let settings = json!({ "ExpirationDays": 3, "ExpirationCriterion": criterion });
            world.expiration_settings.put(&mut world.batch, CHANNEL.to_owned(), settings);
            world.clock.advance(DAY * 2);
            say(&mut world, "hello");
            expire(&mut world);
            assert!(world.channels.contains(CHANNEL));
            world.take_batch();
            world.clock.advance(DAY);
            expire(&mut world);
            assert_eq!(world.channels.contains(CHANNEL), after_a_message, "{criterion}");
            world.clock.advance(DAY * 2);
            expire(&mut world);
            assert!(!world.channels.contains(CHANNEL) && contents(&world).is_empty());
            assert_eq!(told(&mut world), ["DELETE_CHANNEL"]);
            assert_eq!(expire(&mut world), 1);
        }
    }

    #[test]
    fn users_expire() {
        let mut world = world(Assumptions::default());
        let now = world.clock.now();
        world.members.change(&mut world.batch, &arn("bob"), |member| member.created = now);
        let settings = json!({ "ExpirationDays": 5475, "ExpirationCriterion": "CREATED_TIMESTAMP" });
        world.expiration_settings.put(&mut world.batch, arn("bob"), settings);
        world.clock.advance(DAY * 5474);
        expire(&mut world);
        assert!(world.members.contains(&arn("bob")));
        world.clock.advance(DAY);
        expire(&mut world);
        assert!(!world.members.contains(&arn("bob")) && !world.is_member(CHANNEL, &arn("bob")));
        assert!(world.is_member(CHANNEL, &arn("alice")));
    }
}
