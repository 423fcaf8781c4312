//! What one environment has counted, and what it has not told the store.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::counting::Window;

/// Of how many counters an environment keeps its own counts: some megabytes at most.
const COUNTERS: usize = 4_096;

/// What the environment has counted itself, of each counter.
pub(super) struct OwnCounts {
    window: Window,
    by_key: Mutex<ByKey>,
}

#[derive(Default)]
struct ByKey {
    counters: HashMap<String, OwnCount>,
    /// When counters that are over were looked for.
    swept_at: Option<SystemTime>,
}

#[derive(Default)]
struct OwnCount {
    slots: BTreeMap<u64, Tally>,
    muted_until: Option<SystemTime>,
    /// The slot in which the store was last asked.
    asked: Option<u64>,
}

#[derive(Clone, Copy, Default)]
struct Tally {
    counted: u64,
    /// How many of them the store was not told.
    held_back: u64,
}

/// Which messages the store is told of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sharing {
    /// Each message.
    Each,
    /// Those of a sender of whom this environment has counted more than its share.
    Above {
        share: u64,
        /// Whether the store is asked once in a window.
        asks: bool,
    },
    /// None: there is no other environment.
    Alone {
        /// Whether the store is asked about a sender who is new.
        asks: bool,
    },
}

/// What the environment knows of a counter, with the message that it has just counted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Own {
    /// How many messages it has counted within the window.
    pub(super) counted: u64,
    /// How many of them the store is not told, now or before.
    pub(super) held_back: u64,
    /// What the store is told now.
    pub(super) report: Vec<(u64, u64)>,
    /// Whether the store is asked, if it is not told anything.
    pub(super) asks: bool,
}

impl OwnCounts {
    pub(super) fn new(window: Window) -> Self {
        Self { window, by_key: Mutex::default() }
    }

    /// Counts a message, unless it was counted before.
    ///
    /// The count and what is taken from it for the store are one: a message that is processed at the same time finds either
    /// both or none.
    pub(super) fn count(&self, key: &str, at: SystemTime, is_new: bool, sharing: Sharing) -> Own {
        let slot = self.window.slot(at);
        let mut by_key = self.lock();
        let Some(count) = by_key.open(key, at, self.window) else {
            // There is no room, so the store has to count it.
            return Own { counted: u64::from(is_new), held_back: 0, report: vec![(slot, 1)], asks: false };
        };
        count.slots = count.slots.split_off(&self.window.first_kept(at));
        if is_new {
            let tally = count.slots.entry(slot).or_default();
            tally.counted += 1;
            tally.held_back += 1;
        }
        let window = self.window.slots(at);
        let counted = count.slots.range(window.clone()).map(|(_, tally)| tally.counted).sum();
        let reports = match sharing {
            Sharing::Each => true,
            Sharing::Above { share, .. } => counted > share,
            Sharing::Alone { .. } => false,
        };
        let report = if reports { count.take_report() } else { Vec::new() };
        let held_back = count.slots.range(window.clone()).map(|(_, tally)| tally.held_back).sum();
        let asks = match sharing {
            // What was counted before needs no second addition.
            Sharing::Each => true,
            Sharing::Above { asks, .. } => {
                reports || (asks && count.asked.is_none_or(|asked| !window.contains(&asked)))
            }
            Sharing::Alone { asks } => asks && count.asked.is_none(),
        };
        if asks {
            count.asked = Some(slot);
        }
        Own { counted, held_back, report, asks }
    }

    pub(super) fn muted_until(&self, key: &str) -> Option<SystemTime> {
        self.lock().counters.get(key)?.muted_until
    }

    /// Remembers a mute, if there is room.
    pub(super) fn mute(&self, key: &str, at: SystemTime, until: SystemTime) {
        if let Some(count) = self.lock().open(key, at, self.window) {
            count.muted_until = Some(until);
        }
    }

