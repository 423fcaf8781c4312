//! Messages: sending, updating, redacting and deleting them.

use crate::ids;
use crate::messaging::resource::identity::Identity;
use crate::messaging::resource::message::{Message, MessageType, Tombstone};
use crate::messaging::world::World;
use crate::messaging::world::message_status::first_status;
use crate::model::activity::ActivityKind;
use crate::model::event::Persistence;
use crate::model::message::{MessageChange, MessageFields, MessageKey, MessageStatus};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A message that a member of a channel sends.
pub(crate) struct NewMessage {
    pub(crate) sender: Identity,
    pub(crate) kind: MessageType,
    pub(crate) persistence: Persistence,
    pub(crate) target: Option<String>,
    pub(crate) fields: MessageFields,
}

impl World {
    /// Takes a message for a channel. Returns its id, and how far it is on its way.
    pub(crate) fn send_message(
        &mut self,
        channel_arn: &str,
        new: NewMessage,
        now: SystemTime,
    ) -> (String, MessageStatus) {
        let id = ids::message_id();
        let key = MessageKey { channel_arn, message_id: &id };
        let now = whole_milliseconds(now);
        let NewMessage { sender, kind, persistence, target, fields } = new;
        let processing = self.begin(channel_arn, kind, &fields, MessageChange::Create, now);
        let status = first_status(processing.as_deref());
        let mut message = Message {
            sequence: self.messages.next_sequence(),
            sender: self.messages.sender(sender),
            kind,
            persistence,
            target: target.map(String::into_boxed_str),
            fields,
            created: now,
            last_updated: now,
            last_edited: None,
            redacted: false,
            status,
            processing,
            steps: Vec::new(),
        };
        self.announce_sent(key, &message, &message.fields, MessageChange::Create, status);
        if message.processing.is_some() {
            self.messages.put(&mut self.batch, key, message);
            self.notify_version(key, MessageStatus::Pending, MessageChange::Create);
            self.invoke_processor(key);
        } else {
            self.notify_members(key, &message, "CREATE_CHANNEL_MESSAGE");
            if persistence == Persistence::Persistent {
                self.note_last_message(channel_arn, now);
                message.fields.shrink();
                self.messages.put(&mut self.batch, key, message);
            }
        }
        (id, status)
    }

    /// Takes an update of a message that is settled. Returns how far it is on its way.
    pub(crate) fn update_message(
        &mut self,
        key: MessageKey<'_>,
        fields: MessageFields,
        now: SystemTime,
    ) -> MessageStatus {
        let Some(message) = self.messages.get(key) else { return MessageStatus::Failed };
        let now = whole_milliseconds(now);
        let processing = self.begin(key.channel_arn, message.kind, &fields, MessageChange::Update, now);
        let status = first_status(processing.as_deref());
        if let Some(message) = self.messages.get(key).cloned() {
            self.announce_sent(key, &message, &fields, MessageChange::Update, status);
        }
        let pending = processing.is_some();
        self.messages.change(&mut self.batch, key, |message| match processing {
            Some(processing) => message.processing = Some(processing),
            None => message.take_version(fields, now),
        });
        if pending {
            self.notify_version(key, MessageStatus::Pending, MessageChange::Update);
            self.invoke_processor(key);
        } else {
            self.notify_version(key, MessageStatus::Sent, MessageChange::Update);
        }
        status
    }

    /// Empties a message that is settled.
    pub(crate) fn redact_message(&mut self, key: MessageKey<'_>, now: SystemTime) {
        self.messages.change(&mut self.batch, key, |message| {
            message.fields = message.emptied_fields();
            message.redacted = true;
            message.last_updated = whole_milliseconds(now);
        });
        self.notify_of(key, "REDACT_CHANNEL_MESSAGE");
        self.announce(now, key, ActivityKind::Redacted);
    }

    /// Takes a message that is settled away.
    pub(crate) fn delete_message(&mut self, key: MessageKey<'_>, now: SystemTime) {
        let Some(message) = self.messages.get(key) else { return };
        // The notification does not repeat the content.
        let gone = Message { fields: message.emptied_fields(), ..message.clone() };
        let tombstone = Tombstone { status: message.status, steps: message.steps.clone() };
        self.messages.remove(&mut self.batch, key, tombstone);
        self.notify_members(key, &gone, "DELETE_CHANNEL_MESSAGE");
        self.announce(now, key, ActivityKind::Deleted);
    }
}

/// The API has times in milliseconds; times that are compared with them are no finer.
fn whole_milliseconds(time: SystemTime) -> SystemTime {
    let milliseconds = u64::try_from(ids::milliseconds(time)).unwrap_or_default();
    UNIX_EPOCH + Duration::from_millis(milliseconds)
}
