//! The callbacks that came.

use crate::messaging::keys::Keys;
use crate::model::callback_record::CallbackRecord;
use crate::model::counts::Counts;
use crate::model::invocation::InvocationKey;
use crate::model::refusal::RefusalKind;
use std::collections::{BTreeMap, VecDeque};

/// The latest callbacks, and how many there have been.
#[derive(Debug)]
pub(crate) struct CallbackLog {
    latest: VecDeque<CallbackRecord>,
    /// How many are kept.
    most: usize,
    dropped: usize,
    accepted: u64,
    refused: BTreeMap<RefusalKind, u64>,
    faults: u64,
}

impl CallbackLog {
    /// An empty one, which keeps the latest `most` callbacks.
    pub(crate) fn new(most: usize) -> Self {
        Self { latest: VecDeque::new(), most, dropped: 0, accepted: 0, refused: BTreeMap::new(), faults: 0 }
    }

    pub(crate) fn add(&mut self, record: CallbackRecord) {
        match &record.verdict {
            Ok(_) => self.accepted += 1,
            Err(refusal) => *self.refused.entry(refusal.kind()).or_default() += 1,
        }
        self.faults += u64::from(record.fault.is_some());
        self.latest.push_back(record);
        while self.latest.len() > self.most {
            self.latest.pop_front();
            self.dropped += 1;
        }
    }

    /// The latest ones, in the order of arrival.
    pub(crate) fn latest(&self) -> impl Iterator<Item = &CallbackRecord> {
        self.latest.iter()
    }

    /// How many there have been.
    pub(crate) fn count(&self) -> usize {
        self.dropped + self.latest.len()
    }

    /// Counts the callbacks in.
    pub(crate) fn count_in(&self, counts: &mut Counts) {
        counts.accepted = self.accepted;
        counts.refused = self.refused.clone();
        counts.faults = self.faults;
    }

    /// The callbacks of an invocation: those that came since it began and are signed with a key of its environment or, if
    /// the key says nothing, have its callback id.
    pub(crate) fn of_invocation(&self, invocation: &InvocationKey<'_>, keys: &Keys) -> Vec<CallbackRecord> {
        let InvocationKey { callbacks_before, credentials, callback_id, is_shared } = *invocation;
        let same_id = |record: &CallbackRecord| callback_id.is_some() && record.callback_id.as_deref() == callback_id;
        let belongs = |record: &&CallbackRecord| match &record.access_key_id {
            Some(id) if keys.credentials(id).is_some() => {
                id == credentials.access_key_id() && (!is_shared || same_id(record))
            }
            _ => same_id(record),
        };
        self.latest.iter().skip(callbacks_before.saturating_sub(self.dropped)).filter(belongs).cloned().collect()
    }
}
