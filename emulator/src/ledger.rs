//! What the service knows: messages, callbacks, credentials, and their numbers.

use crate::assumptions::{self, RepeatedCallback};
use crate::callback::{Callback, Decision};
use crate::credentials::Credentials;
use crate::event::Event;
use crate::message::{MessageIds, MessageState, MessageStatus};
use crate::record::CallbackRecord;
use crate::refusal::{Refusal, RefusalKind};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Numbers of what has happened since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Messages that were sent; one whose event is delivered twice counts once.
    pub sent: u64,
    /// Messages that nobody has decided.
    pub pending: u64,
    /// Callbacks that decided a message.
    pub accepted: u64,
    /// Messages for which more than one callback was accepted. The service never does that; it is counted all the same.
    pub decided_twice: u64,
    /// Callbacks that were refused, by reason.
    pub refused: BTreeMap<RefusalKind, u64>,
    /// Callbacks that met a scripted fault, applied or not. Those that were reset before they were read are not counted.
    pub faults: u64,
}

#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) repeated_callback: RepeatedCallback,
    pub(crate) callback_lifetime: Duration,
    messages: HashMap<MessageIds, Entry>,
    credentials: HashMap<String, Issued>,
    callbacks: Vec<CallbackRecord>,
    counts: Counts,
}

#[derive(Debug)]
struct Entry {
    state: MessageState,
    position: u64,
    since: Instant,
    accepted: u32,
}

#[derive(Debug)]
struct Issued {
    credentials: Credentials,
    /// The name of the function whose role this is.
    function: Option<Arc<str>>,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self {
            repeated_callback: RepeatedCallback::default(),
            callback_lifetime: assumptions::CALLBACK_LIFETIME,
            messages: HashMap::new(),
            credentials: HashMap::new(),
            callbacks: Vec::new(),
            counts: Counts::default(),
        }
    }

    pub(crate) fn issue(&mut self, function: Option<Arc<str>>) -> Credentials {
        let credentials = Credentials::fresh();
        let issued = Issued { credentials: credentials.clone(), function };
        self.credentials.insert(credentials.access_key_id().to_owned(), issued);
        credentials
    }

    pub(crate) fn credentials(&self, access_key_id: &str) -> Option<&Credentials> {
        self.credentials.get(access_key_id).map(|issued| &issued.credentials)
    }

    pub(crate) fn register(&mut self, event: &Event) -> Option<MessageState> {
        let ids = event.ids().ok()?;
        let counts = &mut self.counts;
        let entry = self.messages.entry(ids.clone()).or_insert_with(|| {
            counts.sent += 1;
            counts.pending += 1;
            let state = MessageState::pending(ids.clone(), event.fields().clone());
            Entry { state, position: counts.sent, since: Instant::now(), accepted: 0 }
        });
        Some(entry.state.clone())
    }

    pub(crate) fn message(&self, ids: &MessageIds) -> Option<&MessageState> {
        self.messages.get(ids).map(|entry| &entry.state)
    }

    pub(crate) fn messages(&self) -> Vec<MessageState> {
        let mut all: Vec<_> = self.messages.values().collect();
        all.sort_unstable_by_key(|entry| entry.position);
        all.into_iter().map(|entry| entry.state.clone()).collect()
    }

    /// Decides the message, once.
    pub(crate) fn decide(&mut self, callback: Callback, access_key_id: Option<&str>) -> Result<Decision, Refusal> {
        let Callback { ids, decision, changes } = callback;
        let by = access_key_id.and_then(|id| self.credentials.get(id)?.function.clone());
        let entry = self.messages.get_mut(&ids).ok_or_else(|| Refusal::unknown_message(&ids))?;
        if entry.state.status() != MessageStatus::Pending {
            return Err(Refusal::decided_before(&ids, self.repeated_callback));
        }
        if entry.since.elapsed() >= self.callback_lifetime {
            return Err(Refusal::expired());
        }
        entry.state.decide(decision, changes, by);
        entry.accepted += 1;
        match entry.accepted {
            1 => self.counts.pending -= 1,
            2 => self.counts.decided_twice += 1,
            _ => {}
        }
        Ok(decision)
    }

    pub(crate) fn record(&mut self, record: CallbackRecord) {
        match &record.verdict {
            Ok(_) => self.counts.accepted += 1,
            Err(refusal) => *self.counts.refused.entry(refusal.kind()).or_default() += 1,
        }
        self.counts.faults += u64::from(record.fault.is_some());
        self.callbacks.push(record);
    }

    pub(crate) fn callbacks(&self) -> &[CallbackRecord] {
        &self.callbacks
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The callbacks since the first `since` ones that belong to an environment, or, where the access key says nothing, to
    /// a callback id. An environment with several events in hand is `shared`: then the callback id has to fit as well.
    pub(crate) fn callbacks_of(
        &self,
        since: usize,
        credentials: &Credentials,
        callback_id: Option<&str>,
        shared: bool,
    ) -> Vec<CallbackRecord> {
        let same_id = |record: &CallbackRecord| callback_id.is_some() && record.callback_id.as_deref() == callback_id;
        let belongs = |record: &&CallbackRecord| match &record.access_key_id {
            Some(id) if self.credentials.contains_key(id) => {
                id == credentials.access_key_id() && (!shared || same_id(record))
            }
            _ => same_id(record),
        };
        self.callbacks.iter().skip(since).filter(belongs).cloned().collect()
    }
}
