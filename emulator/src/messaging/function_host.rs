//! The service as functions see it.

use crate::lambda::host::Host;
use crate::messaging::state::{SharedState, State};
use crate::model::callback_record::CallbackRecord;
use crate::model::credentials::Credentials;
use crate::model::event::Event;
use crate::model::invocation::InvocationKey;
use crate::model::message::{MessageIds, MessageState};
use crate::net::server::Server;
use std::sync::Arc;

/// A function holds the state and the port of the service, so that it can call back as long as it exists.
#[derive(Debug)]
pub(crate) struct FunctionHost {
    pub(crate) region: String,
    pub(crate) state: Arc<SharedState>,
    pub(crate) server: Arc<Server>,
    pub(crate) table: Option<String>,
}

impl Host for FunctionHost {
    fn region(&self) -> &str {
        &self.region
    }

    fn endpoint_url(&self) -> String {
        self.server.url()
    }

    fn table(&self) -> Option<String> {
        self.table.clone()
    }

    fn issue_credentials(&self, function: Arc<str>) -> Credentials {
        self.state.change(|state| state.keys.issue(Some(function))).0
    }

    fn register(&self, event: &Event) {
        self.state.note(event);
    }

    fn callback_count(&self) -> usize {
        self.state.read(|state| state.callback_log.count())
    }

    fn callbacks_of(&self, invocation: &InvocationKey<'_>) -> Vec<CallbackRecord> {
        self.state.read(|State { callback_log, keys, .. }| callback_log.of_invocation(invocation, keys))
    }

    fn is_decided(&self, ids: &MessageIds) -> bool {
        self.state.is_decided(ids)
    }

    fn message(&self, ids: &MessageIds) -> Option<MessageState> {
        self.state.message(ids)
    }
}
