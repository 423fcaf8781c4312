//! Channels: creating, changing and deleting them.

use crate::messaging::resource::channel::Channel;
use crate::messaging::wire::output;
use crate::messaging::world::World;
use crate::model::session_event::SessionEvent;
use std::time::SystemTime;

impl World {
    pub(crate) fn is_member(&self, channel_arn: &str, arn: &str) -> bool {
        self.channels.get(channel_arn).is_some_and(|channel| channel.is_member(arn))
    }

    pub(crate) fn is_moderator(&self, channel_arn: &str, arn: &str) -> bool {
        self.channels.get(channel_arn).is_some_and(|channel| channel.moderators.contains_key(arn))
    }

    /// A new channel, with an ARN that is free. Its members are notified of every member.
    pub(crate) fn create_channel(&mut self, arn: String, channel: Channel) {
        let members: Vec<String> = channel.memberships.keys().cloned().collect();
        self.channels.put(&mut self.batch, arn.clone(), channel);
        for member in members {
            self.notify_of_membership("CREATE_CHANNEL_MEMBERSHIP", &arn, None, &member);
        }
    }

    /// Changes a channel, and notifies its members.
    pub(crate) fn update_channel(&mut self, arn: &str, now: SystemTime, change: impl FnOnce(&mut Channel)) {
        let changed = self.channels.change(&mut self.batch, arn, |channel| {
            change(channel);
            channel.last_updated = now;
        });
        if changed.is_some() {
            self.notify_of_channel("UPDATE_CHANNEL", arn);
        }
    }

    /// Gives a channel this flow, or none.
    pub(crate) fn associate(&mut self, arn: &str, channel_flow_arn: Option<String>, now: SystemTime) {
        if self.assumptions.association_updates_the_channel {
            self.update_channel(arn, now, |channel| channel.channel_flow_arn = channel_flow_arn);
        } else {
            self.channels.change(&mut self.batch, arn, |channel| channel.channel_flow_arn = channel_flow_arn);
        }
    }

    /// Deletes a channel and all that belongs to it, and notifies its members; `false` if there is no such one.
    pub(crate) fn delete_channel(&mut self, arn: &str) -> bool {
        if !self.channels.contains(arn) {
            return false;
        }
        self.notify_of_channel("DELETE_CHANNEL", arn);
        self.channels.remove(&mut self.batch, arn);
        self.messages.remove_channel(&mut self.batch, arn);
        self.forget_last_message(arn);
        self.forget_resource(arn);
        true
    }

    fn notify_of_channel(&mut self, event_type: &'static str, arn: &str) {
        let Some(channel) = self.channels.get(arn) else { return };
        let to = channel.members().into_iter().cloned().collect();
        let payload = self.describe_channel(arn, channel, output::text);
        self.batch.notify(to, SessionEvent { event_type, message_type: "SYSTEM", payload });
    }
}
