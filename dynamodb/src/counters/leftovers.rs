//! Slots that are over and still in an item.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Of how many counters they are remembered.
const COUNTERS: usize = 1_024;

/// Slots that are over and still in an item, as this environment saw them last. The next addition to the counter removes
/// them, so that no request is sent for that alone.
#[derive(Default)]
pub(crate) struct Leftovers(Mutex<HashMap<String, Vec<u64>>>);

impl Leftovers {
    /// Takes the slots of a counter that are before `first_slot`.
    pub(super) fn take(&self, key: &str, first_slot: u64) -> Vec<u64> {
        let mut over = self.lock().remove(key).unwrap_or_default();
        over.retain(|slot| *slot < first_slot);
        over
    }

    pub(super) fn remember(&self, key: &str, over: Vec<u64>) {
        if over.is_empty() {
            return;
        }
        let mut counters = self.lock();
        if counters.len() >= COUNTERS {
            // They are found again.
            counters.clear();
        }
        counters.insert(key.to_owned(), over);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<u64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
