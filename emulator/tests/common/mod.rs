//! What the tests talk with: HTTP by hand, so that they see bytes, and SigV4 by `aws-sigv4`.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod api;
pub(crate) mod chat;
#[cfg(unix)]
pub(crate) mod function;
pub(crate) mod page;

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use channel_flow_emulator::{Credentials, MessageIds};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::SystemTime;

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }
}

/// One request on a connection of its own.
pub(crate) fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Response {
    try_request(address, method, path, headers, body).expect("the server answers")
}

/// `None` if there was no whole answer.
pub(crate) fn try_request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<Response> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let mut connection = TcpStream::connect(address).ok()?;
    // A server that refuses early may close before all is written.
    let _ = connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(body));
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head[9..12].parse().expect("a status");
    let answer = Response { status, head: head.to_owned(), body: body.to_owned() };
    let whole = answer.header("content-length").is_none_or(|length| length == body.len().to_string());
    whole.then_some(answer)
}

/// A request to the messaging service, to be spoilt before it is sent.
pub(crate) struct Call {
    pub(crate) address: SocketAddr,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: String,
    pub(crate) region: String,
    pub(crate) service: String,
    pub(crate) time: SystemTime,
}

impl Call {
    pub(crate) fn new(address: SocketAddr, credentials: &Credentials, ids: &MessageIds) -> Self {
        Self {
            address,
            access_key_id: credentials.access_key_id().to_owned(),
            secret_access_key: credentials.secret_access_key().to_owned(),
            session_token: credentials.session_token().to_owned(),
            ..Self::without_credentials(ids)
        }
    }

    pub(crate) fn without_credentials(ids: &MessageIds) -> Self {
        let body = json!({
            "CallbackId": ids.callback_id,
            "ChannelMessage": { "MessageId": ids.message_id },
        });
        let channel = utf8_percent_encode(&ids.channel_arn, NON_ALPHANUMERIC);
        let path = format!("/channels/{channel}?operation=channel-flow-callback");
        Self::unsigned(SocketAddr::from(([127, 0, 0, 1], 0)), path, body.to_string().into_bytes())
    }

    /// A call that has no credentials yet.
    pub(crate) fn unsigned(address: SocketAddr, path: String, body: Vec<u8>) -> Self {
        Self {
            address,
            method: "POST",
            path,
            body,
            access_key_id: String::new(),
            secret_access_key: String::new(),
            session_token: String::new(),
            region: "us-east-1".to_owned(),
            service: "chime".to_owned(),
            time: SystemTime::now(),
        }
    }

    /// Changes the body.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Value)) -> Self {
        let mut body = serde_json::from_slice(&self.body).expect("JSON");
        change(&mut body);
        self.body = body.to_string().into_bytes();
        self
    }

    pub(crate) fn signed_headers(&self) -> Vec<(String, String)> {
        let url = format!("http://{}{}", self.address, self.path);
        self.sign(self.method, &url, &[("content-type", "application/json")], &self.body)
    }

    /// The headers that sign a request of any kind, with the credentials, region, service and time of this call.
    pub(crate) fn sign(&self, method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<(String, String)> {
        let identity = aws_credential_types::Credentials::new(
            &self.access_key_id,
            &self.secret_access_key,
            Some(self.session_token.clone()),
            None,
            "test",
        )
        .into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(&self.service)
            .time(self.time)
            .settings(SigningSettings::default())
            .build()
            .expect("all is set")
            .into();
        let request = SignableRequest::new(method, url, headers.iter().copied(), SignableBody::Bytes(body));
        let signed = sign(request.expect("a request"), &params).expect("a signature");
        let (instructions, _) = signed.into_parts();
        let headers = instructions.headers();
        headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    pub(crate) fn send(&self) -> Response {
        self.send_with(&self.signed_headers())
    }

    pub(crate) fn send_with(&self, headers: &[(String, String)]) -> Response {
        self.try_send_with(headers).expect("the server answers")
    }

    pub(crate) fn try_send_with(&self, headers: &[(String, String)]) -> Option<Response> {
        let mut all = vec![("content-type", "application/json")];
        all.extend(headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        try_request(self.address, self.method, &self.path, &all, &self.body)
    }
}
