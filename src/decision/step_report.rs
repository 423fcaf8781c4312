//! What a step of a flow did to a message.

use std::time::Duration;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::scores::Scores;
use crate::{Decision, DecisionKind, FallbackAction, Reason};

/// What a step of a [`Flow`](crate::Flow) did to a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct StepReport {
    /// The name of the step.
    pub name: &'static str,
    /// How the step ended.
    pub outcome: StepOutcome,
    /// Whether the step is a [shadow](crate::Step::shadow), which has no effect on the message.
    pub shadow: bool,
    /// How long the step took, its retries included.
    pub duration: Duration,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StepOutcome {
    /// The step's processor decided.
    Decided {
        /// The decision.
        decision: DecisionKind,
        /// The reasons of the decision.
        reasons: Vec<Reason>,
        /// The scores of the judge that the decision follows. Empty if it has none.
        scores: Scores,
    },
    /// The step's processor failed.
    Failed {
        /// Why there is no decision.
        failure: StepFailure,
        /// Where in the code it panicked, as in [`Fallback::panicked_at`](crate::Fallback::panicked_at).
        panicked_at: Option<String>,
        /// The step's own fallback action, which decided in its place. A shadow has none. If another step has none, the flow
        /// failed, and the function's fallback action decided.
        fallback_action: Option<FallbackAction>,
    },
}

/// Why a step's processor gave no decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum StepFailure {
    /// It returned an error.
    Error,
    /// It panicked.
    Panic,
    /// It ran out of its time.
    OutOfTime,
}

impl StepFailure {
    /// Returns the name: `ERROR`, `PANIC` or `OUT_OF_TIME`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Panic => "PANIC",
            Self::OutOfTime => "OUT_OF_TIME",
        }
    }
}

impl StepOutcome {
    /// Returns the outcome of a step that made `decision`.
    pub(crate) fn of(decision: &Decision) -> Self {
        let scores = decision.scores().cloned().unwrap_or_default();
        Self::Decided { decision: decision.kind(), reasons: decision.reasons().to_vec(), scores }
    }
}

impl StepReport {
    /// Returns the duration in milliseconds, to a thousandth.
    pub(crate) fn milliseconds(&self) -> f64 {
        milliseconds(self.duration)
    }
}

/// Returns milliseconds to a thousandth.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// One flat object: a reader of the log or of `send --json` looks for `Decision` or `Failure`.
impl Serialize for StepReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("Name", self.name)?;
        match &self.outcome {
            StepOutcome::Decided { decision, reasons, scores } => {
                map.serialize_entry("Decision", decision)?;
                if !reasons.is_empty() {
                    map.serialize_entry("Reasons", reasons)?;
                }
                if !scores.is_empty() {
                    map.serialize_entry("Scores", scores)?;
                }
            }
            StepOutcome::Failed { failure, panicked_at, fallback_action } => {
                map.serialize_entry("Failure", failure)?;
                if let Some(panicked_at) = panicked_at {
                    map.serialize_entry("PanickedAt", panicked_at)?;
                }
                if let Some(fallback_action) = fallback_action {
                    map.serialize_entry("FallbackAction", fallback_action.as_str())?;
                }
            }
        }
        if self.shadow {
            map.serialize_entry("Shadow", &true)?;
        }
        map.serialize_entry("DurationMs", &self.milliseconds())?;
        map.end()
    }
}
