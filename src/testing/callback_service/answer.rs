//! The answers of the service.

use std::time::Duration;

use aws_sdk_chimesdkmessaging::types::ChannelMessageStatus;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use serde_json::json;

/// An answer of a [`CallbackService`](super::CallbackService) to a callback.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Answer {
    /// 200: the message is decided.
    Accepted,
    /// 200, after this time: the message is decided when the callback arrives, and the answer is late. The framework's
    /// client waits one second for an answer.
    Slow(Duration),
    /// The message is decided, and the connection breaks before the answer arrives.
    AnswerLost,
    /// The connection breaks before the service has read the callback.
    ConnectionLost,
    /// 400 `BadRequestException`, with the service's text for a message that was decided before.
    NonPending,
    /// 400 `BadRequestException`: the service does not accept something in the callback.
    Invalid,
    /// 401 `UnauthorizedClientException`: the service does not accept the credentials.
    Unauthorized,
    /// 403 `ForbiddenException`, as the service answers if a grant is missing, and for a message that is not available.
    Forbidden,
    /// 409 `ConflictException`.
    Conflict,
    /// 429 `ThrottledClientException`.
    Throttled {
        /// The pause that the service asks for in `Retry-After`, in whole seconds.
        retry_after: Option<Duration>,
    },
    /// 500 `ServiceFailureException`.
    ServerError,
    /// 503 `ServiceUnavailableException`.
    Unavailable,
}

/// The response that the client gets, or `None` if the connection breaks.
pub(super) struct Reply(Option<HttpResponse>);

impl Answer {
    /// Returns whether the message is decided by the callback that gets this answer.
    pub(super) fn accepts(&self) -> bool {
        matches!(self, Self::Accepted | Self::Slow(_) | Self::AnswerLost)
    }

    /// Returns the time after which the answer comes.
    pub(super) fn pause(&self) -> Duration {
        match self {
            Self::Slow(pause) => *pause,
            _ => Duration::ZERO,
        }
    }

    pub(super) fn reply(&self) -> Reply {
        let (status, exception, code, text) = match self {
            Self::Accepted | Self::Slow(_) => return Reply::json(200, "{}"),
            Self::AnswerLost | Self::ConnectionLost => return Reply(None),
            Self::NonPending => (
                400,
                "BadRequestException",
                "BadRequest",
                "Unable to complete processing of non-pending message for callback id",
            ),
            Self::Invalid => (400, "BadRequestException", "BadRequest", "scripted"),
            Self::Unauthorized => (401, "UnauthorizedClientException", "Unauthorized", "scripted"),
            Self::Forbidden => (403, "ForbiddenException", "Forbidden", "Forbidden"),
            Self::Conflict => (409, "ConflictException", "Conflict", "scripted"),
            Self::Throttled { .. } => (429, "ThrottledClientException", "Throttled", "scripted"),
            Self::ServerError => (500, "ServiceFailureException", "ServiceFailure", "scripted"),
            Self::Unavailable => (503, "ServiceUnavailableException", "ServiceUnavailable", "scripted"),
        };
        let mut reply = Reply::json(status, &json!({ "Code": code, "Message": text }).to_string());
        reply.set_header("x-amzn-errortype", exception.to_owned());
        if let Self::Throttled { retry_after: Some(pause) } = self {
            reply.set_header("retry-after", pause.as_secs().to_string());
        }
        reply
    }
}

impl Reply {
    fn json(status: u16, body: &str) -> Self {
        let status = status.try_into().expect("it is a status");
        let mut reply = Self(Some(HttpResponse::new(status, SdkBody::from(body))));
        reply.set_header("content-type", "application/json".to_owned());
        reply
    }

    /// Returns the answer to the question for the status of a message.
    pub(super) fn status(status: &ChannelMessageStatus) -> Self {
        Self::json(200, &json!({ "Status": { "Value": status.as_str() } }).to_string())
    }

    fn set_header(&mut self, name: &'static str, value: String) {
        if let Some(response) = &mut self.0 {
            response.headers_mut().insert(name, value);
        }
    }

    pub(super) fn into_result(self) -> Result<HttpResponse, ConnectorError> {
        self.0.ok_or_else(|| ConnectorError::io("the connection was lost, as scripted".into()))
    }
}
