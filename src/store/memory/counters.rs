//! Counters in the memory of the process.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::SystemTime;

use super::{MemoryStore, StoreAway};
use crate::store::counters::{Addition, Counter, CounterStore, Mark};

/// The ids of how many additions a counter knows.
const RECENT: usize = 8;

/// All counters, by their keys.
#[derive(Default)]
pub(super) struct Counters {
    by_key: HashMap<String, Kept>,
    /// With how many counters those that are not needed are looked for.
    sweep_at: usize,
}

struct Kept {
    slots: BTreeMap<u64, u64>,
    marks: BTreeMap<String, SetMark>,
    recent: VecDeque<String>,
    keep_until: SystemTime,
}

struct SetMark {
    until: SystemTime,
    id: String,
}

impl Counters {
    /// Returns a counter to write to. The ones that nobody needs leave, so that a process which runs for long does not grow.
    fn open(&mut self, key: &str, at: SystemTime, keep_until: SystemTime) -> &mut Kept {
        if self.by_key.len() >= self.sweep_at {
            self.by_key.retain(|_, kept| kept.keep_until >= at);
            self.sweep_at = (self.by_key.len() * 2).max(1_024);
        }
        let kept = self.by_key.entry(key.to_owned()).or_insert_with(|| Kept {
            slots: BTreeMap::new(),
            marks: BTreeMap::new(),
            recent: VecDeque::new(),
            keep_until,
        });
        kept.keep_until = kept.keep_until.max(keep_until);
        kept
    }
}

impl Kept {
    fn add(&mut self, addition: &Addition<'_>) {
        if self.recent.iter().any(|id| id == addition.id) {
            return;
        }
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(addition.id.to_owned());
        for &(slot, count) in &addition.slots {
            let slot = self.slots.entry(slot).or_default();
            *slot = slot.saturating_add(count);
        }
        self.slots = self.slots.split_off(&addition.first_slot);
    }

    fn counter(&self) -> Counter {
        let marks = self.marks.iter().map(|(name, mark)| (name.clone(), mark.until));
        Counter::new(self.slots.clone(), marks)
    }
}

impl CounterStore for MemoryStore {
    type Error = StoreAway;

    async fn add(&self, addition: &Addition<'_>) -> Result<Counter, StoreAway> {
        let mut state = self.state()?;
        let kept = state.counters.open(addition.key, addition.at, addition.keep_until);
        kept.add(addition);
        Ok(kept.counter())
    }

    async fn counter(&self, key: &str) -> Result<Counter, StoreAway> {
        let state = self.state()?;
        Ok(state.counters.by_key.get(key).map(Kept::counter).unwrap_or_default())
    }

    async fn mark(&self, mark: &Mark<'_>) -> Result<bool, StoreAway> {
        let mut state = self.state()?;
        let kept = state.counters.open(mark.key, mark.at, mark.keep_until);
        match kept.marks.get(mark.name) {
            Some(set) if set.until > mark.at && set.id != mark.id => Ok(false),
            _ => {
                let set = SetMark { until: mark.until, id: mark.id.to_owned() };
                kept.marks.insert(mark.name.to_owned(), set);
                Ok(true)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::counters_contract;
    use std::time::Duration;

    #[tokio::test]
    async fn the_contract_holds() {
        counters_contract(&MemoryStore::new()).await;
    }

    #[tokio::test]
    async fn a_store_that_is_away_fails() {
        let store = MemoryStore::new();
        store.set_away(true);
        let now = SystemTime::UNIX_EPOCH;
        assert!(store.add(&Addition::new("key", "id", now, vec![(1, 1)], now)).await.is_err());
        assert!(store.counter("key").await.is_err());
        assert!(store.mark(&Mark::new("key", "mark", "id", now, now)).await.is_err());
        store.set_away(false);
        assert_eq!(store.counter("key").await, Ok(Counter::default()));
    }

    #[tokio::test]
    async fn counters_that_nobody_needs_leave() {
        let store = MemoryStore::new();
        for second in 0..10_000 {
            let (key, at) = (second.to_string(), SystemTime::UNIX_EPOCH + Duration::from_secs(second));
            store.add(&Addition::new(&key, "id", at, vec![(1, 1)], at + Duration::from_secs(10))).await.unwrap();
        }
        assert!(store.state().unwrap().counters.by_key.len() <= 1_024);
    }
}
