//! How an invocation ended well.

use serde::Serialize;

use crate::{Decision, Outcome};

/// How an invocation ended; what the function returns to Lambda. The service throws it away; for a person who invokes
/// the function by hand it tells what happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Settled {
    /// The id of the message.
    pub message_id: String,
    /// The decision that was sent: `UPDATE`, `DENY` or `NO_CHANGE`.
    pub decision: &'static str,
    /// Whether the processor decided, or the fallback action in its place.
    pub decided_by: DecidedBy,
    /// What the service said.
    pub outcome: Outcome,
}

/// Who made a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum DecidedBy {
    /// The processor.
    Processor,
    /// The fallback action, since the processor failed or could not be asked.
    FallbackAction,
}

impl Decision {
    /// The decision as logs and [`Settled`] spell it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Update(_) => "UPDATE",
            Self::Deny => "DENY",
            Self::NoChange => "NO_CHANGE",
        }
    }
}
