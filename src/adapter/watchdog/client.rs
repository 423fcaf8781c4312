//! The connection of the watchdog, which shares nothing with the connection that may be stuck.

use std::sync::LazyLock;

use aws_sdk_chimesdkmessaging::Client;

use crate::Error;
use crate::callback::settle::Callbacks;
use crate::sdk_config::{Http, Lookup, tls_config};

/// Callbacks over connections of their own. They are made when they are needed, which takes no more than memory.
pub(super) type CallbacksAfresh = LazyLock<Callbacks, Box<dyn FnOnce() -> Callbacks + Send>>;

/// Returns callbacks like `callbacks`, with their own connections and a name lookup that needs no other thread: the system
/// may have none to give.
pub(super) fn afresh(callbacks: Callbacks) -> Result<CallbacksAfresh, Error> {
    let tls = tls_config()?;
    Ok(LazyLock::new(Box::new(move || {
        let http = Http::new(tls, Lookup::OnThisThread);
        let config = callbacks.client().config().to_builder().http_client(http);
        callbacks.with_client(Client::from_conf(config.build()))
    })))
}
