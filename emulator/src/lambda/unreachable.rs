//! Why a function could not be invoked.

use std::fmt;

/// Why a function could not be invoked; `failureReason` of the event on EventBridge.
///
/// The service then applies the processor's fallback action. A function that was reached and fails is another matter:
/// its message stays pending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreachable(pub(crate) String);

impl Unreachable {
    /// In words.
    pub fn reason(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreachable {}
