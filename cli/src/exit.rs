//! How the command ends.

use channel_flow_emulator::{Delivered, InvocationOutcome};
use std::fmt;
use std::process::ExitCode;

/// The exit status. A later one is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Every message was decided, or held for a reviewer.
    Decided = 0,
    /// Something could not be built or started.
    NotStarted = 1,
    /// The command line, or an event, is invalid.
    Unusable = 2,
    /// A message ended undecided.
    Undecided = 3,
    /// A decision differs from the recording.
    Changed = 4,
    /// A deployment has warnings, or could not be checked completely.
    #[cfg(feature = "account")]
    Questionable = 5,
    /// A deployment has errors.
    #[cfg(feature = "account")]
    Wrong = 6,
    /// A replay does not come to what the rules expect.
    Unmet = 7,
    /// Somebody decided otherwise about a held message.
    #[cfg(feature = "review")]
    Otherwise = 8,
    /// Ctrl-C, as shells count it.
    Interrupted = 130,
}

/// Why the command could not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
}

impl Exit {
    /// The exit status for the result of a delivery.
    pub(crate) fn of(delivered: &Delivered) -> Self {
        match delivered.invocation.outcome() {
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
        Self::from(exit as u8)
    }
}
