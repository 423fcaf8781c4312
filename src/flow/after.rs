//! A message whose callback was accepted.

use crate::decision::trace::Trace;
use crate::{Decision, Message, Settled, Ticket};

/// A message whose callback was accepted.
pub(crate) struct After<'a> {
    pub(super) message: &'a Message,
    /// The decision without the trace.
    pub(super) decision: Decision,
    pub(super) what: What<'a>,
    pub(super) trace: &'a Trace,
}

/// What came before.
#[derive(Clone, Copy)]
pub(crate) enum What<'a> {
    Callback(&'a Settled),
    Hold(&'a Ticket),
}
