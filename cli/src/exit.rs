//! How the command ends.

use channel_flow_emulator::{Delivered, InvocationOutcome};
use std::fmt;
use std::process::ExitCode;

/// How the command ends. A later one is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Every message was decided, or held for a reviewer.
    Decided,
    /// Every message was decided, but not by its processor alone: a fallback action decided, that of the function or of a step.
    FellBack,
    /// Something could not be built or started.
    NotStarted,
    /// The command line, or an event, is invalid.
    Unusable,
    /// A message ended undecided.
    Undecided,
    /// A decision differs from the recording.
    Changed,
    /// A deployment has warnings, or could not be checked completely.
    #[cfg(feature = "account")]
    Questionable,
    /// A deployment has errors.
    #[cfg(feature = "account")]
    Wrong,
    /// A replay does not come to what the rules expect.
    Unmet,
    /// Somebody decided otherwise about a held message.
    #[cfg(feature = "review")]
    Otherwise,
    /// Ctrl-C.
    Interrupted,
}

/// Why the command could not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
}

impl Exit {
    /// The exit status.
    pub(crate) fn status(self) -> u8 {
        match self {
            Self::Decided => 0,
            Self::NotStarted => 1,
            Self::Unusable => 2,
            Self::Undecided => 3,
            Self::Changed => 4,
            #[cfg(feature = "account")]
            Self::Questionable => 5,
            #[cfg(feature = "account")]
            Self::Wrong => 6,
            Self::Unmet => 7,
            #[cfg(feature = "review")]
            Self::Otherwise => 8,
            Self::FellBack => 9,
            // As shells count it.
            Self::Interrupted => 130,
        }
    }

    /// The exit status for the result of a delivery.
    pub(crate) fn of(delivered: &Delivered) -> Self {
        let returned = delivered.returned();
        let fell_back = returned.is_fallback() || returned.failed_steps().next().is_some();
        match delivered.invocation.outcome() {
            _ if fell_back && (delivered.is_decided() || delivered.held_until().is_some()) => Self::FellBack,
            // The deadline decides a held message, if nobody does.
            _ if delivered.is_decided() || delivered.held_until().is_some() => Self::Decided,
            InvocationOutcome::InitFailed(_) => Self::NotStarted,
            _ => Self::Undecided,
        }
    }
}

impl Failure {
    /// Something could not be built or started.
    pub(crate) fn not_started(message: impl Into<String>) -> Self {
        Self { exit: Exit::NotStarted, message: message.into() }
    }

    /// Something on the command line is invalid.
    pub(crate) fn unusable(message: impl Into<String>) -> Self {
        Self { exit: Exit::Unusable, message: message.into() }
    }

    /// A decision about a held message is recorded, but did not reach the service.
    #[cfg(feature = "review")]
    pub(crate) fn undelivered(message: impl Into<String>) -> Self {
        Self { exit: Exit::Undecided, message: message.into() }
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.status())
    }
}
