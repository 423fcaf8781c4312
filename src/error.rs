//! Errors outside a processor.

pub(crate) mod cause;
pub(crate) mod one_line;

use std::error::Error as StdError;
use std::fmt::{self, Write as _};

use lambda_runtime::Diagnostic;

use self::one_line::one_line;

/// The reason why a function could not start, or why an invocation ended without a decision.
///
/// Its text says what to do. `Debug` shows the same text with all causes, so that the error reads well if `main`
/// returns it.
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    unanswered: bool,
    attempts: u32,
}

/// The kind of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The function's environment is wrong: Lambda did not start the process, there is no region, or a certificate file
    /// is missing.
    Configuration,
    /// The event lacks the ids that a callback requires, so no callback can be sent.
    Event,
    /// The service refused the callback with 403, and the message is or may be undecided. The function's role lacks the
    /// grant `chime:ChannelFlowCallback`, or `chime:GetChannelMessageStatus`, with which the function could find
    /// out more.
    CallbackForbidden,
    /// The service refused the callback with 409 repeatedly, and the message is or may be undecided.
    CallbackConflict,
    /// The service refused the callback, the message is undecided, and it is older than the 48 hours in which the
    /// service accepts a callback.
    CallbackExpired,
    /// The service does not accept the function's credentials, or there are none.
    CallbackUnauthorized,
    /// The service refused the request itself, and also a plain fallback action.
    CallbackInvalid,
    /// The service did not accept the callback in the time left.
    CallbackUnavailable,
    /// The processor asked for a retry, there was no time for it, and the function was configured to let Lambda
    /// redeliver the event.
    Redelivery,
    /// The store of tickets did not do what it was asked for.
    Store,
    /// There is no ticket with this id.
    Ticket,
    /// A sweep could not decide all held messages that are due.
    Sweep,
    /// The Lambda runtime ended.
    Runtime,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None, unanswered: false, attempts: 0 }
    }

    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, message)
    }

    pub(crate) fn runtime(error: lambda_runtime::Error) -> Self {
        Self::new(ErrorKind::Runtime, "the Lambda runtime ended").caused_by(error)
    }

    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Returns the kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns whether the service gave no answer of any kind, so that another connection might get one.
    pub(crate) fn is_unanswered(&self) -> bool {
        self.unanswered
    }

    pub(crate) fn unanswered(mut self) -> Self {
        self.unanswered = true;
        self
    }

    /// Returns how often the callback was sent before it failed.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    pub(crate) fn after_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    fn chain(&self) -> String {
        Chain(self).to_string()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Chain(self))
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

/// The error that Lambda shows for a failed invocation and passes to an on-failure destination.
impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        Self { error_type: format!("ChannelFlow.{:?}", error.kind), error_message: error.chain() }
    }
}

/// An error and its causes on one line, whatever they contain.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn StdError + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chain = String::new();
        write!(chain, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(error) = next {
            write!(chain, ": {error}")?;
            next = error.source();
        }
        f.write_str(&one_line(&chain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_and_diagnostic_tell_the_whole_chain() {
        let cause = "the event has no CallbackId".to_owned();
        let error = Error::new(ErrorKind::Event, "the event cannot be answered: it is not what a channel flow sends");
        let error = error.caused_by(cause);
        let chain = "the event cannot be answered: it is not what a channel flow sends: the event has no CallbackId";
        assert_eq!(format!("{error:?}"), chain);
        assert_eq!(error.to_string(), "the event cannot be answered: it is not what a channel flow sends");
        let diagnostic = Diagnostic::from(error);
        assert_eq!((&*diagnostic.error_type, &*diagnostic.error_message), ("ChannelFlow.Event", chain));
    }

    #[test]
    fn an_error_is_one_line() {
        let cause = "first\nERROR forged\u{1b}[31m\u{85}".to_owned();
        let error = Error::configuration("no \r").caused_by(cause);
        assert_eq!(format!("{error:?}"), r"no \r: first\nERROR forged\u001b[31m\u0085");
    }

    #[test]
    fn an_event_that_is_not_json_is_not_shown() {
        let error = crate::RawEvent::from_json("{\"Content\": secret").unwrap_err();
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
}
