//! The story of one message: its way through its flow, step by step.

mod step_view;

use crate::model::activity::ActivityKind;
use crate::model::decision::Decision;
use crate::model::message::{MessageChange, MessageFields, MessageStatus};
use crate::model::processor_step::{ProcessorStep, callback_id};
use axum::body::Bytes;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::time::SystemTime;
use step_view::StepView;

pub(super) use step_view::time;

/// One way of a message through its flow. An update of a message is a separate story.
///
/// Holds what people said, so it has no `Debug`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Story {
    pub(super) number: u64,
    #[serde(skip)]
    pub(super) channel_arn: String,
    pub(super) message_id: String,
    sender_arn: String,
    sender_name: String,
    update: bool,
    sent_at: u64,
    status: MessageStatus,
    before: MessageFields,
    after: Option<MessageFields>,
    settled_at: Option<u64>,
    redacted: bool,
    deleted: bool,
    steps: Vec<Step>,
}

/// A step of which no more than [`LISTED`] attempts and callbacks are kept.
struct Step {
    listed: ProcessorStep,
    /// How many attempts and callbacks were dropped.
    unlisted: usize,
}

/// A step lists no more attempts and callbacks than this: a function may call back as often as it likes.
const LISTED: usize = 50;

/// How a story came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Outcome {
    /// It is on its way.
    Waiting,
    /// Its function holds it for a reviewer.
    Held,
    /// Lambda is done with the event, and no callback was accepted.
    Undecided,
    /// It went through no flow.
    PassedBy,
    Update,
    NoChange,
    Deny,
    /// Its processor could not be reached, and it was sent.
    Fallback,
    /// Its processor could not be reached, and it was not sent.
    Failed,
}

impl Story {
    /// Begins when a message is sent; `None` if something else happened.
    pub(super) fn sent(at: SystemTime, channel_arn: String, message_id: String, kind: ActivityKind) -> Option<Self> {
        let ActivityKind::Sent { sender_arn, sender_name, change, fields, status } = kind else { return None };
        let at = time(at);
        let settled = status != MessageStatus::Pending;
        Some(Self {
            number: 0,
            channel_arn,
            message_id,
            sender_arn,
            sender_name,
            update: change == MessageChange::Update,
            sent_at: at,
            status,
            after: settled.then(|| fields.clone()),
            before: fields,
            settled_at: settled.then_some(at),
            redacted: false,
            deleted: false,
            steps: Vec::new(),
        })
    }

    /// Whether one of its processors got an event with this callback id.
    pub(super) fn has(&self, callback_id: &str) -> bool {
        self.steps.iter().any(|step| step.listed.has(callback_id))
    }

    /// Whether the message is still pending.
    pub(super) fn is_pending(&self) -> bool {
        self.status == MessageStatus::Pending
    }

    /// Goes on with what happened. `false` if that is no part of it.
    pub(super) fn take(&mut self, at: SystemTime, kind: ActivityKind) -> bool {
        match kind {
            ActivityKind::Sent { .. } => return false,
            ActivityKind::Invoked { processor, function_arn, ids, event } => {
                let listed = ProcessorStep::invoked(at, processor, function_arn, ids, event);
                self.steps.push(Step { listed, unlisted: 0 });
            }
            ActivityKind::Settled { status, fields } => {
                self.status = status;
                self.settled_at = Some(time(at));
                self.after = Some(fields);
            }
            ActivityKind::Redacted => self.redacted = true,
            ActivityKind::Deleted => self.deleted = true,
            ActivityKind::Attempted { .. }
            | ActivityKind::Finished { .. }
            | ActivityKind::Unreachable { .. }
            | ActivityKind::Callback(_) => {
                let Some(step) = self.step(callback_id(&kind)) else { return false };
                step.take(at, kind);
            }
        }
        true
    }

    /// As the page gets it.
    pub(super) fn view(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct View<'a> {
            outcome: Outcome,
            #[serde(flatten)]
            story: &'a Story,
        }
        View { outcome: self.outcome(), story: self }
    }

    /// Its events and callbacks, byte for byte if they are text.
    pub(super) fn raw(&self) -> Value {
        let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
        let steps = self.steps.iter().map(|Step { listed, .. }| {
            let callbacks: Vec<_> = listed.callbacks.iter().map(|record| text(record.body())).collect();
            json!({ "event": text(&listed.event), "callbacks": callbacks })
        });
        json!({ "number": self.number, "steps": steps.collect::<Vec<_>>() })
    }

    fn outcome(&self) -> Outcome {
        let listed = || self.steps.iter().map(|step| &step.listed);
        let updated = || {
            let mut records = listed().flat_map(|step| &step.callbacks);
            records.any(|record| record.verdict() == Ok(Decision::Update))
        };
        match self.status {
            MessageStatus::Pending if listed().last().is_some_and(|step| step.held_until().is_some()) => Outcome::Held,
            MessageStatus::Pending if listed().last().is_some_and(|step| step.finished == Some(false)) => {
                Outcome::Undecided
            }
            MessageStatus::Pending => Outcome::Waiting,
            MessageStatus::Denied => Outcome::Deny,
            MessageStatus::Failed => Outcome::Failed,
            MessageStatus::Sent if self.steps.is_empty() => Outcome::PassedBy,
            MessageStatus::Sent if updated() => Outcome::Update,
            MessageStatus::Sent if listed().any(|step| step.unreachable.is_some()) => Outcome::Fallback,
            MessageStatus::Sent => Outcome::NoChange,
        }
    }

    /// The step with this callback id or, if a callback names none that fits, the latest one.
    fn step(&mut self, callback_id: Option<&str>) -> Option<&mut Step> {
        let fits = |step: &Step| callback_id.is_some_and(|id| step.listed.has(id));
        let position = self.steps.iter().rposition(fits).or(self.steps.len().checked_sub(1))?;
        self.steps.get_mut(position)
    }
}

impl Step {
    /// Goes on with what happened at the processor, unless the list is full. An accepted callback is always listed.
    fn take(&mut self, at: SystemTime, kind: ActivityKind) {
        let is_full = match &kind {
            ActivityKind::Attempted { .. } => self.listed.attempts.len() >= LISTED,
            ActivityKind::Callback(record) => self.listed.callbacks.len() >= LISTED && !record.is_accepted(),
            _ => false,
        };
        if is_full {
            self.unlisted += 1;
        } else {
            self.listed.follow(at, kind);
        }
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        StepView::of(&self.listed, self.unlisted).serialize(serializer)
    }
}
