//! The AWS SDK's client, built for a function that has just started.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{Builder, StalledStreamProtectionConfig};

use crate::error::StoreError;

/// A person waits for the message meanwhile, so the store has to answer soon or do without it.
const MAX_ATTEMPTS: u32 = 3;
const INITIAL_BACKOFF: Duration = Duration::from_millis(25);
const MAX_BACKOFF: Duration = Duration::from_millis(500);

/// Includes the TLS handshake, which a function of 128 MB computes with a fourteenth of a core.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(2);

/// Creates a client with the credentials, the region and the endpoint of the environment.
pub(crate) async fn from_environment() -> Result<Client, StoreError> {
    let config =
        channel_flow::sdk_config("AWS_ENDPOINT_URL_DYNAMODB").await.map_err(StoreError::configuration_caused_by)?;
    Ok(Client::from_conf(for_a_message(Builder::from(&config)).build()))
}

fn for_a_message(config: Builder) -> Builder {
    let retries = RetryConfig::standard()
        .with_max_attempts(MAX_ATTEMPTS)
        .with_initial_backoff(INITIAL_BACKOFF)
        .with_max_backoff(MAX_BACKOFF);
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(ATTEMPT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    config
        .retry_config(retries)
        .timeout_config(timeouts)
        // An answer of a few kilobytes has no stream that could stall.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}
