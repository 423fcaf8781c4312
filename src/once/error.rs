//! Why work was not done.

use std::error::Error as StdError;
use std::fmt;

/// The reason why a piece of work was not done.
///
/// It becomes a `Box<dyn Error + Send + Sync>` with `?`: the error of the work itself, or one that says that the store is away.
#[derive(Debug)]
#[non_exhaustive]
pub enum OnceError<E> {
    /// The work returned this error. Its claim is released.
    Work(E),
    /// The store is away, for this reason, and the work was [held back](crate::StoreIsAway::HoldBack).
    Away(Box<dyn StdError + Send + Sync>),
}

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<OnceError<E>> for Box<dyn StdError + Send + Sync> {
    fn from(error: OnceError<E>) -> Self {
        match error {
            OnceError::Work(error) => error.into(),
            OnceError::Away(cause) => Box::new(HeldBack(cause)),
        }
    }
}

#[derive(Debug)]
struct HeldBack(Box<dyn StdError + Send + Sync>);

impl fmt::Display for HeldBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the work was held back, since it could not be claimed")
    }
}

impl StdError for HeldBack {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}
