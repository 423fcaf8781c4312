//! Answers Lambda's Runtime API in place of lambda_runtime if its thread is stuck.

use std::net::{SocketAddr, ToSocketAddrs};

use lambda_runtime::Diagnostic;
use lambda_runtime_api_client::body::Body;
use lambda_runtime_api_client::{BoxError, PooledClient, build_request};
use serde::Serialize;

use crate::environment::{RUNTIME_API, var};
use crate::{Error, Response};

/// Tells Lambda how the invocation ended.
pub(crate) async fn answer(request_id: &str, result: Result<Response, Error>) -> Result<(), BoxError> {
    match result {
        Ok(response) => post(request_id, "response", &response).await,
        Err(error) => post(request_id, "error", &Diagnostic::from(error)).await,
    }
}

async fn post(request_id: &str, end: &str, body: &impl Serialize) -> Result<(), BoxError> {
    let request = build_request()
        .method("POST")
        .uri(format!("/2018-06-01/runtime/invocation/{request_id}/{end}"))
        .body(Body::from(serde_json::to_vec(body)?))?;
    let client = match resolved_endpoint(&var(RUNTIME_API).ok_or("AWS_LAMBDA_RUNTIME_API is not set")?) {
        Some(endpoint) => PooledClient::builder().with_endpoint(endpoint.parse()?),
        None => PooledClient::builder(),
    };
    let response = client.build().call(request).await?;
    if !response.status().is_success() {
        return Err(format!("the Runtime API answered with status {}", response.status()).into());
    }
    Ok(())
}

/// Returns the Runtime API's endpoint with an address in place of a name, if it has a name that resolves. The client needs a thread
/// to look up a name, and the system may have none to give. Lambda's Runtime API has no name.
fn resolved_endpoint(runtime_api: &str) -> Option<String> {
    let runtime_api = runtime_api.strip_prefix("http://").unwrap_or(runtime_api);
    let (authority, path) = runtime_api.split_at(runtime_api.find('/').unwrap_or(runtime_api.len()));
    if authority.parse::<SocketAddr>().is_ok() {
        return None;
    }
    let addresses: Vec<_> = authority.to_socket_addrs().ok()?.collect();
    let address = addresses.iter().find(|address| address.is_ipv4()).or(addresses.first())?;
    Some(format!("http://{address}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_an_address_and_an_address_stays() {
        assert_eq!(resolved_endpoint("127.0.0.1:9001"), None);
        assert_eq!(resolved_endpoint("http://127.0.0.1:9001/function"), None);
        let resolved = resolved_endpoint("http://localhost:9001/function").expect("it resolves");
        let address = resolved.strip_prefix("http://").and_then(|rest| rest.strip_suffix("/function"));
        assert!(address.expect("the path stays").parse::<SocketAddr>().is_ok_and(|address| address.port() == 9001));
    }
}
