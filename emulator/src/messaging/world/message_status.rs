//! Decides which status a message has: `PENDING`, `SENT`, `DENIED` or `FAILED`.

use crate::ids;
use crate::messaging::resource::message::{Message, Processing, Step, Tombstone};
use crate::messaging::world::World;
use crate::model::activity::ActivityKind;
use crate::model::event::Persistence;
use crate::model::message::{MessageChange, MessageFields, MessageIds, MessageKey, MessageState, MessageStatus};
use std::time::SystemTime;

/// The status of a message, or an update of one, that comes in: `PENDING` if a flow has to process it, or else `SENT`.
pub(super) fn first_status(processing: Option<&Processing>) -> MessageStatus {
    if processing.is_some() { MessageStatus::Pending } else { MessageStatus::Sent }
}

impl World {
    /// It becomes `SENT`: every processor has let it go.
    pub(super) fn settle_sent(&mut self, key: MessageKey<'_>, now: SystemTime) {
        let end = |message: &mut Message| {
            let processing = message.processing.take()?;
            if processing.change == MessageChange::Update {
                message.take_version(processing.fields, processing.said);
            } else {
                message.fields = processing.fields;
                message.fields.shrink();
                message.status = MessageStatus::Sent;
            }
            message.steps.shrink_to_fit();
            Some((processing.change, message.fields.clone(), message.persistence, message.created))
        };
        let ended = self.messages.change(&mut self.batch, key, end).flatten();
        let Some((change, fields, persistence, created)) = ended else { return };
        self.notify_version(key, MessageStatus::Sent, change);
        if persistence == Persistence::NonPersistent {
            self.forget(key, MessageStatus::Sent);
        } else if change == MessageChange::Create {
            self.note_last_message(key.channel_arn, created);
        }
        self.announce(now, key, ActivityKind::Settled { status: MessageStatus::Sent, fields });
    }

    /// It becomes `DENIED` or `FAILED`: a processor has denied it, or could not be
    /// reached and its fallback action is `ABORT`.
    pub(super) fn settle_unsent(&mut self, key: MessageKey<'_>, status: MessageStatus, now: SystemTime) {
        let Some(message) = self.messages.get(key) else { return };
        let Some(processing) = message.processing.clone() else { return };
        let kept = status == MessageStatus::Failed
            && message.persistence == Persistence::Persistent
            && self.assumptions.failed_messages_are_kept;
        self.notify_unsent(key, &processing, status);
        let Processing { change, fields, .. } = *processing;
        let is_new = change == MessageChange::Create;
        self.messages.change(&mut self.batch, key, |message| {
            message.processing = None;
            message.steps.shrink_to_fit();
            if is_new {
                message.status = status;
            }
        });
        if is_new && !kept {
            self.forget(key, status);
        }
        self.announce(now, key, ActivityKind::Settled { status, fields });
    }

    fn forget(&mut self, key: MessageKey<'_>, status: MessageStatus) {
        let steps = self.messages.get(key).map(|message| message.steps.clone()).unwrap_or_default();
        self.messages.remove(&mut self.batch, key, Tombstone { status, steps });
    }

    /// The state of the message that a step belongs to.
    pub(crate) fn state_of(&self, ids: &MessageIds) -> Option<MessageState> {
        let callback_id = ids::own_uuid(&ids.callback_id)?;
        let message = self.messages.get(ids.key());
        if let Some(processing) = message.and_then(|message| message.processing.as_deref())
            && processing.callback_id == callback_id
        {
            let fields = processing.fields.clone();
            return Some(MessageState::of_channel(ids.clone(), MessageStatus::Pending, fields, None, None));
        }
        let of_step = |steps: &[Step], status, fields| {
            let step = steps.iter().find(|step| step.callback_id == callback_id)?;
            Some(MessageState::of_channel(ids.clone(), status, fields, step.decision, step.by.clone()))
        };
        if let Some(message) = message {
            let (status, fields) = match &message.processing {
                Some(processing) => (MessageStatus::Pending, processing.fields.clone()),
                None => (message.status, message.fields.clone()),
            };
            return of_step(&message.steps, status, fields);
        }
        let tombstone = self.messages.tombstone(ids.key())?;
        of_step(&tombstone.steps, tombstone.status, MessageFields::default())
    }
}
