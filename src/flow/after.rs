//! A message whose callback was accepted.

use crate::decision::trace::Trace;
use crate::{Decision, Message, Settled};

/// A message whose callback was accepted.
pub(crate) struct After<'a> {
    pub(super) message: &'a Message,
    /// The decision without the trace.
    pub(super) decision: Decision,
    pub(super) settled: &'a Settled,
    pub(super) trace: &'a Trace,
}
