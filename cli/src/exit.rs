//! How the command ends.

use channel_flow_emulator::{Delivered, InvocationOutcome};
use std::fmt;
use std::process::ExitCode;

/// The exit status. A later one is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Every message was decided.
    Decided = 0,
    /// Something could not be built or started.
    NotStarted = 1,
    /// Something on the command line, or an event, cannot be used.
    Unusable = 2,
    /// A message ended undecided.
    Undecided = 3,
    /// What was recorded is decided in another way.
    Changed = 4,
    /// A deployment deserves attention, or could not be looked at as a whole.
    #[cfg(feature = "account")]
    Questionable = 5,
    /// Something is wrong with a deployment.
    #[cfg(feature = "account")]
    Wrong = 6,
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
    /// How bad it is that this came of a delivery.
    pub(crate) fn of(delivered: &Delivered) -> Self {
        match delivered.invocation.outcome() {
            _ if delivered.is_decided() => Self::Decided,
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

    /// Something on the command line cannot be used.
    pub(crate) fn unusable(message: impl Into<String>) -> Self {
        Self { exit: Exit::Unusable, message: message.into() }
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
