//! The callback: sends a decision to the service until the service has decided the message.
//!
//! [`refusal`] reads the service's answer, [`rounds`] counts how often a callback is sent, and [`inquiry`] asks whether
//! the message is decided if a refusal leaves that open. A message counts as decided if the service says so, or, with a
//! [`Doubt`] for alarms, if everything that is known speaks for it.

mod bounded;
pub(crate) mod client;
mod inquiry;
mod known;
pub(crate) mod may_ask;
mod refusal;
mod request;
mod rounds;
mod status;
mod trust_store;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_sdk_chimesdkmessaging::Client;
use tokio::time::{Instant, sleep, timeout_at};

use self::bounded::Bounded;
use self::inquiry::{Finding, Inquiry};
use self::known::Known;
use self::may_ask::MayAsk;
use self::refusal::{Meaning, Refusal};
use self::rounds::Rounds;
use self::status::Question;
use crate::callback::client::ATTEMPT_TIMEOUT;
use crate::event::ids::CallbackIds;
use crate::event::provenance::Provenance;
use crate::response::{DecidedBy, Doubt, Outcome, Settled};
use crate::{Decision, Error, ErrorKind, FallbackAction};

/// How long the service accepts a callback for a message. Only one place documents this, so only the reported error
/// depends on it.
const LIFETIME: Duration = Duration::from_secs(48 * 60 * 60);

/// Channel flows were introduced in October 2021. A time before that year is not the time at which a message was sent.
const CHANNEL_FLOWS: Duration = Duration::from_secs(1_609_459_200);

/// The time that is left for telling Lambda how the invocation ended.
const PARTING: Duration = Duration::from_millis(100);

/// The number of conflicts after which the service is asked whether another callback has decided the message. By then,
/// two callbacks that race are done.
const CONFLICTS: u32 = 3;

/// How often a callback for a pending message may be refused with 403. The other callback may be in flight, and a new
/// grant takes a moment to be known everywhere.
const REFUSALS: u32 = 3;

/// A decision in flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Callback<'a> {
    pub(crate) ids: &'a CallbackIds,
    pub(crate) decision: &'a Decision,
    pub(crate) decided_by: DecidedBy,
    /// The action that decides instead if the service refuses the decision as invalid.
    pub(crate) fallback_action: FallbackAction,
    pub(crate) provenance: &'a Provenance,
}

/// Sends callbacks.
#[derive(Clone, Debug)]
pub(crate) struct Callbacks {
    client: Client,
    may_ask: Arc<MayAsk>,
    known: Arc<Known>,
}

impl Callbacks {
    pub(crate) fn new(client: Client, may_ask: MayAsk) -> Self {
        Self { client, may_ask: Arc::new(may_ask), known: Arc::default() }
    }

    /// Returns the client that sends the callbacks.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Returns a copy that sends through another client.
    pub(crate) fn with_client(&self, client: Client) -> Self {
        Self { client, ..self.clone() }
    }

    /// Sends the callback until the message is decided or the deadline passes.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] if the message is undecided, or if it cannot be found out whether the message is decided.
    pub(crate) async fn settle(&self, callback: Callback<'_>, deadline: Option<Instant>) -> Result<Settled, Error> {
        let deadline = deadline.map(|deadline| deadline.checked_sub(PARTING).unwrap_or(deadline));
        let mut rounds = Rounds::new(deadline);
        let fallback = callback.fallback_action.decision();
        let mut callback = callback;
        let (mut conflicts, mut refusals) = (0, 0);
        // An earlier refusal says more than the lack of time for another attempt.
        let mut last: Option<Refusal> = None;
        loop {
            let mut refusal = match self.send(&callback, deadline).await {
                Ok(()) => {
                    self.known.accepted(&callback.ids.channel_arn, || callback.sent());
                    return Ok(callback.settled(Outcome::Accepted, None));
                }
                Err(refusal) => refusal,
            };
            let ask = match refusal.meaning {
                Meaning::NonPending => return Ok(callback.settled(Outcome::DecidedBefore, None)),
                Meaning::Invalid if *callback.decision != fallback => {
                    let fallback_action = callback.fallback_action.as_str();
                    tracing::error!(fallback_action, %refusal, "the service refused the decision; the fallback action decides");
                    callback.decision = &fallback;
                    callback.decided_by = DecidedBy::FallbackAction;
                    continue;
                }
                Meaning::Credentials | Meaning::NotAuthorized => return Err(refusal.fails(&callback)),
                Meaning::Invalid | Meaning::Forbidden => true,
                Meaning::Conflict => {
                    conflicts += 1;
                    conflicts >= CONFLICTS
                }
                Meaning::NotFound | Meaning::Passing => false,
            };
            if ask {
                match self.ask(&callback, deadline).await {
                    Finding::Decided(doubt) => return Ok(callback.settled(Outcome::DecidedBefore, doubt)),
                    Finding::Unknown(why) => return Err(refusal.leaves_open(&why)),
                    Finding::NoAnswer(no_answer) if no_answer.meaning == Meaning::Credentials => {
                        return Err(no_answer.fails(&callback));
                    }
                    // The service is asked again after the next refusal.
                    Finding::NoAnswer(no_answer) => refusal = no_answer,
                    Finding::Undecided if refusal.meaning == Meaning::Invalid => return Err(refusal.fails(&callback)),
                    Finding::Undecided if refusal.meaning == Meaning::Forbidden => {
                        refusals += 1;
                        if refusals == REFUSALS {
                            self.known.forbidden(&callback.ids.channel_arn);
                            return Err(refusal.fails(&callback));
                        }
                    }
                    Finding::Undecided => {}
                }
            }
            if refusal.is_out_of_time() {
                refusal = last.take().unwrap_or(refusal);
            }
            let Some(pause) = rounds.next(Instant::now()) else {
                return Err(refusal.fails(&callback));
            };
            tracing::debug!(%refusal, "the callback is sent again");
            last = Some(refusal);
            sleep(pause).await;
        }
    }

