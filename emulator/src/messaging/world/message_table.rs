//! The messages of all channels: by channel and id, and in the order in which they were created.

use crate::ids::milliseconds;
use crate::messaging::resource::identity::Identity;
use crate::messaging::resource::message::{Message, Tombstone};
use crate::messaging::world::batch::{Batch, Change};
use crate::model::message::MessageKey;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;
use std::time::SystemTime;

/// The store's table of messages. A key is the channel's ARN, a blank and the message's id.
pub(crate) const TABLE: &str = "messages";

/// Every message of every channel.
#[derive(Debug, Default)]
pub(crate) struct MessageTable {
    channels: HashMap<String, OfChannel>,
    /// One for all the messages of a sender, as long as the name stays.
    senders: HashMap<String, Arc<Identity>>,
    next_sequence: u64,
    processing: u64,
}

/// Where a message stands in its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Since 1970.
    pub(crate) milliseconds: u64,
    pub(crate) sequence: u64,
}

#[derive(Debug, Default)]
struct OfChannel {
    places: HashMap<Arc<str>, Place>,
    messages: BTreeMap<Place, (Arc<str>, Message)>,
    tombstones: HashMap<Box<str>, Tombstone>,
}

/// A message in the data file.
#[derive(Deserialize)]
enum Stored {
    Message(Box<Message>),
    #[serde(rename = "Past")]
    Tombstone(Tombstone),
}

/// A message for the data file, in the form of [`Stored`].
#[derive(Serialize)]
enum ToStore<'a> {
    Message(&'a Message),
    #[serde(rename = "Past")]
    Tombstone(&'a Tombstone),
}

impl Place {
    fn of(message: &Message) -> Self {
        Self { milliseconds: since_1970(message.created), sequence: message.sequence }
    }

    /// Before everything that was created then.
    pub(crate) fn before(time: SystemTime) -> Self {
        Self { milliseconds: since_1970(time), sequence: 0 }
    }

    /// After everything that was created then.
    pub(crate) fn after(time: SystemTime) -> Self {
        Self { milliseconds: since_1970(time), sequence: u64::MAX }
    }

    /// As clients bring it back to get the next page.
    pub(crate) fn to_token(self) -> String {
        format!("{:016x}{:016x}", self.milliseconds, self.sequence)
    }

    pub(crate) fn from_token(token: &str) -> Option<Self> {
        let number = |digits: Option<&str>| u64::from_str_radix(digits?, 16).ok();
        let place = Self { milliseconds: number(token.get(..16))?, sequence: number(token.get(16..))? };
        (place.to_token() == token).then_some(place)
    }
}

fn since_1970(time: SystemTime) -> u64 {
    u64::try_from(milliseconds(time)).unwrap_or(u64::MAX)
}

impl MessageTable {
    pub(crate) fn get(&self, key: MessageKey<'_>) -> Option<&Message> {
        let channel = self.channels.get(key.channel_arn)?;
        channel.messages.get(channel.places.get(key.message_id)?).map(|(_, message)| message)
    }

    /// The tombstone of a message that is no more.
    pub(crate) fn tombstone(&self, key: MessageKey<'_>) -> Option<&Tombstone> {
        self.channels.get(key.channel_arn)?.tombstones.get(key.message_id)
    }

    /// How many are processed by a flow.
    pub(crate) fn processing(&self) -> u64 {
        self.processing
    }

    /// Those between two places.
    pub(crate) fn between(
        &self,
        channel_arn: &str,
        (after, before): (Bound<Place>, Bound<Place>),
    ) -> impl DoubleEndedIterator<Item = (Place, MessageKey<'_>, &Message)> {
        // What `range` would panic at.
        let nothing = match (after, before) {
            (Bound::Included(after), Bound::Included(before)) => after > before,
            (Bound::Included(after) | Bound::Excluded(after), Bound::Included(before) | Bound::Excluded(before)) => {
                after >= before
            }
            _ => false,
        };
        let channel = self.channels.get_key_value(channel_arn).filter(|_| !nothing);
        let messages = channel.map(|(channel_arn, channel)| {
            let messages = channel.messages.range((after, before));
            messages
                .map(move |(place, (message_id, message))| (*place, MessageKey { channel_arn, message_id }, message))
        });
        messages.into_iter().flatten()
    }

    /// Every message of every channel.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (MessageKey<'_>, &Message)> {
        self.channels.iter().flat_map(|(channel_arn, channel)| {
            channel.messages.values().map(|(message_id, message)| (MessageKey { channel_arn, message_id }, message))
        })
    }

    pub(crate) fn next_sequence(&mut self) -> u64 {
        self.next_sequence += 1;
        self.next_sequence
    }

    /// The identity that all messages of a sender share.
    pub(crate) fn sender(&mut self, identity: Identity) -> Arc<Identity> {
        match self.senders.get(&identity.arn) {
            Some(known) if **known == identity => Arc::clone(known),
            _ => {
                let identity = Arc::new(identity);
                self.senders.insert(identity.arn.clone(), Arc::clone(&identity));
                identity
            }
        }
    }

    /// Puts a new one, or another one in its place.
    pub(crate) fn put(&mut self, batch: &mut Batch, key: MessageKey<'_>, message: Message) {
        note(batch, key, Some(ToStore::Message(&message)));
        self.insert(key, message);
    }

    /// Changes one, if it is there.
    pub(crate) fn change<R>(
        &mut self,
        batch: &mut Batch,
        key: MessageKey<'_>,
        change: impl FnOnce(&mut Message) -> R,
    ) -> Option<R> {
        let channel = self.channels.get_mut(key.channel_arn)?;
        let (_, message) = channel.messages.get_mut(channel.places.get(key.message_id)?)?;
        self.processing -= u64::from(message.processing.is_some());
        let changed = change(message);
        self.processing += u64::from(message.processing.is_some());
        note(batch, key, Some(ToStore::Message(message)));
        Some(changed)
    }

    /// Takes one away. Its tombstone stays if callbacks may come for it.
    pub(crate) fn remove(&mut self, batch: &mut Batch, key: MessageKey<'_>, tombstone: Tombstone) {
        let Some(channel) = self.channels.get_mut(key.channel_arn) else { return };
        let Some(place) = channel.places.remove(key.message_id) else { return };
        if let Some((_, message)) = channel.messages.remove(&place) {
            self.processing -= u64::from(message.processing.is_some());
        }
        if tombstone.steps.is_empty() {
            note(batch, key, None);
        } else {
            note(batch, key, Some(ToStore::Tombstone(&tombstone)));
            channel.tombstones.insert(key.message_id.into(), tombstone);
        }
    }

    /// Takes away all that a channel has.
    pub(crate) fn remove_channel(&mut self, batch: &mut Batch, channel_arn: &str) {
        let Some(channel) = self.channels.remove(channel_arn) else { return };
        for message_id in channel.places.keys().map(|id| &**id).chain(channel.tombstones.keys().map(|id| &**id)) {
            note(batch, MessageKey { channel_arn, message_id }, None);
        }
        self.processing -= count_processing(channel.messages.values().map(|(_, message)| message));
    }

    /// Loads an entry of the data file; `false` if it cannot be read.
    pub(crate) fn load(&mut self, key: &str, value: &[u8]) -> bool {
        let Some((channel_arn, message_id)) = key.rsplit_once(' ') else { return false };
        let key = MessageKey { channel_arn, message_id };
        match serde_json::from_slice(value) {
            Ok(Stored::Message(mut message)) => {
                message.sender = self.sender((*message.sender).clone());
                self.next_sequence = self.next_sequence.max(message.sequence);
                self.insert(key, *message);
            }
            Ok(Stored::Tombstone(tombstone)) => {
                self.channels
                    .entry(channel_arn.to_owned())
                    .or_default()
                    .tombstones
                    .insert(message_id.into(), tombstone);
            }
            Err(_) => return false,
        }
        true
    }

    fn insert(&mut self, key: MessageKey<'_>, message: Message) {
        if !self.channels.contains_key(key.channel_arn) {
            self.channels.insert(key.channel_arn.to_owned(), OfChannel::default());
        }
        let Some(channel) = self.channels.get_mut(key.channel_arn) else { return };
        let id: Arc<str> = key.message_id.into();
        let place = Place::of(&message);
        self.processing += u64::from(message.processing.is_some());
        channel.places.insert(Arc::clone(&id), place);
        if let Some((_, before)) = channel.messages.insert(place, (id, message)) {
            self.processing -= u64::from(before.processing.is_some());
        }
    }
}

