//! What the SDK is told about a request without an answer, so that it knows whether to retry.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::retry::ErrorKind;
use hyper_util::client::legacy;

/// A server did not answer in time.
#[derive(Debug)]
pub(super) struct TimedOut {
    what: &'static str,
    limit: Duration,
}

impl TimedOut {
    pub(super) fn connecting(limit: Duration) -> Self {
        Self { what: "connection", limit }
    }

    pub(super) fn reading(limit: Duration) -> Self {
        Self { what: "answer", limit }
    }
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no {} within {:?}", self.what, self.limit)
    }
}

impl StdError for TimedOut {}

impl From<TimedOut> for ConnectorError {
    fn from(error: TimedOut) -> Self {
        Self::timeout(error.into())
    }
}

/// Classifies an error of hyper. The SDK repeats a request after a time-out, after an error of input or output, and after
/// a connection that was closed before the answer was complete.
pub(super) fn connector_error(error: legacy::Error) -> ConnectorError {
    if source::<TimedOut>(&error).is_some() {
        return ConnectorError::timeout(error.into());
    }
    if error.is_connect() {
        return ConnectorError::io(error.into());
    }
    let kind = match source::<hyper::Error>(&error) {
        Some(hyper) if hyper.is_timeout() => ConnectorError::timeout,
        Some(hyper) if hyper.is_user() => ConnectorError::user,
        Some(hyper) if hyper.is_incomplete_message() => {
            return ConnectorError::other(error.into(), Some(ErrorKind::TransientError));
        }
        Some(hyper) if hyper.is_closed() || hyper.is_canceled() => ConnectorError::io,
        _ if source::<io::Error>(&error).is_some() => ConnectorError::io,
        _ => return ConnectorError::other(error.into(), None),
    };
    kind(error.into())
}

fn source<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref())
}
