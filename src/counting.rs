//! What the steps that count have in common.

pub(crate) mod count_by;
mod recent;
mod store_request;
mod window;

pub(crate) use self::recent::Recent;
pub(crate) use self::store_request::{Failure, StoreRequest};
pub(crate) use self::window::Window;

use std::time::SystemTime;

use crate::Message;

/// Returns when a message was sent or edited, by the service's clock: the same in every environment, and the same when the
/// event is redelivered.
pub(crate) fn sent_at(message: &Message) -> SystemTime {
    let edited_at = if message.is_edited() { message.last_edited_at() } else { None };
    edited_at.or_else(|| message.created_at()).unwrap_or_else(SystemTime::now)
}
