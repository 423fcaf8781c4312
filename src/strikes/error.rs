//! The error of a processor whose denials are counted.

use std::error::Error as StdError;
use std::fmt;

/// The error of a [`WithStrikes`](crate::WithStrikes): that of the processor, or that an action for a strike failed.
///
/// As a `Box<dyn Error>`, the first is the processor's own error.
pub struct StrikesError<E>(Kind<E>);

enum Kind<E> {
    Processor(E),
    Action(FailedAction),
}

impl<E> StrikesError<E> {
    pub(super) fn of_processor(error: E) -> Self {
        Self(Kind::Processor(error))
    }

    pub(super) fn of_action(failed: FailedAction) -> Self {
        Self(Kind::Action(failed))
    }

    /// Returns the error of the processor, or `None` if an action for a strike failed.
    pub fn processor_error(&self) -> Option<&E> {
        match &self.0 {
            Kind::Processor(error) => Some(error),
            Kind::Action(_) => None,
        }
    }
}

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<StrikesError<E>> for Box<dyn StdError + Send + Sync> {
    fn from(error: StrikesError<E>) -> Self {
        match error.0 {
            Kind::Processor(error) => error.into(),
            Kind::Action(failed) => Box::new(failed),
        }
    }
}

impl<E> fmt::Debug for StrikesError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            // It may quote a message.
            Kind::Processor(_) => f.write_str("StrikesError(the processor's)"),
            Kind::Action(failed) => f.debug_tuple("StrikesError").field(failed).finish(),
        }
    }
}

/// An action that failed. The sender is neither warned nor banned.
#[derive(Debug)]
pub(super) struct FailedAction {
    pub(super) number: u64,
    pub(super) cause: String,
}

impl fmt::Display for FailedAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the action for strike {} failed, and is not repeated: {}", self.number, self.cause)
    }
}

impl StdError for FailedAction {}
