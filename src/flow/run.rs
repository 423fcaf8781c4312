//! A message on its way through the steps of a flow.

use std::sync::Arc;
use std::time::Duration;

use crate::decision::hold::Hold;
use crate::decision::trace::Trace;
use crate::{
    Decision, DecisionKind, Fallback, FallbackAction, Message, Reason, StepFailure, StepOutcome, StepReport, Update,
};

/// A message on its way through the steps of a flow.
pub(crate) struct Run<'a> {
    original: &'a Message,
    /// The message with the changes so far, if there are any.
    updated: Option<Message>,
    changes: Update,
    reasons: Vec<Reason>,
    denied: bool,
    /// The first hold, if a step holds the message.
    hold: Option<Hold>,
    trace: Trace,
}

impl<'a> Run<'a> {
    pub(super) fn new(original: &'a Message, steps: usize) -> Self {
        // The only allocation that a flow makes for a message that its steps leave alone.
        let trace = Trace::with_capacity(steps);
        Self {
            original,
            updated: None,
            changes: Update::default(),
            reasons: Vec::new(),
            denied: false,
            hold: None,
            trace,
        }
    }

    /// Returns the message as the steps so far leave it.
    pub(super) fn message(&self) -> &Message {
        self.updated.as_ref().unwrap_or(self.original)
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
        let reasons = decision.reasons().to_vec();
        self.record(position, name, StepOutcome::of(&decision), duration);
        if let Some(nested) = decision.trace() {
            if self.trace.fell_back.is_none() {
                self.trace.fell_back.clone_from(&nested.fell_back);
            }
            self.trace.nested.push((position, nested.clone()));
        }
        match decision.kind() {
            DecisionKind::Deny => {
                self.denied = true;
                self.reasons = reasons;
            }
            DecisionKind::Update | DecisionKind::NoChange | DecisionKind::Hold => self.reasons.extend(reasons),
        }
        let hold = decision.held();
        if self.hold.is_none() {
            self.hold = hold.cloned();
        }
        if let Some(update) = decision.changes().or(hold.and_then(Hold::changes)) {
            self.changes = std::mem::take(&mut self.changes).merged(update);
            self.updated = Some(self.original.with_update(&self.changes));
        }
    }

    /// Takes in that a step failed, and what its own fallback action makes of it.
    pub(super) fn fell_back(
        &mut self,
        position: usize,
        name: &'static str,
        failure: StepFailure,
        panicked_at: Option<String>,
        fallback_action: FallbackAction,
        duration: Duration,
    ) {
        let denies = fallback_action == FallbackAction::Abort;
        let fallback = denies.then(|| Fallback::of_step(name, failure, panicked_at.clone()));
        let outcome = StepOutcome::Failed { failure, panicked_at, fallback_action: Some(fallback_action) };
        self.record(position, name, outcome, duration);
        if denies {
            self.denied = true;
            self.trace.fell_back = fallback;
            self.reasons.clear();
        }
    }

    fn record(&mut self, position: usize, name: &'static str, outcome: StepOutcome, duration: Duration) {
        self.trace.steps.push((position, StepReport { name, outcome, shadow: false, duration }));
    }

    pub(super) fn into_decision(self) -> Decision {
        let decision = match self.hold {
            _ if self.denied => Decision::deny(),
            Some(hold) => Decision::hold(hold.approval(self.changes)),
            None => Decision::from(self.changes),
        };
        self.reasons.into_iter().fold(decision, Decision::because).traced(Arc::new(self.trace))
    }
}
