//! The presence in the metadata of a channel.

use channel_flow::limits;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::status::Status;

/// The field that clients read.
const PRESENCE: &str = "Presence";

/// The metadata of a channel, as AWS's chat demo reads it: `{"Presence":[{"u":"alice","s":"Cu|Busy"}]}`, beside other
/// fields, which stay.
#[derive(Debug)]
pub(crate) struct ChannelPresence {
    others: Map<String, Value>,
    entries: Vec<Entry>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Entry {
    /// The id of a user.
    u: String,
    /// The status.
    s: String,
    /// When the message with the status was sent, in milliseconds. The demo has no such field, and does not mind it.
    #[serde(default)]
    t: u64,
}

impl ChannelPresence {
    /// Returns `None` if the metadata is used for something else than a JSON object with presence in it.
    pub(crate) fn read(metadata: Option<&str>) -> Option<Self> {
        let metadata = metadata.filter(|metadata| !metadata.trim().is_empty()).unwrap_or("{}");
        let mut others: Map<String, Value> = serde_json::from_str(metadata).ok()?;
        let entries = others.remove(PRESENCE).map(serde_json::from_value).transpose().ok()?;
        Some(Self { others, entries: entries.unwrap_or_default() })
    }

    /// Whether the user has this status. Nobody's automatic status is kept.
    pub(crate) fn has(&self, user: &str, status: &Status) -> bool {
        match self.entries.iter().find(|entry| entry.u == user) {
            Some(entry) => entry.s == status.as_str(),
            None => status.is_automatic(),
        }
    }

    /// Sets the status of a user, unless it is set already or a later message has set another. Returns whether anything has
    /// changed.
    pub(crate) fn set(&mut self, user: &str, status: &Status, sent: u64) -> bool {
        let is_later = self.entries.iter().any(|entry| entry.u == user && entry.t > sent);
        if is_later || self.has(user, status) {
            return false;
        }
        self.entries.retain(|entry| entry.u != user);
        if !status.is_automatic() {
            self.entries.push(Entry { u: user.to_owned(), s: status.as_str().to_owned(), t: sent });
        }
        true
    }

    /// The metadata, without the oldest entries if it is too long otherwise, or `None` if it is too long without any but the
    /// newest entry.
    pub(crate) fn into_metadata(mut self) -> Option<String> {
        self.entries.sort_by_key(|entry| entry.t);
        loop {
            let metadata = self.to_json();
            // A channel's metadata has the limit of a message's.
            if limits::METADATA.check(&metadata).is_ok() {
                return Some(metadata);
            }
            if self.entries.len() < 2 {
                return None;
            }
            self.entries.remove(0);
        }
    }

    fn to_json(&self) -> String {
        let mut fields = self.others.clone();
        let entries = serde_json::to_value(&self.entries).expect("texts and numbers serialize");
        fields.insert(PRESENCE.to_owned(), entries);
        Value::Object(fields).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::status_in;
    use channel_flow::testing;
    use proptest::prelude::*;

    fn status(status: &str) -> Status {
        let metadata = serde_json::json!({ "IsPresenceInfo": true, "Status": status }).to_string();
        status_in(&testing::message("").metadata(&metadata).build()).unwrap().unwrap()
    }

    fn read(metadata: &str) -> ChannelPresence {
        ChannelPresence::read(Some(metadata)).unwrap()
    }

    #[test]
    fn a_status_is_set_beside_what_is_there() {
        let mut presence = read(r#"{"Topic":{"x":[1]},"Presence":[{"u":"bob","s":"Wfh|Here"}]}"#);
        assert!(presence.set("alice", &status("Cu|Busy"), 5));
        assert!(presence.has("alice", &status("Cu|Busy")) && presence.has("bob", &status("Wfh|Here")));
        let metadata = presence.into_metadata().unwrap();
        let expected =
            r#"{"Presence":[{"s":"Wfh|Here","t":0,"u":"bob"},{"s":"Cu|Busy","t":5,"u":"alice"}],"Topic":{"x":[1]}}"#;
        assert_eq!(metadata, expected);
        assert!(ChannelPresence::read(None).unwrap().set("alice", &status("Cu|Busy"), 5));
    }

    #[test]
    fn the_same_and_an_older_status_change_nothing() {
        let mut presence = read(r#"{"Presence":[{"u":"alice","s":"Cu|Busy","t":5}]}"#);
        assert!(!presence.set("alice", &status("Cu|Busy"), 6));
        assert!(!presence.set("alice", &status("Cu|Away"), 4));
        assert!(!presence.set("alice", &status("Auto|Online"), 4));
        assert!(presence.set("alice", &status("Cu|Away"), 6));
    }

    #[test]
    fn an_automatic_status_removes_the_kept_one() {
        let mut presence = read(r#"{"Presence":[{"u":"alice","s":"Cu|Busy","t":5}]}"#);
        assert!(presence.set("alice", &status("Auto|Online"), 6));
        assert!(!presence.set("alice", &status("Auto|Idle"), 7));
        assert_eq!(presence.into_metadata().unwrap(), r#"{"Presence":[]}"#);
    }

    #[test]
    fn other_metadata_is_left_alone() {
        for metadata in ["busy", "[]", "7", r#"{"Presence":"all"}"#, r#"{"Presence":[{"u":"alice"}]}"#, "{"] {
            assert!(ChannelPresence::read(Some(metadata)).is_none(), "{metadata}");
        }
        let long = serde_json::json!({ "Topic": "x".repeat(1000) }).to_string();
        let mut presence = read(&long);
        presence.set("alice", &status("Cu|Busy"), 5);
        assert_eq!(presence.into_metadata(), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        /// However many people tell theirs, the newest status is kept and the metadata fits.
        #[test]
        fn the_oldest_entries_make_room(users in prop::collection::vec("[a-zé\"]{1,36}", 1..60)) {
            let mut metadata = r#"{"Topic":"x"}"#.to_owned();
            for (sent, user) in users.iter().enumerate() {
                let mut presence = read(&metadata);
                let busy = status(&format!("Cu|Busy {sent}"));
                prop_assert!(presence.set(user, &busy, sent as u64));
                metadata = presence.into_metadata().unwrap();
                prop_assert!(limits::METADATA.check(&metadata).is_ok());
                prop_assert!(read(&metadata).has(user, &busy));
            }
        }
    }
}
