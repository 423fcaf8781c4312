//! One operation of the API over HTTP: from the request to its members, and from the result to the answer.

use crate::http::answer::{answer, read, refuse};
use crate::http::authenticate::authenticate;
use crate::messaging::api::operation::Operation;
use crate::messaging::core::Core;
use crate::messaging::wire::api_error::ApiError;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::request::Parts;
use axum::response::Response;
use serde_json::{Map, Value};

/// Runs the operation of a request, if its signature is good.
pub(crate) async fn run(
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

/// Runs the operation of a request whose caller is known.
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

/// The host and port by which the client reaches the service, such that `wss://` before it leads here, too.
///
/// Without a port that would be 443, even for a client that came to 80 and therefore did not say so. And with 443 a browser
/// would not say so, while the port is part of the signature.
fn host_of(core: &Core, request: &Parts) -> String {
    let host = request.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    match host.strip_suffix(":443") {
        Some(name) => name.to_owned(),
        None if !has_port && core.address.port() == 80 => format!("{host}:80"),
        None => host.to_owned(),
    }
}
