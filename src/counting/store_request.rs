//! A request to a store that must not hold up a message.

use std::error::Error as StdError;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::store::answer::answer;

/// The time that a store gets. DynamoDB answers within some ten milliseconds, but a new function has to connect first.
const TIME_LIMIT: Duration = Duration::from_secs(1);

/// The requests to a store of counters: each has its time, and each failure is logged and counted.
pub(crate) struct StoreRequest {
    pub(crate) time_limit: Duration,
    failures: AtomicU64,
}

impl Default for StoreRequest {
    fn default() -> Self {
        Self { time_limit: TIME_LIMIT, failures: AtomicU64::new(0) }
    }
}

/// Why a store gave no answer.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn cause(&self) -> &str {
        &self.0
    }
}

impl StoreRequest {
    /// Waits for the store's answer, for at most half of the time that is left.
    pub(crate) async fn answer<T, E>(
        &self,
        request: impl Future<Output = Result<T, E>>,
        time_left: Duration,
    ) -> Result<T, Failure>
    where
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let deadline = Instant::now().checked_add(self.time_limit.min(time_left / 2));
        let cause = match answer(request, deadline).await {
            Ok(answer) => return Ok(answer),
            Err(cause) => cause,
        };
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::warn!(counter_store_failed = true, failures, cause, "the store of counters failed");
        Err(Failure(cause))
    }

    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    #[tokio::test(start_paused = true)]
    async fn a_store_gets_its_time_or_half_of_what_is_left() {
        let requests = StoreRequest::default();
        assert_eq!(requests.answer(ready(Ok::<_, String>(7)), Duration::MAX).await.unwrap(), 7);
        for (time_left, limit) in
            [(Duration::MAX, TIME_LIMIT), (Duration::from_millis(300), Duration::from_millis(150))]
        {
            let started = Instant::now();
            let failure = requests.answer(pending::<Result<(), String>>(), time_left).await.unwrap_err();
            assert_eq!(failure.cause(), "the store did not answer in time");
            // The timer has a resolution of a millisecond.
            assert!(started.elapsed().abs_diff(limit) <= Duration::from_millis(2), "{:?}", started.elapsed());
        }
        assert_eq!(
            requests.answer(ready(Err::<(), _>("no".to_owned())), Duration::MAX).await.unwrap_err().cause(),
            "no"
        );
        let panicking = async { if true { panic!("oh") } else { Ok::<(), String>(()) } };
        assert_eq!(requests.answer(panicking, Duration::MAX).await.unwrap_err().cause(), "the store panicked");
        assert_eq!(requests.failures(), 4);
    }
}
