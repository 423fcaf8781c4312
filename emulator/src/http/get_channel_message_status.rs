//! `GetChannelMessageStatus` over HTTP, with its scripted faults.

use crate::assumptions;
use crate::http::answer::read;
use crate::http::authenticate::{authenticate, is_granted};
use crate::http::faulty_answer::apply_fault;
use crate::http::operation::{respond as respond_with, run_authenticated};
use crate::messaging::api::operation::Operation;
use crate::messaging::core::Core;
use crate::messaging::fault::FaultyRequest;
use crate::messaging::wire::api_error::ApiError;
use crate::model::grant::Grant;
use crate::net::connection::Control;
use axum::body::Body;
use axum::http::request::Parts;
use axum::response::Response;
use serde_json::Value;
use std::sync::atomic::Ordering;

/// The operation's name.
pub(crate) const OPERATION: &str = "GetChannelMessageStatus";

pub(crate) async fn respond(
    core: &Core,
    control: &Control,
    operation: &Operation,
    parts: &Parts,
    labels: &[(&'static str, String)],
    body: Body,
) -> Response {
    let body = read(body).await;
    core.status_questions.fetch_add(1, Ordering::Relaxed);
    let label = |name| labels.iter().find(|(label, _)| *label == name).map(|(_, value)| value.as_str());
    let fault = core.script.next(FaultyRequest::Status, label("messageId"));
    let answered = match body {
        Ok(body) => answer(core, operation, parts, labels, label("channelArn").unwrap_or_default(), &body).await,
        Err(error) => Err(error),
    };
    let success = answered.is_ok();
    let response = respond_with(operation, answered);
    match fault {
        None => response,
        Some(fault) => apply_fault(&fault, success, control, response).await,
    }
}

/// Checks the signature and the grant before anything else.
async fn answer(
    core: &Core,
    operation: &Operation,
    parts: &Parts,
    labels: &[(&'static str, String)],
    channel_arn: &str,
    body: &[u8],
) -> Result<Value, ApiError> {
    let credentials = authenticate(core, parts, body)?;
    if !is_granted(core, credentials.as_ref(), channel_arn, Grant::GetChannelMessageStatus) {
        return Err(ApiError::forbidden(assumptions::FORBIDDEN));
    }
    run_authenticated(core, operation, parts, labels, body).await
}
