//! The callbacks that an environment has seen lately.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

/// How many callbacks are remembered. A redelivery that the service causes comes within a second.
const REMEMBERED: usize = 256;

/// The callbacks that this environment has seen lately: the last 256.
#[derive(Default)]
pub(crate) struct Recent {
    hasher: RandomState,
    /// Hashes, to be small. One in 10^17 is taken for another.
    seen: Mutex<VecDeque<u64>>,
}

impl Recent {
    /// Returns whether this callback is seen for the first time.
    pub(crate) fn is_new(&self, callback_id: &str) -> bool {
        let hash = self.hasher.hash_one(callback_id);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.contains(&hash) {
            return false;
        }
        if seen.len() == REMEMBERED {
            seen.pop_front();
        }
        seen.push_back(hash);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_callbacks_are_known() {
        let recent = Recent::default();
        assert!(recent.is_new("first") && !recent.is_new("first"));
        assert!((0..REMEMBERED).all(|number| recent.is_new(&number.to_string())));
        assert!(!recent.is_new("0") && recent.is_new("first"));
    }
}
