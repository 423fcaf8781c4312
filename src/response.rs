//! The result of a successful invocation.

pub(crate) mod by;
mod execution;
pub(crate) mod fallback;

use std::time::SystemTime;

use serde::{Serialize, Serializer};

pub use self::execution::{Execution, ExecutionError};
pub use self::fallback::{Fallback, FallbackCause};
use crate::event::header::Header;
use crate::review::Sweep;
use crate::ticket::Ticket;
use crate::ticket::resolution::{Resolution, TicketOutcome};
use crate::{Decision, DecisionKind, Error, ErrorKind, Invocation, Reason, Scores, StepReport};

/// The value that the function returns to Lambda.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Response {
    /// The answer to an event: how the event was settled. The service discards this answer. It shows the result to a
    /// person who invokes the function by hand.
    Settled(Settled),
    /// The answer to a schedule: what the [sweep](crate::Reviewer::sweep) did.
    Swept(Sweep),
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
    /// Why the processor did not decide, if the fallback action did, in a rescue too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Fallback>,
    /// The service's answer.
    pub outcome: Outcome,
    /// The reason why the outcome could be wrong, if the service did not confirm it explicitly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
    /// How often the callback was sent, the retries included: 0 for a held message. Not in the JSON if it is 0 or 1.
    #[serde(skip_serializing_if = "is_at_most_one")]
    pub attempts: u32,
    /// Until when the message is held, if it is: in the JSON, milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_milliseconds")]
    pub held_until: Option<SystemTime>,
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

impl Settled {
    /// Returns how the event of a held message was settled: the message is held, or the ticket that an earlier invocation
    /// stored for it is closed.
    pub(crate) fn held(header: &Header, ticket: &Ticket) -> Result<Self, Error> {
        let decided = match ticket.outcome() {
            Some(TicketOutcome::Expired) => {
                let problem =
                    "the message was held for longer than the 48 hours in which the service accepts a callback";
                return Err(Error::new(ErrorKind::CallbackExpired, problem));
            }
            Some(_) => ticket.resolution().map(Resolution::decision),
            None => None,
        };
        Ok(Self {
            message_id: header.ids.message_id.clone(),
            decision: decided.map_or(DecisionKind::Hold, Decision::kind),
            decided_by: if decided.is_some() { DecidedBy::Reviewer } else { DecidedBy::Processor },
            fallback: None,
            outcome: if decided.is_some() { Outcome::DecidedBefore } else { Outcome::Held },
            doubt: None,
            attempts: 0,
            held_until: decided.is_none().then(|| ticket.deadline()),
            dry_run: None,
            reasons: decided.map_or(ticket.reasons(), Decision::reasons).to_vec(),
            scores: Scores::default(),
            steps: Vec::new(),
        })
    }
}

fn as_milliseconds<S: Serializer>(time: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
    let since = time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap_or_default();
    serializer.serialize_u64(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Serde asks by reference.
fn is_at_most_one(attempts: &u32) -> bool {
    *attempts <= 1
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
    /// The one who resolved the ticket of a held message: a person, or the default decision.
    Reviewer,
}

impl DecidedBy {
    /// Returns the name: `PROCESSOR`, `FALLBACK_ACTION`, `RESCUE`, `CALLER` or `REVIEWER`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Processor => "PROCESSOR",
            Self::FallbackAction => "FALLBACK_ACTION",
            Self::Rescue => "RESCUE",
            Self::Caller => "CALLER",
            Self::Reviewer => "REVIEWER",
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
    /// The message waits for a person: its ticket is stored, and no callback was sent.
    Held,
}

impl Outcome {
    /// Returns the name: `ACCEPTED`, `DECIDED_BEFORE` or `HELD`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::DecidedBefore => "DECIDED_BEFORE",
            Self::Held => "HELD",
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
        for decision in [DecisionKind::Update, DecisionKind::Deny, DecisionKind::NoChange, DecisionKind::Hold] {
            assert_eq!(json(decision), decision.as_str());
        }
        for decided_by in
            [DecidedBy::Processor, DecidedBy::FallbackAction, DecidedBy::Rescue, DecidedBy::Caller, DecidedBy::Reviewer]
        {
            assert_eq!(json(decided_by), decided_by.as_str());
        }
        for outcome in [Outcome::Accepted, Outcome::DecidedBefore, Outcome::Held] {
            assert_eq!(json(outcome), outcome.as_str());
        }
        for doubt in [Doubt::DeniedOrNotGranted, Doubt::NotStored, Doubt::EditedBefore] {
            assert_eq!(json(doubt), doubt.as_str());
        }
    }
}
