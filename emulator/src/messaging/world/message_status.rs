//! Decides which status a message has: `PENDING`, `SENT`, `DENIED` or `FAILED`.

use crate::ids;
use crate::messaging::resource::message::{Message, Processing, Step, Tombstone};
use crate::messaging::world::World;
use crate::model::activity::ActivityKind;
use crate::model::decision::Decision;
use crate::model::event::Persistence;
use crate::model::message::{MessageChange, MessageFields, MessageIds, MessageKey, MessageState, MessageStatus};
use std::sync::Arc;
use std::time::SystemTime;

/// The status of a message, or an update of one, that comes in: `PENDING` if a flow has to process it, or else `SENT`.
pub(super) fn first_status(processing: Option<&Processing>) -> MessageStatus {
    if processing.is_some() { MessageStatus::Pending } else { MessageStatus::Sent }
}

/// A step, and the state of the message that it belongs to.
pub(crate) struct StepState<'a> {
    status: MessageStatus,
    /// `None` if the message is no more.
    fields: Option<&'a MessageFields>,
    /// `None` if the step is not over, or its processor could not be reached.
    pub(crate) decision: Option<Decision>,
    by: Option<&'a Arc<str>>,
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
        let StepState { status, fields, decision, by } = self.step_state(ids)?;
        let fields = fields.cloned().unwrap_or_default();
        Some(MessageState::of_channel(ids.clone(), status, fields, decision, by.cloned()))
    }

    /// As [`state_of`](Self::state_of), to look at.
    pub(crate) fn step_state(&self, ids: &MessageIds) -> Option<StepState<'_>> {
        let callback_id = ids::own_uuid(&ids.callback_id)?;
        let of_step = |steps: &'_ [Step]| steps.iter().position(|step| step.callback_id == callback_id);
        let Some(message) = self.messages.get(ids.key()) else {
            let tombstone = self.messages.tombstone(ids.key())?;
            let Step { decision, by, .. } = &tombstone.steps[of_step(&tombstone.steps)?];
            return Some(StepState { status: tombstone.status, fields: None, decision: *decision, by: by.as_ref() });
        };
        let (status, fields) = match message.processing.as_deref() {
            Some(processing) => (MessageStatus::Pending, &processing.fields),
            None => (message.status, &message.fields),
        };
        if message.processing.as_deref().is_some_and(|processing| processing.callback_id == callback_id) {
            return Some(StepState { status, fields: Some(fields), decision: None, by: None });
        }
        let Step { decision, by, .. } = &message.steps[of_step(&message.steps)?];
        Some(StepState { status, fields: Some(fields), decision: *decision, by: by.as_ref() })
    }
}
