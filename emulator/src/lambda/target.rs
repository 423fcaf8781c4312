//! What runs a function.

use crate::lambda::event_queue::EventQueue;
use crate::lambda::invoke_endpoint::InvokeEndpoint;

/// What runs a function.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum InvocationTarget {
    /// A binary on this machine, behind Lambda's queue: with retries, and destinations for what failed for good.
    Queue(EventQueue),
    /// Whatever runs functions behind an HTTP endpoint, without retries.
    Endpoint(InvokeEndpoint),
}

impl From<EventQueue> for InvocationTarget {
    fn from(queue: EventQueue) -> Self {
        Self::Queue(queue)
    }
}

impl From<InvokeEndpoint> for InvocationTarget {
    fn from(endpoint: InvokeEndpoint) -> Self {
        Self::Endpoint(endpoint)
    }
}
