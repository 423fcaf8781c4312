//! Client request tokens and the answers to their requests, so that a repeated request gets the same answer.

use crate::assumptions::CLIENT_REQUEST_TOKENS;
use crate::messaging::world::batch::Batch;
use crate::messaging::world::table::Table;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

/// The store's table of them.
pub(crate) const TABLE: &str = "client-request-tokens";

/// Requests that were done, by operation, caller and token.
#[derive(Debug)]
pub(crate) struct Tokens {
    done: Table<DoneRequest>,
    /// The same ones, the oldest first.
    by_age: BTreeSet<(SystemTime, String)>,
}

/// A request that was done.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct DoneRequest {
    /// The request, as a digest: content is kept in one place only.
    pub(crate) digest: String,
    pub(crate) answer: Value,
    pub(crate) at: SystemTime,
}

impl Tokens {
    pub(crate) fn new() -> Self {
        Self { done: Table::new(TABLE), by_age: BTreeSet::new() }
    }

    /// The request that was done under this key, unless that is longer ago than `lifetime`.
    pub(crate) fn get(&self, key: &str, now: SystemTime, lifetime: Duration) -> Option<&DoneRequest> {
        self.done.get(key).filter(|done| !is_old(done.at, now, lifetime))
    }

    /// Keeps a request that was done, and forgets those that are older than `lifetime` or too many.
    pub(crate) fn put(&mut self, batch: &mut Batch, key: String, request: DoneRequest, lifetime: Duration) {
        let now = request.at;
        self.forget(batch, &key);
        self.by_age.insert((now, key.clone()));
        self.done.put(batch, key, request);
        while let Some((at, oldest)) = self.by_age.first()
            && (is_old(*at, now, lifetime) || self.by_age.len() > CLIENT_REQUEST_TOKENS)
        {
            let oldest = oldest.clone();
            self.forget(batch, &oldest);
        }
    }

    fn forget(&mut self, batch: &mut Batch, key: &str) {
        if let Some(done) = self.done.remove(batch, key) {
            self.by_age.remove(&(done.at, key.to_owned()));
        }
    }

    pub(crate) fn load(&mut self, key: &str, value: &[u8]) -> bool {
        let loaded = self.done.load(key, value);
        if let Some(done) = self.done.get(key) {
            self.by_age.insert((done.at, key.to_owned()));
        }
        loaded
    }
}

fn is_old(at: SystemTime, now: SystemTime, lifetime: Duration) -> bool {
    now.duration_since(at).is_ok_and(|age| age > lifetime)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    const LIFETIME: Duration = Duration::from_secs(60);

    fn request(at: SystemTime) -> DoneRequest {
        DoneRequest { digest: "d".to_owned(), answer: Value::Null, at }
    }

    #[test]
    fn old_ones_are_forgotten() {
        let (mut tokens, mut batch) = (Tokens::new(), Batch::new(false));
        let later = UNIX_EPOCH + LIFETIME;
        tokens.put(&mut batch, "a".to_owned(), request(UNIX_EPOCH), LIFETIME);
        assert!(tokens.get("a", later, LIFETIME).is_some());
        assert!(tokens.get("a", later + Duration::from_millis(1), LIFETIME).is_none());
        tokens.put(&mut batch, "b".to_owned(), request(later + Duration::from_millis(1)), LIFETIME);
        assert_eq!((tokens.done.iter().count(), tokens.by_age.len()), (1, 1));
    }

    #[test]
    fn there_are_never_too_many() {
        let (mut tokens, mut batch) = (Tokens::new(), Batch::new(false));
        for at in 0..CLIENT_REQUEST_TOKENS as u64 + 2 {
            tokens.put(&mut batch, format!("{at:08}"), request(UNIX_EPOCH + Duration::from_nanos(at)), LIFETIME);
        }
        assert_eq!((tokens.done.iter().count(), tokens.by_age.len()), (CLIENT_REQUEST_TOKENS, CLIENT_REQUEST_TOKENS));
        let now = UNIX_EPOCH + Duration::from_secs(1);
        assert!(tokens.get("00000001", now, LIFETIME).is_none() && tokens.get("00000002", now, LIFETIME).is_some());
    }

    #[test]
    fn what_was_stored_is_known_again() {
        let (mut tokens, mut batch) = (Tokens::new(), Batch::new(true));
        tokens.put(&mut batch, "a".to_owned(), request(UNIX_EPOCH), LIFETIME);
        let [change] = &batch.changes[..] else { panic!("one change") };
        let mut again = Tokens::new();
        assert!(again.load(&change.key, change.value.as_deref().unwrap()));
        assert_eq!(again.get("a", UNIX_EPOCH, LIFETIME).unwrap().digest, "d");
        again.put(&mut batch, "b".to_owned(), request(UNIX_EPOCH + LIFETIME * 2), LIFETIME);
        assert_eq!((again.done.iter().count(), again.by_age.len()), (1, 1));
    }
}
