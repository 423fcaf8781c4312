//! The AWS SDK's client, built for one call in a function that has just started.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::retry::ErrorKind;
use aws_sdk_chimesdkmessaging::Client;
use aws_sdk_chimesdkmessaging::config::interceptors::InterceptorContext;
use aws_sdk_chimesdkmessaging::config::retry::{ClassifyRetry, RetryAction, RetryConfig};
use aws_sdk_chimesdkmessaging::config::timeout::TimeoutConfig;
use aws_sdk_chimesdkmessaging::config::{
    Builder, Config, Credentials, IdentityCache, Region, SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext};

use super::trust_store;
use crate::Error;
use crate::environment::var;

/// The first attempt and its retries. There are [`rounds`](crate::callback) of these until the deadline, with
/// increasing pauses.
const MAX_ATTEMPTS: u32 = 3;
const INITIAL_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// The SDK has no timeout for a server that accepts a connection and never answers.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
pub(crate) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);

/// If none of these is set, the environment of a Lambda function alone decides.
const WHOLE_CHAIN_VARIABLES: [&str; 5] = [
    "AWS_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
];

/// Creates a client with the credentials, the region and the endpoint of the environment: directly in the environment
/// of a Lambda function, and through AWS's default credential chain elsewhere.
pub(crate) async fn from_environment() -> Result<Client, Error> {
    let http_client = http_client(tls_context()?);
    let config = match lambda_config(var) {
        Some(config) => config.http_client(http_client).build(),
        None => chain_config(http_client).await?,
    };
    Ok(Client::from_conf(config))
}

/// The configuration of a function in Lambda, without asking aws-config, which takes 0.5 to 2 ms of CPU for it.
fn lambda_config(var: impl Fn(&str) -> Option<String>) -> Option<Builder> {
    if WHOLE_CHAIN_VARIABLES.iter().any(|name| var(name).is_some()) {
        return None;
    }
    let credentials = Credentials::new(
        var("AWS_ACCESS_KEY_ID")?,
        var("AWS_SECRET_ACCESS_KEY")?,
        var("AWS_SESSION_TOKEN"),
        None,
        "environment of the Lambda function",
    );
    let endpoint_url = match var("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") {
        Some(ignore) if ignore.eq_ignore_ascii_case("true") => None,
        _ => var("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING").or_else(|| var("AWS_ENDPOINT_URL")),
    };
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(var("AWS_REGION")?))
        .credentials_provider(credentials)
        .identity_cache(IdentityCache::no_cache());
    config.set_endpoint_url(endpoint_url);
    Some(for_callbacks(config))
}

/// Returns the configuration of AWS's default credential chain: profiles, web identity, containers, instances.
async fn chain_config(http_client: SharedHttpClient) -> Result<Config, Error> {
    let shared = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client).load().await;
    if shared.region().is_none() {
        return Err(Error::configuration("no AWS region: set AWS_REGION, or a region in the profile that is used"));
    }
    Ok(for_callbacks(Builder::from(&shared)).build())
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
        .timeout_config(timeouts)
        // An answer of a few hundred bytes has no stream that could stall.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}

/// Returns the certificates that every connection of the framework trusts.
pub(crate) fn tls_context() -> Result<TlsContext, Error> {
    let trust_store = trust_store::trust_store(var)?;
    Ok(TlsContext::builder().with_trust_store(trust_store).build().expect("building a TLS context cannot fail"))
}

fn http_client(tls: TlsContext) -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls)
        .build_https()
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

    const LAMBDA: [(&str, &str); 4] = [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "token"),
        ("AWS_REGION", "eu-central-1"),
    ];

    fn config(more: &[(&str, &str)]) -> Option<Config> {
        let variables: Vec<_> = LAMBDA.iter().chain(more).copied().collect();
        let var =
            |name: &str| variables.iter().rev().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        lambda_config(var).map(Builder::build)
    }

    #[test]
    fn the_environment_of_a_function_is_enough() {
        let config = config(&[]).unwrap();
        assert_eq!(config.region().unwrap().as_ref(), "eu-central-1");
        assert_eq!(config.timeout_config().unwrap().connect_timeout(), Some(CONNECT_TIMEOUT));
        // The first retry comes within tens of milliseconds.
        assert!(config.retry_config().unwrap().initial_backoff() <= Duration::from_millis(50));
    }

    #[test]
    fn a_profile_asks_for_the_whole_chain() {
        assert!(config(&[("AWS_PROFILE", "work")]).is_none());
        assert!(config(&[("AWS_USE_FIPS_ENDPOINT", "true")]).is_none());
    }

    #[test]
    fn without_credentials_the_whole_chain_is_asked() {
        let var = |name: &str| (name == "AWS_REGION").then(|| "us-east-1".to_owned());
        assert!(lambda_config(var).is_none());
    }
}
