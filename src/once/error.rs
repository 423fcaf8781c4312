//! Why work was not done.

use std::error::Error as StdError;
use std::fmt;

/// The reason why a piece of work was not done.
///
/// It becomes a `Box<dyn Error + Send + Sync>` with `?`: the error of the work itself, or [`HeldBack`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnceError<E> {
    /// The work returned this error. Its claim is released.
    Work(E),
    /// The store is away, and the work is [held back](crate::store::IfStoreAway::HoldBack).
    HeldBack(HeldBack),
}

/// The error for work that is [held back](crate::store::IfStoreAway::HoldBack), since it cannot be claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBack {
    cause: String,
}

impl HeldBack {
    pub(super) fn new(cause: String) -> Self {
        Self { cause }
    }
}

impl fmt::Display for HeldBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the work is held back, since the store of claims failed: {}", self.cause)
    }
}

impl StdError for HeldBack {}

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<OnceError<E>> for Box<dyn StdError + Send + Sync> {
    fn from(error: OnceError<E>) -> Self {
        match error {
            OnceError::Work(error) => error.into(),
            OnceError::HeldBack(held_back) => Box::new(held_back),
        }
    }
}
