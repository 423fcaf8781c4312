//! Every request to the service: let in or not, and to which part it goes.

use crate::assumptions;
use crate::http::{channel_flow_callback, connect, get_channel_message_status, page};
use crate::ids;
use crate::messaging::api::operation::Operation;
use crate::messaging::api;
use crate::messaging::core::Core;
use crate::messaging::wire::api_error::ApiError;
use crate::model::credentials::Credentials;
use crate::model::grant::Grant;
use crate::net::connection::Control;
use crate::net::origin_check;
use crate::signature::error::SignatureError;
use crate::signature::header::Authorization;
use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tokio::time::timeout;

pub(crate) async fn handle(
    State(core): State<Arc<Core>>,
    ConnectInfo(control): ConnectInfo<Control>,
    request: Request,
) -> Response {
    control.busy();
    let (parts, body) = request.into_parts();
    let headers = parts.headers.clone();
    let mut response = match origin_check::check(&core.settings, &parts) {
        Err(error) => refuse(&error),
        Ok(()) => route(&core, &control, parts, body).await,
    };
    origin_check::cross_origin_headers(&core.settings, &headers, response.headers_mut());
    if response.body().size_hint().exact().is_none() {
        return response.map(|body| Body::new(control.until_told(body)));
    }
    control.answering();
    response
}

async fn route(core: &Arc<Core>, control: &Control, parts: Parts, body: Body) -> Response {
    if parts.method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    if connect::is_for(&parts) {
        return connect::respond(core, control, parts).await;
    }
    if let Some(page) = &core.page
        && page::is_for_page(&parts)
    {
        return page::respond(core, page, &parts, body).await;
    }
    if let Some(channel_arn) = channel_flow_callback::callback_path(&parts) {
        return channel_flow_callback::respond(core, control, &parts, &channel_arn, body).await;
    }
    let found = api::operations().find_map(|operation| Some((operation, operation.matches(&parts)?)));
    let Some((operation, labels)) = found else {
        // With an unread body the connection would have to be closed, which the client's next request runs into.
        let _ = read(body).await;
        let path = "channel-flow-emulator does not have this operation";
        return refuse(&ApiError::new(crate::Exception::UnknownOperation, path));
    };
    if operation.name == get_channel_message_status::OPERATION {
        return get_channel_message_status::respond(core, control, operation, &parts, &labels, body).await;
    }
    respond(operation, run(core, operation, &parts, &labels, body).await)
}

/// The answer over HTTP.
pub(crate) fn respond(operation: &Operation, answered: Result<Value, ApiError>) -> Response {
    match answered {
        Ok(Value::Null) => {
            let mut response = answer(operation.success(), String::new());
            response.headers_mut().remove(CONTENT_TYPE);
            response
        }
        Ok(value) => answer(operation.success(), value.to_string()),
        Err(error) => refuse(&error),
    }
}

async fn run(
    core: &Core,
    operation: &Operation,
    parts: &Parts,
    labels: &[(&'static str, String)],
    body: Body,
) -> Result<Value, ApiError> {
    let body = read(body).await?;
    authenticate(core, parts, &body)?;
    run_authenticated(core, operation, parts, labels, &body).await
}

/// Does what a request asks whose caller is known.
pub(crate) async fn run_authenticated(
    core: &Core,
    operation: &Operation,
    parts: &Parts,
    labels: &[(&'static str, String)],
    body: &[u8],
) -> Result<Value, ApiError> {
    let mut members = match body.is_empty() {
        true => Map::new(),
        false => serde_json::from_slice(body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            ApiError::bad_request(format!("the body is not a JSON object (line {line}, column {column})"))
        })?,
    };
    members.extend(operation.members_outside_the_body(parts, labels));
    core.run(operation, members, &host_of(core, parts)).await
}

/// Whose credentials signed the request, where the service gave them out.
///
/// Credentials of anyone else are taken where the settings say so; then nothing is known of who signed.
pub(crate) fn authenticate(core: &Core, request: &Parts, body: &[u8]) -> Result<Option<Credentials>, SignatureError> {
    let authorization = Authorization::parse(request)?;
    let credentials = known(core, authorization.access_key_id)?;
    if let Some(credentials) = &credentials {
        authorization.verify(request, body, credentials, core.region())?;
    }
    Ok(credentials)
}

/// Whether whoever signed may do this in a channel.
pub(crate) fn is_granted(core: &Core, credentials: Option<&Credentials>, channel_arn: &str, grant: Grant) -> bool {
    credentials.is_none_or(|by| core.ledger().is_granted(by.access_key_id(), channel_arn, grant))
}

/// The credentials with this access key, if the service gave them out. Others are none, or refused.
pub(crate) fn known(core: &Core, access_key_id: &str) -> Result<Option<Credentials>, SignatureError> {
    let credentials = core.ledger().credentials(access_key_id).cloned();
    if credentials.is_none() && !core.settings.any_credentials {
        return Err(SignatureError::UnknownKey);
    }
    Ok(credentials)
}

pub(crate) async fn read(body: Body) -> Result<Bytes, ApiError> {
    let most = assumptions::REQUEST_BYTES;
    let read = timeout(assumptions::REQUEST_TIMEOUT, to_bytes(body, most)).await;
    let read = read.map_err(|_| ApiError::bad_request("the body does not come"))?;
    read.map_err(|_| ApiError::bad_request(format!("the body broke off or has more than {most} bytes")))
}

pub(crate) fn refuse(error: &ApiError) -> Response {
    let exception = error.exception();
    let body = json!({ "Code": exception.code(), "Message": error.message() });
    let mut response = answer(exception.status(), body.to_string());
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(error.name()));
    response
}

pub(crate) fn answer(status: StatusCode, body: String) -> Response {
    let headers = [(CONTENT_TYPE.as_str(), "application/json".to_owned()), ("x-amzn-requestid", ids::uuid())];
    (status, headers, body).into_response()
}

/// The host and port by which the client reaches the service, such that `wss://` before it leads here, too.
///
/// Without a port that would be 443, even for a client that came to 80 and therefore did not say so. And with 443 a browser
/// would not say so, while it is part of what is signed.
fn host_of(core: &Core, request: &Parts) -> String {
    let host = request.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    match host.strip_suffix(":443") {
        Some(name) => name.to_owned(),
        None if !has_port && core.settings.address.port() == 80 => format!("{host}:80"),
        None => host.to_owned(),
    }
}
