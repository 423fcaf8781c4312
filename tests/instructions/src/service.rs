//! A messaging service in memory.

use aws_sdk_chimesdkmessaging::Client;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use channel_flow::testing::CallbackService;

/// How the service answers every callback.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Service {
    /// It accepts the decision.
    Accepts,
    /// It says that the message was decided before.
    DecidedBefore,
}

const ACCEPTED: &str = concat!(
    r#"{"CallbackId":"0b9e1c52-7a64-4d0e-9f3b-2c1d0e9f8a7b","ChannelArn":"arn:aws:chime:us-east-1:111122223333:"#,
    r#"app-instance/5e6f7a8b-0c1d-4e2f-8a3b-4c5d6e7f8091/channel/9a8b7c6d-5e4f-4a3b-9c2d-1e0f9a8b7c6d"}"#,
);

const NON_PENDING: &str =
    r#"{"Code":"BadRequest","Message":"Unable to complete processing of non-pending message for callback id"}"#;

impl Service {
    /// Returns the framework's client, with this service in place of the network.
    pub(crate) fn client(self) -> Client {
        let connector = SharedHttpConnector::new(self);
        let config = CallbackService::new([]).client().config().to_builder();
        Client::from_conf(config.http_client(http_client_fn(move |_, _| connector.clone())).build())
    }
}

impl HttpConnector for Service {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        assert!(request.headers().contains_key("authorization"), "a callback is signed");
        let (status, body) = match self {
            Self::Accepts => (200, ACCEPTED),
            Self::DecidedBefore => (400, NON_PENDING),
        };
        let mut response = HttpResponse::new(status.try_into().expect("it is a status"), SdkBody::from(body));
        response.headers_mut().insert("content-type", "application/json");
        if let Self::DecidedBefore = self {
            response.headers_mut().insert("x-amzn-errortype", "BadRequestException");
        }
        HttpConnectorFuture::ready(Ok(response))
    }
}
