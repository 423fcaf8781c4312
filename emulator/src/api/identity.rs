//! App instances.

use crate::api::Call;
use crate::api::error::{ApiError, Exception};
use crate::api::operation::Operation;
use crate::api::shape::Member;
use crate::api::shapes::{CLIENT_REQUEST_TOKEN, METADATA, RESOURCE_NAME, TAGS};
use serde_json::{Value, json};

pub(crate) const OPERATIONS: &[Operation] = &[Operation {
    name: "CreateAppInstance",
    method: "POST",
    path: "/app-instances",
    selector: None,
    status: 201,
    input: &[
        Member::new("Name", RESOURCE_NAME).required(),
        Member::new("Metadata", METADATA),
        CLIENT_REQUEST_TOKEN,
        TAGS,
    ],
    exceptions: &[Exception::Conflict, Exception::ResourceLimitExceeded],
    run: create_app_instance,
}];

fn create_app_instance(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let name = call.input.text("Name").to_owned();
    let metadata = call.input.optional("Metadata").map(str::to_owned);
    let arn = call.world.create_app_instance(name, metadata, call.now);
    Ok(json!({ "AppInstanceArn": arn }))
}
