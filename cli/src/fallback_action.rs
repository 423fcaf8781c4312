//! The fallback action of a processor.

use clap::ValueEnum;
use std::fmt;

/// What happens to a message if its processor cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FallbackAction {
    /// The message fails: only its sender ever sees it
    Abort,
    /// The message goes on without the processor
    Continue,
}

impl FallbackAction {
    /// As the API spells it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Abort => "ABORT",
            Self::Continue => "CONTINUE",
        }
    }
}

impl fmt::Display for FallbackAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
