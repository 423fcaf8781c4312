//! How a message gets from its sender to the channel: through the processors of a flow, or at once.
//!
//! A message that goes through a flow is pending, and known to its sender only, until the last processor lets it go or one
//! denies it. An update does the same beside the version that was sent, which stays as it is if the update comes to nothing.

use crate::ids;
use crate::messaging::callback::Callback;
use crate::messaging::resource::channel_flow::{FallbackAction, Processor};
use crate::messaging::resource::identity::Identity;
use crate::messaging::resource::message::{Message, MessageType, Processing, Step, Tombstone};
use crate::messaging::wire::callback_refusal;
use crate::messaging::world::World;
use crate::messaging::world::batch::Effect;
use crate::model::activity::{Activity, ActivityKind};
use crate::model::callback_record::CallbackRecord;
use crate::model::decision::Decision;
use crate::model::event::{Event, Persistence};
use crate::model::message::{MessageFields, MessageIds, MessageState, MessageStatus};
use crate::model::refusal::Refusal;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// A message that a member of a channel sends.
pub(crate) struct NewMessage {
    pub(crate) sender: Identity,
    pub(crate) kind: MessageType,
    pub(crate) persistence: Persistence,
    pub(crate) target: Option<String>,
    pub(crate) fields: MessageFields,
}

