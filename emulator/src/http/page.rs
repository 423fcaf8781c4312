//! The chat page that the service serves at `/`: two people of a channel side by side, and what its flow does to each message.
//!
//! All of it ships inside the binary. What the page asks for is under `/page/`: no signatures, but only the page itself may
//! ask, see [`guard`].

mod actions;
mod files;
mod guard;
mod overview;
mod stories;
mod story;
mod stream;
mod switchboard;

use crate::http::router::{answer, read, refuse};
use crate::ids;
use crate::messaging::core::Core;
use crate::messaging::watchers::Watchers;
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::net::query::query;
use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use stories::Stories;
use tokio::sync::{broadcast, watch};

/// What the page needs beside the service itself.
pub(crate) struct Page {
    /// Another one with every start, so that a page knows that what it shows is of an earlier one.
    instance: String,
    stories: Mutex<Stories>,
    updates: broadcast::Sender<Update>,
    closed: watch::Sender<bool>,
}

/// Something that open pages are told.
#[derive(Clone)]
struct Update {
    channel_arn: Arc<str>,
    /// The story as JSON.
    story: Arc<str>,
}

/// How many updates a page that is slow may be behind before it has to ask for all.
const UPDATES: usize = 1024;

impl Page {
    /// Begins to write stories of what happens. Needs a tokio runtime.
    pub(crate) fn start(watchers: &Watchers) -> Arc<Self> {
        let page = Arc::new(Self {
            instance: ids::uuid(),
            stories: Mutex::default(),
            updates: broadcast::Sender::new(UPDATES),
            closed: watch::Sender::new(false),
        });
        let mut happenings = watchers.watch();
        let writer = Arc::clone(&page);
        tokio::spawn(async move {
            while let Some(happening) = happenings.recv().await {
                let mut stories = writer.stories();
                let Some(story) = stories.take(happening) else { continue };
                if writer.updates.receiver_count() == 0 {
                    continue;
                }
                let channel_arn = Arc::from(story.channel_arn.as_str());
                let Ok(json) = serde_json::to_string(&story.view()) else { continue };
                // With the lock held, so that whoever asks for all stories misses none. Nobody may listen any more.
                let _ = writer.updates.send(Update { channel_arn, story: json.into() });
            }
        });
        page
    }

    /// Ends the streams of open pages, which would otherwise keep the service.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }

    fn stories(&self) -> MutexGuard<'_, Stories> {
        self.stories.lock().expect("nothing panics while it holds the lock")
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").finish_non_exhaustive()
    }
}

/// Whether a request is for the page, rather than for the API.
pub(crate) fn is_for_page(parts: &Parts) -> bool {
    let path = parts.uri.path();
    (path == "/" && matches!(parts.method, Method::GET | Method::HEAD)) || path.starts_with("/page/")
}

/// Answers a request for the page.
pub(crate) async fn respond(core: &Arc<Core>, page: &Arc<Page>, parts: &Parts, body: Body) -> Response {
    let mut response = match files::find(parts.uri.path()) {
        Some(file) if matches!(parts.method, Method::GET | Method::HEAD) => file.response(),
        Some(_) => refuse(&unknown()),
        None => match guard::check(parts) {
            Ok(()) => ask(core, page, parts, body).await,
            Err(error) => refuse(&error),
        },
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in files::HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn ask(core: &Arc<Core>, page: &Arc<Page>, parts: &Parts, body: Body) -> Response {
    let what = parts.uri.path().strip_prefix("/page/").unwrap_or_default();
    let answered = match (&parts.method, what) {
        (&Method::GET, "stream") => return stream::open(core, page, parts),
        (&Method::GET, "overview") => Ok(overview::of(core, page)),
        (&Method::GET, "messages") => actions::list(core, parts).await,
        (&Method::GET, "stories") => Ok(page.stories().of_channel(&asked(parts, "channel"), number(parts, "before"))),
        (&Method::GET, "story") => page.stories().raw(number(parts, "number")).ok_or_else(forgotten),
        (&Method::GET, "faults") => Ok(switchboard::view(core)),
        (&Method::POST, "messages") => match parse(body).await {
            Ok(action) => actions::act(core, action).await,
            Err(error) => Err(error),
        },
        (&Method::POST, "faults") => parse(body).await.map(|change| switchboard::change(core, change)),
        _ => Err(unknown()),
    };
    match answered {
        Ok(value) => answer(StatusCode::OK, value.to_string()),
        Err(error) => {
            let body = json!({ "error": { "name": error.name(), "message": error.message() } });
            answer(error.exception().status(), body.to_string())
        }
    }
}

/// Reads a body without ever showing what is in it.
async fn parse<T: DeserializeOwned>(body: Body) -> Result<T, ApiError> {
    let body: Bytes = read(body).await?;
    serde_json::from_slice(&body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        ApiError::bad_request(format!("the body is not what the page sends (line {line}, column {column})"))
    })
}

fn asked(parts: &Parts, key: &str) -> String {
    query(parts, key).unwrap_or_default()
}

fn number(parts: &Parts, key: &str) -> Option<u64> {
    query(parts, key)?.parse().ok()
}

fn unknown() -> ApiError {
    ApiError::new(Exception::UnknownOperation, "the page has nothing of this name")
}

fn forgotten() -> ApiError {
    ApiError::new(Exception::NotFound, "the page no longer has this story")
}

/// The answer of an operation that has none.
fn or_nothing(value: Value) -> Value {
    if value.is_null() { json!({}) } else { value }
}
