//! A processor's decision about a message.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A processor's decision, as its callback states it, or as the function returned it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Decision {
    /// The message is released with at least one field set by the processor.
    Update,
    /// `DeleteResource`: the message is denied.
    Deny,
    /// Nothing but the ids: the message is released as it is.
    NoChange,
    /// The function holds the message for a reviewer. No callback states it: one of the others comes later.
    Hold,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Update => "update",
            Self::Deny => "deny",
            Self::NoChange => "no change",
            Self::Hold => "hold",
        })
    }
}

/// A decision as functions, the page and recordings spell it.
pub(crate) fn decision_name(decision: Decision) -> &'static str {
    match decision {
        Decision::Update => "UPDATE",
        Decision::Deny => "DENY",
        Decision::NoChange => "NO_CHANGE",
        Decision::Hold => "HOLD",
    }
}

/// The decision with this [name](decision_name).
pub(crate) fn decision_named(name: &str) -> Option<Decision> {
    let all = [Decision::Update, Decision::Deny, Decision::NoChange, Decision::Hold];
    all.into_iter().find(|decision| decision_name(*decision) == name)
}
