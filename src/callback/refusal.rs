//! The meaning of the service's refusal of any request, and the parts of it that may be logged.

use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_chimesdkmessaging::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_chimesdkmessaging::operation::RequestId;

use crate::{Error, ErrorKind};

/// The start of the text with which the service refuses a callback for a message that was decided before. The rest of
/// the text may quote anything: AWS's validation errors quote the value that they refuse.
const NON_PENDING: &str = "Unable to complete processing of non-pending message";

/// The text of AWS's own access check. No id of a user, a bot or a channel can contain spaces, so this cannot be a
/// quotation.
const NOT_AUTHORIZED: &str = "is not authorized to perform";

/// The error codes of throttling, besides status 429.
const THROTTLING: [&str; 11] = [
    "LimitExceededException",
    "PriorRequestNotComplete",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledClientException",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// The error codes of credentials that AWS does not accept. AWS sends them with status 400, 401 or 403.
const CREDENTIALS: [&str; 10] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnauthorizedClientException",
    "UnrecognizedClientException",
];

/// Longer than any code or request id. A longer value is neither.
const LONGEST_NAME: usize = 128;

const OUT_OF_TIME: &str = "no answer from the service in the time that was left";

/// A request that was not accepted.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) meaning: Meaning,
    basis: Basis,
}

/// The facts that a refusal is read from.
#[derive(Debug)]
enum Basis {
    Answer(Said),
    /// There is no answer, for this reason.
    NoAnswer(Error),
    /// No answer came in the time left.
    OutOfTime,
}

/// The meaning of a refusal for the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The message was decided before, in the service's own words.
    NonPending,
    /// The service does not accept something in the request.
    Invalid,
    /// The service gives no reason. A missing grant looks like this, and so does a message that is not available.
    Forbidden,
    /// The role definitely lacks a grant.
    NotAuthorized,
    /// The resource does not exist.
    NotFound,
    /// Another request for the same resource is in flight, or the service asks for a retry.
    Conflict,
    /// The credentials are not accepted, or there are none.
    Credentials,
    /// There is no answer, or an answer that says nothing about the request. The request may be retried.
    Passing,
}

/// The parts of an answer that may be logged: its status, its code, and the id under which AWS can find the request.
/// The text is left out, since it may quote a person's words.
#[derive(Debug, Default)]
struct Said {
    status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
}

impl Refusal {
    pub(super) fn read<E>(error: SdkError<E>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        if lacks_credentials(&error) {
            return Self::unanswered(Meaning::Credentials, ErrorKind::CallbackUnauthorized, "no credentials", error);
        }
        let response = match &error {
            SdkError::ServiceError(service) => service.raw(),
            SdkError::ResponseError(unreadable) => {
                let status = Some(unreadable.raw().status().as_u16());
                let said = Said { status, ..Said::default() };
                return Self { meaning: Meaning::Passing, basis: Basis::Answer(said) };
            }
            SdkError::ConstructionFailure(_) => {
                let problem = "the request cannot be made";
                return Self::unanswered(Meaning::Invalid, ErrorKind::CallbackInvalid, problem, error);
            }
            _ => {
                let problem = "no answer from the service";
                return Self::unanswered(Meaning::Passing, ErrorKind::CallbackUnavailable, problem, error);
            }
        };
        let status = response.status().as_u16();
        let code = error.code().filter(|code| is_name(code));
        let meaning = meaning(status, code, error.message().unwrap_or_default());
        let request_id = error.request_id().filter(|id| is_name(id)).map(str::to_owned);
        let said = Said { status: Some(status), code: code.map(str::to_owned), request_id };
        Self { meaning, basis: Basis::Answer(said) }
    }

    /// Creates the refusal for a request that got no answer in the time left.
    pub(super) fn out_of_time() -> Self {
        Self { meaning: Meaning::Passing, basis: Basis::OutOfTime }
    }

    pub(super) fn is_out_of_time(&self) -> bool {
        matches!(self.basis, Basis::OutOfTime)
    }

    fn unanswered<E>(meaning: Meaning, kind: ErrorKind, problem: &str, error: SdkError<E>) -> Self
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        Self { meaning, basis: Basis::NoAnswer(Error::new(kind, problem).caused_by(error)) }
    }

    /// Returns the error with which the invocation fails because of this refusal.
    pub(super) fn into_error(self, kind: ErrorKind, problem: &str) -> Error {
        let error = match self.basis {
            Basis::Answer(said) => return Error::new(kind, format!("{problem} ({said})")),
            Basis::NoAnswer(cause) => Error::new(kind, problem).caused_by(cause),
            Basis::OutOfTime => Error::new(kind, problem).caused_by(OUT_OF_TIME),
        };
        // Without credentials, or for a request that cannot be made, the service was not asked.
        if kind == ErrorKind::CallbackUnavailable { error.unanswered() } else { error }
    }
}

