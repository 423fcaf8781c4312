//! The result of a successful invocation.

use serde::Serialize;

use crate::callback::{Callback, Settlement};
use crate::{Doubt, Outcome};

/// The value that the function returns to Lambda.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Response {
    /// The answer to an event: how the event was settled. The service discards this answer. It shows the result to a
    /// person who invokes the function by hand.
    Settled(Settled),
    /// The answer to messages from a queue: which messages SQS should redeliver. Lambda reads this if the queue's event
    /// source mapping has `ReportBatchItemFailures`.
    #[serde(rename_all = "camelCase")]
    Batch {
        /// The messages that could not be settled.
        batch_item_failures: Vec<BatchItemFailure>,
    },
}

/// A message from a queue that SQS should redeliver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BatchItemFailure {
    /// The queue's id for the message.
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
    /// Whether the processor or the fallback action decided.
    pub decided_by: DecidedBy,
    /// The service's answer.
    pub outcome: Outcome,
    /// The reason why the outcome could be wrong, if the service did not confirm it explicitly.
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
    /// The fallback action, because the processor failed or could not be asked.
    FallbackAction,
    /// The fallback action, because the event had failed before and came through an on-failure destination or a
    /// dead-letter queue.
    Rescue,
}
