//! What the clients of all judges have in common.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

/// Reads credentials and region as every AWS SDK does. `timeout` is the time for one answer, the connection included.
pub(crate) fn config(timeout: Duration) -> ConfigLoader {
    // The crypto provider that channel-flow uses: the SDK's own default would add a second one to the binary.
    let http_client =
        aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let timeouts = TimeoutConfig::builder().connect_timeout(timeout).operation_attempt_timeout(timeout).build();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client)
        .timeout_config(timeouts)
        // `Processor::retry_after` repeats a request, within the time that the message has.
        .retry_config(RetryConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}
