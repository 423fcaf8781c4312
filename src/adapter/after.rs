//! The work of a processor after the callback.

use std::pin::pin;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::block_in_place;
use tokio::time::{Instant, sleep};

use crate::adapter::decider::Decider;
use crate::catch_unwind::{Ended, catch_unwind, within};
use crate::error::cause;
use crate::response::Outcome;
use crate::{Decision, Message, Processor, Settled, Ticket};

/// Why the work failed.
enum Failure {
    Error(String),
    Panicked,
    OutOfTime,
}

impl<P: Processor> Decider<P> {
    /// Runs the processor's work after the callback, unless the message was decided before. The message is decided, so a
    /// failure is logged and goes no further. Returns whether the work failed.
    pub(crate) async fn work_after(&self, message: &Message, decision: &Decision, settled: &Settled) -> bool {
        if settled.outcome == Outcome::DecidedBefore && !self.after_decided_before {
            return false;
        }
        self.work_apart(message, || self.processor.after_callback(message, decision, settled)).await
    }

    /// Runs the processor's work after a hold. A failure is logged and goes no further. Returns whether the work failed.
    pub(crate) async fn work_after_hold(&self, message: &Message, decision: &Decision, ticket: &Ticket) -> bool {
        self.work_apart(message, || self.processor.after_hold(message, decision, ticket)).await
    }

    async fn work_apart<F>(&self, message: &Message, work: impl Fn() -> F) -> bool
    where
        F: Future<Output = Result<(), P::Error>>,
    {
        let working = self.work(message, work);
        let failure = match self.apart {
            true => block_in_place(|| Handle::current().block_on(working)),
            false => working.await,
        };
        let (told, cause) = match failure {
            None => return false,
            Some(Failure::Error(cause)) => ("the work after the callback failed", Some(cause)),
            Some(Failure::Panicked) => ("the work after the callback panicked", None),
            Some(Failure::OutOfTime) => ("the work after the callback ran out of time", None),
        };
        tracing::error!(after_callback_failed = true, cause, "{told}; the message stays decided, or held");
        true
    }

    async fn work<F>(&self, message: &Message, work: impl Fn() -> F) -> Option<Failure>
    where
        F: Future<Output = Result<(), P::Error>>,
    {
        let deadline = message.invocation().after_deadline();
        let mut attempt = 1;
        loop {
            let pause = match within(pin!(Some(work())), deadline).await {
                Ended::Output(Ok(())) => return None,
                Ended::Output(Err(error)) => match self.pause_after(error, attempt, deadline) {
                    Ok(pause) => pause,
                    Err(failure) => return Some(failure),
                },
                Ended::Panicked(_) => return Some(Failure::Panicked),
                Ended::OutOfTime => return Some(Failure::OutOfTime),
            };
            tracing::warn!(attempt, pause_ms = pause.as_millis(), "the work after the callback asks for another try");
            sleep(pause).await;
            attempt += 1;
        }
    }

    /// Returns the pause before the work is repeated. The error ends here, and its own code may panic.
    fn pause_after(&self, error: P::Error, attempt: u32, deadline: Option<Instant>) -> Result<Duration, Failure> {
        let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
        match catch_unwind(|| self.processor.retry_after(&error, attempt)) {
            Ok(Some(pause)) if pause < left => {
                let _ = catch_unwind(|| drop(error));
                Ok(pause)
            }
            Ok(_) => Err(Failure::Error(cause::text(error, self.show_panic_messages))),
            Err(_) => {
                let _ = catch_unwind(|| drop(error));
                Err(Failure::Panicked)
            }
        }
    }
}
