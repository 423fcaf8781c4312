//! Asks the processor, and decides in its place if it does not answer.

use std::error::Error as StdError;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::block_in_place;
use tokio::time::timeout_at;

use crate::catch_unwind::{CatchUnwind, Panicked, catch_unwind};
use crate::decision::trace::Trace;
use crate::error::cause;
use crate::event::Unreadable;
use crate::flow::FlowError;
use crate::response::by::By;
use crate::{Decision, Error, ErrorKind, Fallback, FallbackAction, FallbackCause, Message, Processor};

/// A processor, and the settings for when it does not answer.
#[derive(Debug)]
pub(crate) struct Decider<P> {
    pub(crate) processor: P,
    pub(crate) fallback_action: FallbackAction,
    /// Whether Lambda should redeliver an event if its processor still asks for a retry when its time runs out.
    pub(crate) redeliver: bool,
    /// Whether the processor gets a thread to itself while it runs: if one environment has several events at once. A
    /// processor that blocks a tokio worker would hold up the tasks that are queued on that worker.
    pub(crate) apart: bool,
    /// Whether panic messages may be logged.
    pub(crate) show_panic_messages: bool,
    /// Whether the work after the callback also runs for a message that was decided before.
    pub(crate) after_decided_before: bool,
}

/// A decision and who made it.
#[derive(Debug, PartialEq)]
pub(crate) struct Decided {
    pub(crate) decision: Decision,
    pub(crate) by: By,
}

/// The reason why a processor gave no decision.
pub(crate) enum Failure {
    Unreadable(Unreadable),
    /// The processor returned an error with this text. The error itself is not carried any further.
    Error(ErrorRead),
    /// The processor asked for a retry, and there was no time for one.
    TriesRanOut(ErrorRead),
    Panic(Panicked),
    OutOfTime,
}

/// What is known of an error of the processor.
pub(crate) struct ErrorRead {
    pub(crate) text: String,
    /// What the failure of a step leads to, if the processor is a flow.
    step: Option<Fallback>,
    /// What the steps did until then.
    trace: Option<Arc<Trace>>,
}

impl<P: Processor> Decider<P> {
    /// Returns the processor's decision, or the fallback action if the processor has none.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] if Lambda should redeliver the event.
    pub(crate) async fn decide(&self, message: &Result<Message, Unreadable>) -> Result<Decided, Error> {
        let failure = match message {
            Ok(message) => match self.ask(message).await {
                Ok(decision) => {
                    // The fallback action of a step of a flow is one, too.
                    let fell_back = decision.trace().and_then(|trace| trace.fell_back.clone());
                    let by = fell_back.map_or(By::Processor, By::FallbackAction);
                    return Ok(Decided { decision, by });
                }
                Err(failure) => failure,
            },
            Err(unreadable) => Failure::Unreadable(*unreadable),
        };
        match failure {
            Failure::TriesRanOut(error) if self.redeliver => Err(Error::new(
                ErrorKind::Redelivery,
                "the processor asked for another try; Lambda delivers the event again",
            )
            .caused_by(error.text)),
            failure => Ok(self.fall_back(failure)),
        }
    }

    fn fall_back(&self, failure: Failure) -> Decided {
        let cause = failure.cause();
        let fallback_action = self.fallback_action.as_str();
        tracing::error!(fallback_action, cause, "{failure}; the fallback action decides");
        let decision = match failure.trace() {
            Some(trace) => self.fallback_action.decision().traced(trace),
            None => self.fallback_action.decision(),
        };
        Decided { decision, by: By::FallbackAction(failure.into()) }
    }

    /// Asks the processor, and asks again as long as it requests a retry and there is time.
    pub(crate) async fn ask(&self, message: &Message) -> Result<Decision, Failure> {
        let mut attempt = 1;
        loop {
            let asking = self.ask_once(message, attempt);
            let asked = match self.apart {
                true => block_in_place(|| Handle::current().block_on(asking)),
                false => asking.await,
            };
            let pause = match asked? {
                ControlFlow::Break(decision) => return Ok(decision),
                ControlFlow::Continue(pause) => pause,
            };
            tracing::warn!(attempt, pause_ms = pause.as_millis(), "the processor asks for another try");
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    /// Asks the processor once. Continues with the pause before the next time if the processor requests a retry.
    async fn ask_once(&self, message: &Message, attempt: u32) -> Result<ControlFlow<Decision, Duration>, Failure> {
        let processing = CatchUnwind::new(async { self.processor.process(message).await });
        let processed = match message.invocation().processor_deadline {
            Some(deadline) => timeout_at(deadline, processing).await.map_err(|_| Failure::OutOfTime)?,
            None => processing.await,
        };
        match processed.map_err(Failure::Panic)? {
            Ok(decision) => Ok(ControlFlow::Break(decision)),
            Err(error) => self.failed(error, attempt, message).map(ControlFlow::Continue),
        }
    }

    /// Returns the pause before the processor is asked again. The error ends here. Its own code may run when the error
    /// is shown or dropped. That happens while nothing is decided, so that the watchdog answers if the code does not
    /// return.
    fn failed(&self, error: P::Error, attempt: u32, message: &Message) -> Result<Duration, Failure> {
        let read = |error| {
            let flow = |error: &(dyn StdError + 'static)| (FlowError::fallback_of(error), FlowError::trace_of(error));
            let (text, flow) = cause::text_and(error, self.show_panic_messages, flow);
            let (step, trace) = flow.unwrap_or_default();
            ErrorRead { text, step, trace }
        };
        match catch_unwind(|| self.processor.retry_after(&error, attempt)) {
            Ok(Some(pause)) if pause < message.invocation().time_left() => {
                let _ = catch_unwind(|| drop(error));
                Ok(pause)
            }
            Ok(Some(_)) => Err(Failure::TriesRanOut(read(error))),
            Ok(None) => Err(Failure::Error(read(error))),
            Err(panicked) => {
                let _ = catch_unwind(|| drop(error));
                Err(Failure::Panic(panicked))
            }
        }
    }
}

impl Failure {
    fn cause(&self) -> Option<String> {
        match self {
            Self::Unreadable(unreadable) => Some(unreadable.to_string()),
            Self::Error(error) | Self::TriesRanOut(error) => Some(error.text.clone()),
            Self::Panic(_) | Self::OutOfTime => None,
        }
    }

    fn trace(&self) -> Option<Arc<Trace>> {
        match self {
            Self::Error(error) | Self::TriesRanOut(error) => error.trace.clone(),
            Self::Unreadable(_) | Self::Panic(_) | Self::OutOfTime => None,
        }
    }
}

impl From<Failure> for Fallback {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unreadable(_) => FallbackCause::Unreadable.into(),
            Failure::Error(ErrorRead { step, .. }) => step.unwrap_or_else(|| FallbackCause::Error.into()),
            Failure::TriesRanOut(ErrorRead { step, .. }) => {
                let step = step.and_then(|fallback| fallback.step);
                Self { step, ..FallbackCause::NoTimeForRetry.into() }
            }
            Failure::Panic(panicked) => Self::panicked(panicked),
            Failure::OutOfTime => FallbackCause::OutOfTime.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable(_) => "the message cannot be shown to the processor",
            Self::Error(_) => "the processor failed",
            Self::TriesRanOut(_) => "the processor asked for another try and there is no time for it",
            Self::Panic(_) => "the processor panicked",
            Self::OutOfTime => "the processor ran out of time",
        })
    }
}