    /// Sends one round: a request, and the SDK's own retries.
    async fn send(&self, callback: &Callback<'_>, deadline: Option<Instant>) -> Result<(), Refusal> {
        let Callback { ids, decision, .. } = callback;
        let sending = self
            .client
            .channel_flow_callback()
            .callback_id(&ids.callback_id)
            .channel_arn(&ids.channel_arn)
            .set_delete_resource((**decision == Decision::Deny).then_some(true))
            .channel_message(request::channel_message(&ids.message_id, decision))
            .customize()
            .interceptor(Bounded)
            .send();
        match in_time(deadline, sending).await {
            Some(answer) => answer.map(drop).map_err(Refusal::read),
            None => Err(Refusal::out_of_time()),
        }
    }

    async fn ask(&self, callback: &Callback<'_>, deadline: Option<Instant>) -> Finding {
        let inquiry = Inquiry { client: &self.client, may_ask: &self.may_ask, known: &self.known };
        let finding = in_time(deadline, inquiry.is_decided(callback.ids, callback.provenance)).await;
        finding.unwrap_or_else(|| Finding::NoAnswer(Refusal::out_of_time()))
    }
}

/// Returns the output of `request`, or `None` if that takes too long: a round that takes all the time left would leave
/// none for another round. The limit is applied from outside: a timeout in the request's own configuration would make
/// the SDK open a connection for that request alone.
async fn in_time<T>(deadline: Option<Instant>, request: impl Future<Output = T>) -> Option<T> {
    let Some(deadline) = deadline else { return Some(request.await) };
    let now = Instant::now();
    let half = deadline.saturating_duration_since(now) / 2;
    let cut = if half < ATTEMPT_TIMEOUT { now + half } else { deadline };
    timeout_at(cut, request).await.ok()
}

impl Refusal {
    /// Returns the error with which the invocation fails because the message is undecided.
    fn fails(self, callback: &Callback<'_>) -> Error {
        let (kind, problem) = match self.meaning {
            Meaning::Forbidden if callback.is_too_old() => (
                ErrorKind::CallbackExpired,
                "the service refused the callback, and the message is older than the 48 hours in which it takes one: the \
                 message is undecided for good",
            ),
            Meaning::Forbidden | Meaning::NotAuthorized => (
                ErrorKind::CallbackForbidden,
                "the function's role lacks a grant: allow it chime:ChannelFlowCallback on the app instance",
            ),
            Meaning::Credentials => (
                ErrorKind::CallbackUnauthorized,
                "the service does not accept the function's credentials: look at its execution role",
            ),
            Meaning::Invalid => (ErrorKind::CallbackInvalid, "the service refused the callback as invalid"),
            Meaning::Conflict => (
                ErrorKind::CallbackConflict,
                "the callback met another one each time, and the message is not decided; Lambda delivers the event again",
            ),
            Meaning::NotFound | Meaning::Passing | Meaning::NonPending => (
                ErrorKind::CallbackUnavailable,
                "the service did not take the callback; Lambda delivers the event again",
            ),
        };
        if kind == ErrorKind::CallbackExpired {
            tracing::error!(expired = true, "too late for the message's callback");
        }
        self.into_error(kind, problem)
    }

    /// Returns the error with which the invocation fails because it cannot be found out whether the message is decided.
    fn leaves_open(self, why: &str) -> Error {
        tracing::error!(doubt = "UNKNOWN", why, refusal = %self, "whether the message is decided cannot be found out");
        let (kind, said) = match self.meaning {
            Meaning::Conflict => (ErrorKind::CallbackConflict, "the callback met another one each time"),
            Meaning::Invalid => (ErrorKind::CallbackInvalid, "the service refused the callback as invalid"),
            _ => (
                ErrorKind::CallbackForbidden,
                "the service refused the callback: the function's role lacks chime:ChannelFlowCallback on the app instance, or \
                 the message was decided before, or it is too late",
            ),
        };
        self.into_error(kind, &format!("{said}; which of these it is cannot be found out, since {why}"))
    }
}

impl Callback<'_> {
    fn settled(&self, outcome: Outcome, doubt: Option<Doubt>) -> Settled {
        Settled {
            message_id: self.ids.message_id.clone(),
            decision: self.decision.kind(),
            decided_by: self.decided_by,
            outcome,
            doubt,
        }
    }

    /// Returns a question that the service can answer from now on, if the message was sent and is stored.
    fn sent(&self) -> Option<Question> {
        let Self { ids, decision, provenance, .. } = self;
        let answered = provenance.is_sure_to_have_a_status() && **decision != Decision::Deny;
        answered.then(|| Question::about(ids, provenance)).flatten()
    }

    fn is_too_old(&self) -> bool {
        let sent_at = self.provenance.sent_at().filter(|sent_at| *sent_at > SystemTime::UNIX_EPOCH + CHANNEL_FLOWS);
        let age = sent_at.and_then(|sent_at| SystemTime::now().duration_since(sent_at).ok());
        age.is_some_and(|age| age > LIFETIME)
    }
}

#[cfg(test)]
mod tests;
