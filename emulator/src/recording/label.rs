//! What should have been decided.

use crate::model::decision::{Decision, decision_named};
use serde::{Deserialize, Serialize};

/// What should have been decided about the message of a [`RecordedStep`](crate::RecordedStep).
///
/// ```json
/// {"decision":"DENY","reasons":["links"]}
/// ```
///
/// People write it, so an unknown field is an error, and not a field of tomorrow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Label {
    /// `UPDATE`, `DENY` or `NO_CHANGE`; `None` if the label says nothing about the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// The codes of all reasons, in any order; `None` if the label says nothing about them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasons: Option<Vec<String>>,
}

impl Label {
    /// The decision; `None` if the label says nothing about it, or if there is no such decision.
    pub fn decision(&self) -> Option<Decision> {
        decision_named(self.decision.as_deref()?)
    }
}
