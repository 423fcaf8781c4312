//! The changes and effects of one request.

use crate::messaging::sessions::Session;
use crate::model::activity::Activity;
use crate::model::event::Event;
use crate::model::session_event::SessionEvent;
use std::fmt;
use tokio::sync::oneshot;

/// The changes and effects of one request, in order.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    durable: bool,
    /// Whether it is waited for though there is nothing in it.
    waits: bool,
    pub(crate) changes: Vec<Change>,
    pub(crate) effects: Vec<Effect>,
}

/// An entry of the store that has a new value, or none any more.
pub(crate) struct Change {
    pub(crate) table: &'static str,
    pub(crate) key: String,
    pub(crate) value: Option<Vec<u8>>,
}

/// An effect, to be performed once the changes are safe.
#[derive(Debug)]
pub(crate) enum Effect {
    /// The sessions of these users and bots get an event.
    Notify { to: Vec<String>, event: SessionEvent },
    /// A session of this user or bot opens: it gets the events after this one.
    Open { user_arn: String, opened: oneshot::Sender<Session> },
    /// A processor is invoked.
    Invoke { function_arn: String, event: Event },
    /// The watchers get this activity.
    Announce(Box<Activity>),
}

impl Batch {
    pub(crate) fn new(durable: bool) -> Self {
        Self { durable, ..Self::default() }
    }

    /// Whether changes have to be noted.
    pub(crate) fn is_durable(&self) -> bool {
        self.durable
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.effects.is_empty() && !self.waits
    }

    /// Whether nothing may come of it unless the store has it, or has all that came before it.
    pub(crate) fn rests_on_store(&self) -> bool {
        !self.changes.is_empty() || self.waits
    }

    /// Has the request answered only when all that came before it is safe.
    pub(crate) fn wait(&mut self) {
        self.waits = true;
    }

    pub(crate) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::new(self.durable))
    }

    /// Has an event sent to the sessions of `to`.
    pub(crate) fn notify(&mut self, to: Vec<String>, event: SessionEvent) {
        self.effects.push(Effect::Notify { to, event });
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change")
            .field("table", &self.table)
            .field("key", &self.key)
            .field("value_bytes", &self.value.as_ref().map(Vec::len))
            .finish()
    }
}
