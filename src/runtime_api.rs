//! Answering Lambda's Runtime API in place of lambda_runtime, when its thread is stuck.

use lambda_runtime::Diagnostic;
use lambda_runtime_api_client::body::Body;
use lambda_runtime_api_client::{BoxError, PooledClient, build_request};
use serde::Serialize;

use crate::{Error, Settled};

/// Tells Lambda how the invocation ended.
pub(crate) async fn answer(request_id: &str, result: Result<Settled, Error>) -> Result<(), BoxError> {
    match result {
        Ok(settled) => post(request_id, "response", &settled).await,
        Err(error) => post(request_id, "error", &Diagnostic::from(error)).await,
    }
}

async fn post(request_id: &str, end: &str, body: &impl Serialize) -> Result<(), BoxError> {
    let request = build_request()
        .method("POST")
        .uri(format!("/2018-06-01/runtime/invocation/{request_id}/{end}"))
        .body(Body::from(serde_json::to_vec(body)?))?;
    let response = PooledClient::builder().build().call(request).await?;
    if !response.status().is_success() {
        return Err(format!("the Runtime API answered with status {}", response.status()).into());
    }
    Ok(())
}
