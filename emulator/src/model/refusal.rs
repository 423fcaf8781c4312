//! How the service says no.

use axum::http::StatusCode;
use std::borrow::Cow;
use std::fmt;

/// A callback that the service refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub(crate) kind: RefusalKind,
    /// None if a fault leaves the caller without an answer.
    pub(crate) status: Option<StatusCode>,
    pub(crate) exception: Cow<'static, str>,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
    pub(crate) reason: String,
}

/// Why the service refused a callback, whatever it answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// An earlier callback had decided the message; see [`RepeatedCallback`](crate::RepeatedCallback).
    DecidedBefore,
    /// The message is pending, and its callback came too late.
    Expired,
    /// No message has these ids.
    UnknownMessage,
    /// It breaks a limit of the API model.
    Invalid,
    /// Its signature is missing or wrong.
    Signature,
    /// The role of the function that signed it lacks the grant; see [`Grant::ChannelFlowCallback`](crate::Grant).
    NotGranted,
    /// It is for another operation.
    UnknownOperation,
    /// A scripted [`Fault`](crate::Fault) kept it from being dealt with.
    Fault,
}

impl Refusal {
    /// Why it was refused.
    pub fn kind(&self) -> RefusalKind {
        self.kind
    }

    /// The HTTP status; 0 if a fault left the caller without an answer.
    pub fn status(&self) -> u16 {
        self.status.map_or(0, |status| status.as_u16())
    }

    /// The exception, such as `BadRequestException`; empty if the answer names none.
    pub fn exception(&self) -> &str {
        &self.exception
    }

    /// The message in the answer.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The cause, for the developer; holds nothing of the message itself.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(f, "{} ({}): {}", self.exception, status.as_u16(), self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

impl std::error::Error for Refusal {}
