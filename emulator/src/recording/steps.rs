//! Activities become recorded steps.

use crate::ids;
use crate::lambda::invoke_endpoint;
use crate::model::activity::{Activity, ActivityKind};
use crate::model::decision::decision_name;
use crate::model::message::MessageStatus;
use crate::model::processor_step::{Attempt, ProcessorStep, Unreachable, callback_id};
use crate::recording::mask;
use crate::recording::step::{RecordedAttempt, RecordedCallback, RecordedStep, RecordedUnreachable, StepOutcome};
use std::collections::HashMap;
use std::time::SystemTime;

/// Makes a [`RecordedStep`] of all that happens to a message at one processor.
///
/// A step is complete when it is known where the message went and Lambda is done with the event, or when Lambda is done with
/// it and no callback was accepted. If one is accepted later, the step is complete once more.
pub(super) struct Steps {
    masked: bool,
    /// By the message's id, in the order of the flow.
    open: HashMap<String, Vec<OpenStep>>,
}

/// A step that is not complete.
struct OpenStep {
    step: ProcessorStep,
    outcome: StepOutcome,
    /// Its outcome in the line that was last made of it.
    recorded: Option<StepOutcome>,
}

impl Steps {
    pub(super) fn new(masked: bool) -> Self {
        Self { masked, open: HashMap::new() }
    }

    /// Takes in what happened. Returns the steps that are complete by it.
    pub(super) fn take(&mut self, activity: Activity) -> Vec<RecordedStep> {
        let Activity { at, message_id, kind, .. } = activity;
        match kind {
            ActivityKind::Sent { .. } | ActivityKind::Redacted | ActivityKind::Deleted => return Vec::new(),
            ActivityKind::Invoked { processor, function_arn, ids, event } => {
                let steps = self.open.entry(message_id.clone()).or_default();
                steps.iter_mut().for_each(|step| step.went_on(StepOutcome::Next));
                let step = ProcessorStep::invoked(at, processor, function_arn, ids, event);
                steps.push(OpenStep { step, outcome: StepOutcome::Pending, recorded: None });
            }
            ActivityKind::Settled { status, .. } => {
                let steps = self.open.entry(message_id.clone()).or_default();
                let outcome = StepOutcome::of(status);
                steps.iter_mut().for_each(|step| step.went_on(outcome));
            }
            ActivityKind::Attempted { .. }
            | ActivityKind::Finished { .. }
            | ActivityKind::Unreachable { .. }
            | ActivityKind::Callback(_) => {
                let Some(open) = self.step(&message_id, callback_id(&kind)) else { return Vec::new() };
                let gave_up = matches!(kind, ActivityKind::Finished { decided: false, .. });
                open.step.follow(at, kind);
                if gave_up && open.step.decided().is_none() && open.recorded.is_none() {
                    open.recorded = Some(StepOutcome::Pending);
                    let line = open.line(at);
                    return vec![self.masked(line)];
                }
            }
        }
        self.complete(&message_id, at)
    }

    /// The complete steps of a message, which are then forgotten.
    fn complete(&mut self, message_id: &str, now: SystemTime) -> Vec<RecordedStep> {
        let Some(steps) = self.open.get_mut(message_id) else { return Vec::new() };
        let complete: Vec<_> = steps.extract_if(.., |step| step.is_complete()).map(|step| step.line(now)).collect();
        if steps.is_empty() {
            self.open.remove(message_id);
        }
        complete.into_iter().map(|line| self.masked(line)).collect()
    }

    /// The steps that are not complete, as far as they are known, in the order of time.
    pub(super) fn rest(mut self) -> Vec<RecordedStep> {
        let mut steps: Vec<_> = std::mem::take(&mut self.open).into_values().flatten().collect();
        steps.retain(|open| open.recorded != Some(open.outcome));
        steps.sort_by_key(|open| open.step.invoked_at);
        steps.iter().map(|open| self.masked(open.line(SystemTime::now()))).collect()
    }

    /// The latest step with this callback id: there are several if the service keeps the id for all of them.
    fn step(&mut self, message_id: &str, callback_id: Option<&str>) -> Option<&mut OpenStep> {
        let callback_id = callback_id?;
        self.open.get_mut(message_id)?.iter_mut().rev().find(|open| open.step.has(callback_id))
    }

    fn masked(&self, line: RecordedStep) -> RecordedStep {
        if self.masked { line.masked() } else { line }
    }
}

impl OpenStep {
    /// The message left this processor, unless it had done so before.
    fn went_on(&mut self, outcome: StepOutcome) {
        let left = self.step.decided().is_some() || self.step.unreachable.is_some();
        if self.outcome == StepOutcome::Pending && left {
            self.outcome = outcome;
        }
    }

    fn is_complete(&self) -> bool {
        self.is_finished() && self.outcome != StepOutcome::Pending
    }

    /// Whether Lambda is done with the event, as far as can be known.
    fn is_finished(&self) -> bool {
        let ProcessorStep { finished, unreachable, attempts, .. } = &self.step;
        // An endpoint that has taken the event has its own queue, and reports nothing more.
        let is_queued = || attempts.iter().any(|attempt| attempt.outcome == invoke_endpoint::QUEUED);
        finished.is_some() || unreachable.is_some() || is_queued()
    }

    fn line(&self, now: SystemTime) -> RecordedStep {
        let step = &self.step;
        let since =
            |time: SystemTime| rounded(time.duration_since(step.invoked_at).unwrap_or_default().as_secs_f64() * 1000.0);
        let decided = step.decided();
        let returned = step.returned().cloned().unwrap_or_default();
        RecordedStep {
            version: RecordedStep::VERSION,
            masked: false,
            time: ids::timestamp(step.invoked_at),
            processor: step.processor.clone(),
            function_arn: step.function_arn.clone(),
            event: mask::line(&step.event, false),
            callbacks: step.callbacks.iter().map(|callback| RecordedCallback::new(callback, since)).collect(),
            held: step.held_until().is_some(),
            decision: decided.map(|(_, decision)| decision_name(decision).to_owned()),
            decided_by: returned.decided_by.filter(|_| returned.is_accepted),
            fallback: returned.fallback.filter(|_| returned.is_accepted),
            dry_run: returned.dry_run.map(|decision| decision_name(decision).to_owned()),
            reasons: returned.reasons,
            scores: returned.scores,
            steps: returned.steps,
            label: None,
            unreachable: step.unreachable.as_ref().map(RecordedUnreachable::of),
            outcome: self.outcome,
            attempts: step.attempts.iter().map(RecordedAttempt::of).collect(),
            decided_ms: decided.map(|(at, _)| since(at)),
            total_ms: since(step.changed_at.unwrap_or(now)),
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

impl RecordedUnreachable {
    fn of(unreachable: &Unreachable) -> Self {
        let Unreachable { reason, fallback_action } = unreachable;
        Self { reason: reason.clone(), fallback_action: fallback_action.clone() }
    }
}

impl RecordedAttempt {
    fn of(attempt: &Attempt) -> Self {
        Self {
            function_arn: attempt.function_arn.clone(),
            request_id: attempt.request_id.clone(),
            success: attempt.success,
            outcome: attempt.outcome.clone(),
            duration_ms: rounded(attempt.milliseconds),
            cold_start_ms: attempt.cold_start_milliseconds.map(rounded),
        }
    }
}

/// With three decimals.
fn rounded(milliseconds: f64) -> f64 {
    (milliseconds * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests;
