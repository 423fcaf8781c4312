//! Recording: what flowed, as JSON lines.

mod mask;
mod recorder;
mod step;

pub use recorder::{Recorder, RecorderSettings};
pub use step::{
    RecordedAttempt, RecordedCallback, RecordedRefusal, RecordedStep, RecordedUnreachable, StepOutcome, UnreadableStep,
};

use crate::ids;
use crate::lambda::invoke_endpoint;
use crate::model::activity::{Activity, ActivityKind};
use crate::model::callback_record::CallbackRecord;
use crate::model::decision::Decision;
use crate::model::message::{MessageIds, MessageStatus};
use axum::body::Bytes;
use std::collections::HashMap;
use std::time::SystemTime;

/// Makes a [`RecordedStep`] of all that happens to a message at one processor.
///
/// A step is complete when it is known where the message went and Lambda is done with the event, or when Lambda is done with
/// it and nobody called back. Should somebody do so later, the step is complete once more.
#[derive(Debug)]
struct Recording {
    masked: bool,
    /// By the message's id, in the order of the flow.
    open: HashMap<String, Vec<Step>>,
}

#[derive(Debug)]
struct Step {
    at: SystemTime,
    processor: String,
    function_arn: String,
    ids: MessageIds,
    event: Bytes,
    callbacks: Vec<CallbackRecord>,
    decided: Option<(SystemTime, Decision)>,
    unreachable: Option<RecordedUnreachable>,
    outcome: StepOutcome,
    attempts: Vec<RecordedAttempt>,
    ended: Option<SystemTime>,
    /// Lambda is done with it, as far as can be known.
    finished: bool,
    /// How it was when it was made a line of last.
    told: Option<StepOutcome>,
}

impl Recording {
    fn new(masked: bool) -> Self {
        Self { masked, open: HashMap::new() }
    }

    /// Takes in what happened. Returns the steps that are complete by it.
    fn take(&mut self, activity: Activity) -> Vec<RecordedStep> {
        let Activity { at, message_id, kind, .. } = activity;
        match kind {
            ActivityKind::Invoked { processor, function_arn, ids, event } => {
                let steps = self.open.entry(message_id.clone()).or_default();
                steps.iter_mut().for_each(|step| step.went_on(StepOutcome::Next));
                steps.push(Step::new(at, processor, function_arn, ids, event));
            }
            ActivityKind::Attempted {
                ids,
                function_arn,
                request_id,
                outcome,
                success,
                milliseconds,
                cold_start_milliseconds,
            } => {
                let Some(step) = self.step(&message_id, &ids.callback_id) else { return Vec::new() };
                step.ended = Some(at);
                // It has a queue of its own, and nothing else will be heard of it.
                step.finished |= outcome == invoke_endpoint::QUEUED;
                step.attempts.push(RecordedAttempt {
                    function_arn,
                    request_id,
                    success,
                    outcome,
                    duration_ms: rounded(milliseconds),
                    cold_start_ms: cold_start_milliseconds.map(rounded),
                });
            }
            ActivityKind::Finished { ids, decided, .. } => {
                let Some(step) = self.step(&message_id, &ids.callback_id) else { return Vec::new() };
                step.ended = Some(at);
                step.finished = true;
                if !decided && step.decided.is_none() && step.told.is_none() {
                    step.told = Some(StepOutcome::Pending);
                    let line = step.line(at);
                    return vec![self.masked(line)];
                }
            }
            ActivityKind::Unreachable { ids, function_arn: _, reason, fallback_action } => {
                let Some(step) = self.step(&message_id, &ids.callback_id) else { return Vec::new() };
                step.unreachable = Some(RecordedUnreachable { reason, fallback_action });
                step.ended = Some(at);
                step.finished = true;
            }
            ActivityKind::Callback(record) => {
                let callback_id = record.callback_id.clone().unwrap_or_default();
                let Some(step) = self.step(&message_id, &callback_id) else { return Vec::new() };
                step.ended = Some(at);
                if let Ok(decision) = record.verdict() {
                    step.decided = Some((record.received_at(), decision));
                }
                step.callbacks.push(record);
            }
            ActivityKind::Settled { status, .. } => {
                let steps = self.open.entry(message_id.clone()).or_default();
                let outcome = StepOutcome::of(status);
                steps.iter_mut().for_each(|step| step.went_on(outcome));
            }
            ActivityKind::Sent { .. } | ActivityKind::Redacted | ActivityKind::Deleted => return Vec::new(),
        }
        self.complete(&message_id, at)
    }

