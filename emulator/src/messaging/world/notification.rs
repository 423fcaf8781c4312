//! Notifications about messages, for the sessions of members and for the watchers.

use crate::messaging::resource::message::{Message, Processing};
use crate::messaging::wire::output::text;
use crate::messaging::world::World;
use crate::messaging::world::batch::Effect;
use crate::model::activity::{Activity, ActivityKind};
use crate::model::message::{MessageChange, MessageFields, MessageKey, MessageStatus};
use crate::model::session_event::SessionEvent;
use serde_json::Value;
use std::time::SystemTime;

impl World {
    /// Notifies all members of the channel who may see the message.
    pub(super) fn notify_members(&mut self, key: MessageKey<'_>, message: &Message, event_type: &'static str) {
        if self.listeners.is_empty() {
            return;
        }
        let Some(channel) = self.channels.get(key.channel_arn) else { return };
        // Those of a sub-channel that was given up are told nothing.
        let members = channel.memberships_of(message.sub_channel_id()).into_iter().flat_map(|members| members.keys());
        let mut to: Vec<String> = members.filter(|arn| message.is_for(arn)).cloned().collect();
        if self.assumptions.former_member_is_told && !channel.is_member(&message.sender.arn) {
            to.push(message.sender.arn.clone());
        }
        let payload = Value::Object(message.describe(key, false, text));
        self.batch.notify(to, SessionEvent { event_type, message_type: message.kind.name(), payload });
    }

    /// As [`notify_members`](Self::notify_members), of a message that the channel has.
    pub(super) fn notify_of(&mut self, key: MessageKey<'_>, event_type: &'static str) {
        if self.listeners.is_empty() {
            return;
        }
        if let Some(message) = self.messages.get(key).cloned() {
            self.notify_members(key, &message, event_type);
        }
    }

    /// Notifies of a version of a message: everybody if it is sent, its sender if it is pending.
    pub(super) fn notify_version(&mut self, key: MessageKey<'_>, status: MessageStatus, change: MessageChange) {
        let event_type = event_type(status, change);
        if status == MessageStatus::Sent {
            self.notify_of(key, event_type);
            return;
        }
        if self.listeners.is_empty() {
            return;
        }
        let Some(message) = self.messages.get(key) else { return };
        let payload = Value::Object(message.describe(key, true, text));
        let event = SessionEvent { event_type, message_type: message.kind.name(), payload };
        self.notify_sender(key.channel_arn, message.sender.arn.clone(), event);
    }

    /// Notifies a sender that a version of a message was denied or failed.
    pub(super) fn notify_unsent(&mut self, key: MessageKey<'_>, unsent: &Processing, status: MessageStatus) {
        if self.listeners.is_empty() {
            return;
        }
        let Some(message) = self.messages.get(key) else { return };
        let event_type = event_type(status, unsent.change);
        let payload = Value::Object(message.describe_unsent(key, unsent, status, text));
        let event = SessionEvent { event_type, message_type: message.kind.name(), payload };
        self.notify_sender(key.channel_arn, message.sender.arn.clone(), event);
    }

    fn notify_sender(&mut self, channel_arn: &str, sender: String, event: SessionEvent) {
        if self.is_member(channel_arn, &sender) || self.assumptions.former_member_is_told {
            self.batch.notify(vec![sender], event);
        }
    }

    /// Announces that a message was sent, or an update of one.
    pub(super) fn announce_sent(
        &mut self,
        key: MessageKey<'_>,
        message: &Message,
        fields: &MessageFields,
        change: MessageChange,
        status: MessageStatus,
    ) {
        let kind = ActivityKind::Sent {
            sender_arn: message.sender.arn.clone(),
            sender_name: message.sender.name.clone(),
            change,
            fields: fields.clone(),
            status,
        };
        self.announce(self.clock.now(), key, kind);
    }

    /// Announces activity to the watchers, in the order of all effects.
    pub(crate) fn announce(&mut self, at: SystemTime, key: MessageKey<'_>, kind: ActivityKind) {
        let (channel_arn, message_id) = (key.channel_arn.to_owned(), key.message_id.to_owned());
        let activity = Activity { at, channel_arn, message_id, kind };
        self.batch.effects.push(Effect::Announce(Box::new(activity)));
    }
}

/// The type of the session event about a version with this status.
fn event_type(status: MessageStatus, change: MessageChange) -> &'static str {
    match (status, change) {
        (MessageStatus::Sent, MessageChange::Create) => "CREATE_CHANNEL_MESSAGE",
        (MessageStatus::Sent, MessageChange::Update) => "UPDATE_CHANNEL_MESSAGE",
        (MessageStatus::Pending, MessageChange::Create) => "PENDING_CREATE_CHANNEL_MESSAGE",
        (MessageStatus::Pending, MessageChange::Update) => "PENDING_UPDATE_CHANNEL_MESSAGE",
        (MessageStatus::Denied, MessageChange::Create) => "DENIED_CREATE_CHANNEL_MESSAGE",
        (MessageStatus::Denied, MessageChange::Update) => "DENIED_UPDATE_CHANNEL_MESSAGE",
        (MessageStatus::Failed, MessageChange::Create) => "FAILED_CREATE_CHANNEL_MESSAGE",
        (MessageStatus::Failed, MessageChange::Update) => "FAILED_UPDATE_CHANNEL_MESSAGE",
    }
}
