//! The configuration of an AWS client in a function that has just started.

mod dialer;
mod http_client;
mod tls;
mod transport_error;
mod trust_store;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_chimesdkmessaging::config::IdentityCache;

use crate::Error;
use crate::environment::var;

pub(crate) use self::dialer::Lookup;
pub(crate) use self::http_client::Http;
pub(crate) use self::tls::tls_config;

/// If none of these is set, the environment of a Lambda function alone decides.
const WHOLE_CHAIN_VARIABLES: [&str; 5] = [
    "AWS_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
];

/// Returns the configuration for an AWS client with the credentials, the region and the endpoint of the environment: directly
/// in the environment of a Lambda function, and through AWS's default credential chain elsewhere. The client trusts the same
/// certificates as the framework's own. Retries and timeouts are left to the caller.
///
/// `endpoint_variable` names the service's own endpoint, such as `AWS_ENDPOINT_URL_DYNAMODB`.
///
/// It is not part of the public API: the crates of this repository call it.
///
/// # Errors
///
/// Returns an [`Error`] of kind [`Configuration`](crate::ErrorKind::Configuration) if there is no region, or if the file of
/// trusted certificates cannot be read.
pub async fn sdk_config(endpoint_variable: &str) -> Result<SdkConfig, Error> {
    let http = Http::new(tls_config()?, Lookup::OnThreadPool);
    match function_config(endpoint_variable, &http) {
        Some(config) => Ok(config),
        None => chain_config(&http).await,
    }
}

/// Returns the configuration of a function in Lambda, if the environment is one.
pub(crate) fn function_config(endpoint_variable: &str, http: &Http) -> Option<SdkConfig> {
    lambda_config(var, endpoint_variable, http)
}

/// The configuration of a function in Lambda, without asking aws-config, which takes 0.5 to 2 ms of CPU for it.
fn lambda_config(var: impl Fn(&str) -> Option<String>, endpoint_variable: &str, http: &Http) -> Option<SdkConfig> {
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
        _ => var(endpoint_variable).or_else(|| var("AWS_ENDPOINT_URL")),
    };
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(var("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .identity_cache(IdentityCache::no_cache())
        .http_client(http.clone());
    config.set_endpoint_url(endpoint_url);
    Some(config.build())
}

/// Returns the configuration of AWS's default credential chain: profiles, web identity, containers, instances.
async fn chain_config(http: &Http) -> Result<SdkConfig, Error> {
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http.clone()).load().await;
    if config.region().is_none() {
        return Err(Error::configuration("no AWS region: set AWS_REGION, or a region in the profile that is used"));
    }
    Ok(config)
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

    fn of_variables(var: impl Fn(&str) -> Option<String>) -> Option<SdkConfig> {
        lambda_config(var, "AWS_ENDPOINT_URL_DYNAMODB", &Http::new(tls_config().unwrap(), Lookup::OnThreadPool))
    }

    fn config(more: &[(&str, &str)]) -> Option<SdkConfig> {
        let variables: Vec<_> = LAMBDA.iter().chain(more).copied().collect();
        let var =
            |name: &str| variables.iter().rev().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        of_variables(var)
    }

    #[test]
    fn the_environment_of_a_function_is_enough() {
        let config = config(&[]).unwrap();
        assert_eq!(config.region().unwrap().as_ref(), "eu-central-1");
        assert_eq!(config.endpoint_url(), None);
    }

    #[test]
    fn the_services_own_endpoint_comes_first() {
        let all = ("AWS_ENDPOINT_URL", "http://localhost:1");
        let own = ("AWS_ENDPOINT_URL_DYNAMODB", "http://localhost:2");
        let none = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
        assert_eq!(config(&[all]).unwrap().endpoint_url(), Some("http://localhost:1"));
        assert_eq!(config(&[all, own]).unwrap().endpoint_url(), Some("http://localhost:2"));
        assert_eq!(config(&[all, own, none]).unwrap().endpoint_url(), None);
    }

    #[test]
    fn a_profile_asks_for_the_whole_chain() {
        assert!(config(&[("AWS_PROFILE", "work")]).is_none());
        assert!(config(&[("AWS_USE_FIPS_ENDPOINT", "true")]).is_none());
    }

    #[test]
    fn without_credentials_the_whole_chain_is_asked() {
        let var = |name: &str| (name == "AWS_REGION").then(|| "us-east-1".to_owned());
        assert!(of_variables(var).is_none());
    }
}
