//! Runs a processor on one message.

use std::fmt;
use std::thread;

use tokio::runtime::{self, Runtime};
use tracing::dispatcher;

use crate::adapter::decider::{Decider, Failure};
use crate::{Decision, FallbackAction, Message, Processor};

/// Runs `processor` on `message`, and returns its decision or the reason why it made none.
///
/// The processor runs as in a function: panics are caught, the time left of the message
/// ([`time_left`](super::MessageBuilder::time_left)) is enforced, and an error is retried as
/// [`retry_after`](Processor::retry_after) says. As in a function, code that blocks its thread cannot be stopped; in
/// Lambda the framework then answers from another thread, whereas `decide` waits for the code.
///
/// It works in a plain `#[test]`, which needs no runtime, and also in a tokio test: the processor runs on its own thread
/// with a current-thread runtime, and this thread waits. If the processor needs a task of the test's own runtime, such as
/// a server that the test has spawned, use [`decide_async`].
///
/// ```
/// use channel_flow::{Decision, LimitError, Message, processor_fn, testing};
///
/// let deny = processor_fn(|_: Message| async { Ok::<_, LimitError>(Decision::deny()) });
/// assert_eq!(testing::decide(&deny, &testing::message("Hi").build()), Ok(Decision::deny()));
/// ```
///
/// # Errors
///
/// Returns an [`Undecided`] if the processor makes no decision, so that in a function the fallback action would decide.
///
/// # Panics
///
/// Panics if the system has no thread for the processor.
pub fn decide<P: Processor>(processor: &P, message: &Message) -> Result<Decision, Undecided> {
    // A subscriber that the test has set for its thread also gets the events of the processor.
    let subscriber = dispatcher::get_default(Clone::clone);
    let deciding = || {
        dispatcher::with_default(&subscriber, || {
            let runtime = own_runtime();
            let decided = runtime.block_on(decide_async(processor, message));
            // Dropping the runtime would wait for blocking calls, even for those that the processor no longer waits for.
            runtime.shutdown_background();
            decided
        })
    };
    thread::scope(|scope| scope.spawn(deciding).join()).expect("the panics of a processor are caught")
}

/// Like [`decide`], on the runtime and the thread of the caller.
///
/// ```
/// use channel_flow::{Decision, LimitError, Message, processor_fn, testing};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let deny = processor_fn(|_: Message| async { Ok::<_, LimitError>(Decision::deny()) });
/// assert_eq!(testing::decide_async(&deny, &testing::message("Hi").build()).await, Ok(Decision::deny()));
/// # });
/// ```
///
/// # Errors
///
/// Returns an [`Undecided`] if the processor makes no decision, so that in a function the fallback action would decide.
pub async fn decide_async<P: Processor>(processor: &P, message: &Message) -> Result<Decision, Undecided> {
    let decider = Decider {
        processor,
        fallback_action: FallbackAction::default(),
        redeliver: false,
        apart: false,
        show_panic_messages: true,
        after_decided_before: false,
    };
    decider.ask(message).await.map_err(Undecided::from)
}

pub(super) fn own_runtime() -> Runtime {
    runtime::Builder::new_current_thread().enable_all().build().expect("the system has what a runtime needs")
}

/// The reason why a processor made no decision. In a function, the [`FallbackAction`] then decides.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Undecided {
    /// The processor returned an error with this text, and [`retry_after`](Processor::retry_after) asked for no retry.
    Error(String),
    /// The processor returned an error with this text, and the pause before the retry that it asked for does not fit into
    /// the time left.
    NoTimeForRetry(String),
    /// The processor panicked. Rust has printed the message of the panic.
    Panicked,
    /// The processor was still running when its time was over.
    OutOfTime,
}

impl From<Failure> for Undecided {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Error(error) => Self::Error(error.text),
            Failure::TriesRanOut(error) => Self::NoTimeForRetry(error.text),
            Failure::Panic(_) => Self::Panicked,
            Failure::OutOfTime => Self::OutOfTime,
            Failure::Unreadable(_) => unreachable!("the processor was asked, so the message was read"),
        }
    }
}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(text) => write!(f, "the processor returned an error: {text}"),
            Self::NoTimeForRetry(text) => {
                write!(f, "the processor asked for a retry, and there was no time for it: {text}")
            }
            Self::Panicked => f.write_str("the processor panicked"),
            Self::OutOfTime => f.write_str("the processor ran out of time"),
        }
    }
}

impl std::error::Error for Undecided {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    /// Does what the content of a message says.
    #[derive(Default)]
    struct Obedient(AtomicU32);

    impl Processor for Obedient {
        type Error = &'static str;

        async fn process(&self, message: &Message) -> Result<Decision, &'static str> {
            match message.content() {
                "panic" => panic!("asked to"),
                "wait" => std::future::pending().await,
                "sleep" => {
                    let sleeping = tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_secs(60)));
                    sleeping.await.map_err(|_| "cancelled")?;
                }
                "fail" => return Err("no advice"),
                "fail twice" if self.0.fetch_add(1, Ordering::Relaxed) < 2 => return Err("busy"),
                "fail always" => return Err("busy"),
                _ => {}
            }
            Ok(Decision::no_change())
        }

        fn retry_after(&self, error: &&'static str, attempt: u32) -> Option<Duration> {
            (*error == "busy").then(|| Duration::from_millis(20) * attempt)
        }
    }

    fn decided(content: &str) -> Result<Decision, Undecided> {
        let message = testing::message(content).time_left(Duration::from_millis(200)).build();
        decide(&Obedient::default(), &message)
    }

    #[test]
    fn a_processor_ends_as_in_a_function() {
        assert_eq!(decided("pass"), Ok(Decision::no_change()));
        assert_eq!(decided("panic"), Err(Undecided::Panicked));
        assert_eq!(decided("wait"), Err(Undecided::OutOfTime));
        assert_eq!(decided("sleep"), Err(Undecided::OutOfTime));
        assert_eq!(decided("fail"), Err(Undecided::Error("no advice".to_owned())));
        assert_eq!(decided("fail twice"), Ok(Decision::no_change()));
        assert_eq!(decided("fail always"), Err(Undecided::NoTimeForRetry("busy".to_owned())));
    }

    #[tokio::test]
    async fn a_test_with_a_runtime_works_too() {
        assert_eq!(decided("fail twice"), Ok(Decision::no_change()));
        let message = testing::message("panic").build();
        assert_eq!(decide_async(&Obedient::default(), &message).await, Err(Undecided::Panicked));
    }
}
