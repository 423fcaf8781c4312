//! The server-sent events of an open page: the session events of its two people, and updates of stories.

use crate::http::page::parameters::text;
use crate::http::page::switchboard;
use crate::http::page::updates::{Page, Update};
use crate::messaging::core::Core;
use crate::messaging::sessions::Session;
use crate::messaging::world::listeners::Listener;
use crate::model::session_event::SessionEvent;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use http_body_util::channel::{Channel, Sender};
use hyper::body::Frame;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, broadcast, watch};
use tokio::time::{sleep, timeout};

/// A page that has heard nothing for so long gets a sign of life, which also shows whether it is still there.
const SILENCE: Duration = Duration::from_secs(15);

/// A page that takes nothing for so long has to come again.
const PATIENCE: Duration = Duration::from_secs(30);

/// One open page.
struct Stream {
    /// Weak, so that an open page does not keep a service that is dropped.
    core: Weak<Core>,
    channel_arn: String,
    /// The sessions of the people that the page shows, by their ARNs.
    sessions: Vec<(String, Session)>,
    _listener: Listener,
    updates: broadcast::Receiver<Update>,
    held: watch::Receiver<Arc<str>>,
    closed: watch::Receiver<bool>,
    faults: Value,
    page: Sender<Bytes>,
    /// The page is no longer there.
    gone: Arc<Notify>,
}

/// The body of an answer, which tells when nobody reads it any more.
struct Watched {
    body: Channel<Bytes>,
    gone: Arc<Notify>,
}

/// Opens the stream for `channel`, with the sessions of `left` and `right`, all of them ARNs in the query. An ARN of
/// nobody gets no session.
pub(super) fn open(core: &Arc<Core>, page: &Page, request: &Parts) -> Response {
    let mut people = [text(request, "left"), text(request, "right")].to_vec();
    people.dedup();
    // Unknown people get no session. A page of an earlier start may ask for such people; it notices the new instance.
    let listener = core.state.read(|state| {
        people.retain(|arn| state.world.members.contains(arn));
        state.world.listeners.listener()
    });
    let known = people.into_iter();
    let (sender, body) = Channel::new(64);
    let gone = Arc::new(Notify::new());
    let stream = Stream {
        core: Arc::downgrade(core),
        channel_arn: text(request, "channel"),
        sessions: known.map(|arn| (arn.clone(), core.sessions.open(&arn))).collect(),
        _listener: listener,
        updates: page.updates.subscribe(),
        held: page.held.list(),
        closed: page.closed.subscribe(),
        faults: Value::Null,
        page: sender,
        gone: Arc::clone(&gone),
    };
    tokio::spawn(stream.run(json!({ "instance": page.instance })));
    (StatusCode::OK, [(CONTENT_TYPE, "text/event-stream")], Body::new(Watched { body, gone })).into_response()
}

impl Stream {
    async fn run(mut self, hello: Value) {
        let mut open = self.send(frame("hello", &hello)).await;
        self.held.mark_changed();
        while open {
            let text = tokio::select! {
                _ = self.closed.wait_for(|closed| *closed) => return,
                next = next(&mut self.sessions) => {
                    // A session that is closed has missed something, or the service ends: the page comes again.
                    let Some((arn, event)) = next else { return };
                    let SessionEvent { event_type, message_type, payload } = event;
                    let event = json!({
                        "to": arn, "eventType": event_type, "messageType": message_type, "payload": payload,
                    });
                    frame("session", &event)
                }
                update = self.updates.recv() => match update {
                    Ok(Update { channel_arn, story }) if *channel_arn == *self.channel_arn => {
                        format!("event: story\ndata: {story}\n\n")
                    }
                    Ok(_) => continue,
                    // Too far behind: the page asks for all stories again.
                    Err(RecvError::Lagged(_)) => frame("behind", &json!({})),
                    Err(RecvError::Closed) => return,
                },
                Ok(()) = self.held.changed() => {
                    let held = self.held.borrow_and_update().clone();
                    format!("event: held\ndata: {held}\n\n")
                }
                () = sleep(SILENCE) => ":\n\n".to_owned(),
                () = self.gone.notified() => return,
            };
            open = self.send(text).await && self.send_faults().await;
        }
    }

    /// Sends the switches if one has changed, which any activity may have caused.
    async fn send_faults(&mut self) -> bool {
        let Some(core) = self.core.upgrade() else { return false };
        let faults = switchboard::view(&core);
        drop(core);
        if faults == self.faults {
            return true;
        }
        let text = frame("faults", &faults);
        self.faults = faults;
        self.send(text).await
    }

    async fn send(&mut self, text: String) -> bool {
        timeout(PATIENCE, self.page.send_data(text.into())).await.is_ok_and(|sent| sent.is_ok())
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.gone.notify_one();
    }
}

/// The next event of any session; `None` once one of them is closed.
async fn next(sessions: &mut [(String, Session)]) -> Option<(String, SessionEvent)> {
    poll_fn(|context| {
        for (arn, session) in &mut *sessions {
            if let Poll::Ready(event) = session.poll_recv(context) {
                return Poll::Ready(event.map(|event| (arn.clone(), event)));
            }
        }
        Poll::Pending
    })
    .await
}

/// JSON has no line breaks, so it is one line of data.
fn frame(event: &str, data: &Value) -> String {
    format!("event: {event}\ndata: {data}\n\n")
}