fn count_processing<'a>(messages: impl Iterator<Item = &'a Message>) -> u64 {
    messages.map(|message| u64::from(message.processing.is_some())).sum()
}

fn note(batch: &mut Batch, key: MessageKey<'_>, value: Option<ToStore<'_>>) {
    if batch.is_durable() {
        let value = value.map(|value| serde_json::to_vec(&value).expect("messages have nothing that JSON has not"));
        batch.changes.push(Change { table: TABLE, key: format!("{} {}", key.channel_arn, key.message_id), value });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// As versions before this one wrote them.
    #[test]
    fn a_data_file_keeps_its_form() {
        let tombstone = json!({ "Past": { "status": "DENIED", "steps": [] } });
        let processing = json!({
            "update": true,
            "fields": { "Content": "after" },
            "processors": [],
            "position": 0,
            "callback_id": "8f0d8a52-4f2b-4a0e-9a4e-000000000001",
            "since": { "secs_since_epoch": 1, "nanos_since_epoch": 0 },
            "said": { "secs_since_epoch": 1, "nanos_since_epoch": 0 },
        });
        let time = json!({ "secs_since_epoch": 1, "nanos_since_epoch": 0 });
        let message = json!({ "Message": {
            "sequence": 1, "sender": { "Arn": "a", "Name": "A" }, "kind": "STANDARD", "persistence": "PERSISTENT",
            "target": null, "fields": { "Content": "before" }, "created": time, "last_updated": time, "last_edited": null,
            "redacted": false, "status": "SENT", "processing": processing, "steps": [],
        } });
        let mut table = MessageTable::default();
        assert!(table.load("c t", tombstone.to_string().as_bytes()));
        assert!(table.load("c m", message.to_string().as_bytes()));
        let tombstone_again = table.tombstone(MessageKey { channel_arn: "c", message_id: "t" }).unwrap();
        assert_eq!(serde_json::to_value(ToStore::Tombstone(tombstone_again)).unwrap(), tombstone);
        let message_again = table.get(MessageKey { channel_arn: "c", message_id: "m" }).unwrap();
        assert_eq!(serde_json::to_value(ToStore::Message(message_again)).unwrap(), message);
    }
}
