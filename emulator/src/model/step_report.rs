//! What a step of a flow in the function did to a message.

use crate::json::{self, Members};
use crate::model::code::{codes, is_code};
use crate::model::decision::{Decision, decision_name, decision_named};
use crate::model::fallback::place;
use crate::model::scores::{self, Scores};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a step of a `Flow` did to a message, as the function returned it to Lambda.
///
/// In a [`RecordedStep`](crate::RecordedStep) it is one flat object:
///
/// ```json
/// {"name":"links","decision":"DENY","reasons":["links"],"shadow":true,"duration_ms":0.021}
/// {"name":"judge","failure":"OUT_OF_TIME","fallback_action":"CONTINUE","shadow":false,"duration_ms":100.2}
/// ```
///
/// `Debug` leaves out the name: a function that is not written with the framework can put anything there.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StepReport {
    /// The name of the step.
    pub name: String,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: ReportedOutcome,
    /// Whether it is a shadow, which has no effect on the message.
    #[serde(default)]
    pub shadow: bool,
    /// The scores of its decision.
    #[serde(default, skip_serializing_if = "Scores::is_empty")]
    pub scores: Scores,
    /// How long it took, in milliseconds.
    #[serde(default)]
    pub duration_ms: f64,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum ReportedOutcome {
    /// Its processor decided.
    Decided {
        /// The decision: `UPDATE`, `DENY`, `NO_CHANGE` or `HOLD`.
        #[serde(with = "decision_in_capitals")]
        decision: Decision,
        /// The codes of the reasons.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        reasons: Vec<String>,
    },
    /// Its processor failed.
    Failed {
        /// Why there is no decision, such as `ERROR`, `PANIC` or `OUT_OF_TIME`.
        failure: String,
        /// Where in the function's code it panicked, as file, line and column.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        panicked_at: Option<String>,
        /// The step's fallback action, `CONTINUE` or `ABORT`; `None` for a shadow.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fallback_action: Option<String>,
    },
}

impl StepReport {
    /// Reads an element of `Steps` in what a function returned; `None` if it is not one. Reasons, failures and categories
    /// that are not codes are left out.
    pub(crate) fn read(json: &str) -> Option<Self> {
        let members = Members::read(json.as_bytes())?;
        let code = |key| members.string(key).filter(|text| is_code(text));
        let outcome = match (members.string("Decision"), code("Failure")) {
            (Some(decision), _) => ReportedOutcome::Decided {
                decision: decision_named(&decision)?,
                reasons: codes(members.raw("Reasons")),
            },
            (None, Some(failure)) => ReportedOutcome::Failed {
                failure,
                panicked_at: place(&members),
                fallback_action: code("FallbackAction"),
            },
            (None, None) => return None,
        };
        Some(Self {
            name: members.string("Name")?,
            outcome,
            shadow: members.raw("Shadow") == Some("true"),
            scores: scores::read(members.raw("Scores")),
            duration_ms: members.raw("DurationMs").and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default(),
        })
    }

    /// The decision; `None` if the step failed.
    pub fn decision(&self) -> Option<Decision> {
        match self.outcome {
            ReportedOutcome::Decided { decision, .. } => Some(decision),
            ReportedOutcome::Failed { .. } => None,
        }
    }

    /// The codes of the reasons of its decision.
    pub fn reasons(&self) -> &[String] {
        match &self.outcome {
            ReportedOutcome::Decided { reasons, .. } => reasons,
            ReportedOutcome::Failed { .. } => &[],
        }
    }
}

impl fmt::Debug for StepReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepReport")
            .field("outcome", &self.outcome)
            .field("shadow", &self.shadow)
            .field("scores", &self.scores)
            .finish_non_exhaustive()
    }
}

/// The elements of a JSON array that are reports.
pub(crate) fn reports(json: Option<&str>) -> Vec<StepReport> {
    json::elements(json).iter().filter_map(|element| StepReport::read(element.get())).collect()
}

/// A decision as functions, the page and recordings spell it.
mod decision_in_capitals {
    use super::{Decision, decision_name, decision_named};
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(decision: &Decision, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(decision_name(*decision))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decision, D::Error> {
        let name = String::deserialize(deserializer)?;
        decision_named(&name).ok_or_else(|| D::Error::custom("a decision is UPDATE, DENY or NO_CHANGE"))
    }
}
