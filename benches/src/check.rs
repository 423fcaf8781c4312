//! Whether the callbacks were good: each goes to the emulator's messaging service, as it came, once the time is taken.
//!
//! That service verifies signatures, checks limits and keeps all that it gets. Doing this while the time runs would
//! cost each peer the same, and so make them look more alike than they are.

use channel_flow_emulator::{Credentials, Event, MessagingService};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Error;
use crate::environment::REGION;
use crate::server::Recorded;

/// The messaging service, and a connection to it.
pub(crate) struct Checker {
    service: MessagingService,
    connection: SendRequest<Full<Bytes>>,
}

impl Checker {
    pub(crate) async fn start() -> Result<Self, Error> {
        let service = MessagingService::start(REGION).await?;
        let stream = TcpStream::connect(service.address()).await?;
        let (connection, driver) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(driver);
        Ok(Self { service, connection })
    }

    /// Credentials that callbacks can be signed with.
    pub(crate) fn credentials(&self) -> Credentials {
        self.service.issue_credentials()
    }

    /// Checks that the callback is accepted for the message of `event`, and updates it to something without `word`.
    pub(crate) async fn check(&mut self, event: &Event, callback: Recorded, word: &str) -> Result<(), Error> {
        self.service.register(event).ok_or("the event has no ids")?;
        self.connection.ready().await?;
        let request = Request::from_parts(callback.parts, Full::new(callback.body));
        let answer = self.connection.send_request(request).await?;
        if answer.status() != StatusCode::OK {
            let callbacks = self.service.callbacks();
            let verdict = callbacks.last().map(|callback| callback.verdict());
            return Err(format!("a callback was refused: {verdict:?}").into());
        }
        let message =
            self.service.message(event.ids().map_err(ToString::to_string)?).ok_or("the message is unknown")?;
        let content = message.seen_by_everyone().and_then(|fields| fields.content.as_deref()).unwrap_or_default();
        if content.is_empty() || content.contains(word) {
            return Err("the message was not censored".into());
        }
        Ok(())
    }
}
