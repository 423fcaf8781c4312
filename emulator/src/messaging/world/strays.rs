//! Messages of no channel, which are an event and nothing else. What channels have,
//! [`MessageTable`](crate::messaging::world::message_table::MessageTable) has: each message is known to one of the two.

use crate::assumptions::Assumptions;
use crate::messaging::callback::Callback;
use crate::messaging::wire::callback_refusal;
use crate::model::decision::Decision;
use crate::model::event::{Event, Persistence};
use crate::model::message::{MessageIds, MessageKey, MessageState, MessageStatus};
use crate::model::refusal::Refusal;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

/// All of them, in memory only.
#[derive(Debug, Default)]
pub(crate) struct Strays {
    entries: HashMap<Arc<MessageIds>, Entry>,
    /// The versions of a message in the order in which they came, by channel and message id: an edit has the message id of
    /// the message that it edits, and another callback id.
    versions: HashMap<Box<str>, HashMap<Box<str>, Versions>>,
    /// How many nobody has decided.
    pending: u64,
    /// For how many more than one callback was accepted.
    decided_twice: u64,
}

type Versions = Vec<Arc<MessageIds>>;

#[derive(Debug)]
struct Entry {
    state: MessageState,
    sender_arn: Option<Box<str>>,
    sub_channel_id: Option<Box<str>>,
    persistence: Persistence,
    edit: bool,
    position: usize,
    since: SystemTime,
    accepted: u32,
}

/// The status of a stray, and who may ask for it.
pub(crate) struct Stray<'a> {
    /// `None` if nothing is stored.
    pub(crate) status: Option<MessageStatus>,
    pub(crate) sender_arn: Option<&'a str>,
    pub(crate) sub_channel_id: Option<&'a str>,
}

impl Strays {
    /// Makes the message of `event` pending, `now`. One that is known keeps its state.
    pub(crate) fn register(&mut self, event: &Event, now: SystemTime) -> Option<MessageState> {
        let ids = event.ids().ok()?;
        if let Some(entry) = self.entries.get(ids) {
            return Some(entry.state.clone());
        }
        let ids = Arc::new(ids.clone());
        let state = MessageState::pending(Arc::clone(&ids), event.fields().clone());
        let boxed = |text: Option<&str>| text.map(Box::from);
        let entry = Entry {
            state: state.clone(),
            sender_arn: boxed(event.sender_arn()),
            sub_channel_id: boxed(event.fields().sub_channel_id.as_deref()),
            persistence: event.persistence(),
            edit: event.is_edit(),
            position: self.entries.len(),
            since: now,
            accepted: 0,
        };
        let of_channel = self.versions.entry(ids.channel_arn.as_str().into()).or_default();
        of_channel.entry(ids.message_id.as_str().into()).or_default().push(Arc::clone(&ids));
        self.entries.insert(ids, entry);
        self.pending += 1;
        Some(state)
    }

    pub(crate) fn state_of(&self, ids: &MessageIds) -> Option<&MessageState> {
        self.entries.get(ids).map(|entry| &entry.state)
    }

    /// In the order in which they were sent.
    pub(crate) fn states(&self) -> Vec<MessageState> {
        let mut all: Vec<_> = self.entries.values().collect();
        all.sort_unstable_by_key(|entry| entry.position);
        all.into_iter().map(|entry| entry.state.clone()).collect()
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.entries.len() as u64
    }

    /// How many nobody has decided.
    pub(crate) fn pending(&self) -> u64 {
        self.pending
    }

    /// For how many more than one callback was accepted, which does not happen.
    pub(crate) fn decided_twice(&self) -> u64 {
        self.decided_twice
    }

    /// Decides the message, once.
    pub(crate) fn decide(
        &mut self,
        callback: Callback,
        by: Option<Arc<str>>,
        now: SystemTime,
        assumptions: &Assumptions,
    ) -> Result<Decision, Refusal> {
        let Callback { ids, decision, changes } = callback;
        let entry = self.entries.get_mut(&ids).ok_or_else(|| callback_refusal::unknown_message(&ids))?;
        if entry.state.status() != MessageStatus::Pending {
            return Err(callback_refusal::decided_before(&ids, assumptions.repeated_callback));
        }
        if now.duration_since(entry.since).unwrap_or_default() >= assumptions.callback_lifetime {
            return Err(callback_refusal::expired());
        }
        entry.state.decide(decision, changes, by, assumptions.absent_fields_are_kept);
        entry.accepted += 1;
        match entry.accepted {
            1 => self.pending -= 1,
            2 => self.decided_twice += 1,
            _ => {}
        }
        Ok(decision)
    }

    /// What `GetChannelMessageStatus` knows of a message; `None` if no event brought one of this id to this channel.
    pub(crate) fn find(&self, key: MessageKey<'_>, assumptions: &Assumptions) -> Option<Stray<'_>> {
        let versions = self.versions.get(key.channel_arn)?.get(key.message_id)?;
        let entries = || versions.iter().filter_map(|ids| self.entries.get(ids));
        let first = entries().next()?;
        let mut status = None;
        let mut pending = false;
        for entry in entries() {
            // A message that is edited was sent, perhaps before this service started.
            if entry.edit {
                status = status.or(Some(MessageStatus::Sent));
            }
            let stored = entry.persistence == Persistence::Persistent;
            match entry.state.status() {
                MessageStatus::Pending if entry.edit => pending |= assumptions.edit_has_status,
                MessageStatus::Pending => pending |= stored || assumptions.non_persistent_has_status,
                // The version before stays as it is.
                MessageStatus::Denied if entry.edit => {}
                MessageStatus::Denied => status = None,
                settled => status = Some(settled).filter(|_| stored),
            }
        }
        Some(Stray {
            status: if pending { Some(MessageStatus::Pending) } else { status },
            sender_arn: first.sender_arn.as_deref(),
            sub_channel_id: first.sub_channel_id.as_deref(),
        })
    }
}
