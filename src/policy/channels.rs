//! What is remembered of channels: of a limited number of them, those with messages most recently.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A value for each channel.
pub(super) struct Channels<V> {
    max: usize,
    entries: Mutex<Entries<V>>,
}

struct Entries<V> {
    by_arn: HashMap<String, Entry<V>>,
    /// Counts the uses, in place of a clock.
    uses: u64,
}

struct Entry<V> {
    value: Arc<V>,
    last_use: u64,
}

impl<V: Default> Channels<V> {
    pub(super) fn new(max: usize) -> Self {
        Self { max, entries: Mutex::new(Entries { by_arn: HashMap::new(), uses: 0 }) }
    }

    /// Returns the value of a channel, and creates it if there is none.
    pub(super) fn get(&self, channel_arn: &str) -> Arc<V> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let Entries { by_arn, uses } = &mut *entries;
        *uses += 1;
        if let Some(entry) = by_arn.get_mut(channel_arn) {
            entry.last_use = *uses;
            return entry.value.clone();
        }
        if by_arn.len() >= self.max {
            // The search costs far less than the load that follows.
            let oldest = by_arn.iter().min_by_key(|(_, entry)| entry.last_use).map(|(arn, _)| arn.clone());
            oldest.map(|oldest| by_arn.remove(&oldest));
        }
        let value = Arc::<V>::default();
        by_arn.insert(channel_arn.to_owned(), Entry { value: value.clone(), last_use: *uses });
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_channel_that_was_quiet_for_longest_is_forgotten() {
        let channels = Channels::<Mutex<u32>>::new(2);
        let set = |arn: &str, value| *channels.get(arn).lock().unwrap() = value;
        let get = |arn: &str| *channels.get(arn).lock().unwrap();
        set("a", 1);
        set("b", 2);
        assert_eq!(get("a"), 1);
        set("c", 3);
        assert_eq!((get("a"), get("c"), get("b")), (1, 3, 0));
        assert_eq!((get("a"), get("c")), (0, 0));
        assert_eq!(channels.entries.lock().unwrap().by_arn.len(), 2);
    }
}