fn meaning(status: u16, code: Option<&str>, message: &str) -> Meaning {
    let is_one_of = |codes: &[&str]| code.is_some_and(|code| codes.contains(&code));
    match status {
        _ if is_one_of(&THROTTLING) => Meaning::Passing,
        _ if is_one_of(&CREDENTIALS) => Meaning::Credentials,
        400 if code.is_some_and(|code| code.starts_with("RequestTimeout")) => Meaning::Passing,
        400 if message.starts_with(NON_PENDING) => Meaning::NonPending,
        400 => Meaning::Invalid,
        403 if code.is_some_and(|code| code.starts_with("AccessDenied")) || message.contains(NOT_AUTHORIZED) => {
            Meaning::NotAuthorized
        }
        403 if code.is_none() || is_one_of(&["ForbiddenException", "Forbidden"]) => Meaning::Forbidden,
        401 | 403 => Meaning::Credentials,
        404 => Meaning::NotFound,
        409 => Meaning::Conflict,
        _ => Meaning::Passing,
    }
}

/// Returns whether this is a name that a program gave, and not a text.
fn is_name(value: &str) -> bool {
    let of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:#=+/".contains(&byte);
    !value.is_empty() && value.len() <= LONGEST_NAME && value.bytes().all(of_a_name)
}

/// Returns whether the request was not sent because credentials are missing. The SDK reports this as a cause in the
/// chain.
fn lacks_credentials(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| error.is::<CredentialsError>())
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.basis {
            Basis::Answer(said) => write!(f, "{said}"),
            Basis::NoAnswer(cause) => write!(f, "{cause:?}"),
            Basis::OutOfTime => f.write_str(OUT_OF_TIME),
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status.unwrap_or_default())?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if let Some(request_id) = &self.request_id {
            write!(f, ", request id {request_id}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_is_passing_whatever_its_status() {
        for code in ["ThrottlingException", "TooManyRequestsException", "ThrottledClientException"] {
            for status in [400, 403, 429, 503] {
                assert_eq!(meaning(status, Some(code), ""), Meaning::Passing, "{status} {code}");
            }
        }
        assert_eq!(meaning(429, None, ""), Meaning::Passing);
        assert_eq!(meaning(400, Some("RequestTimeoutException"), ""), Meaning::Passing);
    }

    #[test]
    fn only_the_service_itself_says_that_a_message_is_not_pending() {
        let bad_request = Some("BadRequestException");
        let said = "Unable to complete processing of non-pending message for callback id 1";
        assert_eq!(meaning(400, bad_request, said), Meaning::NonPending);
        let quoted = format!("Value '{said}' at 'content' failed to satisfy constraint");
        assert_eq!(meaning(400, bad_request, &quoted), Meaning::Invalid);
        assert_eq!(meaning(400, bad_request, "non-pending"), Meaning::Invalid);
    }

    #[test]
    fn a_forbidden_request_may_have_any_reason_unless_one_is_given() {
        for code in [None, Some("ForbiddenException"), Some("Forbidden")] {
            assert_eq!(meaning(403, code, "no access"), Meaning::Forbidden, "{code:?}");
        }
        assert_eq!(meaning(403, Some("AccessDeniedException"), ""), Meaning::NotAuthorized);
        let said = "User: arn:aws:sts::1:assumed-role/r/f is not authorized to perform: chime:GetChannelMessageStatus";
        assert_eq!(meaning(403, Some("ForbiddenException"), said), Meaning::NotAuthorized);
        assert_eq!(meaning(403, Some("ExpiredTokenException"), ""), Meaning::Credentials);
        assert_eq!(meaning(403, Some("SomethingElse"), ""), Meaning::Credentials);
        assert_eq!(meaning(400, Some("UnrecognizedClientException"), ""), Meaning::Credentials);
        assert_eq!(meaning(401, None, ""), Meaning::Credentials);
    }

    #[test]
    fn a_text_is_no_name() {
        assert!(is_name("ForbiddenException") && is_name("9c1e0f2a-0001"));
        for text in ["", "two words", "a\nline", "\u{1b}[31m", "é", &"x".repeat(129)] {
            assert!(!is_name(text), "{text:?}");
        }
    }
}
