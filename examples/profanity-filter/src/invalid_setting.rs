//! The error of a function that does not start.

use std::fmt;

/// An environment variable has a value that is not accepted.
pub struct InvalidSetting {
    name: &'static str,
    accepted: &'static str,
}

impl InvalidSetting {
    /// Creates the error. `accepted` says which values are accepted, and completes the sentence "NAME must be".
    pub const fn new(name: &'static str, accepted: &'static str) -> Self {
        Self { name, accepted }
    }
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} must be {}", self.name, self.accepted)
    }
}

/// `main` shows the error that it returns by `Debug`.
impl fmt::Debug for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for InvalidSetting {}
