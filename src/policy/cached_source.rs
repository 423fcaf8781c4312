//! Asks a source for the policy of a channel, and remembers the answer.

use std::error::Error as StdError;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::cache::{PolicyCache, Settings};
use super::channels::Channels;
use super::error::PolicyError;
use super::source::{Erased, Mapped, PolicySource};
use crate::catch_unwind::{Ended, within};
use crate::error::cause;

/// The shortest time between two loads of a policy if the first one failed, unless policies are refreshed more often.
const PAUSE: Duration = Duration::from_secs(10);

/// A source, and the last good policies that it gave.
pub(super) struct CachedSource<T> {
    source: Arc<dyn Erased<T>>,
    settings: Settings,
    channels: Channels<Channel<T>>,
    /// Until when no message waits for a refresh, since the source took too long.
    paused_until: Mutex<Option<Instant>>,
    failures: AtomicU64,
}

/// What is known of a channel.
struct Channel<T> {
    /// Held by the message that loads the policy.
    loading: tokio::sync::Mutex<()>,
    state: Mutex<State<T>>,
}

struct State<T> {
    known: Option<Known<T>>,
    /// How many loads failed, so that a message that waited for one knows.
    failures: u64,
}

struct Known<T> {
    /// The answer of the source, which may be that the channel has no policy.
    policy: Option<Arc<T>>,
    /// `None` if it is too far in the future to have a name.
    refresh_at: Option<Instant>,
}

impl<T: Send + Sync + 'static> CachedSource<T> {
    pub(super) fn new<S: PolicySource<Policy = T> + 'static>(cache: PolicyCache<S>) -> Self {
        Self::with_settings(Arc::new(cache.source), cache.settings)
    }

    fn with_settings(source: Arc<dyn Erased<T>>, settings: Settings) -> Self {
        Self {
            source,
            settings,
            channels: Channels::new(settings.max_channels),
            paused_until: Mutex::new(None),
            failures: AtomicU64::new(0),
        }
    }

    /// Returns the same source, with another cache, for what `f` makes of its policies.
    pub(super) fn try_map<U: Send + Sync + 'static>(
        &self,
        f: impl Fn(&T) -> Result<U, Box<dyn StdError + Send + Sync>> + Send + Sync + 'static,
    ) -> CachedSource<U> {
        CachedSource::with_settings(Arc::new(Mapped { source: self.source.clone(), f }), self.settings)
    }

    /// Returns the policy of a channel, for a message that has `time_left`, or `None` if the channel has none.
    pub(super) async fn policy(&self, channel_arn: &str, time_left: Duration) -> Result<Option<Arc<T>>, PolicyError> {
        let channel = self.channels.get(channel_arn);
        match channel.known() {
            Some(known) if !self.is_due(&known) => Ok(known.policy),
            Some(known) => Ok(self.refresh(channel_arn, &channel, known.policy, time_left).await),
            None => self.load_first(channel_arn, &channel, time_left).await,
        }
    }

    /// Returns the answer that is known, if there is one.
    pub(super) fn known(&self, channel_arn: &str) -> Option<Option<Arc<T>>> {
        self.channels.get(channel_arn).known().map(|known| known.policy)
    }

    fn is_due(&self, known: &Known<T>) -> bool {
        let now = Instant::now();
        let is_paused = lock(&self.paused_until).is_some_and(|until| now < until);
        !is_paused && known.refresh_at.is_some_and(|refresh_at| now >= refresh_at)
    }

    async fn refresh(
        &self,
        channel_arn: &str,
        channel: &Channel<T>,
        last_good: Option<Arc<T>>,
        time_left: Duration,
    ) -> Option<Arc<T>> {
        // Another message loads it.
        let Ok(_loading) = channel.loading.try_lock() else { return last_good };
        let limit = self.settings.refresh_limit.min(time_left / 2);
        match self.load(channel_arn, limit).await {
            Ok(policy) => {
                *lock(&self.paused_until) = None;
                channel.learn(policy, self.settings.refresh_every)
            }
            Err(failure) => {
                let pause = self.settings.refresh_every.min(PAUSE);
                // If the message itself had little time, that says nothing about the source.
                if failure == Failure::OutOfTime && limit == self.settings.refresh_limit {
                    *lock(&self.paused_until) = Instant::now().checked_add(pause);
                }
                self.count(&failure, "the policy source failed; the last good policy stays");
                channel.learn(last_good, pause)
            }
        }
    }

    async fn load_first(
        &self,
        channel_arn: &str,
        channel: &Channel<T>,
        time_left: Duration,
    ) -> Result<Option<Arc<T>>, PolicyError> {
        let started = Instant::now();
        let failures_before = lock(&channel.state).failures;
        let _loading = channel.loading.lock().await;
        // Another message may have loaded it meanwhile.
        if let Some(known) = channel.known() {
            return Ok(known.policy);
        }
        if lock(&channel.state).failures != failures_before {
            return Err(PolicyError::caused_by("the load for another message failed"));
        }
        let limit = (time_left.saturating_sub(started.elapsed())) / 2;
        match self.load(channel_arn, limit).await {
            Ok(policy) => Ok(channel.learn(policy, self.settings.refresh_every)),
            Err(failure) => {
                lock(&channel.state).failures += 1;
                self.count(&failure, "the policy source failed, and no earlier policy of the channel is known");
                Err(PolicyError::caused_by(failure.cause()))
            }
        }
    }

    async fn load(&self, channel_arn: &str, limit: Duration) -> Result<Option<Arc<T>>, Failure> {
        let deadline = Instant::now().checked_add(limit);
        match within(pin!(Some(async { self.source.load_erased(channel_arn).await })), deadline).await {
            Ended::Output(Ok(policy)) => Ok(policy.map(Arc::new)),
            Ended::Output(Err(error)) => Err(Failure::Error(cause::text(error, false))),
            Ended::Panicked(_) => Err(Failure::Panicked),
            Ended::OutOfTime => Err(Failure::OutOfTime),
        }
    }

    fn count(&self, failure: &Failure, told: &str) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::warn!(policy_source_failed = true, failures, cause = failure.cause(), "{told}");
    }
}

impl<T> CachedSource<T> {
    pub(super) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }
}

impl<T> Channel<T> {
    fn known(&self) -> Option<Known<T>> {
        lock(&self.state).known.clone()
    }

    /// Remembers a policy for some time.
    fn learn(&self, policy: Option<Arc<T>>, refresh_in: Duration) -> Option<Arc<T>> {
        let refresh_at = Instant::now().checked_add(refresh_in);
        lock(&self.state).known = Some(Known { policy: policy.clone(), refresh_at });
        policy
    }
}

impl<T> Default for Channel<T> {
    fn default() -> Self {
        Self { loading: tokio::sync::Mutex::default(), state: Mutex::new(State { known: None, failures: 0 }) }
    }
}

impl<T> Clone for Known<T> {
    fn clone(&self) -> Self {
        Self { policy: self.policy.clone(), refresh_at: self.refresh_at }
    }
}

/// Why a load gave no policy.
#[derive(Debug, PartialEq, Eq)]
enum Failure {
    Error(String),
    Panicked,
    OutOfTime,
}

impl Failure {
    fn cause(&self) -> String {
        match self {
            Self::Error(text) => text.clone(),
            Self::Panicked => "the source panicked".to_owned(),
            Self::OutOfTime => "the source did not answer in time".to_owned(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
