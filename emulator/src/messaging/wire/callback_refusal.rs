//! What a refusal of `ChannelFlowCallback` looks like on the wire: for each reason the status, the exception, the code and
//! the text, and how the answer carries them.

use crate::assumptions::{self, RepeatedCallback};
use crate::model::grant::Grant;
use crate::model::message::MessageIds;
use crate::model::refusal::{Refusal, RefusalKind};
use crate::signature::error::SignatureError;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

/// The status of the answer.
pub(crate) fn status(refusal: &Refusal) -> StatusCode {
    refusal.status.unwrap_or(StatusCode::BAD_GATEWAY)
}

/// The body of the answer.
pub(crate) fn body(refusal: &Refusal) -> Value {
    json!({ "Code": refusal.code, "Message": refusal.message })
}

/// Adds the exception to the headers of the answer, if it has one.
pub(crate) fn add_exception(refusal: &Refusal, headers: &mut HeaderMap) {
    if !refusal.exception.is_empty() {
        let exception = HeaderValue::from_str(&refusal.exception).expect("an exception's name is a header's value");
        headers.insert("x-amzn-errortype", exception);
    }
}

pub(crate) fn bad_request(reason: String) -> Refusal {
    Refusal {
        kind: RefusalKind::Invalid,
        status: Some(StatusCode::BAD_REQUEST),
        exception: "BadRequestException".into(),
        code: "BadRequest".into(),
        message: reason.clone(),
        reason,
    }
}

pub(crate) fn unknown_message(ids: &MessageIds) -> Refusal {
    let reason = format!("no message {} with this callback id was sent to this channel", ids.message_id);
    let kind = RefusalKind::UnknownMessage;
    Refusal { kind, reason, ..bad_request(assumptions::UNKNOWN_MESSAGE.to_owned()) }
}

pub(crate) fn decided_before(ids: &MessageIds, shape: RepeatedCallback) -> Refusal {
    let refusal = match shape {
        RepeatedCallback::NonPending => bad_request(format!("{} {}", assumptions::DECIDED_BEFORE, ids.callback_id)),
        RepeatedCallback::Conflict => Refusal {
            status: Some(StatusCode::CONFLICT),
            exception: "ConflictException".into(),
            code: "Conflict".into(),
            ..bad_request(assumptions::CONFLICT.to_owned())
        },
        RepeatedCallback::Forbidden => forbidden(),
    };
    let reason = "the message was decided by an earlier callback".to_owned();
    Refusal { kind: RefusalKind::DecidedBefore, reason, ..refusal }
}

pub(crate) fn expired() -> Refusal {
    let reason = "the callback came after its life time".to_owned();
    Refusal { kind: RefusalKind::Expired, reason, ..forbidden() }
}

pub(crate) fn not_granted() -> Refusal {
    let reason = format!("the function's role has no grant for {} here", Grant::ChannelFlowCallback);
    Refusal { kind: RefusalKind::NotGranted, reason, ..forbidden() }
}

fn forbidden() -> Refusal {
    Refusal {
        status: Some(StatusCode::FORBIDDEN),
        exception: "ForbiddenException".into(),
        code: "Forbidden".into(),
        ..bad_request(assumptions::FORBIDDEN.to_owned())
    }
}

/// Refuses a request with a missing or wrong signature.
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
