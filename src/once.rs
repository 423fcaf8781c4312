//! Work that is done once, however often its message comes.

pub(crate) mod attempt;
pub(crate) mod error;
pub(crate) mod occasion;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use uuid::Uuid;

use self::attempt::Attempt;
use self::error::{HeldBack, OnceError};
use self::occasion::Occasion;
use crate::store::answer::answer;
use crate::store::{Claim, ClaimOutcome, ClaimStore, IfStoreAway, Interrupted};

/// How long duplicates of a message can come: Lambda keeps an event for up to 6 hours, and the queue of events that failed
/// keeps it for up to 14 days, from which somebody may send it again.
const KEEP: Duration = Duration::from_secs(15 * 24 * 60 * 60);

/// Guards work with side effects: it is done once, however often its message comes. It is meant for the work [after the
/// callback](crate::Processor::after_callback) above all.
///
/// Lambda delivers events at least once, so the same message can come to two environments at the same time. The one that
/// claims the work in the [store](ClaimStore) does it; the other one learns that it is being done. An environment can also die
/// in the middle of the work. Its claim then ends with its invocation, and the next one that comes with the message does the
/// work again, or gives it up: see [`interrupted`](Self::interrupted).
///
/// By default, nothing brings the message again if the environment died after the callback: the work after it does not run
/// for a message that was decided before. Together with `Once`, set
/// [`AdapterBuilder::after_decided_before(true)`](crate::AdapterBuilder::after_decided_before). Lambda then repeats the
/// invocation, and the work is done.
///
/// A piece of work costs two writes: one to claim it, and one when it is done. A message without work costs none.
///
/// A clone shares the store.
///
/// ```
/// use channel_flow::store::MemoryStore;
/// use channel_flow::{Decision, LimitError, Message, Occasion, Once, Processor, Settled};
///
/// struct Assistant {
///     once: Once<MemoryStore>,
/// }
///
/// impl Processor for Assistant {
///     type Error = Box<dyn std::error::Error + Send + Sync>;
///
///     async fn process(&self, _: &Message) -> Result<Decision, Self::Error> {
///         Ok(Decision::no_change())
///     }
///
///     async fn after_callback(&self, message: &Message, _: &Decision, _: &Settled) -> Result<(), Self::Error> {
///         if message.content() == "/help" {
///             let occasion = Occasion::of(message, "help");
///             self.once.run(occasion, |attempt| answer(message, attempt.token())).await?;
///         }
///         Ok(())
///     }
/// }
/// # fn answer(_: &Message, _: String) -> impl Future<Output = Result<(), LimitError>> + Send { async { Ok(()) } }
/// ```
pub struct Once<S> {
    store: S,
    keep: Duration,
    interrupted: Interrupted,
    if_store_away: IfStoreAway,
    failures: Arc<AtomicU64>,
}

/// What became of a piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OnceOutcome<T> {
    /// It is done now, with this result.
    Done(T),
    /// It was done before.
    DoneBefore,
    /// Somebody else does it now.
    InProgress,
    /// It was begun before and did not come to its end, and is [given up](Interrupted::GiveUp).
    GivenUp,
}

impl<S: ClaimStore> Once<S> {
    /// Creates a guard with claims in this store.
    pub fn new(store: S) -> Self {
        Self {
            store,
            keep: KEEP,
            interrupted: Interrupted::default(),
            if_store_away: IfStoreAway::default(),
            failures: Arc::default(),
        }
    }

    /// Sets how long it is kept that work is done. The default is 15 days, since that long can a message come again: Lambda
    /// repeats an event for up to 6 hours, and a queue for the events that failed keeps them for up to 14 days. If nobody sends
    /// the events of such a queue to the function again, a day is enough.
    #[must_use]
    pub fn keep(self, keep: Duration) -> Self {
        Self { keep, ..self }
    }

    /// Sets what happens to work that was begun and did not come to its end: its environment died, or its time ran out. By
    /// default, it is [repeated](Interrupted::Repeat), with the same [token](Attempt::token).
    ///
    /// With [`Interrupted::GiveUp`], the work is lost instead. That is right for effects that are worse twice than never.
    #[must_use]
    pub fn interrupted(self, interrupted: Interrupted) -> Self {
        Self { interrupted, ..self }
    }

    /// Sets what happens to work that cannot be claimed because the store is away:
    ///
    /// - [`GoOn`](IfStoreAway::GoOn), the default: the work is done all the same, perhaps not for the first time.
    /// - [`HoldBack`](IfStoreAway::HoldBack): the work is not done, and [`run`](Self::run) returns [`OnceError::HeldBack`].
    ///
    /// Each failure of the store is logged as a warning with the field `claim_store_failed`.
    #[must_use]
    pub fn if_store_away(self, if_store_away: IfStoreAway) -> Self {
        Self { if_store_away, ..self }
    }

