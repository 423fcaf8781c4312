//! How an operation says no, in the service's words.

use crate::net::origin_check::OriginError;
use crate::signature::error::SignatureError;
use axum::http::StatusCode;
use std::fmt;

/// The exceptions of the service's API model, and what every AWS service has beside its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exception {
    /// 400: the request breaks a limit, or makes no sense in the state the resource is in.
    BadRequest,
    /// 401: the caller is nobody the service knows.
    UnauthorizedClient,
    /// 403: the caller may not do this, or there is no such resource and the operation does not say which.
    Forbidden,
    /// 404: there is no such resource, if the operation says so.
    NotFound,
    /// 409: the resource is there already, or in a state that does not go with the request.
    Conflict,
    /// 400: there would be more than the service allows.
    ResourceLimitExceeded,
    /// 429: too many requests.
    ThrottledClient,
    /// 500.
    ServiceFailure,
    /// 503.
    ServiceUnavailable,
    /// 404: the emulator does not have the operation.
    UnknownOperation,
    /// 403: the signature, by the name of [`ApiError::name`].
    Signature,
}

/// The answer to a request that was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    exception: Exception,
    name: &'static str,
    message: String,
}

impl ApiError {
    pub(crate) fn new(exception: Exception, message: impl Into<String>) -> Self {
        Self { exception, name: exception.name(), message: message.into() }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Exception::BadRequest, message)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(Exception::Forbidden, message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(Exception::Conflict, message)
    }

    /// Which exception it is.
    pub fn exception(&self) -> Exception {
        self.exception
    }

    /// The exception's name, such as `ForbiddenException`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The cause. It names resources, never content.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.exception.status().as_u16()
    }
}

impl Exception {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::BadRequest | Self::ResourceLimitExceeded => StatusCode::BAD_REQUEST,
            Self::UnauthorizedClient => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::Signature => StatusCode::FORBIDDEN,
            Self::NotFound | Self::UnknownOperation => StatusCode::NOT_FOUND,
            Self::Conflict => StatusCode::CONFLICT,
            Self::ThrottledClient => StatusCode::TOO_MANY_REQUESTS,
            Self::ServiceFailure => StatusCode::INTERNAL_SERVER_ERROR,
            Self::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The exception's name in the model.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "BadRequestException",
            Self::UnauthorizedClient => "UnauthorizedClientException",
            Self::Forbidden => "ForbiddenException",
            Self::NotFound => "NotFoundException",
            Self::Conflict => "ConflictException",
            Self::ResourceLimitExceeded => "ResourceLimitExceededException",
            Self::ThrottledClient => "ThrottledClientException",
            Self::ServiceFailure => "ServiceFailureException",
            Self::ServiceUnavailable => "ServiceUnavailableException",
            Self::UnknownOperation => crate::assumptions::UNKNOWN_OPERATION,
            Self::Signature => crate::assumptions::SIGNATURE_WRONG,
        }
    }

    /// `Code` in the body, of the model's `ErrorCode`.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::BadRequest => "BadRequest",
            Self::UnauthorizedClient => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::NotFound | Self::UnknownOperation => "NotFound",
            Self::Conflict => "Conflict",
            Self::ResourceLimitExceeded => "ResourceLimitExceeded",
            Self::ThrottledClient => "Throttled",
            Self::ServiceFailure => "ServiceFailure",
            Self::ServiceUnavailable => "ServiceUnavailable",
            Self::Signature => crate::assumptions::SIGNATURE_CODE,
        }
    }
}

impl From<OriginError> for ApiError {
    fn from(error: OriginError) -> Self {
        match error.status {
            StatusCode::FORBIDDEN => Self::forbidden(error.message),
            _ => Self::bad_request(error.message),
        }
    }
}

impl From<SignatureError> for ApiError {
    fn from(error: SignatureError) -> Self {
        Self { exception: Exception::Signature, name: error.exception(), message: error.to_string() }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.name, self.status(), self.message)
    }
}

impl std::error::Error for ApiError {}
