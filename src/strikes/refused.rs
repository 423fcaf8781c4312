//! Why a warning or a ban failed.

use std::fmt;

use aws_sdk_chimesdkmessaging::error::{ProvideErrorMetadata, SdkError};

/// The error of a [`Warning`](crate::Warning) or a [`Ban`](crate::Ban) that failed. The service's own words are left out, since
/// they can quote a message.
#[derive(Debug)]
pub struct StrikeActionError(Kind);

#[derive(Debug)]
enum Kind {
    NoText,
    Refused { operation: &'static str, code: String, needs: &'static str },
    NoAnswer { operation: &'static str },
}

impl StrikeActionError {
    pub(super) fn no_text() -> Self {
        Self(Kind::NoText)
    }

    /// The error of a request for an operation with this name, and what the operation needs.
    pub(super) fn of_request<E, R>(operation: &'static str, needs: &'static str, error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata,
    {
        Self(match error.code() {
            Some(code) => Kind::Refused { operation, code: code.to_owned(), needs },
            None => Kind::NoAnswer { operation },
        })
    }
}

impl fmt::Display for StrikeActionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::NoText => f.write_str("there is no text for the warning: add one for the reason `strike`"),
            Kind::Refused { operation, code, needs } => write!(f, "{operation} was refused: {code}; it needs {needs}"),
            Kind::NoAnswer { operation } => write!(f, "{operation} got no answer"),
        }
    }
}

impl std::error::Error for StrikeActionError {}
