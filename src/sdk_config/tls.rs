//! The TLS configuration of the process.

use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::crypto::ring;

use super::trust_store::trust_store;
use crate::Error;
use crate::environment::var;

/// One for all clients: the environment decides it, and each one takes a tenth of a cold start to make.
static OF_THIS_PROCESS: OnceLock<Arc<ClientConfig>> = OnceLock::new();

/// How many servers a TLS session is kept for. A function talks to a few.
const SESSIONS: usize = 8;

/// Returns the TLS configuration of all connections of the framework.
///
/// # Errors
///
/// Returns an [`Error`] of kind [`Configuration`](crate::ErrorKind::Configuration) if the environment names a file of
/// certificates that cannot be used.
pub(crate) fn tls_config() -> Result<Arc<ClientConfig>, Error> {
    if let Some(config) = OF_THIS_PROCESS.get() {
        return Ok(config.clone());
    }
    let roots = trust_store(var)?;
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has what the default versions of TLS need")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::in_memory_sessions(SESSIONS);
    Ok(OF_THIS_PROCESS.get_or_init(|| Arc::new(config)).clone())
}