    fn lock(&self) -> MutexGuard<'_, ByKey> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ByKey {
    /// Returns the count of a counter, or `None` if there is no room for another one.
    fn open(&mut self, key: &str, at: SystemTime, window: Window) -> Option<&mut OwnCount> {
        if !self.counters.contains_key(key) {
            if self.counters.len() >= COUNTERS {
                self.sweep(at, window);
            }
            if self.counters.len() >= COUNTERS {
                return None;
            }
            self.counters.insert(key.to_owned(), OwnCount::default());
        }
        self.counters.get_mut(key)
    }

    /// Removes the counters that are over, at most once in a slot: it looks at each of them.
    fn sweep(&mut self, at: SystemTime, window: Window) {
        if self.swept_at.is_some_and(|swept_at| window.slot(swept_at) == window.slot(at)) {
            return;
        }
        self.swept_at = Some(at);
        let first = window.first_kept(at);
        self.counters.retain(|_, count| {
            count.slots.last_key_value().is_some_and(|(slot, _)| *slot >= first)
                || count.muted_until.is_some_and(|until| until > at)
        });
    }
}

impl OwnCount {
    /// Takes what the store was not told.
    fn take_report(&mut self) -> Vec<(u64, u64)> {
        let untold = self.slots.iter_mut().filter(|(_, tally)| tally.held_back > 0);
        untold.map(|(slot, tally)| (*slot, std::mem::take(&mut tally.held_back))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const WINDOW: Duration = Duration::from_secs(10);

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 + second)
    }

    fn counts() -> OwnCounts {
        OwnCounts::new(Window::new(WINDOW))
    }

    #[test]
    fn each_message_is_told_once() {
        let counts = counts();
        let own = counts.count("alice", at(0), true, Sharing::Each);
        assert_eq!(own, Own { counted: 1, held_back: 0, report: vec![(1_000, 1)], asks: true });
        let again = counts.count("alice", at(0), false, Sharing::Each);
        assert_eq!(again, Own { counted: 1, held_back: 0, report: Vec::new(), asks: true });
    }

    #[test]
    fn a_share_is_held_back_until_it_is_too_small() {
        let (counts, sharing) = (counts(), Sharing::Above { share: 2, asks: false });
        for second in 0..2 {
            let own = counts.count("alice", at(second), true, sharing);
            assert_eq!(own, Own { counted: second + 1, held_back: second + 1, report: Vec::new(), asks: false });
        }
        let own = counts.count("alice", at(2), true, sharing);
        let report = vec![(1_000, 1), (1_001, 1), (1_002, 1)];
        assert_eq!(own, Own { counted: 3, held_back: 0, report, asks: true });
        assert_eq!(counts.count("alice", at(3), true, sharing).report, [(1_003, 1)]);
        // The window has passed on.
        assert_eq!(counts.count("alice", at(40), true, sharing).held_back, 1);
        assert_eq!(counts.count("bob", at(3), true, sharing).counted, 1);
    }

    #[test]
    fn the_store_is_asked_once_in_a_window() {
        let (counts, sharing) = (counts(), Sharing::Above { share: 5, asks: true });
        let asks = |second, sharing| counts.count("alice", at(second), true, sharing).asks;
        assert!(asks(0, sharing) && !asks(10, sharing) && asks(11, sharing));
        let alone = Sharing::Alone { asks: true };
        assert!(!asks(30, alone));
        assert!(counts.count("bob", at(0), true, alone).asks);
        assert!(!counts.count("bob", at(60), true, alone).asks);
    }

    #[test]
    fn without_room_the_store_counts() {
        let (counts, sharing) = (counts(), Sharing::Above { share: 5, asks: false });
        for number in 0..COUNTERS {
            counts.count(&number.to_string(), at(0), true, sharing);
        }
        assert_eq!(counts.count("alice", at(15), true, sharing).report, [(1_015, 1)]);
        assert_eq!(counts.count("0", at(15), true, sharing).report, []);
        assert_eq!(counts.count("alice", at(21), true, sharing).report, []);
        assert_eq!(counts.lock().counters.len(), 2);
    }
}
