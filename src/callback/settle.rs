//! Sends a callback until the message is decided.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use aws_sdk_chimesdkmessaging::Client;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::debug_span;

use super::client::ATTEMPT_TIMEOUT;
use super::decided_before::{Finding, Inquiry};
use super::each_request::EachRequest;
use super::known::Known;
use super::may_ask::MayAsk;
use super::refusal::{Meaning, Refusal};
use super::request;
use super::rounds::Rounds;
use super::status::Question;
use crate::catch_unwind::CatchUnwind;
use crate::debug_span::in_debug_span;
use crate::event::header::Header;
use crate::invocation::PARTING;
use crate::response::by::By;
use crate::response::{Doubt, FallbackCause, Outcome, Settled};
use crate::{Decision, DecisionKind, Error, ErrorKind, FallbackAction};

/// The number of conflicts after which the service is asked whether another callback has decided the message. By then,
/// two callbacks that race are done.
const CONFLICTS: u32 = 3;

/// How often a callback for a pending message may be refused with 403. The other callback may be in flight, and a new
/// grant takes a moment to be known everywhere.
const REFUSALS: u32 = 3;

/// The header that continues an X-Ray trace. The SDK sets it from the environment, which does not have it if an environment
/// has several invocations at once.
const TRACE_HEADER: &str = "x-amzn-trace-id";

/// A decision in flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Callback<'a> {
    pub(crate) header: &'a Header,
    pub(crate) decision: &'a Decision,
    pub(crate) by: &'a By,
    /// The action that decides instead if the service refuses the decision as invalid. Without one, the callback fails.
    pub(crate) fallback_action: Option<FallbackAction>,
    /// The X-Ray trace that the callback belongs to.
    pub(crate) xray_trace_id: Option<&'a str>,
}

/// Sends callbacks, in and outside invocations.
///
/// An [`Adapter`](crate::Adapter) sends the callback for each event that it gets. Use this type to decide a message
/// that an invocation left pending, or one whose event you keep: from another function, a tool or a test.
///
/// A callback is repeated until the service has decided the message, with the framework's retries and timeouts. A clone
/// shares the connections.
///
/// ```no_run
/// use std::time::Duration;
///
/// use channel_flow::{Callbacks, Decision, PendingMessage};
///
/// # async fn example(event: String) -> Result<(), channel_flow::Error> {
/// let callbacks = Callbacks::from_environment().await?;
/// let message = PendingMessage::from_event(event)?;
/// let settled = callbacks.send(&message, &Decision::deny(), Duration::from_secs(10)).await?;
/// println!("{} {}", settled.message_id, settled.outcome.as_str());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Callbacks {
    client: Client,
    may_ask: Arc<MayAsk>,
    known: Arc<Known>,
}

impl Callbacks {
    pub(crate) fn new(client: Client, may_ask: MayAsk) -> Self {
        Self { client, may_ask: Arc::new(may_ask), known: Arc::default() }
    }

    /// Returns the client that sends the callbacks, for other requests to the messaging API.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Sets whether this process has the grant `chime:GetChannelMessageStatus` wherever it sends callbacks, as
    /// `CHANNEL_FLOW_MAY_ASK_STATUS` says of a function. It tells a message that was decided before from a missing grant.
    #[must_use]
    pub fn may_ask_status(self, may_ask: bool) -> Self {
        let may_ask = if may_ask { MayAsk::Everywhere } else { MayAsk::Never };
        Self { may_ask: Arc::new(may_ask), ..self }
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
        if callback.decision.held().is_some() {
            let problem =
                "a hold is no answer that the service knows: return it from a processor, or resolve its ticket";
            return Err(Error::new(ErrorKind::CallbackInvalid, problem));
        }
        let requests = EachRequest::default();
        let settling = async {
            let settling = pin!(self.settle_or_panic(callback, deadline, &requests));
            in_debug_span(settling, || debug_span!("callback")).await
        };
        let settled = CatchUnwind::new(settling).await;
        let settled = settled.unwrap_or_else(|_| {
            let problem = "the AWS SDK panicked at the callback: its ids are none that the service can have made";
            Err(Error::new(ErrorKind::CallbackInvalid, problem))
        });
        match settled {
            Ok(settled) => Ok(Settled { attempts: requests.sent(), ..settled }),
            Err(error) => Err(error.after_attempts(requests.sent())),
        }
    }

