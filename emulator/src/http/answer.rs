//! Bodies of requests, and answers in the service's form.

use crate::assumptions;
use crate::ids;
use crate::messaging::wire::api_error::ApiError;
use crate::messaging::wire::callback_refusal;
use crate::model::refusal::Refusal;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::time::timeout;

/// The whole body of a request.
pub(crate) async fn read(body: Body) -> Result<Bytes, ApiError> {
    let most = assumptions::REQUEST_BYTES;
    let read = timeout(assumptions::REQUEST_TIMEOUT, to_bytes(body, most)).await;
    let read = read.map_err(|_| ApiError::bad_request("the body does not come"))?;
    read.map_err(|_| ApiError::bad_request(format!("the body broke off or has more than {most} bytes")))
}

/// The answer to a request that was not done.
pub(crate) fn refuse(error: &ApiError) -> Response {
    let exception = error.exception();
    let body = json!({ "Code": exception.code(), "Message": error.message() });
    let mut response = answer(exception.status(), body.to_string());
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(error.name()));
    response
}

/// An answer with this body of JSON.
pub(crate) fn answer(status: StatusCode, body: String) -> Response {
    let headers = [(CONTENT_TYPE.as_str(), "application/json".to_owned()), ("x-amzn-requestid", ids::uuid())];
    (status, headers, body).into_response()
}

/// The answer to a callback that was refused.
pub(crate) fn refuse_callback(refusal: &Refusal) -> Response {
    let mut response = answer(callback_refusal::status(refusal), callback_refusal::body(refusal).to_string());
    callback_refusal::add_exception(refusal, response.headers_mut());
    response
}
