//! The error of a policy that could not be loaded.

use std::error::Error as StdError;
use std::fmt;

/// The policy of a channel could not be loaded, and no earlier one is known.
pub struct PolicyError(Box<dyn StdError + Send + Sync>);

impl PolicyError {
    pub(super) fn caused_by(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the policy of the channel could not be loaded")
    }
}

impl fmt::Debug for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyError").finish_non_exhaustive()
    }
}

impl StdError for PolicyError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}