/// An accepted callback, and the function it came from where that is known.
pub(crate) struct Accepted {
    pub(crate) callback: Callback,
    pub(crate) by: Option<Arc<str>>,
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
        let now = whole_milliseconds(now);
        let NewMessage { sender, kind, persistence, target, fields } = new;
        let processing = self.begin(channel_arn, kind, &fields, false, now);
        let status = if processing.is_some() { MessageStatus::Pending } else { MessageStatus::Sent };
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
        self.announce_sent(channel_arn, &id, &message, &message.fields, false, status);
        if message.processing.is_some() {
            self.messages.put(&mut self.batch, channel_arn, &id, message);
            self.notify_version(channel_arn, &id, MessageStatus::Pending, false);
            self.invoke_processor(channel_arn, &id);
        } else {
            self.notify_members(channel_arn, &id, &message, "CREATE_CHANNEL_MESSAGE");
            if persistence == Persistence::Persistent {
                self.note_last_message(channel_arn, now);
                message.fields.shrink();
                self.messages.put(&mut self.batch, channel_arn, &id, message);
            }
        }
        (id, status)
    }

    /// Takes an update of a message that is settled. Returns how far it is on its way.
    pub(crate) fn update_message(
        &mut self,
        channel_arn: &str,
        id: &str,
        fields: MessageFields,
        now: SystemTime,
    ) -> MessageStatus {
        let Some(message) = self.messages.get(channel_arn, id) else { return MessageStatus::Failed };
        let now = whole_milliseconds(now);
        let processing = self.begin(channel_arn, message.kind, &fields, true, now);
        let status = if processing.is_some() { MessageStatus::Pending } else { MessageStatus::Sent };
        if let Some(message) = self.messages.get(channel_arn, id).cloned() {
            self.announce_sent(channel_arn, id, &message, &fields, true, status);
        }
        let pending = processing.is_some();
        self.messages.change(&mut self.batch, channel_arn, id, |message| match processing {
            Some(processing) => message.processing = Some(processing),
            None => message.take_version(fields, now),
        });
        if pending {
            self.notify_version(channel_arn, id, MessageStatus::Pending, true);
            self.invoke_processor(channel_arn, id);
        } else {
            self.notify_version(channel_arn, id, MessageStatus::Sent, true);
        }
        status
    }

    /// Empties a message that is settled.
    pub(crate) fn redact_message(&mut self, channel_arn: &str, id: &str, now: SystemTime) {
        self.messages.change(&mut self.batch, channel_arn, id, |message| {
            message.fields = MessageFields::default();
            message.redacted = true;
            message.last_updated = whole_milliseconds(now);
        });
        self.notify_of(channel_arn, id, "REDACT_CHANNEL_MESSAGE");
        self.announce(now, channel_arn, id, ActivityKind::Redacted);
    }

    /// Takes a message that is settled away.
    pub(crate) fn delete_message(&mut self, channel_arn: &str, id: &str, now: SystemTime) {
        let Some(message) = self.messages.get(channel_arn, id) else { return };
        // Who hears that it is gone need not be told once more what it said.
        let gone = Message { fields: MessageFields::default(), ..message.clone() };
        let tombstone = Tombstone { status: message.status, steps: message.steps.clone() };
        self.messages.remove(&mut self.batch, channel_arn, id, tombstone);
        self.notify_members(channel_arn, id, &gone, "DELETE_CHANNEL_MESSAGE");
        self.announce(now, channel_arn, id, ActivityKind::Deleted);
    }

    /// What becomes of a callback; `None` if no channel has, or had, a message for it.
    pub(crate) fn judge(&self, ids: &MessageIds) -> Option<Result<(), Refusal>> {
        let callback_id = callback_id(&ids.callback_id)?;
        let message = self.messages.get(&ids.channel_arn, &ids.message_id);
        if let Some(processing) = message.and_then(|message| message.processing.as_deref())
            && processing.callback_id == callback_id
        {
            let age = processing.since.elapsed().unwrap_or_default();
            let in_time = age < self.assumptions.callback_lifetime;
            return Some(if in_time { Ok(()) } else { Err(callback_refusal::expired()) });
        }
        let tombstone = || self.messages.tombstone(&ids.channel_arn, &ids.message_id).map(|tombstone| &tombstone.steps);
        let steps = message.map(|message| &message.steps).or_else(tombstone)?;
        let decided = steps.iter().any(|step| step.callback_id == callback_id);
        decided.then(|| Err(callback_refusal::decided_before(ids, self.assumptions.repeated_callback)))
    }

    /// A callback came, for this channel and message as it claims. Where one that [`judge`](Self::judge) let pass was
    /// accepted, the message goes on.
    pub(crate) fn called_back(
        &mut self,
        channel_arn: &str,
        message_id: Option<&str>,
        record: CallbackRecord,
        accepted: Option<Accepted>,
    ) {
        let now = record.received_at();
        self.announce(now, channel_arn, message_id.unwrap_or_default(), ActivityKind::Callback(record));
        let Some(Accepted { callback: Callback { ids, decision, changes }, by }) = accepted else { return };
        let keep = self.assumptions.absent_fields_are_kept;
        let end = |message: &mut Message| {
            let processing = message.processing.as_deref_mut()?;
            message.steps.push(Step { callback_id: processing.callback_id, decision: Some(decision), by });
            if decision != Decision::Deny {
                processing.fields.apply(changes, keep);
            }
            Some(())
        };
        if self.messages.change(&mut self.batch, &ids.channel_arn, &ids.message_id, end).flatten().is_none() {
            return;
        }
        match decision {
            Decision::Deny => self.settle_unsent(&ids.channel_arn, &ids.message_id, MessageStatus::Denied, now),
            Decision::Update | Decision::NoChange => self.advance(&ids.channel_arn, &ids.message_id, now),
        }
    }

    /// The processor that should have got this event could not be reached.
    pub(crate) fn unreachable(&mut self, event: &Event, reason: String) {
        let Ok(ids) = event.ids() else { return };
        let now = SystemTime::now();
        let mut processor = None;
        let end = |message: &mut Message| {
            let processing = message.processing.as_deref()?;
            let callback_id = processing.callback_id;
            if callback_id.to_string() != ids.callback_id {
                return None;
            }
            processor = Some(processing.processor().clone());
            message.steps.push(Step { callback_id, decision: None, by: None });
            Some(())
        };
        if self.messages.get(&ids.channel_arn, &ids.message_id).is_none_or(|message| message.processing.is_none()) {
            return;
        }
        self.messages.change(&mut self.batch, &ids.channel_arn, &ids.message_id, end);
        let Some(Processor { configuration, fallback_action, .. }) = processor else { return };
        let kind = ActivityKind::Unreachable {
            ids: ids.clone(),
            function_arn: configuration.lambda.resource_arn,
            reason,
            fallback_action: fallback_action.name().to_owned(),
        };
        self.announce(now, &ids.channel_arn, &ids.message_id, kind);
        match fallback_action {
            FallbackAction::Continue => self.advance(&ids.channel_arn, &ids.message_id, now),
            FallbackAction::Abort => self.settle_unsent(&ids.channel_arn, &ids.message_id, MessageStatus::Failed, now),
        }
    }

    /// Notes what was being processed when the service ended last, for [`resume`](Self::resume).
    pub(crate) fn note_left_over(&mut self) {
        let processed = self.messages.iter().filter(|(_, _, message)| message.processing.is_some());
        self.left_over = processed.map(|(channel_arn, id, _)| (channel_arn.to_owned(), id.to_owned())).collect();
        self.left_over.sort_by_key(|(channel_arn, id)| {
            self.messages.get(channel_arn, id).map(|message| (message.created, message.sequence))
        });
    }

    /// Invokes this function once more for what it had when the service ended last: what it made of it nobody knows.
    pub(crate) fn resume(&mut self, function_arn: &str) {
        for (channel_arn, id) in mem::take(&mut self.left_over) {
            let processing = self.messages.get(&channel_arn, &id).and_then(|message| message.processing.as_deref());
            match processing.map(|processing| processing.processor().configuration.lambda.resource_arn == function_arn)
            {
                Some(true) => self.invoke_processor(&channel_arn, &id),
                Some(false) => self.left_over.push((channel_arn, id)),
                None => {}
            }
        }
    }

    /// What became of the message that a step belongs to.
    pub(crate) fn state_of(&self, ids: &MessageIds) -> Option<MessageState> {
        let callback_id = callback_id(&ids.callback_id)?;
        let message = self.messages.get(&ids.channel_arn, &ids.message_id);
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
        let tombstone = self.messages.tombstone(&ids.channel_arn, &ids.message_id)?;
        of_step(&tombstone.steps, tombstone.status, MessageFields::default())
    }

    /// What a flow has to do for a message of this channel, if there is one to go through.
    fn begin(
        &mut self,
        channel_arn: &str,
        kind: MessageType,
        fields: &MessageFields,
        update: bool,
        now: SystemTime,
    ) -> Option<Box<Processing>> {
        let processors = self.processors_of(channel_arn);
        if kind == MessageType::Control || processors.is_empty() {
            return None;
        }
        self.begun += 1;
        Some(Box::new(Processing {
            update,
            fields: fields.clone(),
            processors,
            position: 0,
            callback_id: Uuid::new_v4(),
            since: now,
            said: now,
        }))
    }

    /// In execution order.
    fn processors_of(&self, channel_arn: &str) -> Vec<Processor> {
        let flow = self.channels.get(channel_arn).and_then(|channel| channel.channel_flow_arn.as_deref());
        let flow = flow.and_then(|arn| self.channel_flows.get(arn));
        flow.map(|flow| flow.processors.clone()).unwrap_or_default()
    }

    /// Hands the message to the processor whose turn it is.
    fn invoke_processor(&mut self, channel_arn: &str, id: &str) {
        let Some(message) = self.messages.get(channel_arn, id) else { return };
        let Some(processing) = message.processing.as_deref() else { return };
        let event = message.event(channel_arn, id, processing);
        let Processor { name, configuration, .. } = processing.processor().clone();
        let function_arn = configuration.lambda.resource_arn;
        let ids = MessageIds {
            callback_id: processing.callback_id.to_string(),
            message_id: id.to_owned(),
            channel_arn: channel_arn.to_owned(),
        };
        let json = event.json().clone();
        let kind = ActivityKind::Invoked { processor: name, function_arn: function_arn.clone(), ids, event: json };
        self.announce(SystemTime::now(), channel_arn, id, kind);
        self.batch.effects.push(Effect::Invoke { function_arn, event });
    }

    /// The message goes to its next processor, or to the channel.
    fn advance(&mut self, channel_arn: &str, id: &str, now: SystemTime) {
        let now_in_flow = (!self.assumptions.flow_is_kept).then(|| self.processors_of(channel_arn));
        let fresh = self.assumptions.callback_id_is_of_the_step;
        let next = |message: &mut Message| {
            let processing = message.processing.as_deref_mut()?;
            let processors = now_in_flow.as_ref().unwrap_or(&processing.processors);
            if processing.position + 1 >= processors.len() {
                return None;
            }
            if let Some(processors) = now_in_flow {
                processing.processors = processors;
            }
            processing.position += 1;
            processing.since = now;
            if fresh {
                processing.callback_id = Uuid::new_v4();
            }
            Some(())
        };
        match self.messages.change(&mut self.batch, channel_arn, id, next).flatten() {
            Some(()) => self.invoke_processor(channel_arn, id),
            None => self.settle_sent(channel_arn, id, now),
        }
    }

    /// Every processor has let it go.
    fn settle_sent(&mut self, channel_arn: &str, id: &str, now: SystemTime) {
        let end = |message: &mut Message| {
            let processing = message.processing.take()?;
            if processing.update {
                message.take_version(processing.fields, processing.said);
            } else {
                message.fields = processing.fields;
                message.fields.shrink();
                message.status = MessageStatus::Sent;
            }
            message.steps.shrink_to_fit();
            Some((processing.update, message.fields.clone(), message.persistence, message.created))
        };
        let ended = self.messages.change(&mut self.batch, channel_arn, id, end).flatten();
        let Some((update, fields, persistence, created)) = ended else { return };
        self.notify_version(channel_arn, id, MessageStatus::Sent, update);
        if persistence == Persistence::NonPersistent {
            self.forget(channel_arn, id, MessageStatus::Sent);
        } else if !update {
            self.note_last_message(channel_arn, created);
        }
        self.announce(now, channel_arn, id, ActivityKind::Settled { status: MessageStatus::Sent, fields });
    }

    /// A processor has denied it, or could not be reached and does not let pass what it has not seen.
    fn settle_unsent(&mut self, channel_arn: &str, id: &str, status: MessageStatus, now: SystemTime) {
        let Some(message) = self.messages.get(channel_arn, id) else { return };
        let Some(processing) = message.processing.clone() else { return };
        let kept = status == MessageStatus::Failed
            && message.persistence == Persistence::Persistent
            && self.assumptions.failed_messages_are_kept;
        self.notify_unsent(channel_arn, id, &processing, status);
        let Processing { update, fields, .. } = *processing;
        self.messages.change(&mut self.batch, channel_arn, id, |message| {
            message.processing = None;
            message.steps.shrink_to_fit();
            if !update {
                message.status = status;
            }
        });
        if !update && !kept {
            self.forget(channel_arn, id, status);
        }
        self.announce(now, channel_arn, id, ActivityKind::Settled { status, fields });
    }

    fn forget(&mut self, channel_arn: &str, id: &str, status: MessageStatus) {
        let steps = self.messages.get(channel_arn, id).map(|message| message.steps.clone()).unwrap_or_default();
        self.messages.remove(&mut self.batch, channel_arn, id, Tombstone { status, steps });
    }

    fn announce_sent(
        &mut self,
        channel_arn: &str,
        id: &str,
        message: &Message,
        fields: &MessageFields,
        update: bool,
        status: MessageStatus,
    ) {
        let kind = ActivityKind::Sent {
            sender_arn: message.sender.arn.clone(),
            sender_name: message.sender.name.clone(),
            update,
            fields: fields.clone(),
            status,
        };
        self.announce(SystemTime::now(), channel_arn, id, kind);
    }

    /// Tells the watchers, after all that has happened so far.
    pub(crate) fn announce(&mut self, at: SystemTime, channel_arn: &str, id: &str, kind: ActivityKind) {
        let activity = Activity { at, channel_arn: channel_arn.to_owned(), message_id: id.to_owned(), kind };
        self.batch.effects.push(Effect::Announce(activity));
    }
}

impl Message {
    /// An updated version takes the place of what it says.
    fn take_version(&mut self, mut fields: MessageFields, said: SystemTime) {
        fields.shrink();
        self.fields = fields;
        self.last_edited = Some(said);
        self.last_updated = said;
    }
}

/// A callback id that could be one of ours, which are written in one form only.
fn callback_id(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text).ok().filter(|id| id.to_string() == text)
}

/// The API tells times in milliseconds; what is compared with them is no finer.
fn whole_milliseconds(time: SystemTime) -> SystemTime {
    let milliseconds = u64::try_from(ids::milliseconds(time)).unwrap_or_default();
    UNIX_EPOCH + Duration::from_millis(milliseconds)
}

#[cfg(test)]
mod tests;
