//! The trait through which Lambda reaches its surroundings.

use crate::model::callback_record::CallbackRecord;
use crate::model::credentials::Credentials;
use crate::model::event::Event;
use crate::model::invocation::InvocationKey;
use crate::model::message::{MessageIds, MessageState};
use std::fmt;
use std::sync::Arc;

/// The surroundings of functions: the service that their events come from and their callbacks go to.
pub(crate) trait Host: fmt::Debug + Send + Sync {
    /// The region of functions.
    fn region(&self) -> &str;

    /// Where a function calls back to: `AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING`.
    fn endpoint_url(&self) -> String;

    /// The table of functions, `CHANNEL_FLOW_TABLE`, if the service has one.
    fn table(&self) -> Option<String>;

    /// Credentials of a function's role, for one environment.
    fn issue_credentials(&self, function: Arc<str>) -> Credentials;

    /// Says that an event is about to be delivered.
    fn register(&self, event: &Event);

    /// How many callbacks have come.
    fn callback_count(&self) -> usize;

    /// The callbacks of an invocation, in the order of arrival.
    fn callbacks_of(&self, invocation: &InvocationKey<'_>) -> Vec<CallbackRecord>;

    /// Whether a message has been decided.
    fn is_decided(&self, ids: &MessageIds) -> bool;

    /// The state of a message.
    fn message(&self, ids: &MessageIds) -> Option<MessageState>;
}
