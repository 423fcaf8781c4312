//! The connection of the watchdog, which shares nothing with the connection that may be stuck.

use std::net::ToSocketAddrs;

use aws_sdk_chimesdkmessaging::Client;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};

use crate::Error;
use crate::sdk_config::tls_context;

/// Returns a client like `client`, with its own connections and a name lookup that needs no other thread.
pub(super) fn afresh(client: &Client) -> Result<Client, Error> {
    let http_client = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls_context()?)
        .build_with_resolver(OnThisThread);
    Ok(Client::from_conf(client.config().to_builder().http_client(http_client).build()))
}

/// Asks the system for the addresses of a name and waits for them. The default resolver needs a thread of a pool for
/// that, and the system may have none to give.
#[derive(Clone, Debug)]
struct OnThisThread;

impl ResolveDns for OnThisThread {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        let addresses = (name, 0).to_socket_addrs();
        DnsFuture::ready(match addresses {
            Ok(addresses) => Ok(addresses.map(|address| address.ip()).collect()),
            Err(error) => Err(ResolveDnsError::new(error)),
        })
    }
}
