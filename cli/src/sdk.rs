//! What all clients of the AWS SDK have in common.

use crate::exit::Failure;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use std::error::Error;
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

const NO_REGION: &str = "no AWS region is set: pass --region, set AWS_REGION, or set a region in your profile";

/// How requests leave this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Proxy {
    /// Directly: they are for this machine.
    #[cfg(feature = "review")]
    None,
    /// By the proxy in the environment, if there is one.
    OfEnvironment,
}

/// The credentials, the region and the endpoints that AWS's own tools would take.
pub(crate) async fn config(profile: Option<&str>, region: Option<&str>) -> Result<SdkConfig, Failure> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client(Proxy::OfEnvironment)?)
        .timeout_config(timeouts());
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = region {
        loader = loader.region(Region::new(region.to_owned()));
    }
    let config = loader.load().await;
    if config.region().is_none() {
        return Err(Failure::unusable(NO_REGION));
    }
    has_credentials(&config).await?;
    Ok(config)
}

/// Loads credentials before anything else, so that their absence is not taken for another error.
async fn has_credentials(config: &SdkConfig) -> Result<(), Failure> {
    let Some(provider) = config.credentials_provider() else {
        return Err(Failure::not_started(no_credentials(None)));
    };
    match provider.provide_credentials().await {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::not_started(no_credentials(Some(&error)))),
    }
}

/// There are no credentials, or the configured ones cannot be loaded.
fn no_credentials(error: Option<&CredentialsError>) -> String {
    let reason = match error {
        None | Some(CredentialsError::CredentialsNotLoaded(_)) => "none were found".to_owned(),
        Some(error) => chain(error),
    };
    let sso = match cfg!(feature = "sso") {
        true => "sign in (aws sso login)",
        false => "sign in (for IAM Identity Center, install with --features sso)",
    };
    format!(
        "no AWS credentials: {reason}\n  What to do: {sso}, pass --profile, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID \
         and AWS_SECRET_ACCESS_KEY."
    )
}

/// Uses the system's trust store.
pub(crate) fn http_client(proxy: Proxy) -> Result<SharedHttpClient, Failure> {
    let tls = TlsContext::builder().build();
    let tls = tls.map_err(|error| Failure::not_started(format!("cannot start: {error}")))?;
    let proxy = match proxy {
        #[cfg(feature = "review")]
        Proxy::None => ProxyConfig::disabled(),
        Proxy::OfEnvironment => ProxyConfig::from_env(),
    };
    let connector = Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls)
        .proxy_config(proxy)
        .connector_settings(HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build())
        .sleep_impl(TokioSleep::new())
        .build();
    let connector = SharedHttpConnector::new(connector);
    Ok(http_client_fn(move |_, _| connector.clone()))
}

pub(crate) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT).build()
}

/// An error and its causes, without repetitions.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        next = error.source();
    }
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_credentials_name_the_ways() {
        assert!(no_credentials(None).contains("AWS_PROFILE"));
        let error = CredentialsError::invalid_configuration("loop");
        assert!(no_credentials(Some(&error)).contains("loop"), "{}", no_credentials(Some(&error)));
    }
}
