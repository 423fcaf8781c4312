//! The errors with which an invocation fails because of a refused callback.

use std::time::{Duration, SystemTime};

use super::refusal::{Meaning, Refusal};
use super::settle::Callback;
use crate::{Error, ErrorKind};

/// How long the service accepts a callback for a message. Only one place documents this, so only the reported error
/// depends on it.
const LIFETIME: Duration = Duration::from_secs(48 * 60 * 60);

/// Channel flows were introduced in October 2021. A time before that year is not the time at which a message was sent.
const CHANNEL_FLOWS: Duration = Duration::from_secs(1_609_459_200);

impl Refusal {
    /// Returns the error with which the invocation fails because the message is undecided.
    pub(super) fn fails(self, callback: &Callback<'_>) -> Error {
        let (kind, problem) = match self.meaning {
            Meaning::Forbidden if callback.is_too_old() => (
                ErrorKind::CallbackExpired,
                "the service refused the callback, and the message is older than the 48 hours in which it takes one: the \
                 message is undecided for good",
            ),
            Meaning::Forbidden | Meaning::NotAuthorized => (
                ErrorKind::CallbackForbidden,
                "the function's role lacks a grant: allow it chime:ChannelFlowCallback on the app instance",
            ),
            Meaning::Credentials => (
                ErrorKind::CallbackUnauthorized,
                "the service does not accept the function's credentials: look at its execution role",
            ),
            Meaning::Invalid => (ErrorKind::CallbackInvalid, "the service refused the callback as invalid"),
            Meaning::Conflict => (
                ErrorKind::CallbackConflict,
                "the callback met another one each time, and the message is not decided; Lambda delivers the event again",
            ),
            Meaning::NotFound | Meaning::Passing | Meaning::NonPending => (
                ErrorKind::CallbackUnavailable,
                "the service did not take the callback; Lambda delivers the event again",
            ),
        };
        if kind == ErrorKind::CallbackExpired {
            tracing::error!(expired = true, "too late for the message's callback");
        }
        self.into_error(kind, problem)
    }

    /// Returns the error with which the invocation fails because it cannot be found out whether the message is decided.
    pub(super) fn leaves_open(self, why: &str) -> Error {
        tracing::error!(doubt = "UNKNOWN", why, refusal = %self, "whether the message is decided cannot be found out");
        let (kind, said) = match self.meaning {
            Meaning::Conflict => (ErrorKind::CallbackConflict, "the callback met another one each time"),
            Meaning::Invalid => (ErrorKind::CallbackInvalid, "the service refused the callback as invalid"),
            _ => (
                ErrorKind::CallbackForbidden,
                "the service refused the callback: the function's role lacks chime:ChannelFlowCallback on the app instance, or \
                 the message was decided before, or it is too late",
            ),
        };
        self.into_error(kind, &format!("{said}; which of these it is cannot be found out, since {why}"))
    }
}

impl Callback<'_> {
    fn is_too_old(&self) -> bool {
        let sent_at =
            self.header.provenance.sent_at().filter(|sent_at| *sent_at > SystemTime::UNIX_EPOCH + CHANNEL_FLOWS);
        let age = sent_at.and_then(|sent_at| SystemTime::now().duration_since(sent_at).ok());
        age.is_some_and(|age| age > LIFETIME)
    }
}
