//! The error of a flood that cannot count.

use std::fmt;

/// The error of a [`Flood`](crate::Flood) that [holds back](crate::store::IfStoreAway::HoldBack) what it cannot count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FloodError {
    cause: String,
}

impl FloodError {
    pub(super) fn new(cause: &str) -> Self {
        Self { cause: cause.to_owned() }
    }
}

impl fmt::Display for FloodError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the message cannot be counted, since the store of counters failed: {}", self.cause)
    }
}

impl std::error::Error for FloodError {}
