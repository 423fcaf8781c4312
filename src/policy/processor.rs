//! Policies of processors as one processor.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::error::PolicyError;
use crate::policy::Policies;
use crate::{Decision, Message, Processor, Settled, Ticket};

/// Each message is processed by the processor of its channel. The [work after the
/// callback](Processor::after_callback) is done by the processor that decided, even if the policy has changed since then.
impl<P: Processor + 'static> Processor for Policies<P> {
    type Error = PolicyProcessorError<P>;

    async fn process(&self, message: &Message) -> Result<Decision, Self::Error> {
        let processor = match self.of(message).await {
            Ok(processor) => processor,
            Err(error) => return Err(PolicyProcessorError(Cause::Policy(error))),
        };
        match processor.process(message).await {
            Ok(decision) => Ok(decision.with_processor(self.key(), processor)),
            Err(error) => Err(PolicyProcessorError(Cause::Processor(processor, error))),
        }
    }

    fn retry_after(&self, error: &Self::Error, attempt: u32) -> Option<Duration> {
        match &error.0 {
            Cause::Policy(_) => None,
            Cause::Processor(processor, error) => processor.retry_after(error, attempt),
        }
    }

    async fn after_callback(
        &self,
        message: &Message,
        decision: &Decision,
        settled: &Settled,
    ) -> Result<(), Self::Error> {
        let decider = decision.processor(self.key());
        // If the processor failed, the fallback action decided. Without any policy, there is no processor that could work.
        let Some(processor) = decider.or_else(|| self.known(message)) else { return Ok(()) };
        let worked = processor.after_callback(message, decision, settled).await;
        worked.map_err(|error| PolicyProcessorError(Cause::Processor(processor, error)))
    }

    async fn after_hold(&self, message: &Message, decision: &Decision, ticket: &Ticket) -> Result<(), Self::Error> {
        let Some(processor) = decision.processor::<P>(self.key()) else { return Ok(()) };
        let worked = processor.after_hold(message, decision, ticket).await;
        worked.map_err(|error| PolicyProcessorError(Cause::Processor(processor, error)))
    }
}

impl<T> Policies<T> {
    /// Returns the key under which a decision remembers its processor.
    fn key(&self) -> usize {
        Arc::as_ptr(&self.table).addr()
    }
}

/// The error of [`Policies`] of processors: that of the channel's processor, or a [`PolicyError`] if there is none. As a
/// `Box<dyn Error>` it is that error itself.
pub struct PolicyProcessorError<P: Processor>(Cause<P>);

enum Cause<P: Processor> {
    Policy(PolicyError),
    /// With the processor, which says if another try would help.
    Processor(Arc<P>, P::Error),
}

impl<P: Processor> From<PolicyProcessorError<P>> for Box<dyn StdError + Send + Sync> {
    fn from(error: PolicyProcessorError<P>) -> Self {
        match error.0 {
            Cause::Policy(error) => error.into(),
            Cause::Processor(_, error) => error.into(),
        }
    }
}

impl<P: Processor> fmt::Debug for PolicyProcessorError<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyProcessorError").finish_non_exhaustive()
    }
}
