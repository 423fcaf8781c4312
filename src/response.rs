//! How an invocation ended well.

use serde::Serialize;

use crate::callback::{Callback, Settlement};
use crate::{Doubt, Outcome};

/// What the function returns to Lambda.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Response {
    /// To an event: how it was settled. The service throws this away; for a person who invokes the function by hand it
    /// tells what happened.
    Settled(Settled),
    /// To messages from a queue: which of them shall come again. The queue reads this where its event source mapping has
    /// `ReportBatchItemFailures`.
    #[serde(rename_all = "camelCase")]
    Batch {
        /// The messages that could not be settled.
        batch_item_failures: Vec<BatchItemFailure>,
    },
}

/// A message from a queue that shall come again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BatchItemFailure {
    /// How the queue calls it.
    pub item_identifier: String,
}

/// How an event was settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Settled {
    /// The id of the message.
    pub message_id: String,
    /// The decision that was sent: `UPDATE`, `DENY` or `NO_CHANGE`.
    pub decision: &'static str,
    /// Whether the processor decided, or what in its place.
    pub decided_by: DecidedBy,
    /// What the service said.
    pub outcome: Outcome,
    /// Why the outcome could be wrong, if the service did not say it in so many words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
}

impl Settled {
    pub(crate) fn new(callback: &Callback<'_>, decided_by: DecidedBy, settlement: Settlement) -> Self {
        let Settlement { outcome, fell_back, doubt } = settlement;
        let (decision, decided_by) = match fell_back {
            true => (callback.fallback_action.decision().name(), DecidedBy::FallbackAction),
            false => (callback.decision.name(), decided_by),
        };
        Self { message_id: callback.ids.message_id.clone(), decision, decided_by, outcome, doubt }
    }
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
    /// The fallback action, since the event had failed before and came by way of an on-failure destination or a
    /// dead-letter queue.
    Rescue,
}
