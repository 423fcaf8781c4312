//! A callback that is not sent, before the first event.
//!
//! Lambda starts a function with a whole core, and gives it its share of one from the first event on: a fourteenth for 128 MB.
//! What the first callback would do for the first time is done before that: the SDK resolves the endpoint, derives the signing
//! key and goes through its code, and the connection is opened.

use std::time::Duration;

use aws_sdk_chimesdkmessaging::Client;
use aws_sdk_chimesdkmessaging::config::{Config, RuntimeComponents};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;

use super::client;
use super::each_request::EachRequest;
use super::request::channel_message;
use crate::sdk_config::{Http, Lookup, tls_config};
use crate::{Decision, Error};

/// How long the first event waits for the connection, which its callback would wait for in any case. In the service's region, a
/// connection takes a few milliseconds.
const PATIENCE: Duration = Duration::from_millis(10);

/// Nothing with this ARN exists, and nothing is sent about it.
const CHANNEL_ARN: &str = "arn:aws:chime:us-east-1:000000000000:app-instance/rehearsal/channel/rehearsal";

/// Creates a client from the environment, and rehearses a callback if it is the environment of a function.
pub(crate) async fn rehearsed_client() -> Result<Client, Error> {
    let http = Http::new(tls_config()?, Lookup::OnThreadPool);
    match client::of_function(&http) {
        Some(client) => {
            rehearse(&client, &http).await;
            Ok(client)
        }
        None => client::from_environment().await,
    }
}

/// Rehearses a callback with `client`, up to the connection that `http` would send it over. A failure is none: the first callback
/// then does what is left.
async fn rehearse(client: &Client, http: &Http) {
    let Ok(decision) = Decision::update("rehearsal") else { return };
    let rehearsing = client
        .channel_flow_callback()
        .callback_id("rehearsal")
        .channel_arn(CHANNEL_ARN)
        .channel_message(channel_message("rehearsal", &decision))
        .customize()
        .interceptor(EachRequest::default())
        .config_override(Config::builder().http_client(Stage { http: http.clone() }));
    if let Err(error) = rehearsing.send().await {
        tracing::debug!(%error, "the rehearsal of a callback failed");
    }
}

/// Opens a connection in place of sending a request, and answers from memory.
#[derive(Clone, Debug)]
struct Stage {
    http: Http,
}

impl HttpClient for Stage {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Stage {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let http = self.http.clone();
        HttpConnectorFuture::new(async move {
            http.open_ahead(request.uri(), PATIENCE).await;
            Ok(HttpResponse::new(200.try_into().expect("200 is a status"), SdkBody::from("{}")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_config::{BehaviorVersion, Region};
    use aws_credential_types::Credentials;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn the_first_callback_is_the_first_that_the_service_hears() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let http = Http::new(tls_config().unwrap(), Lookup::OnThisThread);
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))
            .endpoint_url(format!("http://{}", listener.local_addr().unwrap()))
            .http_client(http.clone());
        let client = Client::from_conf(client::for_callbacks(config).build());
        rehearse(&client, &http).await;

        let service = async {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = [0; 8192];
            let length = connection.read(&mut request).await.unwrap();
            connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await.unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        };
        let message = channel_message("m", &Decision::no_change());
        let callback = client.channel_flow_callback().callback_id("c").channel_arn("a").channel_message(message).send();
        let (request, answer) = tokio::join!(service, callback);
        answer.unwrap();
        assert!(request.starts_with("POST /channels/a?operation=channel-flow-callback "), "{request}");
        assert!(!request.contains("rehearsal"), "{request}");
    }
}
