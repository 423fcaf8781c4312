//! A filter of eight words without an SDK: hyper, TLS with ring, and a signature by hand. What the wire costs.
//!
//! It does not retry, has no timeouts and reports no error to Lambda: it ends.

mod connection;
mod signature;

use std::env;

use hyper::body::Bytes;
use hyper::header::HOST;
use hyper::{Method, Request};
use serde::{Deserialize, Serialize};

use crate::connection::Connection;
use crate::signature::Signer;

type Error = Box<dyn std::error::Error>;

const WORDS: [&str; 8] = ["arse", "bastard", "bollocks", "bugger", "crap", "damn", "piss", "shit"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    callback_id: String,
    channel_message: ChannelMessage,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ChannelMessage {
    message_id: String,
    channel_arn: String,
    content: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Callback {
    callback_id: String,
    channel_message: CallbackMessage,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CallbackMessage {
    message_id: String,
    content: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let region = env::var("AWS_REGION")?;
    let mut runtime_api = Connection::to(&format!("http://{}", env::var("AWS_LAMBDA_RUNTIME_API")?))?;
    let endpoint_url = env::var("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING")
        .unwrap_or_else(|_| format!("https://messaging-chime.{region}.amazonaws.com"));
    let mut messaging = Connection::to(&endpoint_url)?;
    let mut signer = Signer::from_environment(region)?;
    loop {
        let next = request(&runtime_api, Method::GET, "/2018-06-01/runtime/invocation/next").body(Bytes::new())?;
        let (invocation, event) = runtime_api.send(next).await?;
        let request_id = invocation.headers.get("lambda-runtime-aws-request-id").ok_or("no request id")?.to_str()?;
        let event: Event = serde_json::from_slice(&event)?;

        let message = event.channel_message;
        let callback = Callback {
            callback_id: event.callback_id,
            channel_message: CallbackMessage { message_id: message.message_id, content: censor(message.content) },
        };
        let callback = signer.sign(messaging.host(), &message.channel_arn, serde_json::to_vec(&callback)?)?;
        let (answer, _) = messaging.send(callback).await?;
        if !answer.status.is_success() {
            return Err(format!("the callback was answered with {}", answer.status).into());
        }

        let path = format!("/2018-06-01/runtime/invocation/{request_id}/response");
        let response = request(&runtime_api, Method::POST, &path).body(Bytes::from_static(b"null"))?;
        runtime_api.send(response).await?;
    }
}

fn request(to: &Connection, method: Method, path: &str) -> hyper::http::request::Builder {
    Request::builder().method(method).uri(path).header(HOST, to.host())
}

fn censor(mut content: String) -> String {
    let lower = content.to_ascii_lowercase();
    for word in WORDS {
        for (at, _) in lower.match_indices(word) {
            content.replace_range(at..at + word.len(), "****");
        }
    }
    content
}
