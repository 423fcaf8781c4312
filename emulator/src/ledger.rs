//! What the service knows: messages, callbacks, credentials, and their numbers.

use crate::assumptions::Assumptions;
use crate::callback::{Callback, Decision};
use crate::credentials::Credentials;
use crate::event::Event;
use crate::message::{MessageIds, MessageState, MessageStatus};
use crate::record::CallbackRecord;
use crate::refusal::{Refusal, RefusalKind};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

/// Numbers of what has happened since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Messages that were to be processed; one whose event is delivered twice counts once.
    pub sent: u64,
    /// Messages among them that nobody has decided.
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

/// Messages of no channel, which are an event and nothing else; and callbacks for those of channels, too. What channels have
/// the [`World`](crate::world::World) knows: each message is known to one of the two.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) assumptions: Assumptions,
    messages: HashMap<Arc<MessageIds>, Entry>,
    credentials: HashMap<String, Issued>,
    /// The latest ones.
    callbacks: VecDeque<CallbackRecord>,
    callbacks_kept: usize,
    callbacks_dropped: usize,
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
    pub(crate) fn new(assumptions: Assumptions, callbacks_kept: usize) -> Self {
        Self {
            assumptions,
            messages: HashMap::new(),
            credentials: HashMap::new(),
            callbacks: VecDeque::new(),
            callbacks_kept,
            callbacks_dropped: 0,
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
        if let Some(entry) = self.messages.get(ids) {
            return Some(entry.state.clone());
        }
        let counts = &mut self.counts;
        counts.sent += 1;
        counts.pending += 1;
        let ids = Arc::new(ids.clone());
        let state = MessageState::pending(Arc::clone(&ids), event.fields().clone());
        let entry = Entry { state: state.clone(), position: counts.sent, since: Instant::now(), accepted: 0 };
        self.messages.insert(ids, entry);
        Some(state)
    }

    pub(crate) fn message(&self, ids: &MessageIds) -> Option<&MessageState> {
        self.messages.get(ids).map(|entry| &entry.state)
    }

    /// In the order in which they were sent.
    pub(crate) fn messages(&self) -> Vec<MessageState> {
        let mut all: Vec<_> = self.messages.values().collect();
        all.sort_unstable_by_key(|entry| entry.position);
        all.into_iter().map(|entry| entry.state.clone()).collect()
    }

    /// Decides the message, once.
    pub(crate) fn decide(&mut self, callback: Callback, by: Option<Arc<str>>) -> Result<Decision, Refusal> {
        let Callback { ids, decision, changes } = callback;
        let entry = self.messages.get_mut(&ids).ok_or_else(|| Refusal::unknown_message(&ids))?;
        if entry.state.status() != MessageStatus::Pending {
            return Err(Refusal::decided_before(&ids, self.assumptions.repeated_callback));
        }
        if entry.since.elapsed() >= self.assumptions.callback_lifetime {
            return Err(Refusal::expired());
        }
        entry.state.decide(decision, changes, by, self.assumptions.absent_fields_are_kept);
        entry.accepted += 1;
        match entry.accepted {
            1 => self.counts.pending -= 1,
            2 => self.counts.decided_twice += 1,
            _ => {}
        }
        Ok(decision)
    }

    /// The function whose role these credentials are.
    pub(crate) fn function_of(&self, access_key_id: &str) -> Option<Arc<str>> {
        self.credentials.get(access_key_id)?.function.clone()
    }

    pub(crate) fn record(&mut self, record: CallbackRecord) {
        match &record.verdict {
            Ok(_) => self.counts.accepted += 1,
            Err(refusal) => *self.counts.refused.entry(refusal.kind()).or_default() += 1,
        }
        self.counts.faults += u64::from(record.fault.is_some());
        self.callbacks.push_back(record);
        while self.callbacks.len() > self.callbacks_kept {
            self.callbacks.pop_front();
            self.callbacks_dropped += 1;
        }
    }

    /// The latest ones, in the order of arrival.
    pub(crate) fn callbacks(&self) -> impl Iterator<Item = &CallbackRecord> {
        self.callbacks.iter()
    }

    /// How many there have been.
    pub(crate) fn callback_count(&self) -> usize {
        self.callbacks_dropped + self.callbacks.len()
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
        self.callbacks.iter().skip(since.saturating_sub(self.callbacks_dropped)).filter(belongs).cloned().collect()
    }
}
