//! The HTTP client of the framework's AWS clients: hyper with rustls, over HTTP/1.1.
//!
//! The SDK's own client makes a TLS configuration for each client and another for each kind of time-out, speaks HTTP/2 and
//! proxies, and opens no connection before the first request. Here a process has one TLS configuration, and a connection
//! can be opened ahead.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use hyper::Uri;
use hyper::http::Extensions;
use hyper_util::client::legacy::connect::{CaptureConnection, HttpInfo, capture_connection};
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use tokio::time::timeout;

use super::dialer::{Dialer, Lookup, TimedDialer};
use super::transport_error::{TimedOut, connector_error};

/// An HTTP client for the SDK. A clone shares the connections.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    dialer: Dialer,
    connectors: Arc<Mutex<Vec<(Timeouts, SharedHttpConnector)>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Timeouts {
    connect: Option<Duration>,
    read: Option<Duration>,
}

impl Http {
    pub(crate) fn new(tls: Arc<ClientConfig>, lookup: Lookup) -> Self {
        Self { dialer: Dialer::new(tls, lookup), connectors: Arc::default() }
    }

    /// Opens a connection for the first request to the server of `uri`, and waits for it for as long as `patience` says. If it
    /// fails, the first request opens another one.
    pub(crate) async fn open_ahead(&self, uri: &str, patience: Duration) {
        if let Ok(uri) = uri.parse::<Uri>() {
            self.dialer.open_ahead(&uri, patience).await;
        }
    }
}

impl HttpClient for Http {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let timeouts = Timeouts { connect: settings.connect_timeout(), read: settings.read_timeout() };
        let mut connectors = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, connector)) = connectors.iter().find(|(of, _)| *of == timeouts) {
            return connector.clone();
        }
        let dialer = TimedDialer { dialer: self.dialer.clone(), connect_timeout: timeouts.connect };
        let client = Builder::new(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(dialer);
        let connector = SharedHttpConnector::new(Connector { client, read_timeout: timeouts.read });
        connectors.push((timeouts, connector.clone()));
        connector
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        Some(ConnectorMetadata::new("hyper", Some(Cow::Borrowed("1.x"))))
    }
}

#[derive(Debug)]
struct Connector {
    client: Client<TimedDialer, SdkBody>,
    read_timeout: Option<Duration>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>().cloned() {
            let connection = capture_connection(&mut request);
            capture.set_connection_retriever(move || metadata(&connection));
        }
        let (answering, read_timeout) = (self.client.request(request), self.read_timeout);
        HttpConnectorFuture::new(async move {
            let answer = match read_timeout {
                None => answering.await,
                Some(limit) => timeout(limit, answering).await.map_err(|_| TimedOut::reading(limit))?,
            };
            let answer = answer.map_err(connector_error)?;
            HttpResponse::try_from(answer.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// Returns what the SDK asks about a connection. It closes one over which the service said that it is in trouble.
fn metadata(connection: &CaptureConnection) -> Option<ConnectionMetadata> {
    let poisoned = connection.clone();
    let connected = connection.connection_metadata();
    let mut extensions = Extensions::new();
    connected.as_ref()?.get_extras(&mut extensions);
    let addresses = extensions.get::<HttpInfo>();
    let mut metadata = ConnectionMetadata::builder().proxied(false).poison_fn(move || {
        if let Some(connected) = poisoned.connection_metadata().as_ref() {
            connected.poison();
        }
    });
    metadata.set_local_addr(addresses.map(HttpInfo::local_addr)).set_remote_addr(addresses.map(HttpInfo::remote_addr));
    Some(metadata.build())
}
