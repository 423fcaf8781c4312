//! A message on its way through the steps of a flow.

use std::sync::Arc;
use std::time::Duration;

use super::error::FlowError;
use super::failure::Failure;
use crate::catch_unwind::catch_unwind;
use crate::decision::Parts;
use crate::decision::hold::Hold;
use crate::decision::trace::Trace;
use crate::{Decision, Fallback, FallbackAction, Message, Reason, StepOutcome, StepReport, Update};

/// A message on its way through the steps of a flow.
pub(crate) struct Run<'a> {
    original: &'a Message,
    /// The message with the changes so far, if a step has asked for it.
    updated: Option<Message>,
    changes: Option<Box<Update>>,
    reasons: Vec<Reason>,
    denied: bool,
    /// The first hold, if a step holds the message.
    hold: Option<Box<Hold>>,
    trace: Trace,
}

impl<'a> Run<'a> {
    pub(super) fn new(original: &'a Message, steps: usize) -> Self {
        // For a message that its steps leave alone, a flow allocates this and, at its end, what shares the trace.
        let trace = Trace::with_capacity(steps);
        Self { original, updated: None, changes: None, reasons: Vec::new(), denied: false, hold: None, trace }
    }

    /// Returns the message as the steps so far leave it.
    pub(super) fn message(&mut self) -> &Message {
        let Some(changes) = &self.changes else { return self.original };
        // Nobody may look after the last change.
        self.updated.get_or_insert_with(|| self.original.with_update(changes))
    }

    pub(super) fn is_denied(&self) -> bool {
        self.denied
    }

    /// Keeps a shadow for the time after the callback.
    pub(super) fn defer(&mut self, position: usize) {
        let message = self.message().clone();
        self.trace.shadows.push((position, message));
    }

    /// Takes in the decision of a step.
    pub(super) fn decided(&mut self, position: usize, name: &'static str, decision: Decision, duration: Duration) {
        self.record(position, name, StepOutcome::of(&decision), duration);
        let Parts { denied, changes, hold, reasons, trace } = decision.into_parts();
        if let Some(nested) = trace {
            if self.trace.fell_back.is_none() {
                self.trace.fell_back.clone_from(&nested.fell_back);
            }
            self.trace.nested.push((position, nested));
        }
        if denied {
            self.denied = true;
            self.reasons = reasons;
            return;
        }
        for reason in reasons {
            if !self.reasons.contains(&reason) {
                self.reasons.push(reason);
            }
        }
        if self.hold.is_none() {
            self.hold = hold;
        }
        if let Some(update) = changes {
            self.changes = Some(match self.changes.take() {
                Some(changes) => Box::new(changes.merged(*update)),
                None => update,
            });
            self.updated = None;
        }
    }

    /// Takes in that a step failed, and what its own fallback action makes of it.
    pub(super) fn fell_back(
        &mut self,
        position: usize,
        name: &'static str,
        failure: &Failure,
        fallback_action: FallbackAction,
        duration: Duration,
    ) {
        if fallback_action == FallbackAction::Abort {
            self.denied = true;
            self.trace.fell_back = Some(Fallback::of_step(name, failure.failure, failure.panicked_at.clone()));
            self.reasons.clear();
        }
        self.failed(position, name, failure, Some(fallback_action), duration);
    }

    /// Takes in that a step failed that has no fallback action of its own, and ends the flow.
    pub(super) fn gave_up(&mut self, position: usize, name: &'static str, failure: &Failure, duration: Duration) {
        self.failed(position, name, failure, None, duration);
    }

    fn failed(
        &mut self,
        position: usize,
        name: &'static str,
        Failure { failure, panicked_at, source, .. }: &Failure,
        fallback_action: Option<FallbackAction>,
        duration: Duration,
    ) {
        let outcome = StepOutcome::Failed { failure: *failure, panicked_at: panicked_at.clone(), fallback_action };
        self.record(position, name, outcome, duration);
        // The source is the user's code. What it does when it is asked for its own source is not looked at here.
        let nested = source.as_deref().and_then(|source| catch_unwind(|| FlowError::trace_of(source)).ok().flatten());
        self.trace.nested.extend(nested.map(|nested| (position, nested)));
    }

    fn record(&mut self, position: usize, name: &'static str, outcome: StepOutcome, duration: Duration) {
        self.trace.steps.push((position, StepReport { name, outcome, shadow: false, duration }));
    }

    pub(super) fn into_trace(self) -> Arc<Trace> {
        Arc::new(self.trace)
    }

    pub(super) fn into_decision(self) -> Decision {
        let Self { denied, changes, hold, reasons, trace, .. } = self;
        Decision::from_parts(Parts { denied, changes, hold, reasons, trace: Some(Arc::new(trace)) })
    }
}
