//! Why a request to the messaging service failed.

use std::fmt;

use channel_flow::aws_sdk_chimesdkmessaging::error::{ProvideErrorMetadata, SdkError};

/// The request and the service's code. The service's own words can quote a message, and errors are logged.
#[derive(Debug)]
pub(crate) struct RequestError {
    request: &'static str,
    code: Option<String>,
}

impl RequestError {
    pub(crate) fn new<E: ProvideErrorMetadata, R>(request: &'static str, error: &SdkError<E, R>) -> Self {
        Self { request, code: error.code().map(str::to_owned) }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{} was refused: {code}", self.request),
            None => write!(f, "{} got no answer", self.request),
        }
    }
}

impl std::error::Error for RequestError {}
