//! The chat page that the service serves at `/`: two people of a channel side by side, and the work of its flow on each
//! message.
//!
//! All of it ships inside the binary. Its requests are under `/page/`: no signatures, but only the page itself may
//! ask, see [`guard`].

mod actions;
mod files;
mod guard;
mod held;
mod overview;
mod parameters;
mod stories;
mod story;
mod stream;
mod switchboard;

pub(crate) mod updates;

use crate::http::answer::{answer, read, refuse};
use crate::http::page::parameters::{number, text};
use crate::http::page::updates::Page;
use crate::messaging::core::Core;
use crate::messaging::wire::api_error::{ApiError, Exception};
use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::sync::Arc;

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
        (&Method::GET, "stories") => Ok(page.stories().of_channel(&text(parts, "channel"), number(parts, "before"))),
        (&Method::GET, "story") => page.stories().raw(number(parts, "number")).ok_or_else(forgotten),
        (&Method::GET, "faults") => Ok(switchboard::view(core)),
        (&Method::POST, "messages") => match parse(body).await {
            Ok(action) => actions::act(core, action).await,
            Err(error) => Err(error),
        },
        (&Method::POST, "review") => match parse(body).await {
            Ok(review) => page.held.resolve(review).await,
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

/// Reads a body without ever showing its content.
async fn parse<T: DeserializeOwned>(body: Body) -> Result<T, ApiError> {
    let body: Bytes = read(body).await?;
    serde_json::from_slice(&body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        ApiError::bad_request(format!("the body is not what the page sends (line {line}, column {column})"))
    })
}

fn unknown() -> ApiError {
    ApiError::new(Exception::UnknownOperation, "the page has nothing of this name")
}

fn forgotten() -> ApiError {
    ApiError::new(Exception::NotFound, "the page no longer has this story")
}
