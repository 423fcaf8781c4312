//! What the service's answer to a callback means.

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_chimesdkmessaging::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_chimesdkmessaging::operation::channel_flow_callback::ChannelFlowCallbackError;

use crate::{Error, ErrorKind};

/// Part of the text with which the service refuses a callback for a message that was decided before.
const NON_PENDING: &str = "non-pending";

/// What the service said.
#[derive(Debug)]
pub(super) enum Answer {
    /// The callback decided the message.
    Accepted,
    /// The message was decided by another callback.
    DecidedBefore,
    /// Another callback for the message is on its way, or the service wants to be asked again.
    Conflict(Error),
    /// Decided before, or no grant, or too late: the service says the same to all three.
    Forbidden(Error),
    /// Something in the request is not to the service's liking.
    Invalid(Error),
    /// No for good: the credentials are not known, or their role has no grant beyond doubt.
    Refused(Error),
    /// No answer, or one that says nothing about the message: it may be asked again.
    Unavailable(Error),
    /// None in the time that a round may take.
    OutOfTime,
}

impl From<SdkError<ChannelFlowCallbackError>> for Answer {
    fn from(error: SdkError<ChannelFlowCallbackError>) -> Self {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let said = match (status, error.code(), error.message()) {
            (Some(status), Some(code), Some(message)) => format!("{status} {code}: {message}"),
            (Some(status), Some(code), None) => format!("{status} {code}"),
            (Some(status), None, _) => format!("status {status}"),
            (None, ..) => return Self::unanswered(error),
        };
        let refused = |kind, problem: &str| Error::new(kind, format!("{problem} ({said})"));
        match (status.unwrap_or_default(), error.code()) {
            (400, _) if error.message().is_some_and(|message| message.contains(NON_PENDING)) => Self::DecidedBefore,
            (400, _) => {
                Self::Invalid(refused(ErrorKind::CallbackInvalid, "the service refused the callback as invalid"))
            }
            (403, Some("AccessDeniedException")) => Self::Refused(refused(
                ErrorKind::CallbackForbidden,
                "the function's role lacks a grant: allow it chime:ChannelFlowCallback on the app instance",
            )),
            (403, None | Some("ForbiddenException" | "Forbidden")) => Self::Forbidden(refused(
                ErrorKind::CallbackForbidden,
                "the service refused the callback: grant the function's role chime:ChannelFlowCallback on the app instance, \
                 or, where it has the grant, the message was decided before or the time for its callback is over",
            )),
            (401 | 403, _) => Self::Refused(refused(
                ErrorKind::CallbackUnauthorized,
                "the service does not accept the function's credentials: look at its execution role",
            )),
            (409, _) => Self::Conflict(refused(
                ErrorKind::CallbackUnavailable,
                "the callback met another one each time; Lambda delivers the event again",
            )),
            _ => Self::Unavailable(refused(
                ErrorKind::CallbackUnavailable,
                "the service did not take the callback; Lambda delivers the event again",
            )),
        }
    }
}

impl Answer {
    fn unanswered(error: SdkError<ChannelFlowCallbackError>) -> Self {
        if lacks_credentials(&error) {
            let problem = "the function has no credentials: look at its execution role";
            return Self::Refused(Error::new(ErrorKind::CallbackUnauthorized, problem).caused_by(error));
        }
        let problem = "the callback got no answer from the service; Lambda delivers the event again";
        Self::Unavailable(Error::new(ErrorKind::CallbackUnavailable, problem).caused_by(error))
    }
}

/// Whether the request was not sent for want of credentials: the SDK tells by a cause somewhere down the chain.
fn lacks_credentials(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| error.is::<CredentialsError>())
}
