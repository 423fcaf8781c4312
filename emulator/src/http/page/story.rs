//! The story of one message: what its flow did to it, step by step.

use crate::ids::milliseconds;
use crate::model::activity::ActivityKind;
use crate::model::callback_record::CallbackRecord;
use crate::model::decision::Decision;
use crate::model::message::{MessageChange, MessageFields, MessageIds, MessageStatus};
use axum::body::Bytes;
use serde::Serialize;
use serde_json::{Value, json};
use std::time::SystemTime;

/// One way of a message through its flow. An update of a message is a story of its own.
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

/// One processor's part in it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    processor: String,
    function_arn: String,
    #[serde(skip)]
    callback_id: String,
    invoked_at: u64,
    #[serde(skip)]
    event: Bytes,
    attempts: Vec<Attempt>,
    callbacks: Vec<Answer>,
    unreachable: Option<Unreachable>,
    /// Whether a callback was accepted by the time that Lambda had done all it does.
    finished: Option<bool>,
    /// How many attempts and callbacks are not listed.
    unlisted: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attempt {
    ended_at: u64,
    function_arn: String,
    request_id: String,
    outcome: String,
    success: bool,
    milliseconds: f64,
    cold_start_milliseconds: Option<f64>,
}

/// A callback, and what the service said to it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    received_at: u64,
    /// `UPDATE`, `DENY` or `NO_CHANGE`; nothing where it was refused.
    decision: Option<&'static str>,
    refusal: Option<Refused>,
    fault: Option<String>,
    #[serde(skip)]
    body: Bytes,
}

#[derive(Serialize)]
struct Refused {
    status: u16,
    exception: String,
    reason: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Unreachable {
    reason: String,
    fallback_action: String,
}

/// A step lists no more attempts and callbacks than this: a function may call back as often as it likes.
const LISTED: usize = 50;

/// How a story came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Outcome {
    /// It is on its way.
    Waiting,
    /// Nobody will call back any more, and nobody has.
    Undecided,
    /// No flow had it.
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
    /// Of a message that is sent now.
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
        self.steps.iter().any(|step| step.callback_id == callback_id)
    }

    /// Whether nothing has become of it yet.
    pub(super) fn is_pending(&self) -> bool {
        self.status == MessageStatus::Pending
    }

    /// Goes on with what happened. `false` if that is no part of it.
    pub(super) fn take(&mut self, at: SystemTime, kind: ActivityKind) -> bool {
        let at = time(at);
        match kind {
            ActivityKind::Sent { .. } => return false,
            ActivityKind::Invoked { processor, function_arn, ids, event } => self.steps.push(Step {
                processor,
                function_arn,
                callback_id: ids.callback_id,
                invoked_at: at,
                event,
                attempts: Vec::new(),
                callbacks: Vec::new(),
                unreachable: None,
                finished: None,
                unlisted: 0,
            }),
            ActivityKind::Attempted {
                ids,
                function_arn,
                request_id,
                outcome,
                success,
                milliseconds,
                cold_start_milliseconds,
            } => {
                let Some(step) = self.step(Some(&ids.callback_id)) else { return false };
                let ended_at = at;
                let attempt = Attempt {
                    ended_at,
                    function_arn,
                    request_id,
                    outcome,
                    success,
                    milliseconds,
                    cold_start_milliseconds,
                };
                match step.attempts.len() < LISTED {
                    true => step.attempts.push(attempt),
                    false => step.unlisted += 1,
                }
            }
            ActivityKind::Finished { ids, decided, .. } => {
                let Some(step) = self.step(Some(&ids.callback_id)) else { return false };
                step.finished = Some(decided);
            }
            ActivityKind::Unreachable { ids, reason, fallback_action, .. } => {
                let Some(step) = self.step(Some(&ids.callback_id)) else { return false };
                step.unreachable = Some(Unreachable { reason, fallback_action });
            }
            ActivityKind::Callback(record) => {
                let Some(step) = self.step(record.callback_id.as_deref()) else { return false };
                match step.callbacks.len() < LISTED || record.is_accepted() {
                    true => step.callbacks.push(Answer::new(record)),
                    false => step.unlisted += 1,
                }
            }
            ActivityKind::Settled { status, fields } => {
                self.status = status;
                self.settled_at = Some(at);
                self.after = Some(fields);
            }
            ActivityKind::Redacted => self.redacted = true,
            ActivityKind::Deleted => self.deleted = true,
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

    /// The events and callbacks of it, byte for byte where they are text.
    pub(super) fn raw(&self) -> Value {
        let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
        let steps = self.steps.iter().map(|step| {
            let callbacks: Vec<_> = step.callbacks.iter().map(|answer| text(&answer.body)).collect();
            json!({ "event": text(&step.event), "callbacks": callbacks })
        });
        json!({ "number": self.number, "steps": steps.collect::<Vec<_>>() })
    }

    fn outcome(&self) -> Outcome {
        let decisions = || self.steps.iter().flat_map(|step| &step.callbacks).filter_map(|answer| answer.decision);
        match self.status {
            MessageStatus::Pending if self.steps.last().is_some_and(|step| step.finished == Some(false)) => {
                Outcome::Undecided
            }
            MessageStatus::Pending => Outcome::Waiting,
            MessageStatus::Denied => Outcome::Deny,
            MessageStatus::Failed => Outcome::Failed,
            MessageStatus::Sent if self.steps.is_empty() => Outcome::PassedBy,
            MessageStatus::Sent if decisions().any(|decision| decision == "UPDATE") => Outcome::Update,
            MessageStatus::Sent if self.steps.iter().any(|step| step.unreachable.is_some()) => Outcome::Fallback,
            MessageStatus::Sent => Outcome::NoChange,
        }
    }

    /// The step with this callback id or, where a callback has none that fits, the latest one.
    fn step(&mut self, callback_id: Option<&str>) -> Option<&mut Step> {
        let fits = |step: &Step| callback_id.is_some_and(|id| step.callback_id == id);
        let position = self.steps.iter().rposition(fits).or(self.steps.len().checked_sub(1))?;
        self.steps.get_mut(position)
    }
}

impl Answer {
    fn new(record: CallbackRecord) -> Self {
        let decision = record.verdict().ok().map(|decision| match decision {
            Decision::Update => "UPDATE",
            Decision::Deny => "DENY",
            Decision::NoChange => "NO_CHANGE",
        });
        let refusal = record.verdict().err().map(|refusal| Refused {
            status: refusal.status(),
            exception: refusal.exception().to_owned(),
            reason: refusal.reason().to_owned(),
        });
        let fault = record.fault().map(str::to_owned);
        Self { received_at: time(record.received_at()), decision, refusal, fault, body: record.body }
    }
}

/// The callback id of whatever has one.
pub(super) fn callback_id(kind: &ActivityKind) -> Option<&str> {
    match kind {
        ActivityKind::Invoked { ids, .. }
        | ActivityKind::Attempted { ids, .. }
        | ActivityKind::Finished { ids, .. }
        | ActivityKind::Unreachable { ids, .. } => {
            let MessageIds { callback_id, .. } = ids;
            Some(callback_id)
        }
        ActivityKind::Callback(record) => record.callback_id.as_deref(),
        ActivityKind::Sent { .. } | ActivityKind::Settled { .. } | ActivityKind::Redacted | ActivityKind::Deleted => {
            None
        }
    }
}

/// Milliseconds since 1970, as a page's clock counts.
fn time(at: SystemTime) -> u64 {
    u64::try_from(milliseconds(at)).unwrap_or(u64::MAX)
}
