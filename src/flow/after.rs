//! A message whose callback was accepted.

use crate::decision::trace::Trace;
use crate::{Decision, Message, Settled};

/// A message whose callback was accepted.
pub(crate) struct After<'a> {
    pub(super) message: &'a Message,
    pub(super) decision: &'a Decision,
    pub(super) settled: &'a Settled,
    pub(super) trace: &'a Trace,
}
