//! `/connect`: the WebSocket of a messaging session.

use crate::assumptions;
use crate::http::answer::refuse;
use crate::http::authenticate::known;
use crate::messaging::core::Core;
use crate::messaging::sessions::Session;
use crate::messaging::state::State;
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::world::batch::Effect;
use crate::messaging::world::listeners::Listener;
use crate::messaging::world::prefetch::PrefetchSortBy;
use crate::model::session_event::SessionEvent;
use crate::net::connection::Control;
use crate::net::query::query;
use crate::signature::error::SignatureError;
use crate::signature::query::SignedQuery;
use axum::extract::FromRequestParts;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::Response;
use serde_json::{Map, Value, json};
use std::time::{Duration, SystemTime};
use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

/// The most that a client may send at once. Clients have nothing to send; it is ignored.
const RECEIVED_BYTES: usize = 64 * 1024;

/// The longest reason that fits into a close frame.
const REASON_BYTES: usize = 123;

/// Why no session is opened.
enum NoSession {
    Signature(SignatureError),
    Malformed(ApiError),
    Nobody(ApiError),
    /// The service ends.
    Ending,
}

/// A session, and its first events.
struct Opened {
    session: Session,
    _listener: Listener,
    details: Vec<SessionEvent>,
}

pub(crate) fn is_for(request: &Parts) -> bool {
    request.uri.path() == "/connect" && request.method == Method::GET
}

/// Opens the session.
///
/// To refuse a session, the WebSocket is opened and closed at once: a browser shows a page the close code and reason, but
/// nothing of a refused handshake, which AWS's SDK would retry again and again.
pub(crate) async fn respond(core: &Core, control: &Control, mut request: Parts) -> Response {
    let opened = open(core, &request).await;
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut request, &()).await {
        Ok(upgrade) => upgrade.max_message_size(RECEIVED_BYTES).max_frame_size(RECEIVED_BYTES),
        Err(_) => {
            let unasked =
                || ApiError::bad_request("a messaging session is a WebSocket, and this is no handshake for one");
            return refuse(&opened.err().map_or_else(unasked, NoSession::into_error));
        }
    };
    control.upgraded();
    match opened {
        Ok(opened) => {
            let ping = core.session_ping;
            upgrade.on_upgrade(move |socket| serve(socket, opened, ping))
        }
        Err(refusal) => upgrade.on_upgrade(move |socket| async move {
            let (code, error) = (refusal.close_code(), refusal.into_error());
            close(socket, code, error.message()).await;
        }),
    }
}

async fn open(core: &Core, request: &Parts) -> Result<Opened, NoSession> {
    authenticate(core, request).map_err(NoSession::Signature)?;
    let required = |name| {
        let value = query(request, name).filter(|value| !value.is_empty());
        value.ok_or_else(|| malformed(format!("{name} is missing from the query")))
    };
    let user_arn = required("userArn")?;
    required("sessionId")?;
    let prefetch = prefetch(request)?;
    let (sender, receiver) = oneshot::channel();
    // The session opens in the order of all changes: it gets the changes after its `CHANNEL_DETAILS`, and no others.
    let opening = core.state.change(|State { world, .. }| {
        world.identity(&user_arn)?;
        world.batch.effects.push(Effect::Open { user_arn: user_arn.clone(), opened: sender });
        let details = prefetch.map(|sort_by| world.prefetch(&user_arn, sort_by)).unwrap_or_default();
        Some((world.listeners.listener(), details))
    });
    let nobody = || NoSession::Nobody(ApiError::forbidden("userArn is of no app-instance user or bot that there is"));
    let (listener, details) = opening.0.ok_or_else(nobody)?;
    let session = receiver.await.map_err(|_| NoSession::Ending)?;
    Ok(Opened { session, _listener: listener, details })
}

/// The order of the `CHANNEL_DETAILS` that the session asks for, if it does.
fn prefetch(request: &Parts) -> Result<Option<PrefetchSortBy>, NoSession> {
    let sort_by = match query(request, "prefetch-sort-by") {
        Some(name) => PrefetchSortBy::from_name(&name)
            .ok_or_else(|| malformed("prefetch-sort-by is neither unread nor last-message-timestamp".to_owned()))?,
        None => PrefetchSortBy::default(),
    };
    match query(request, "prefetch-on").as_deref() {
        Some("connect") => Ok(Some(sort_by)),
        Some(_) => Err(malformed("prefetch-on is not connect".to_owned())),
        None => Ok(None),
    }
}

fn malformed(message: String) -> NoSession {
    NoSession::Malformed(ApiError::bad_request(message))
}

fn authenticate(core: &Core, request: &Parts) -> Result<(), SignatureError> {
    let signed = SignedQuery::parse(request)?;
    match known(core, signed.access_key_id())? {
        Some(credentials) => signed.verify(request, &credentials, &core.region, SystemTime::now()),
        None => Ok(()),
    }
}

