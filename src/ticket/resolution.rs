//! How a ticket is resolved, and how that ended.

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::whole_milliseconds;
use crate::{Decision, DecisionKind};

/// Who resolves a ticket, how, and when.
#[derive(Clone, PartialEq, Eq)]
pub struct Resolution {
    pub(super) decision: Decision,
    pub(super) by: ResolvedBy,
    pub(super) at: SystemTime,
}

/// Who resolved a ticket.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum ResolvedBy {
    /// A person, by the name under which the person is known to the one who called
    /// [`Reviewer::resolve`](crate::Reviewer::resolve).
    Person(String),
    /// Nobody: the default decision, at the deadline.
    Default,
}

/// How the callback for a resolved ticket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum TicketOutcome {
    /// The service accepted the callback.
    Accepted,
    /// The message had been decided before: by an earlier attempt of the same callback, or by the fallback action of a
    /// function that did not learn that the ticket was stored.
    DecidedBefore,
    /// The service refused the decision as invalid, and accepted the fallback action in its place.
    FallbackAction,
    /// The 48 hours of the service were over. Nothing can decide the message any more.
    Expired,
}

impl Resolution {
    /// Creates a resolution. `None` if `decision` is to hold the message: it is held.
    pub fn new(decision: Decision, by: ResolvedBy, at: SystemTime) -> Option<Self> {
        (decision.kind() != DecisionKind::Hold).then(|| Self {
            decision: decision.untraced(),
            by,
            at: whole_milliseconds(at),
        })
    }

    /// Returns the decision.
    pub fn decision(&self) -> &Decision {
        &self.decision
    }

    /// Returns who decided.
    pub fn by(&self) -> &ResolvedBy {
        &self.by
    }

    /// Returns when the decision was made.
    pub fn at(&self) -> SystemTime {
        self.at
    }
}

impl fmt::Debug for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolution")
            .field("decision", &self.decision.kind())
            .field("by", &self.by)
            .field("at", &self.at)
            .finish()
    }
}

/// The name of a person is not shown.
impl fmt::Debug for ResolvedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Person(_) => "Person(…)",
            Self::Default => "Default",
        })
    }
}
