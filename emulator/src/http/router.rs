//! Every request to the service: let in or not, and to which part it goes.

#[cfg(feature = "dynamodb")]
use crate::dynamodb::Table;
use crate::http::answer::{read, refuse};
#[cfg(feature = "dynamodb")]
use crate::http::dynamodb;
use crate::http::page::updates::Page;
use crate::http::{channel_flow_callback, connect, get_channel_message_status, operation, page};
use crate::messaging::api;
use crate::messaging::core::Core;
use crate::messaging::wire::api_error::ApiError;
use crate::net::connection::Control;
use crate::net::origin_check::{self, Allowed};
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::ORIGIN;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// What requests need.
#[derive(Debug)]
pub(crate) struct Http {
    pub(crate) core: Arc<Core>,
    pub(crate) page: Option<Arc<Page>>,
    pub(crate) allowed: Allowed,
    #[cfg(feature = "dynamodb")]
    pub(crate) table: Option<Arc<Table>>,
}

/// Takes every request. Their connections give their [`Control`] as connect info.
pub(crate) fn router(http: Http) -> Router {
    Router::new().fallback(handle).with_state(Arc::new(http))
}

async fn handle(
    State(http): State<Arc<Http>>,
    ConnectInfo(control): ConnectInfo<Control>,
    request: Request,
) -> Response {
    control.busy();
    let (parts, body) = request.into_parts();
    // Only a page's request has an answer that depends on them.
    let headers = parts.headers.contains_key(ORIGIN).then(|| parts.headers.clone());
    let mut response = match origin_check::check(&http.allowed, &parts) {
        Err(error) => refuse(&error.into()),
        Ok(()) => route(&http, &control, parts, body).await,
    };
    if let Some(headers) = headers {
        origin_check::cross_origin_headers(&http.allowed, &headers, response.headers_mut());
    }
    if response.body().size_hint().exact().is_none() {
        return response.map(|body| Body::new(control.answering_until_end_of(body)));
    }
    control.answering();
    response
}

async fn route(http: &Http, control: &Control, parts: Parts, body: Body) -> Response {
    let Http { core, page, .. } = http;
    if parts.method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    if connect::is_for(&parts) {
        return connect::respond(core, control, parts).await;
    }
    if let Some(page) = page
        && page::is_for_page(&parts)
    {
        return page::respond(core, page, &parts, body).await;
    }
    #[cfg(feature = "dynamodb")]
    if let Some(table) = &http.table
        && let Some(operation) = dynamodb::operation(&parts)
    {
        return dynamodb::respond(table, operation, body).await;
    }
    if let Some(channel_arn) = channel_flow_callback::callback_path(&parts) {
        return channel_flow_callback::respond(core, control, &parts, &channel_arn, body).await;
    }
    let segments: Vec<_> = parts.uri.path().split('/').collect();
    let found = api::operations().find_map(|operation| Some((operation, operation.matches(&parts, &segments)?)));
    let Some((found, labels)) = found else {
        // With an unread body the connection would have to be closed, which the client's next request runs into.
        let _ = read(body).await;
        return refuse(&unknown(&parts));
    };
    if found.name == get_channel_message_status::OPERATION {
        return get_channel_message_status::respond(core, control, found, &parts, &labels, body).await;
    }
    operation::respond(found, operation::run(core, found, &parts, &labels, body).await)
}

/// The refusal of a request that is for no operation here.
fn unknown(request: &Parts) -> ApiError {
    let path: String = request.uri.path().chars().take(LONGEST_PATH).collect();
    let method = request.method.as_str();
    api::not_offered(&format!("{method} {path}, which is no operation of chime-sdk-messaging or chime-sdk-identity"))
}

/// How much of an unknown path is repeated, in characters.
const LONGEST_PATH: usize = 200;