    /// The SDK panics on values that it cannot put into a request, such as a channel ARN of 100 KB.
    async fn settle_or_panic(
        &self,
        callback: Callback<'_>,
        deadline: Option<Instant>,
        requests: &EachRequest,
    ) -> Result<Settled, Error> {
        let deadline = deadline.map(|deadline| deadline.checked_sub(PARTING).unwrap_or(deadline));
        let mut rounds = Rounds::new(deadline);
        let fallback = callback.fallback_action.map(FallbackAction::decision);
        let refused = By::fallback_for(FallbackCause::DecisionRefused);
        let mut callback = callback;
        let (mut conflicts, mut refusals) = (0, 0);
        // An earlier refusal says more than the lack of time for another attempt.
        let mut last: Option<Refusal> = None;
        loop {
            let mut refusal = match self.send_round(&callback, deadline, requests).await {
                Ok(()) => {
                    self.known.accepted(&callback.header.ids.channel_arn, || callback.sent());
                    return Ok(callback.settled(Outcome::Accepted, None));
                }
                Err(refusal) => refusal,
            };
            if refusal.meaning == Meaning::Invalid
                && let Some(fallback) =
                    fallback.as_ref().filter(|fallback| !fallback.has_same_answer(callback.decision))
            {
                let fallback_action = callback.fallback_action.map(FallbackAction::as_str);
                tracing::error!(fallback_action, %refusal, "the service refused the decision; the fallback action decides");
                callback.decision = fallback;
                callback.by = &refused;
                continue;
            }
            let ask = match refusal.meaning {
                Meaning::NonPending => return Ok(callback.settled(Outcome::DecidedBefore, None)),
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
                            self.known.forbidden(&callback.header.ids.channel_arn);
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
    async fn send_round(
        &self,
        callback: &Callback<'_>,
        deadline: Option<Instant>,
        requests: &EachRequest,
    ) -> Result<(), Refusal> {
        let Callback { header: Header { ids, .. }, decision, .. } = callback;
        let sending = self
            .client
            .channel_flow_callback()
            .callback_id(&ids.callback_id)
            .channel_arn(&ids.channel_arn)
            .set_delete_resource((decision.kind() == DecisionKind::Deny).then_some(true))
            .channel_message(request::channel_message(&ids.message_id, decision))
            .customize()
            .interceptor(requests.clone());
        let sending = match callback.xray_trace_id.map(str::to_owned) {
            // An id that no header can hold is left out.
            Some(id) => {
                sending.mutate_request(move |request| drop(request.headers_mut().try_insert(TRACE_HEADER, id.clone())))
            }
            None => sending,
        };
        let sending = sending.send();
        match in_time(deadline, sending).await {
            Some(answer) => answer.map(drop).map_err(Refusal::read),
            None => Err(Refusal::out_of_time()),
        }
    }

    async fn ask(&self, callback: &Callback<'_>, deadline: Option<Instant>) -> Finding {
        let inquiry = Inquiry { client: &self.client, may_ask: &self.may_ask, known: &self.known };
        let finding = in_time(deadline, inquiry.is_decided(callback.header)).await;
        finding.unwrap_or_else(|| Finding::NoAnswer(Refusal::out_of_time()))
    }
}

impl fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callbacks").finish_non_exhaustive()
    }
}

impl Callback<'_> {
    fn settled(&self, outcome: Outcome, doubt: Option<Doubt>) -> Settled {
        Settled {
            message_id: self.header.ids.message_id.clone(),
            decision: self.decision.kind(),
            decided_by: self.by.decided_by(),
            fallback: self.by.fallback(),
            outcome,
            doubt,
            attempts: 0,
            held_until: None,
            dry_run: None,
            reasons: self.decision.reasons().to_vec(),
            scores: self.decision.scores().cloned().unwrap_or_default(),
            steps: Vec::new(),
        }
    }

    /// Returns a question that the service can answer from now on, if the message was sent and is stored.
    fn sent(&self) -> Option<Question> {
        let Self { header, decision, .. } = self;
        let answered = header.provenance.is_sure_to_have_a_status() && decision.kind() != DecisionKind::Deny;
        answered.then(|| Question::about(header)).flatten()
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

#[cfg(test)]
mod tests;