/// Sends the session's events until one side closes.
async fn serve(mut socket: WebSocket, opened: Opened, ping: Duration) {
    let Opened { mut session, _listener, details } = opened;
    let established = json!({ "Headers": headers("SESSION_ESTABLISHED", "SYSTEM") });
    for text in std::iter::once(established.to_string()).chain(details.iter().map(frame)) {
        if send(&mut socket, ping, Message::text(text)).await.is_err() {
            return;
        }
    }
    // They may be large, and a session may last for days.
    drop(details);
    let mut pings = interval_at(Instant::now() + ping, ping);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut unanswered = 0;
    loop {
        let sent = tokio::select! {
            received = socket.recv() => match received {
                Some(Ok(Message::Close(_))) => return answer_close(socket).await,
                Some(Err(_)) | None => return,
                Some(Ok(_)) => {
                    unanswered = 0;
                    Ok(())
                }
            },
            event = session.recv() => match event {
                Some(event) => send(&mut socket, ping, Message::text(frame(&event))).await,
                None if session.is_behind() => {
                    return close(socket, close_code::ERROR, "the client is too slow, and events are missing").await;
                }
                None => return close(socket, close_code::AWAY, "the service closes the session").await,
            },
            _ = pings.tick() => {
                unanswered += 1;
                if unanswered > 2 {
                    return;
                }
                send(&mut socket, ping, Message::Ping(Vec::new().into())).await
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Sends a message, which a client that reads at all takes in this time.
async fn send(socket: &mut WebSocket, within: Duration, message: Message) -> Result<(), ()> {
    match timeout(within, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(()),
    }
}

/// The client has closed. The answer, with the code that it gave, waits in the socket, which sends it while it is read and then
/// closes the connection.
async fn answer_close(mut socket: WebSocket) {
    let _ = timeout(assumptions::REQUEST_TIMEOUT, async { while let Some(Ok(_)) = socket.recv().await {} }).await;
}

/// Says goodbye, and waits a little for the other side to do so.
async fn close(mut socket: WebSocket, code: u16, reason: &str) {
    let reason = &reason[..reason.floor_char_boundary(REASON_BYTES)];
    let goodbye = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
    let _ = timeout(assumptions::REQUEST_TIMEOUT, async {
        if socket.send(goodbye).await.is_ok() {
            while let Some(Ok(_)) = socket.recv().await {}
        }
    })
    .await;
}

/// The text of an event. Its payload is JSON in a string.
fn frame(event: &SessionEvent) -> String {
    let headers = headers(event.event_type, event.message_type);
    json!({ "Headers": headers, "Payload": event.payload.to_string() }).to_string()
}

fn headers(event_type: &str, message_type: &str) -> Map<String, Value> {
    let headers = [("x-amz-chime-event-type", event_type), ("x-amz-chime-message-type", message_type)];
    headers.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
}

impl NoSession {
    fn close_code(&self) -> u16 {
        match self {
            Self::Signature(_) => assumptions::SESSION_NOT_AUTHORIZED,
            Self::Nobody(_) => assumptions::SESSION_FORBIDDEN,
            Self::Malformed(_) => close_code::POLICY,
            Self::Ending => close_code::AWAY,
        }
    }

    fn into_error(self) -> ApiError {
        match self {
            Self::Signature(error) => error.into(),
            Self::Malformed(error) | Self::Nobody(error) => error,
            Self::Ending => ApiError::new(Exception::ServiceUnavailable, "the emulator is about to end"),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{MessagingService, Settings};
    use serde_json::json;
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::time::Duration;
    use tungstenite::Message;

    /// A service that pings this often, and the URL of a session.
    async fn service(ping: Duration) -> (MessagingService, String) {
        let settings = Settings { session_ping: ping, ..Settings::new().any_credentials(true) };
        let service = MessagingService::start_with(settings).await.unwrap();
        let instance = service.call("CreateAppInstance", json!({ "Name": "chat" })).await.unwrap();
        let input = json!({ "AppInstanceArn": instance["AppInstanceArn"], "AppInstanceUserId": "bob", "Name": "Bob" });
        let user = service.call("CreateAppInstanceUser", input).await.unwrap();
        let signature = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A/20260814/us-east-1/chime/aws4_request\
            &X-Amz-Date=20260814T093102Z&X-Amz-Expires=10&X-Amz-SignedHeaders=host&X-Amz-Signature=0";
        let arn = user["AppInstanceUserArn"].as_str().unwrap();
        let url = format!("/connect?{signature}&sessionId=1&userArn={arn}");
        (service, url)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_client_that_answers_no_ping_is_let_go() {
        let (service, url) = service(Duration::from_millis(20)).await;
        let mut client = TcpStream::connect(service.address()).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let headers = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==";
        write!(client, "GET {url} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n\r\n").unwrap();
        let mut all = Vec::new();
        client.read_to_end(&mut all).unwrap();
        // Two pings without content, and then the end.
        assert!(all.ends_with(&[0x89, 0, 0x89, 0]), "{:?}", all.last_chunk::<9>());
        assert!(!all.ends_with(&[0x89, 0, 0x89, 0, 0x89, 0]));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_client_that_answers_stays() {
        let (service, url) = service(Duration::from_millis(500)).await;
        let stream = TcpStream::connect(service.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let (mut socket, _) = tungstenite::client(format!("ws://localhost{url}"), stream).unwrap();
        assert!(matches!(socket.read().unwrap(), Message::Text(_)));
        for _ in 0..4 {
            assert!(matches!(socket.read().unwrap(), Message::Ping(_)));
        }
        assert_eq!(service.open_sessions(), 1);
    }
}
