//! The SDK's clients, with the credentials, the region and the endpoints that AWS's own tools would take.

use crate::account::explain::{self, Call, Problem, Service};
use crate::exit::Failure;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_chimesdkmessaging::config::interceptors::InterceptorContext;
use aws_sdk_chimesdkmessaging::config::retry::{ClassifyRetry, RetryAction};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::error::Error;
use std::fmt::Display;
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

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
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client()?).timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                .build(),
        );
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = region {
            loader = loader.region(Region::new(region.to_owned()));
        }
        let config = loader.load().await;
        let region = config.region().map(ToString::to_string);
        let region = region.ok_or_else(|| Failure::unusable(explain::NO_REGION))?;
        has_credentials(&config).await?;
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

/// Loads credentials before anything else, so that their absence is not taken for another error.
async fn has_credentials(config: &SdkConfig) -> Result<(), Failure> {
    let Some(provider) = config.credentials_provider() else {
        return Err(Failure::not_started(explain::no_credentials(None)));
    };
    match provider.provide_credentials().await {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::not_started(explain::no_credentials(Some(&error)))),
    }
}

/// Uses the system's trust store, and the proxy in the environment.
fn http_client() -> Result<SharedHttpClient, Failure> {
    let tls = TlsContext::builder().build();
    let tls = tls.map_err(|error| Failure::not_started(format!("cannot start: {error}")))?;
    let connector = Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls)
        .proxy_config(ProxyConfig::from_env())
        .connector_settings(HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build())
        .sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
        .build();
    let connector = SharedHttpConnector::new(connector);
    Ok(http_client_fn(move |_, _| connector.clone()))
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
