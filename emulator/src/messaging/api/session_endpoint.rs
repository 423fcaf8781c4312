//! Where messaging sessions are opened.

use crate::messaging::api::call::Call;
use crate::messaging::api::operation::Operation;
use crate::messaging::wire::api_error::ApiError;
use crate::messaging::wire::shape::{Member, Shape};
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
