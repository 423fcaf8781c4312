//! How the service says no.

use crate::assumptions;
use crate::callback::Invalid;
use crate::message::MessageIds;
use crate::signature::SignatureError;
use axum::http::StatusCode;
use std::fmt;

/// A callback that the service refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) exception: &'static str,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) reason: String,
}

impl Refusal {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The exception, such as `BadRequestException`.
    pub fn exception(&self) -> &'static str {
        self.exception
    }

    /// What the caller was told.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What was wrong, for the developer; holds nothing of the message itself.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    pub(crate) fn bad_request(reason: String) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            exception: "BadRequestException",
            code: "BadRequest",
            message: reason.clone(),
            reason,
        }
    }

    pub(crate) fn unknown_message(ids: &MessageIds) -> Self {
        let reason = format!("no message {} with this callback id was sent to this channel", ids.message_id);
        Self { reason, ..Self::bad_request(assumptions::UNKNOWN_MESSAGE.to_owned()) }
    }

    pub(crate) fn decided_before(ids: &MessageIds) -> Self {
        let message = format!("{} {}", assumptions::DECIDED_BEFORE, ids.callback_id);
        let reason = "the message was decided by an earlier callback".to_owned();
        Self { reason, ..Self::bad_request(message) }
    }

    pub(crate) fn unknown_operation() -> Self {
        let message = "channel-flow-emulator has no such operation; it has \
                       POST /channels/{channelArn}?operation=channel-flow-callback";
        Self {
            status: StatusCode::NOT_FOUND,
            exception: assumptions::UNKNOWN_OPERATION,
            code: "NotFound",
            message: message.to_owned(),
            reason: message.to_owned(),
        }
    }
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        Self::bad_request(invalid.to_string())
    }
}

impl From<SignatureError> for Refusal {
    fn from(error: SignatureError) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            exception: error.exception(),
            code: assumptions::SIGNATURE_CODE,
            message: error.to_string(),
            reason: error.to_string(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.exception, self.status(), self.reason)
    }
}

impl std::error::Error for Refusal {}
