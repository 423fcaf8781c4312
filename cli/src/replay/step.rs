//! A recorded step, delivered to the processor.

use super::recording::Line;
use crate::exit::Exit;
use channel_flow_emulator::{Decision, Delivered, Function, InvocationOutcome, MessageFields, RecordedStep};

/// The decision, and the released message; no message if it was denied.
#[derive(PartialEq)]
pub(super) struct Verdict {
    pub(super) decision: Option<Decision>,
    pub(super) released: Option<MessageFields>,
}

/// The result of a recorded step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Same,
    Changed,
    Undecided,
    /// It is masked, so there is nothing to compare.
    Decided,
    /// Its processor was not reached, so there is nothing to compare either.
    Skipped,
}

/// A step that was replayed, unless it was skipped.
pub(super) struct Replayed<'a> {
    pub(super) line: &'a Line,
    pub(super) step: &'a RecordedStep,
    pub(super) outcome: Outcome,
    pub(super) before: Option<Verdict>,
    pub(super) now: Option<Delivered>,
}

impl Outcome {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Same => "SAME",
            Self::Changed => "CHANGED",
            Self::Undecided => "UNDECIDED",
            Self::Decided => "DECIDED",
            Self::Skipped => "SKIPPED",
        }
    }
}

impl Verdict {
    pub(super) fn of(delivered: &Delivered) -> Self {
        let message = delivered.message.as_ref();
        Self {
            decision: delivered.decision(),
            released: message.and_then(|message| message.seen_by_everyone()).cloned(),
        }
    }
}

impl<'a> Replayed<'a> {
    /// Delivers the step's event, unless the step is to be skipped.
    pub(super) async fn deliver(function: &Function, line: &'a Line, step: &'a RecordedStep) -> Self {
        let before = (!step.masked).then(|| Verdict { decision: step.decision(), released: step.released() });
        if step.unreachable.is_some() {
            return Self { line, step, outcome: Outcome::Skipped, before: None, now: None };
        }
        let now = function.deliver(&step.event()).await;
        let outcome = match &before {
            _ if now.decision().is_none() => Outcome::Undecided,
            None => Outcome::Decided,
            Some(before) if *before == Verdict::of(&now) => Outcome::Same,
            Some(_) => Outcome::Changed,
        };
        Self { line, step, outcome, before, now: Some(now) }
    }

    /// The id of the message, which every line has.
    pub(super) fn message_id(&self) -> String {
        self.step.event().ids().map(|ids| ids.message_id.clone()).unwrap_or_default()
    }

    /// Why the message was decided as it was recorded; empty if it was not decided.
    pub(super) fn recorded_reasons(&self) -> &[String] {
        match self.step.decision() {
            Some(_) => &self.step.reasons,
            None => &[],
        }
    }

    /// Why the message is decided as it is now; empty if it is not.
    pub(super) fn reasons(&self) -> Vec<String> {
        let decided = self.now.as_ref().filter(|now| now.decision().is_some());
        decided.map(|now| now.invocation.outcome().returned().reasons).unwrap_or_default()
    }

    /// Whether the processor did not come to ask for an event.
    pub(super) fn has_not_started(&self) -> bool {
        let outcome = self.now.as_ref().map(|now| now.invocation.outcome());
        self.outcome == Outcome::Undecided && matches!(outcome, Some(InvocationOutcome::InitFailed(_)))
    }

    /// The exit status. With rules it is theirs to say whether a change matters.
    pub(super) fn exit(&self, has_rules: bool) -> Exit {
        match self.outcome {
            Outcome::Undecided if self.has_not_started() => Exit::NotStarted,
            Outcome::Undecided => Exit::Undecided,
            Outcome::Changed if !has_rules => Exit::Changed,
            Outcome::Changed | Outcome::Same | Outcome::Decided | Outcome::Skipped => Exit::Decided,
        }
    }
}
