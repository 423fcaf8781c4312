//! What the service knows beside its messages: callbacks, credentials, grants, and numbers.

use crate::arn::app_instance_of;
use crate::model::callback_record::CallbackRecord;
use crate::model::counts::Counts;
use crate::model::credentials::Credentials;
use crate::model::grant::Grant;
use crate::model::refusal::RefusalKind;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// Who was given which credentials, what they may do, and the callbacks that came. What messages there are the
/// [`World`](crate::messaging::world::World) knows.
#[derive(Debug)]
pub(crate) struct Ledger {
    credentials: HashMap<String, Issued>,
    /// The grants that the roles of functions do not have, by the ARN of the app instance.
    revoked: HashSet<(String, Grant)>,
    /// The latest ones.
    callbacks: VecDeque<CallbackRecord>,
    callbacks_kept: usize,
    callbacks_dropped: usize,
    accepted: u64,
    refused: BTreeMap<RefusalKind, u64>,
    faults: u64,
}

#[derive(Debug)]
struct Issued {
    credentials: Credentials,
    /// The name of the function whose role this is.
    function: Option<Arc<str>>,
}

impl Ledger {
    pub(crate) fn new(callbacks_kept: usize) -> Self {
        Self {
            credentials: HashMap::new(),
            revoked: HashSet::new(),
            callbacks: VecDeque::new(),
            callbacks_kept,
            callbacks_dropped: 0,
            accepted: 0,
            refused: BTreeMap::new(),
            faults: 0,
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

    /// The function whose role these credentials are.
    pub(crate) fn function_of(&self, access_key_id: &str) -> Option<Arc<str>> {
        self.credentials.get(access_key_id)?.function.clone()
    }

    /// Gives or takes a grant of the roles of functions.
    pub(crate) fn set_granted(&mut self, app_instance_arn: &str, grant: Grant, granted: bool) {
        let key = (app_instance_arn.to_owned(), grant);
        if granted {
            self.revoked.remove(&key);
        } else {
            self.revoked.insert(key);
        }
    }

    /// Whether whoever signed with this key may do this in a channel. Grants are for the roles of functions: others may do
    /// everything.
    pub(crate) fn is_granted(&self, access_key_id: &str, channel_arn: &str, grant: Grant) -> bool {
        let revoked = || self.revoked.contains(&(app_instance_of(channel_arn).to_owned(), grant));
        self.revoked.is_empty() || self.function_of(access_key_id).is_none() || !revoked()
    }

    pub(crate) fn record(&mut self, record: CallbackRecord) {
        match &record.verdict {
            Ok(_) => self.accepted += 1,
            Err(refusal) => *self.refused.entry(refusal.kind()).or_default() += 1,
        }
        self.faults += u64::from(record.fault.is_some());
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

    /// Counts the callbacks in.
    pub(crate) fn count_callbacks(&self, counts: &mut Counts) {
        counts.accepted = self.accepted;
        counts.refused = self.refused.clone();
        counts.faults = self.faults;
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
