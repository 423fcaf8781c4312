//! Numbers of messages and callbacks.

use crate::model::refusal::RefusalKind;
use std::collections::BTreeMap;

/// Numbers of messages and callbacks since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Messages that were to be processed; one whose event is delivered twice counts once.
    pub sent: u64,
    /// Messages among them that nobody has decided.
    pub pending: u64,
    /// Callbacks that decided a message.
    pub accepted: u64,
    /// Messages for which more than one callback was accepted. The service never does that; it is counted all the same.
    pub decided_twice: u64,
    /// Callbacks that were refused, by reason.
    pub refused: BTreeMap<RefusalKind, u64>,
    /// Callbacks that met a scripted fault, applied or not. Those that were reset before they were read are not counted.
    pub faults: u64,
}
