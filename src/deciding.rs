//! Asking the processor, and what is decided where it does not answer.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::block_in_place;
use tokio::time::timeout_at;

use crate::caught::{Caught, caught};
use crate::error::Chain;
use crate::event::Unreadable;
use crate::settled::DecidedBy;
use crate::{Decision, Error, ErrorKind, FallbackAction, Message, Processor};

/// A processor, and what stands in for it.
#[derive(Debug)]
pub(crate) struct Decider<P> {
    pub(crate) processor: P,
    pub(crate) fallback_action: FallbackAction,
    /// Whether Lambda shall deliver an event again whose processor asked for another try until its time was over.
    pub(crate) redeliver: bool,
    /// Whether the processor gets a thread for itself while it works: where one environment has several events at once.
    /// A worker of tokio that a processor blocks would keep the tasks that are queued on it.
    pub(crate) apart: bool,
}

/// A decision and who made it.
#[derive(Debug, PartialEq)]
pub(crate) struct Decided {
    pub(crate) decision: Decision,
    pub(crate) by: DecidedBy,
}

/// Why a processor gave no decision.
enum Failure {
    Unreadable(Unreadable),
    Error(Box<dyn StdError + Send + Sync>),
    /// It asked for another try, and there was no time for one.
    TriesRanOut(Box<dyn StdError + Send + Sync>),
    Panic,
    OutOfTime,
}

impl<P: Processor> Decider<P> {
    /// The processor's decision, or the fallback action where it has none.
    ///
    /// # Errors
    ///
    /// Where Lambda shall deliver the event again.
    pub(crate) async fn decide(&self, message: &Result<Message, Unreadable>) -> Result<Decided, Error> {
        let failure = match message {
            Ok(message) => match self.ask(message).await {
                Ok(decision) => return Ok(Decided { decision, by: DecidedBy::Processor }),
                Err(failure) => failure,
            },
            Err(unreadable) => Failure::Unreadable(*unreadable),
        };
        match failure {
            Failure::TriesRanOut(cause) if self.redeliver => Err(Error::new(
                ErrorKind::Redelivery,
                "the processor asked for another try; Lambda delivers the event again",
            )
            .caused_by(cause)),
            failure => Ok(self.fall_back(&failure)),
        }
    }

    fn fall_back(&self, failure: &Failure) -> Decided {
        let cause = failure.cause();
        tracing::error!(fallback_action = ?self.fallback_action, cause, "{failure}; the fallback action decides");
        Decided { decision: self.fallback_action.decision(), by: DecidedBy::FallbackAction }
    }

    /// Asks as often as the processor wants to be asked and there is time.
    async fn ask(&self, message: &Message) -> Result<Decision, Failure> {
        for attempt in 1.. {
            let pause = match self.ask_once(message).await? {
                Ok(decision) => return Ok(decision),
                Err(error) => self.pause(error, attempt, message)?,
            };
            tracing::warn!(attempt, pause_ms = pause.as_millis(), "the processor asks for another try");
            tokio::time::sleep(pause).await;
        }
        unreachable!("attempts are counted without end")
    }

    /// How long to wait before the processor is asked again.
    fn pause(&self, error: P::Error, attempt: u32, message: &Message) -> Result<Duration, Failure> {
        match caught(|| self.processor.retry_after(&error, attempt)).ok_or(Failure::Panic)? {
            None => Err(Failure::Error(error.into())),
            Some(pause) if pause >= message.invocation().time_left() => Err(Failure::TriesRanOut(error.into())),
            Some(pause) => Ok(pause),
        }
    }

    async fn ask_once(&self, message: &Message) -> Result<Result<Decision, P::Error>, Failure> {
        let processing = Caught::new(async { self.processor.process(message).await });
        let in_time = async {
            match message.invocation().processor_deadline {
                Some(deadline) => timeout_at(deadline, processing).await.map_err(|_| Failure::OutOfTime),
                None => Ok(processing.await),
            }
        };
        let answer = match self.apart {
            true => block_in_place(|| Handle::current().block_on(in_time)),
            false => in_time.await,
        }?;
        answer.ok_or(Failure::Panic)
    }
}

impl Failure {
    fn cause(&self) -> Option<String> {
        match self {
            Self::Unreadable(unreadable) => Some(unreadable.to_string()),
            Self::Error(error) | Self::TriesRanOut(error) => Some(Chain(&**error).to_string()),
            Self::Panic | Self::OutOfTime => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable(_) => "the message cannot be shown to the processor",
            Self::Error(_) => "the processor failed",
            Self::TriesRanOut(_) => "the processor asked for another try and there is no time for it",
            Self::Panic => "the processor panicked",
            Self::OutOfTime => "the processor ran out of time",
        })
    }
}
