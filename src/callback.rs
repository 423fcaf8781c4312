//! The callback: a decision goes to the service until the service has settled the message.

mod answer;
mod caught;
mod request;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use aws_sdk_chimesdkmessaging::Client;
use aws_sdk_chimesdkmessaging::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_chimesdkmessaging::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_chimesdkmessaging::error::BoxError;
use serde::Serialize;
use tokio::time::{Instant, sleep, timeout_at};

use self::answer::Answer;
use crate::client::ATTEMPT_TIMEOUT;
use crate::event::CallbackIds;
use crate::{Decision, Error, ErrorKind};

/// How long the service takes a callback for a message. Documented in one place only, so nothing rests on it but the
/// meaning of a refusal that has several.
const LIFETIME: Duration = Duration::from_secs(48 * 60 * 60);

/// Pauses between the rounds of sending. The SDK retries within a round; this is for what outlasts that, and for
/// refusals that it takes for final.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(800);

/// Time that is left for telling Lambda how it ended.
const PARTING: Duration = Duration::from_millis(100);

/// Conflicts in a row, over a second and a half, after which the other callback counts as the one that decided.
const CONFLICTS: u32 = 6;

/// Rounds where no deadline ends them.
const ROUNDS_WITHOUT_DEADLINE: u32 = 5;

/// How a callback ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum Outcome {
    /// The service accepted the callback.
    Accepted,
    /// The message had been decided before: the event came twice, or the answer to an earlier attempt was lost.
    DecidedBefore,
    /// The service refused the callback, and the message is older than the 48 hours in which it takes one. Another try
    /// would be refused as well.
    Expired,
}

/// How a callback ended, and which.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settlement {
    pub(crate) outcome: Outcome,
    /// Whether the fallback action went in place of a decision that the service refused as invalid.
    pub(crate) fell_back: bool,
}

/// A decision on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Callback<'a> {
    pub(crate) ids: &'a CallbackIds,
    pub(crate) decision: &'a Decision,
    /// What goes instead where the service refuses the decision as invalid.
    pub(crate) fallback: &'a Decision,
    /// When the message was sent, or edited last.
    pub(crate) sent_at: Option<SystemTime>,
}

/// Sends callbacks.
#[derive(Debug)]
pub(crate) struct Callbacks {
    client: Client,
    /// Whether the last callback of this environment was accepted, which shows that its role has the grant.
    granted: AtomicBool,
}

impl Callbacks {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, granted: AtomicBool::new(false) }
    }

    /// Sends the callback until the service has settled the message, or the deadline is there.
    pub(crate) async fn settle(&self, callback: Callback<'_>, deadline: Option<Instant>) -> Result<Settlement, Error> {
        let deadline = deadline.map(|deadline| deadline.checked_sub(PARTING).unwrap_or(deadline));
        let attempts = Arc::new(AtomicU32::new(0));
        let mut callback = callback;
        let (mut pause, mut conflicts, mut last_error) = (FIRST_PAUSE, 0, None);
        let mut fell_back = false;
        for round in 1.. {
            let error = match self.send(&callback, deadline, &attempts).await {
                Answer::Accepted => {
                    self.granted.store(true, Ordering::Relaxed);
                    return Ok(Settlement { outcome: Outcome::Accepted, fell_back });
                }
                Answer::DecidedBefore => return Ok(Settlement { outcome: Outcome::DecidedBefore, fell_back }),
                Answer::Forbidden(_) if attempts.load(Ordering::Relaxed) > 1 => {
                    return Ok(Settlement { outcome: Outcome::DecidedBefore, fell_back });
                }
                // Once only: if the grant was taken away, the second one in a row says so.
                Answer::Forbidden(error) if self.granted.swap(false, Ordering::Relaxed) => {
                    tracing::warn!(
                        ?error,
                        "taken for decided before, since the last callback of this environment was accepted"
                    );
                    return Ok(Settlement { outcome: Outcome::DecidedBefore, fell_back });
                }
                Answer::Forbidden(_) if callback.is_expired() => {
                    return Ok(Settlement { outcome: Outcome::Expired, fell_back });
                }
                Answer::Invalid(error) if callback.decision != callback.fallback => {
                    tracing::error!(?error, "the service refused the decision; the fallback action decides");
                    callback.decision = callback.fallback;
                    fell_back = true;
                    continue;
                }
                Answer::Forbidden(error) | Answer::Invalid(error) | Answer::Refused(error) => return Err(error),
                Answer::Conflict(error) => {
                    conflicts += 1;
                    if conflicts == CONFLICTS {
                        tracing::warn!(?error, "conflicts without end: another callback decided the message");
                        return Ok(Settlement { outcome: Outcome::DecidedBefore, fell_back });
                    }
                    error
                }
                Answer::Unavailable(error) => error,
                // What went wrong before says more than that there was no time to see it go wrong again.
                Answer::OutOfTime => last_error.take().unwrap_or_else(out_of_time),
            };
            let over = match deadline {
                Some(deadline) => Instant::now() + pause >= deadline,
                None => round == ROUNDS_WITHOUT_DEADLINE,
            };
            if over {
                return Err(error);
            }
            tracing::debug!(?error, round, "the callback is sent again");
            last_error = Some(error);
            sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
        unreachable!("rounds are counted without end")
    }

    /// One round: a request, and what the SDK retries by itself.
    async fn send(&self, callback: &Callback<'_>, deadline: Option<Instant>, attempts: &Arc<AtomicU32>) -> Answer {
        let Callback { ids, decision, .. } = callback;
        let request = self
            .client
            .channel_flow_callback()
            .callback_id(&ids.callback_id)
            .channel_arn(&ids.channel_arn)
            .set_delete_resource((**decision == Decision::Deny).then_some(true))
            .channel_message(request::channel_message(&ids.message_id, decision))
            .customize()
            .interceptor(CountAttempts(attempts.clone()));
        let Some(deadline) = deadline else {
            return request.send().await.map_or_else(Answer::from, |_| Answer::Accepted);
        };
        // A round that takes all the time that is left would leave none for another one. It is cut from outside: a time-out
        // in the request's own configuration would make the SDK open a connection for it alone.
        let now = Instant::now();
        let half = deadline.saturating_duration_since(now) / 2;
        let cut = if half < ATTEMPT_TIMEOUT { now + half } else { deadline };
        match timeout_at(cut, request.send()).await {
            Ok(answer) => answer.map_or_else(Answer::from, |_| Answer::Accepted),
            Err(_) => Answer::OutOfTime,
        }
    }
}

impl Callback<'_> {
    fn is_expired(&self) -> bool {
        let age = self.sent_at.and_then(|sent_at| SystemTime::now().duration_since(sent_at).ok());
        age.is_some_and(|age| age > LIFETIME)
    }
}

fn out_of_time() -> Error {
    let problem = "the service did not answer the callback in the time that was left; Lambda delivers the event again";
    Error::new(ErrorKind::CallbackUnavailable, problem)
}

/// Counts what the SDK sends, its own retries included.
#[derive(Debug)]
struct CountAttempts(Arc<AtomicU32>);

impl Intercept for CountAttempts {
    fn name(&self) -> &'static str {
        "count attempts"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
