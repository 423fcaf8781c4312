//! The result of a successful invocation.

mod execution;

use serde::Serialize;

pub use self::execution::{Execution, ExecutionError};
use crate::{DecisionKind, Error, Invocation, Reason, Scores, StepReport};

/// The value that the function returns to Lambda.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
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
    /// The answer of a durable function: how the execution ended, with one of the other answers inside.
    Execution(Execution),
}

impl Response {
    /// Returns what the invocation returns in the end.
    pub(crate) fn of(result: Result<Self, Error>, invocation: &Invocation) -> Result<Self, Error> {
        if invocation.durable { Execution::ended(result).map(Self::Execution) } else { result }
    }
}

/// A message from a queue that SQS should redeliver.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BatchItemFailure {
    /// The queue's id for the message.
    pub item_identifier: String,
}

/// How an event was settled.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Settled {
    /// The id of the message.
    pub message_id: String,
    /// The decision that was sent.
    pub decision: DecisionKind,
    /// Whether the processor or the fallback action decided.
    pub decided_by: DecidedBy,
    /// The service's answer.
    pub outcome: Outcome,
    /// The reason why the outcome could be wrong, if the service did not confirm it explicitly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
    /// How often the callback was sent, the retries included. Not in the JSON if it was sent once.
    #[serde(skip_serializing_if = "is_one")]
    pub attempts: u32,
    /// The decision that was not sent, if the function is in a [dry run](crate::AdapterBuilder::dry_run).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<DecisionKind>,
    /// The reasons of the decision; in a dry run, of the decision that was not sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
    /// The scores of the judge that the decision follows: a JSON object of category to number. Empty for a decision
    /// without scores, and for a [`Flow`](crate::Flow): see [`steps`](Self::steps).
    #[serde(skip_serializing_if = "Scores::is_empty")]
    pub scores: Scores,
    /// What the steps of a [`Flow`](crate::Flow) did, in order, shadows at the end. Empty for other processors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepReport>,
}

/// Serde asks by reference.
fn is_one(attempts: &u32) -> bool {
    *attempts == 1
}

/// Who made a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
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
    /// The code that called [`Callbacks::send`](crate::Callbacks::send).
    Caller,
}

impl DecidedBy {
    /// Returns the name: `PROCESSOR`, `FALLBACK_ACTION`, `RESCUE` or `CALLER`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Processor => "PROCESSOR",
            Self::FallbackAction => "FALLBACK_ACTION",
            Self::Rescue => "RESCUE",
            Self::Caller => "CALLER",
        }
    }
}

/// How a callback ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum Outcome {
    /// The service accepted the callback.
    Accepted,
    /// The message had been decided before: the event was delivered twice, or the answer to an earlier attempt was
    /// lost.
    DecidedBefore,
}

impl Outcome {
    /// Returns the name: `ACCEPTED` or `DECIDED_BEFORE`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::DecidedBefore => "DECIDED_BEFORE",
        }
    }
}

/// The reason why a message counts as decided although the service did not say so explicitly.
///
/// Each of these is a success that could be wrong if a grant of the function's role was revoked. Alarms look for
/// these values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum Doubt {
    /// The service refuses to say, as it does for a message that was denied. It also refuses if the function may not
    /// ask, or if the sender has left the channel.
    DeniedOrNotGranted,
    /// The service has no status for a message that it need not store, or for a bot's message. The service accepted
    /// callbacks from this environment in the app instance before.
    NotStored,
    /// The service says that an edited message was processed, which may refer to the message before the edit. The
    /// service accepted callbacks from this environment in the app instance before.
    EditedBefore,
}

impl Doubt {
    /// Returns the name of the doubt, as logs and the value that is returned to Lambda show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DeniedOrNotGranted => "DENIED_OR_NOT_GRANTED",
            Self::NotStored => "NOT_STORED",
            Self::EditedBefore => "EDITED_BEFORE",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_in_code_and_in_json() {
        fn json(value: impl Serialize) -> String {
            serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
        }
        for decision in [DecisionKind::Update, DecisionKind::Deny, DecisionKind::NoChange] {
            assert_eq!(json(decision), decision.as_str());
        }
        for decided_by in [DecidedBy::Processor, DecidedBy::FallbackAction, DecidedBy::Rescue, DecidedBy::Caller] {
            assert_eq!(json(decided_by), decided_by.as_str());
        }
        for outcome in [Outcome::Accepted, Outcome::DecidedBefore] {
            assert_eq!(json(outcome), outcome.as_str());
        }
        for doubt in [Doubt::DeniedOrNotGranted, Doubt::NotStored, Doubt::EditedBefore] {
            assert_eq!(json(doubt), doubt.as_str());
        }
    }
}
