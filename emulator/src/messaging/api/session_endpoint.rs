//! Where messaging sessions are opened.

use crate::messaging::api::Call;
use crate::messaging::api::operation::Operation;
use crate::messaging::core::Core;
use crate::messaging::wire::api_error::ApiError;
use crate::messaging::wire::shape::{Member, Shape};
use axum::http::header::HOST;
use axum::http::request::Parts;
use serde_json::{Value, json};

pub(crate) const OPERATIONS: &[Operation] = &[Operation {
    name: "GetMessagingSessionEndpoint",
    method: "GET",
    path: "/endpoints/messaging-session",
    selector: None,
    status: 200,
    input: &[Member::new("NetworkType", Shape::OneOf(&["IPV4_ONLY", "DUAL_STACK"])).query("network-type")],
    exceptions: &[],
    run: get_messaging_session_endpoint,
}];

fn get_messaging_session_endpoint(call: &mut Call<'_>) -> Result<Value, ApiError> {
    Ok(json!({ "Endpoint": { "Url": call.host } }))
}

/// The host and port by which the client reaches the service, such that `wss://` before it leads here, too.
///
/// Without a port that would be 443, even for a client that came to 80 and therefore did not say so. And with 443 a browser
/// would not say so, while it is part of what is signed.
pub(crate) fn host_of(core: &Core, request: &Parts) -> String {
    let host = request.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    match host.strip_suffix(":443") {
        Some(name) => name.to_owned(),
        None if !has_port && core.settings.address.port() == 80 => format!("{host}:80"),
        None => host.to_owned(),
    }
}
