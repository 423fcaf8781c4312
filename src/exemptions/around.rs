//! A processor with exemptions.

use std::any::type_name;
use std::fmt;
use std::time::Duration;

use crate::exemptions::Exemptions;
use crate::{Decision, Message, Processor, Reason, Settled, Ticket};

const EXEMPT: Reason = Reason::new("exempt");

/// The processor that [`Exemptions::around`] returns.
#[derive(Clone)]
pub struct WithExemptions<P> {
    exemptions: Exemptions,
    processor: P,
}

impl Exemptions {
    /// Returns a processor that leaves exempt messages alone, with the reason `exempt`, and has `processor` decide the
    /// others. The [work after the callback](Processor::after_callback) is not done for exempt messages.
    pub fn around<P: Processor>(self, processor: P) -> WithExemptions<P> {
        WithExemptions { exemptions: self, processor }
    }
}

impl<P: Processor> Processor for WithExemptions<P> {
    type Error = P::Error;

    async fn process(&self, message: &Message) -> Result<Decision, P::Error> {
        match self.exemptions.matches(message) {
            true => Ok(Decision::no_change().because(EXEMPT)),
            false => self.processor.process(message).await,
        }
    }

    fn retry_after(&self, error: &P::Error, attempt: u32) -> Option<Duration> {
        self.processor.retry_after(error, attempt)
    }

    async fn after_callback(&self, message: &Message, decision: &Decision, settled: &Settled) -> Result<(), P::Error> {
        match self.exemptions.matches(message) {
            true => Ok(()),
            false => self.processor.after_callback(message, decision, settled).await,
        }
    }

    async fn after_hold(&self, message: &Message, decision: &Decision, ticket: &Ticket) -> Result<(), P::Error> {
        self.processor.after_hold(message, decision, ticket).await
    }
}

impl<P> fmt::Debug for WithExemptions<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithExemptions")
            .field("exemptions", &self.exemptions)
            .field("processor", &type_name::<P>())
            .finish()
    }
}
