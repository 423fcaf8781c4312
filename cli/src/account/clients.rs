//! The SDK's clients, with the credentials, the region and the endpoints that AWS's own tools would take.

use crate::account::explain::{Call, Problem, Service};
use crate::exit::Failure;
use crate::sdk;
use aws_sdk_chimesdkmessaging::config::interceptors::InterceptorContext;
use aws_sdk_chimesdkmessaging::config::retry::{ClassifyRetry, RetryAction};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::error::Error;
use std::fmt::Display;

/// A client for each service.
#[derive(Debug)]
pub(crate) struct Clients {
    pub(crate) region: String,
    pub(crate) messaging: aws_sdk_chimesdkmessaging::Client,
    pub(crate) lambda: aws_sdk_lambda::Client,
    pub(crate) iam: aws_sdk_iam::Client,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
}

impl Clients {
    /// Finds credentials, and a region if none is given.
    pub(crate) async fn new(profile: Option<&str>, region: Option<&str>) -> Result<Self, Failure> {
        let config = sdk::config(profile, region).await?;
        let region = config.region().map(ToString::to_string).unwrap_or_default();
        let messaging = aws_sdk_chimesdkmessaging::config::Builder::from(&config).retry_classifier(Throttled).build();
        Ok(Self {
            region,
            messaging: aws_sdk_chimesdkmessaging::Client::from_conf(messaging),
            lambda: aws_sdk_lambda::Client::new(&config),
            iam: aws_sdk_iam::Client::new(&config),
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
        })
    }

    /// The problem of a call that fails: what is called, and what the call is about.
    pub(crate) fn problem<E>(
        &self,
        service: Service,
        operation: &'static str,
        subject: impl Display,
    ) -> impl FnOnce(SdkError<E, Response>) -> Problem
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let call = self.call(service, operation, subject);
        |error| Problem::of_call(call, error)
    }

    /// The problem of an answer that is not of the API's form.
    pub(crate) fn misunderstood(
        &self,
        service: Service,
        operation: &'static str,
        subject: impl Display,
    ) -> impl FnOnce(String) -> Problem {
        let call = self.call(service, operation, subject);
        |reason| Problem::of_answer(call, reason)
    }

    fn call(&self, service: Service, operation: &'static str, subject: impl Display) -> Call {
        Call { service, operation, subject: subject.to_string(), region: self.region.clone() }
    }
}

/// Retries 429, the messaging service's `ThrottledClientException`, which the SDK takes for a final answer.
#[derive(Debug)]
struct Throttled;

impl ClassifyRetry for Throttled {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.response() {
            Some(response) if response.status().as_u16() == 429 => RetryAction::throttling_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "channel flow throttling"
    }
}
