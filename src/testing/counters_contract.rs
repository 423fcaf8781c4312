//! What a store of counters must do.

use std::time::{Duration, SystemTime};

use crate::store::{Addition, Counter, CounterStore, Mark};

/// Checks that a store does what [`CounterStore`] says, in keys that begin with `contract-`. The store must not have counters
/// with such keys before.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use channel_flow::store::MemoryStore;
/// use channel_flow::testing;
///
/// testing::counters_contract(&MemoryStore::new()).await;
/// # });
/// ```
///
/// # Panics
///
/// Panics with a message that says what the store did wrong.
pub async fn counters_contract(store: &impl CounterStore) {
    Contract { store }.check().await;
}

struct Contract<'a, S> {
    store: &'a S,
}

/// In the present, so that a store which removes what is over by its own clock keeps it.
fn now() -> SystemTime {
    SystemTime::now()
}

fn later(seconds: u64) -> SystemTime {
    now() + Duration::from_secs(seconds)
}

fn unwrap<T, E: Into<Box<dyn std::error::Error + Send + Sync>>>(result: Result<T, E>, what: &str) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{what} failed: {}", error.into()),
    }
}

impl<S: CounterStore> Contract<'_, S> {
    async fn check(&self) {
        self.counts().await;
        self.forgets().await;
        self.repeats().await;
        self.races().await;
        self.marks().await;
        self.marks_race().await;
    }

    async fn add(&self, key: &str, id: &str, slots: &[(u64, u64)], first_slot: u64) -> Counter {
        let addition = Addition::new(key, id, now(), slots.to_vec(), later(3_600)).first_slot(first_slot);
        unwrap(self.store.add(&addition).await, "an addition")
    }

    async fn counter(&self, key: &str) -> Counter {
        unwrap(self.store.counter(key).await, "a read")
    }

    async fn mark(&self, key: &str, name: &str, id: &str, at: SystemTime, until: SystemTime) -> bool {
        let mark = Mark::new(key, name, id, at, until).keep_until(later(3_600));
        unwrap(self.store.mark(&mark).await, "a mark")
    }

    async fn counts(&self) {
        let key = "contract-counts";
        assert_eq!(self.counter(key).await, Counter::default(), "a counter to which nothing was added is not empty");
        let slot = 1_780_000_000;
        let first = self.add(key, "first", &[(slot, 1)], slot - 10).await;
        assert_eq!(first.count_in(slot..=slot), 1, "the first addition is not in the answer");
        let second = self.add(key, "second", &[(slot, 2), (slot + 3, 5)], slot - 10).await;
        assert_eq!(second.count_in(slot..=slot), 3, "an addition does not add to what was there");
        assert_eq!(second.count_in(slot + 1..=slot + 3), 5, "the second slot of an addition is not there");
        assert_eq!(second.count_in(0..=slot - 1), 0, "there is a count in a slot to which nothing was added");
        assert_eq!(self.counter(key).await, second, "a read shows another counter than the last write");
        let other = self.add("contract-counts-other", "first", &[(slot, 1)], slot - 10).await;
        assert_eq!(other.count_in(0..=u64::MAX), 1, "two keys share a counter");
        let large = self.add(key, "large", &[(u64::from(u32::MAX) * 1_000, 1_000_000_000)], slot).await;
        assert_eq!(large.count_in(0..=u64::MAX), 1_000_000_008, "large numbers are not counted");
    }

    async fn forgets(&self) {
        let key = "contract-forgets";
        // A quiet sender: each message finds the slots of the one before over.
        for message in 0..200_u64 {
            let slot = 1_000 + message * 100;
            let counter = self.add(key, &format!("message-{message}"), &[(slot, 1)], slot - 20).await;
            assert_eq!(counter.count_in(slot - 20..=slot), 1, "slots that are over count in slots that are not");
        }
        let left = self.counter(key).await.count_in(0..=u64::MAX);
        assert!(left <= 100, "of 200 slots, of which 199 are over, {left} are still there");
    }

    async fn repeats(&self) {
        let key = "contract-repeats";
        self.add(key, "before", &[(7, 1)], 0).await;
        let first = self.add(key, "same", &[(7, 2), (8, 1)], 0).await;
        let again = self.add(key, "same", &[(7, 2), (8, 1)], 0).await;
        assert_eq!(again, first, "an addition that is repeated is added twice");
        let after = self.add(key, "after", &[(8, 1)], 0).await;
        assert_eq!(after.count_in(0..=8), 5, "an addition after a repeated one is not added");
        let other = self.add("contract-repeats-other", "after", &[(8, 1)], 0).await;
        assert_eq!(other.count_in(0..=8), 1, "an id of one counter counts for another");
    }

    async fn races(&self) {
        let key = "contract-races";
        let add = |id: &'static str| async move { self.add(key, id, &[(3, 1)], 0).await.count_in(0..=u64::MAX) };
        let (a, b, c, d) = tokio::join!(add("a"), add("b"), add("c"), add("d"));
        let mut seen = [a, b, c, d];
        seen.sort_unstable();
        assert_eq!(seen, [1, 2, 3, 4], "additions that race see the same counter");
    }

    async fn marks(&self) {
        let key = "contract-marks";
        let (start, end) = (now(), later(60));
        let after = end + Duration::from_secs(1);
        assert!(self.mark(key, "muted", "alice", start, end).await, "the first mark is not set");
        assert!(!self.mark(key, "muted", "bob", start, end).await, "a mark in force was set again");
        assert!(self.mark(key, "muted", "alice", start, end).await, "a repeated mark is not one's own");
        assert!(self.mark(key, "strike-3", "bob", start, end).await, "a mark stops one with another name");
        assert!(self.mark("contract-marks-other", "muted", "bob", start, end).await, "two keys share a mark");
        let counter = self.counter(key).await;
        let until = counter.marked_until("muted").expect("a mark that was set is not in a read");
        let gap = end.duration_since(until).expect("a mark is in force for longer than it was set");
        assert!(gap < Duration::from_millis(1), "a mark is in force for {gap:?} less than it was set");
        assert_eq!(counter.marked_until("other"), None, "there is a mark that nobody set");
        let counted = self.add(key, "message", &[(5, 1)], 0).await;
        assert!(counted.marked_until("muted").is_some(), "an addition does not return the marks");
        assert_eq!(counted.count_in(0..=u64::MAX), 1, "a mark counts as an addition");
        assert!(
            self.mark(key, "muted", "bob", after, after + Duration::from_secs(60)).await,
            "a mark outlives its time"
        );
        assert!(!self.mark(key, "muted", "alice", after, after).await, "a mark that was set again is not in force");
    }

    async fn marks_race(&self) {
        let (start, end) = (now(), later(60));
        let mark = |id: &'static str| self.mark("contract-marks-race", "muted", id, start, end);
        let (a, b, c, d) = tokio::join!(mark("a"), mark("b"), mark("c"), mark("d"));
        let winners = [a, b, c, d].into_iter().filter(|won| *won).count();
        assert_eq!(winners, 1, "of those who set a mark at the same time, {winners} set it");
    }
}