    /// What is complete of a message's steps.
    fn complete(&mut self, message_id: &str, now: SystemTime) -> Vec<RecordedStep> {
        let Some(steps) = self.open.get_mut(message_id) else { return Vec::new() };
        let complete: Vec<_> = steps.extract_if(.., |step| step.is_complete()).map(|step| step.line(now)).collect();
        if steps.is_empty() {
            self.open.remove(message_id);
        }
        complete.into_iter().map(|line| self.masked(line)).collect()
    }

    /// What is not complete, as far as it is known, in the order of time.
    fn rest(mut self) -> Vec<RecordedStep> {
        let mut steps: Vec<_> = std::mem::take(&mut self.open).into_values().flatten().collect();
        steps.retain(|step| step.told != Some(step.outcome));
        steps.sort_by_key(|step| step.at);
        steps.iter().map(|step| self.masked(step.line(SystemTime::now()))).collect()
    }

    /// The latest step with this callback id: there are several where the service keeps the id for all of them.
    fn step(&mut self, message_id: &str, callback_id: &str) -> Option<&mut Step> {
        self.open.get_mut(message_id)?.iter_mut().rev().find(|step| step.ids.callback_id == callback_id)
    }

    fn masked(&self, line: RecordedStep) -> RecordedStep {
        if self.masked { line.masked() } else { line }
    }
}

impl Step {
    fn new(at: SystemTime, processor: String, function_arn: String, ids: MessageIds, event: Bytes) -> Self {
        Self {
            at,
            processor,
            function_arn,
            ids,
            event,
            callbacks: Vec::new(),
            decided: None,
            unreachable: None,
            outcome: StepOutcome::Pending,
            attempts: Vec::new(),
            ended: None,
            finished: false,
            told: None,
        }
    }

    /// The message left this processor, unless it had done so before.
    fn went_on(&mut self, outcome: StepOutcome) {
        if self.outcome == StepOutcome::Pending && (self.decided.is_some() || self.unreachable.is_some()) {
            self.outcome = outcome;
        }
    }

    fn is_complete(&self) -> bool {
        self.finished && self.outcome != StepOutcome::Pending
    }

    fn line(&self, now: SystemTime) -> RecordedStep {
        let since = |time: SystemTime| rounded(time.duration_since(self.at).unwrap_or_default().as_secs_f64() * 1000.0);
        RecordedStep {
            version: RecordedStep::VERSION,
            masked: false,
            time: ids::timestamp(self.at),
            processor: self.processor.clone(),
            function_arn: self.function_arn.clone(),
            event: mask::line(&self.event, false),
            callbacks: self.callbacks.iter().map(|callback| RecordedCallback::new(callback, since)).collect(),
            decision: self.decided.map(|(_, decision)| step::name(decision).to_owned()),
            unreachable: self.unreachable.clone(),
            outcome: self.outcome,
            attempts: self.attempts.clone(),
            decided_ms: self.decided.map(|(at, _)| since(at)),
            total_ms: since(self.ended.unwrap_or(now)),
        }
    }
}

impl StepOutcome {
    fn of(status: MessageStatus) -> Self {
        match status {
            MessageStatus::Sent => Self::Sent,
            MessageStatus::Denied => Self::Denied,
            MessageStatus::Failed => Self::Failed,
            MessageStatus::Pending => Self::Pending,
        }
    }
}

/// With three decimals.
fn rounded(milliseconds: f64) -> f64 {
    (milliseconds * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests;
