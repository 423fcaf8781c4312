//! A processor whose denials are counted.

use std::any::type_name;
use std::fmt;
use std::time::Duration;

use super::Strikes;
use super::error::StrikesError;
use crate::store::CounterStore;
use crate::{Decision, Message, Processor, Settled};

/// The processor that [`Strikes::around`] returns.
pub struct WithStrikes<P, S> {
    strikes: Strikes<S>,
    processor: P,
}

impl<S: CounterStore> Strikes<S> {
    /// Returns a processor that decides as `processor` does, and counts what it denies after the callback, before the
    /// processor's own [work](Processor::after_callback).
    ///
    /// Give it the whole flow. In a step of a flow, it counts the denials of the flow, and only those of messages that the
    /// step has seen.
    #[must_use]
    pub fn around<P: Processor>(self, processor: P) -> WithStrikes<P, S> {
        WithStrikes { strikes: self, processor }
    }
}

impl<P: Processor, S: CounterStore> Processor for WithStrikes<P, S> {
    type Error = StrikesError<P::Error>;

    async fn process(&self, message: &Message) -> Result<Decision, Self::Error> {
        self.processor.process(message).await.map_err(StrikesError::of_processor)
    }

    fn retry_after(&self, error: &Self::Error, attempt: u32) -> Option<Duration> {
        self.processor.retry_after(error.processor_error()?, attempt)
    }

    async fn after_callback(
        &self,
        message: &Message,
        decision: &Decision,
        settled: &Settled,
    ) -> Result<(), Self::Error> {
        let counted = self.strikes.count(message, decision, settled).await;
        match (counted, self.processor.after_callback(message, decision, settled).await) {
            // One error is returned. No other one is lost.
            (counted, Err(error)) => {
                if let Err(failed) = counted {
                    tracing::error!(after_callback_failed = true, error = %failed, "an action for a strike failed");
                }
                Err(StrikesError::of_processor(error))
            }
            (counted, Ok(())) => counted.map_err(StrikesError::of_action),
        }
    }
}

impl<P, S> fmt::Debug for WithStrikes<P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithStrikes").field("strikes", &self.strikes).field("processor", &type_name::<P>()).finish()
    }
}
