//! The time of the messaging service, which tests can move forward.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// The machine's time and an offset. Clones are the same clock.
///
/// Only the messaging service goes by it. Signatures are checked, and functions run, by the machine's time, since clients and
/// processes know no other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    /// How far it is ahead of the machine's time, in milliseconds.
    ahead: Arc<AtomicU64>,
}

impl Clock {
    pub(crate) fn now(&self) -> SystemTime {
        let ahead = Duration::from_millis(self.ahead.load(Ordering::Relaxed));
        SystemTime::now() + ahead
    }

    /// Moves it forward, by whole milliseconds; `false`, and nothing done, if the year would have five digits.
    pub(crate) fn advance(&self, by: Duration) -> bool {
        let Ok(by) = u64::try_from(by.as_millis()) else { return false };
        let further = |ahead: u64| ahead.checked_add(by).filter(|ahead| *ahead < MOST);
        self.ahead.fetch_update(Ordering::Relaxed, Ordering::Relaxed, further).is_ok()
    }
}

/// Some 7,000 years. The times of the API have four digits for the year.
const MOST: u64 = 7_000 * 365 * 24 * 3_600_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_moves_forward_for_all_its_clones() {
        let clock = Clock::default();
        let (again, before) = (clock.clone(), clock.now());
        assert!(clock.advance(Duration::from_secs(48 * 3600)));
        assert!(again.now().duration_since(before).unwrap() >= Duration::from_secs(48 * 3600));
    }

    #[test]
    fn it_does_not_get_past_the_year_9999() {
        let clock = Clock::default();
        assert!(!clock.advance(Duration::MAX));
        assert!(!clock.advance(Duration::from_millis(MOST)));
        assert!(clock.advance(Duration::from_millis(MOST - 1)) && !clock.advance(Duration::from_millis(1)));
    }
}
