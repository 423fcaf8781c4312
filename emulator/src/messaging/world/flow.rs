//! How a message gets through the processors of a flow.
//!
//! A message that goes through a flow is pending, and known to its sender only, until the last processor lets it go or one
//! denies it. An update does the same beside the version that was sent, which stays as it is if the update comes to nothing.

use crate::ids;
use crate::messaging::callback::Callback;
use crate::messaging::resource::channel_flow::{FallbackAction, Processor};
use crate::messaging::resource::message::{Message, MessageType, Processing, Step};
use crate::messaging::wire::callback_refusal;
use crate::messaging::world::World;
use crate::messaging::world::batch::Effect;
use crate::model::activity::ActivityKind;
use crate::model::callback_record::CallbackRecord;
use crate::model::decision::Decision;
use crate::model::event::Event;
use crate::model::message::{MessageChange, MessageFields, MessageIds, MessageKey, MessageStatus};
use crate::model::refusal::Refusal;
use std::mem;
use std::sync::Arc;
use std::time::SystemTime;
use uuid::Uuid;

/// An accepted callback, and the function it came from if that is known.
pub(crate) struct Accepted {
    pub(crate) callback: Callback,
    pub(crate) by: Option<Arc<str>>,
}

impl World {
    /// The verdict on a callback; `None` if no channel has, or had, a message for it.
    pub(crate) fn judge(&self, ids: &MessageIds) -> Option<Result<(), Refusal>> {
        let callback_id = ids::own_uuid(&ids.callback_id)?;
        let message = self.messages.get(ids.key());
        if let Some(processing) = message.and_then(|message| message.processing.as_deref())
            && processing.callback_id == callback_id
        {
            let age = self.clock.now().duration_since(processing.since).unwrap_or_default();
            let in_time = age < self.assumptions.callback_lifetime;
            return Some(if in_time { Ok(()) } else { Err(callback_refusal::expired()) });
        }
        let tombstone = || self.messages.tombstone(ids.key()).map(|tombstone| &tombstone.steps);
        let steps = message.map(|message| &message.steps).or_else(tombstone)?;
        let decided = steps.iter().any(|step| step.callback_id == callback_id);
        decided.then(|| Err(callback_refusal::decided_before(ids, self.assumptions.repeated_callback)))
    }

    /// A callback came for the message that it claims. If it is `accepted`, after [`judge`](Self::judge) let it pass, the
    /// message goes on.
    pub(crate) fn called_back(&mut self, claimed: MessageKey<'_>, record: CallbackRecord, accepted: Option<Accepted>) {
        let now = record.received_at();
        self.announce(now, claimed, ActivityKind::Callback(record));
        let Some(Accepted { callback: Callback { ids, decision, changes }, by }) = accepted else { return };
        let keep = self.assumptions.absent_fields_are_kept;
        let moves = self.assumptions.callbacks_move_messages;
        let end = |message: &mut Message| {
            let processing = message.processing.as_deref_mut()?;
            message.steps.push(Step { callback_id: processing.callback_id, decision: Some(decision), by });
            if decision != Decision::Deny {
                let sub_channel_id = processing.fields.sub_channel_id.clone();
                processing.fields.apply(changes, keep);
                if !moves {
                    processing.fields.sub_channel_id = sub_channel_id;
                }
            }
            Some(())
        };
        if self.messages.change(&mut self.batch, ids.key(), end).flatten().is_none() {
            return;
        }
        match decision {
            Decision::Deny => self.settle_unsent(ids.key(), MessageStatus::Denied, now),
            // No callback says that a message is held.
            Decision::Update | Decision::NoChange | Decision::Hold => self.advance(ids.key(), now),
        }
    }

    /// The processor that should have got this event could not be reached.
    pub(crate) fn unreachable(&mut self, event: &Event, reason: String) {
        let Ok(ids) = event.ids() else { return };
        let now = self.clock.now();
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
        if self.messages.get(ids.key()).is_none_or(|message| message.processing.is_none()) {
            return;
        }
        self.messages.change(&mut self.batch, ids.key(), end);
        let Some(Processor { configuration, fallback_action, .. }) = processor else { return };
        let kind = ActivityKind::Unreachable {
            ids: ids.clone(),
            function_arn: configuration.lambda.resource_arn,
            reason,
            fallback_action: fallback_action.name().to_owned(),
        };
        self.announce(now, ids.key(), kind);
        match fallback_action {
            FallbackAction::Continue => self.advance(ids.key(), now),
            FallbackAction::Abort => self.settle_unsent(ids.key(), MessageStatus::Failed, now),
        }
    }

    /// Notes the messages that were being processed when the service ended last, for [`resume`](Self::resume).
    pub(crate) fn note_left_over(&mut self) {
        let processed = self.messages.iter().filter_map(|(key, message)| {
            let processing = message.processing.as_deref()?;
            Some(((message.created, message.sequence), processing.ids(key)))
        });
        let mut processed: Vec<_> = processed.collect();
        processed.sort_by_key(|(order, _)| *order);
        self.left_over = processed.into_iter().map(|(_, ids)| ids).collect();
    }

    /// Invokes this function once more for the messages that it had when the service ended last, whatever became of that.
    pub(crate) fn resume(&mut self, function_arn: &str) {
        for ids in mem::take(&mut self.left_over) {
            let processing = self.messages.get(ids.key()).and_then(|message| message.processing.as_deref());
            match processing.map(|processing| processing.processor().configuration.lambda.resource_arn == function_arn)
            {
                Some(true) => self.invoke_processor(ids.key()),
                Some(false) => self.left_over.push(ids),
                None => {}
            }
        }
    }

    /// Starts the processing of a message of this channel, if it has a flow.
    pub(super) fn begin(
        &mut self,
        channel_arn: &str,
        kind: MessageType,
        fields: &MessageFields,
        change: MessageChange,
        now: SystemTime,
    ) -> Option<Box<Processing>> {
        let processors = self.processors_of(channel_arn);
        if kind == MessageType::Control || processors.is_empty() {
            return None;
        }
        self.begun += 1;
        Some(Box::new(Processing {
            change,
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
    pub(super) fn invoke_processor(&mut self, key: MessageKey<'_>) {
        let Some(message) = self.messages.get(key) else { return };
        let Some(processing) = message.processing.as_deref() else { return };
        let event = message.event(key, processing);
        let Processor { name, configuration, .. } = processing.processor();
        let (name, function_arn) = (name.clone(), configuration.lambda.resource_arn.clone());
        let ids = processing.ids(key);
        let json = event.json().clone();
        let kind = ActivityKind::Invoked { processor: name, function_arn: function_arn.clone(), ids, event: json };
        self.announce(self.clock.now(), key, kind);
        self.batch.effects.push(Effect::Invoke { function_arn, event });
    }

    /// The message goes to its next processor, or to the channel.
    fn advance(&mut self, key: MessageKey<'_>, now: SystemTime) {
        let now_in_flow = (!self.assumptions.flow_is_kept).then(|| self.processors_of(key.channel_arn));
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
        match self.messages.change(&mut self.batch, key, next).flatten() {
            Some(()) => self.invoke_processor(key),
            None => self.settle_sent(key, now),
        }
    }
}

#[cfg(test)]
mod tests;
