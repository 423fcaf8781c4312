//! A chat client that keeps its connection.

use channel_flow_emulator::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use std::net::SocketAddr;
use tokio::net::TcpStream;

use crate::Error;

/// Keys that nobody gave out: the emulator is told to take any, and does not look at the signature.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/chime/aws4_request, \
     SignedHeaders=host;x-amz-date, Signature=0000000000000000000000000000000000000000000000000000000000000000";

pub(crate) struct Client {
    connection: SendRequest<Full<Bytes>>,
    host: String,
    path: String,
    bearer: String,
    name: u64,
    sent: u64,
}

impl Client {
    /// One that sends as `bearer` to a channel. `name` sets it apart from the other clients.
    pub(crate) async fn connect(address: SocketAddr, channel: &str, bearer: &str, name: u64) -> Result<Self, Error> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (connection, driver) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(driver);
        let path = format!("/channels/{}/messages", utf8_percent_encode(channel, NON_ALPHANUMERIC));
        Ok(Self { connection, host: address.to_string(), path, bearer: bearer.to_owned(), name, sent: 0 })
    }

    /// Sends a message. Returns once the emulator has taken it.
    pub(crate) async fn send(&mut self, content: &str) -> Result<(), Error> {
        self.sent += 1;
        let body = json!({
            "Content": content,
            "Type": "STANDARD",
            "Persistence": "PERSISTENT",
            "ClientRequestToken": format!("{}-{}", self.name, self.sent),
        });
        let request = Request::post(&self.path)
            .header("host", &self.host)
            .header("content-type", "application/json")
            .header("x-amz-date", "20260101T000000Z")
            .header("x-amz-chime-bearer", &self.bearer)
            .header("authorization", AUTHORIZATION)
            .body(Full::new(Bytes::from(body.to_string())))?;
        self.connection.ready().await?;
        let response = self.connection.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if status != StatusCode::CREATED {
            return Err(format!("SendChannelMessage: {status} {}", String::from_utf8_lossy(&body)).into());
        }
        Ok(())
    }
}
