//! Who is told what of a message: the sessions of members, and the channel's time of the last message.

use crate::messaging::resource::message::{Message, Processing};
use crate::messaging::wire::output::text;
use crate::messaging::world::World;
use crate::model::message::MessageStatus;
use crate::model::session_event::SessionEvent;
use serde_json::Value;

impl World {
    /// Tells of a message to all who may see it and are in the channel.
    pub(super) fn notify_members(&mut self, channel_arn: &str, id: &str, message: &Message, event_type: &'static str) {
        let Some(channel) = self.channels.get(channel_arn) else { return };
        let mut to: Vec<String> = channel.memberships.keys().filter(|arn| message.is_for(arn)).cloned().collect();
        if self.assumptions.former_member_is_told && !channel.memberships.contains_key(&message.sender.arn) {
            to.push(message.sender.arn.clone());
        }
        let payload = Value::Object(message.describe(channel_arn, id, false, text));
        self.batch.notify(to, SessionEvent { event_type, message_type: message.kind.name(), payload });
    }

    /// As [`notify_members`](Self::notify_members), of a message that the channel has.
    pub(super) fn notify_of(&mut self, channel_arn: &str, id: &str, event_type: &'static str) {
        if let Some(message) = self.messages.get(channel_arn, id).cloned() {
            self.notify_members(channel_arn, id, &message, event_type);
        }
    }

    /// Tells of a version of a message: everybody where it is sent, its sender where it is pending.
    pub(super) fn notify_version(&mut self, channel_arn: &str, id: &str, status: MessageStatus, update: bool) {
        let event_type = event_type(status, update);
        if status == MessageStatus::Sent {
            self.notify_of(channel_arn, id, event_type);
            return;
        }
        let Some(message) = self.messages.get(channel_arn, id) else { return };
        let payload = Value::Object(message.describe(channel_arn, id, true, text));
        let event = SessionEvent { event_type, message_type: message.kind.name(), payload };
        self.notify_sender(channel_arn, message.sender.arn.clone(), event);
    }

    /// Tells a sender that a version of a message came to nothing.
    pub(super) fn notify_unsent(&mut self, channel_arn: &str, id: &str, unsent: &Processing, status: MessageStatus) {
        let Some(message) = self.messages.get(channel_arn, id) else { return };
        let event_type = event_type(status, unsent.update);
        let payload = Value::Object(message.describe_unsent(channel_arn, id, unsent, status, text));
        let event = SessionEvent { event_type, message_type: message.kind.name(), payload };
        self.notify_sender(channel_arn, message.sender.arn.clone(), event);
    }

    fn notify_sender(&mut self, channel_arn: &str, sender: String, event: SessionEvent) {
        if self.is_member(channel_arn, &sender) || self.assumptions.former_member_is_told {
            self.batch.notify(vec![sender], event);
        }
    }
}

/// What a session's event is called that tells of a version with this status.
fn event_type(status: MessageStatus, update: bool) -> &'static str {
    match (status, update) {
        (MessageStatus::Sent, false) => "CREATE_CHANNEL_MESSAGE",
        (MessageStatus::Sent, true) => "UPDATE_CHANNEL_MESSAGE",
        (MessageStatus::Pending, false) => "PENDING_CREATE_CHANNEL_MESSAGE",
        (MessageStatus::Pending, true) => "PENDING_UPDATE_CHANNEL_MESSAGE",
        (MessageStatus::Denied, false) => "DENIED_CREATE_CHANNEL_MESSAGE",
        (MessageStatus::Denied, true) => "DENIED_UPDATE_CHANNEL_MESSAGE",
        (MessageStatus::Failed, false) => "FAILED_CREATE_CHANNEL_MESSAGE",
        (MessageStatus::Failed, true) => "FAILED_UPDATE_CHANNEL_MESSAGE",
    }
}
