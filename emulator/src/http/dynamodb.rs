//! Requests for the table, which come to the service's own port.

use crate::dynamodb::{Answer, Table};
use crate::http::answer::{read, refuse};
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// The operation that a request asks for, if it is one of DynamoDB's API.
pub(crate) fn operation(parts: &Parts) -> Option<String> {
    let target = parts.headers.get("x-amz-target").filter(|_| parts.method == Method::POST)?;
    target.to_str().ok()?.strip_prefix("DynamoDB_20120810.").map(str::to_owned)
}

/// Answers a request. Its signature is not looked at: the table has nothing that a function of this machine may not see.
pub(crate) async fn respond(table: &Arc<Table>, operation: String, body: Body) -> Response {
    let body = match read(body).await {
        Ok(body) => String::from_utf8_lossy(&body).into_owned(),
        Err(error) => return refuse(&error),
    };
    let table = Arc::clone(table);
    // A file can take its time.
    let ran = tokio::task::spawn_blocking(move || table.run(&operation, &body)).await;
    let ended = |_| Answer { status: StatusCode::INTERNAL_SERVER_ERROR, json: "{}".to_owned() };
    let Answer { status, json } = ran.unwrap_or_else(ended);
    (status, [(CONTENT_TYPE, "application/x-amz-json-1.0")], json).into_response()
}
