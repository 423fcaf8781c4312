//! How the service says no.

use crate::assumptions::{self, RepeatedCallback};
use crate::messaging::callback::Invalid;
use crate::model::grant::Grant;
use crate::model::message::MessageIds;
use crate::signature::error::SignatureError;
use axum::http::StatusCode;
use std::borrow::Cow;
use std::fmt;

/// A callback that the service refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub(crate) kind: RefusalKind,
    /// None where the fault is that there is no answer.
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
    /// An earlier callback had decided the message; see [`RepeatedCallback`].
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

    /// The HTTP status; 0 where a fault left the caller without an answer.
    pub fn status(&self) -> u16 {
        self.status.map_or(0, |status| status.as_u16())
    }

    /// The exception, such as `BadRequestException`; empty where the answer names none.
    pub fn exception(&self) -> &str {
        &self.exception
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
            kind: RefusalKind::Invalid,
            status: Some(StatusCode::BAD_REQUEST),
            exception: "BadRequestException".into(),
            code: "BadRequest".into(),
            message: reason.clone(),
            reason,
        }
    }

    pub(crate) fn unknown_message(ids: &MessageIds) -> Self {
        let reason = format!("no message {} with this callback id was sent to this channel", ids.message_id);
        let kind = RefusalKind::UnknownMessage;
        Self { kind, reason, ..Self::bad_request(assumptions::UNKNOWN_MESSAGE.to_owned()) }
    }

    pub(crate) fn decided_before(ids: &MessageIds, shape: RepeatedCallback) -> Self {
        let refusal = match shape {
            RepeatedCallback::NonPending => {
                Self::bad_request(format!("{} {}", assumptions::DECIDED_BEFORE, ids.callback_id))
            }
            RepeatedCallback::Conflict => Self {
                status: Some(StatusCode::CONFLICT),
                exception: "ConflictException".into(),
                code: "Conflict".into(),
                ..Self::bad_request(assumptions::CONFLICT.to_owned())
            },
            RepeatedCallback::Forbidden => Self::forbidden(),
        };
        let reason = "the message was decided by an earlier callback".to_owned();
        Self { kind: RefusalKind::DecidedBefore, reason, ..refusal }
    }

    pub(crate) fn expired() -> Self {
        let reason = "the callback came after its life time".to_owned();
        Self { kind: RefusalKind::Expired, reason, ..Self::forbidden() }
    }

    pub(crate) fn not_granted() -> Self {
        let reason = format!("the function's role has no grant for {} here", Grant::ChannelFlowCallback);
        Self { kind: RefusalKind::NotGranted, reason, ..Self::forbidden() }
    }

    fn forbidden() -> Self {
        Self {
            status: Some(StatusCode::FORBIDDEN),
            exception: "ForbiddenException".into(),
            code: "Forbidden".into(),
            ..Self::bad_request(assumptions::FORBIDDEN.to_owned())
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
            kind: RefusalKind::Signature,
            status: Some(StatusCode::FORBIDDEN),
            exception: error.exception().into(),
            code: assumptions::SIGNATURE_CODE.into(),
            message: error.to_string(),
            reason: error.to_string(),
        }
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