    /// Returns how often the store failed.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Does the work of an occasion, unless it is done or being done.
    ///
    /// If the work returns an error, its claim is released, so that a retry can do the work. Return `Ok` from work whose effect
    /// may have happened and must not happen twice. If this future is dropped, or the work panics, the claim is left to
    /// end with its invocation.
    ///
    /// The claim takes at most half of the time that the invocation has left.
    ///
    /// # Errors
    ///
    /// Returns [`OnceError::Work`] with the error of the work, or [`OnceError::HeldBack`] if the store is away and the work is to be
    /// [held back](IfStoreAway::HoldBack).
    pub async fn run<T, E, W>(
        &self,
        occasion: Occasion,
        work: impl FnOnce(Attempt) -> W + Send,
    ) -> Result<OnceOutcome<T>, OnceError<E>>
    where
        W: Future<Output = Result<T, E>> + Send,
    {
        let claimed = match self.claim(&occasion).await {
            Ok(Claimed { claimant, outcome: ClaimOutcome::Claimed { repeated } }) => (Some(claimant), repeated),
            Ok(Claimed { outcome: ClaimOutcome::InProgress, .. }) => return Ok(OnceOutcome::InProgress),
            Ok(Claimed { outcome: ClaimOutcome::Done, .. }) => return Ok(OnceOutcome::DoneBefore),
            Ok(Claimed { outcome: ClaimOutcome::Interrupted, .. }) => {
                let work = occasion.name();
                tracing::warn!(work_given_up = true, work, "work was begun before and did not end; it is given up");
                return Ok(OnceOutcome::GivenUp);
            }
            Err(cause) => match self.if_store_away {
                IfStoreAway::GoOn => {
                    self.count(&cause, &occasion, "the work cannot be claimed, and is done all the same");
                    (None, true)
                }
                IfStoreAway::HoldBack => {
                    self.count(&cause, &occasion, "the work cannot be claimed, and is held back");
                    return Err(OnceError::HeldBack(HeldBack::new(cause)));
                }
            },
        };
        let (claimant, repeated) = claimed;
        match work(Attempt::new(&occasion, repeated)).await {
            Ok(value) => {
                self.finish(&occasion).await;
                Ok(OnceOutcome::Done(value))
            }
            Err(error) => {
                if let Some(claimant) = claimant {
                    self.release(&occasion, &claimant).await;
                }
                Err(OnceError::Work(error))
            }
        }
    }

    async fn claim(&self, occasion: &Occasion) -> Result<Claimed, String> {
        let now = SystemTime::now();
        let claimant = Uuid::new_v4().simple().to_string();
        let claim = Claim::new(occasion.key(), &*claimant, now, occasion.until(now))
            .invocation(occasion.invocation().request_id())
            .keep_until(now + self.keep)
            .interrupted(self.interrupted);
        let half = occasion.time_left().map(|left| Instant::now() + left / 2);
        let outcome = answer(self.store.claim(&claim), half).await?;
        Ok(Claimed { claimant, outcome })
    }

    async fn finish(&self, occasion: &Occasion) {
        let keep_until = SystemTime::now() + self.keep;
        let all = occasion.time_left().map(|left| Instant::now() + left);
        if let Err(cause) = answer(self.store.finish(&occasion.key(), keep_until), all).await {
            self.count(&cause, occasion, "the work is done, and that is not recorded");
        }
    }

    async fn release(&self, occasion: &Occasion, claimant: &str) {
        let all = occasion.time_left().map(|left| Instant::now() + left);
        if let Err(cause) = answer(self.store.release(&occasion.key(), claimant), all).await {
            self.count(&cause, occasion, "the work failed, and its claim is not released");
        }
    }

    fn count(&self, cause: &str, occasion: &Occasion, told: &str) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::warn!(claim_store_failed = true, failures, work = occasion.name(), cause, "{told}");
    }
}

struct Claimed {
    claimant: String,
    outcome: ClaimOutcome,
}

impl<T> OnceOutcome<T> {
    /// Returns the result of the work, if it was done now.
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(value) => Some(value),
            Self::DoneBefore | Self::InProgress | Self::GivenUp => None,
        }
    }
}

impl<S: Clone> Clone for Once<S> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), failures: self.failures.clone(), ..*self }
    }
}

impl<S> fmt::Debug for Once<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once")
            .field("keep", &self.keep)
            .field("interrupted", &self.interrupted)
            .field("if_store_away", &self.if_store_away)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
