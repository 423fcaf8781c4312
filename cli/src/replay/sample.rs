//! What the steps of a flow did to a message: now, and as recorded.

use super::step::Replayed;
use channel_flow_emulator::{Decision, Returned, Scores, StepReport};
use std::collections::BTreeSet;

/// A replayed message, as far as steps are judged by it.
pub(super) struct Sample {
    pub(super) id: String,
    /// The line of the recording.
    pub(super) line: usize,
    /// `None` unless it is to be shown.
    pub(super) content: Option<String>,
    /// `None` if the message is undecided, or masked: on masked text a processor decides nothing that could be compared.
    pub(super) now: Option<Observed>,
    /// `None` if the message was not decided.
    pub(super) recorded: Option<Observed>,
    /// The reasons that should be given; `None` if no label tells.
    pub(super) label: Option<BTreeSet<String>>,
}

/// A decided message, and what its function returned about it.
pub(super) struct Observed {
    /// In a dry run, the decision that was not sent.
    pub(super) decision: Decision,
    pub(super) scores: Scores,
    pub(super) steps: Vec<StepReport>,
}

impl Sample {
    pub(super) fn of(replayed: &Replayed<'_>, with_content: bool) -> Self {
        let step = replayed.step;
        let now = replayed.now.as_ref().filter(|_| !step.masked);
        let now = now.and_then(|now| {
            let Returned { dry_run, scores, steps, .. } = now.invocation.outcome().returned();
            let sent = now.decision()?;
            Some(Observed { decision: dry_run.unwrap_or(sent), scores, steps })
        });
        let recorded = step.decision().filter(|_| replayed.now.is_some());
        let recorded = recorded.map(|decision| step.dry_run().unwrap_or(decision));
        let (scores, steps) = (&step.scores, &step.steps);
        let recorded = recorded.map(|decision| Observed { decision, scores: scores.clone(), steps: steps.clone() });
        let reasons = step.label.as_ref().and_then(|label| label.reasons.as_ref());
        Self {
            id: replayed.message_id(),
            line: replayed.line.number,
            content: step.event().fields().content.clone().filter(|_| with_content),
            now,
            recorded,
            label: reasons.map(|reasons| reasons.iter().cloned().collect()),
        }
    }
}

impl Observed {
    /// What the step of this name did; `None` if it did not run.
    pub(super) fn step(&self, name: &str) -> Option<&StepReport> {
        self.steps.iter().find(|report| report.name == name)
    }

    /// Whether the message tells something about a step: the step ran, or it could have run. A message that was denied
    /// before the step's turn tells nothing.
    pub(super) fn tells_of(&self, name: &str) -> bool {
        self.step(name).is_some() || (!self.steps.is_empty() && self.decision != Decision::Deny)
    }
}
