//! The AWS SDK's client, built for one call in a function that has just started.

mod signer;

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::ErrorKind;
use aws_sdk_chimesdkmessaging::Client;
use aws_sdk_chimesdkmessaging::config::interceptors::InterceptorContext;
use aws_sdk_chimesdkmessaging::config::retry::{ClassifyRetry, RetryAction, RetryConfig};
use aws_sdk_chimesdkmessaging::config::timeout::TimeoutConfig;
use aws_sdk_chimesdkmessaging::config::{Builder, StalledStreamProtectionConfig};

use self::signer::SigningScheme;
use crate::Error;
use crate::sdk_config::{Http, function_config, sdk_config};

/// The first attempt and its retries. There are [`rounds`](crate::callback) of these until the deadline, with
/// increasing pauses.
const MAX_ATTEMPTS: u32 = 3;
const INITIAL_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// The SDK has no timeout for a server that accepts a connection and never answers.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
pub(crate) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);

const ENDPOINT_VARIABLE: &str = "AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING";

/// Creates a client with the credentials, the region and the endpoint of the environment.
pub(crate) async fn from_environment() -> Result<Client, Error> {
    Ok(of(&sdk_config(ENDPOINT_VARIABLE).await?))
}

/// Creates the client of a function, which sends through `http`, if the environment is that of a function in Lambda.
pub(super) fn of_function(http: &Http) -> Option<Client> {
    function_config(ENDPOINT_VARIABLE, http).as_ref().map(of)
}

fn of(config: &SdkConfig) -> Client {
    Client::from_conf(for_callbacks(Builder::from(config)).build())
}

pub(crate) fn for_callbacks(config: Builder) -> Builder {
    let retries = RetryConfig::standard()
        .with_max_attempts(MAX_ATTEMPTS)
        .with_initial_backoff(INITIAL_BACKOFF)
        .with_max_backoff(MAX_BACKOFF);
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
    config
        .retry_config(retries)
        .retry_classifier(Throttled)
        .push_auth_scheme(SigningScheme::default())
        .timeout_config(timeouts)
        // An answer of a few hundred bytes has no stream that could stall.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}

/// Retries 429, the service's `ThrottledClientException`, which the SDK treats as a final answer. Honours
/// `Retry-After`, which the SDK does not read.
#[derive(Debug)]
struct Throttled;

impl ClassifyRetry for Throttled {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.response() {
            Some(response) if matches!(response.status().as_u16(), 429 | 503) => {
                let seconds = response.headers().get("retry-after").and_then(|value| value.parse().ok());
                match seconds.map(Duration::from_secs) {
                    // A chat message should not wait longer than this in a function that is billed by the millisecond.
                    Some(wished) => RetryAction::retryable_error_with_explicit_delay(
                        ErrorKind::ThrottlingError,
                        wished.min(MAX_BACKOFF),
                    ),
                    None => RetryAction::throttling_error(),
                }
            }
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "channel flow throttling"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_retry_comes_within_tens_of_milliseconds() {
        let config = for_callbacks(Builder::new().behavior_version_latest()).build();
        assert_eq!(config.timeout_config().unwrap().connect_timeout(), Some(CONNECT_TIMEOUT));
        assert!(config.retry_config().unwrap().initial_backoff() <= Duration::from_millis(50));
    }
}
