//! The API over HTTP: from a request to an operation, and to the answer in the service's form.
//!
//! Operations are declared beside the functions that run them, in tables: one for each kind of resource. A table says all
//! that the API model says of an operation's input, so that those functions deal with rules only, not with shapes.

pub(crate) mod call;
pub(crate) mod input;
pub(crate) mod operation;

mod app_instance;
mod app_instance_bot;
mod app_instance_settings;
mod app_instance_user;
mod app_instance_user_endpoint;
mod authorization;
mod ban;
#[cfg(test)]
mod catalog;
mod channel;
mod channel_flow;
mod channel_list;
mod idempotency;
mod membership;
mod membership_preferences;
mod messages;
mod moderator;
mod pagination;
mod session_endpoint;
mod sub_channel;
mod tag;

use crate::messaging::api::call::Call;
use crate::messaging::api::input::Input;
use crate::messaging::api::operation::Operation;
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::world::World;
use serde_json::{Map, Value};

/// Every operation, by kind of resource.
const TABLES: &[&[Operation]] = &[
    app_instance::OPERATIONS,
    app_instance_settings::OPERATIONS,
    app_instance_user::OPERATIONS,
    app_instance_user_endpoint::OPERATIONS,
    app_instance_bot::OPERATIONS,
    channel::OPERATIONS,
    channel_list::OPERATIONS,
    sub_channel::OPERATIONS,
    membership::OPERATIONS,
    membership_preferences::OPERATIONS,
    moderator::OPERATIONS,
    ban::OPERATIONS,
    channel_flow::OPERATIONS,
    messages::OPERATIONS,
    session_endpoint::OPERATIONS,
    tag::OPERATIONS,
];

/// All operations. One that has a selector comes before one of the same path that has none.
pub(crate) fn operations() -> impl Iterator<Item = &'static Operation> {
    let all = || TABLES.iter().copied().flatten();
    all().filter(|operation| operation.selector.is_some()).chain(all().filter(|operation| operation.selector.is_none()))
}

/// Runs `operation` with the members of the request.
pub(crate) fn run(
    operation: &Operation,
    members: Map<String, Value>,
    host: &str,
    world: &mut World,
) -> Result<Value, ApiError> {
    let Operation { name, exceptions, input, run, .. } = *operation;
    let input = Input::new(input, members, &world.assumptions)?;
    let now = world.clock.now();
    idempotency::run(&mut Call { operation: name, exceptions, input, world, now, host }, run)
}

/// The refusal of an operation that the emulator does not have.
pub(crate) fn not_offered(name: &str) -> ApiError {
    ApiError::new(Exception::UnknownOperation, format!("channel-flow-emulator does not have {name}"))
}
