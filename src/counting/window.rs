//! A span of time that slides along in slots.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

/// The slots in a window.
const SLOTS: u64 = 10;

/// How much longer than it is needed a counter stays: time enough for messages that come late, and for clocks that differ.
const MARGIN: Duration = Duration::from_secs(3_600);

/// A span of time that slides along in slots of a tenth of it.
///
/// It takes whole slots: the current one and the ten before. So it is never shorter than it was set, and longer by less than a
/// slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    length: Duration,
    slot_ms: u64,
}

impl Window {
    /// A window has at least 10 ms.
    pub(crate) fn new(length: Duration) -> Self {
        let ms = u64::try_from(length.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        Self { length, slot_ms: ms.div_ceil(SLOTS).max(1) }
    }

    pub(crate) fn length(self) -> Duration {
        self.length
    }

    pub(crate) fn slot_ms(self) -> u64 {
        self.slot_ms
    }

    /// Returns the number of the slot of a time.
    pub(crate) fn slot(self, at: SystemTime) -> u64 {
        let since_1970 = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX) / self.slot_ms
    }

    /// Returns the slots of the window that ends at this time.
    pub(crate) fn slots(self, at: SystemTime) -> RangeInclusive<u64> {
        let slot = self.slot(at);
        slot.saturating_sub(SLOTS)..=slot
    }

    /// Returns the first slot that is kept at this time. That is a window more than counts, for the sake of messages that
    /// are processed late.
    pub(crate) fn first_kept(self, at: SystemTime) -> u64 {
        self.slot(at).saturating_sub(2 * SLOTS)
    }

    /// Returns until when a counter is needed that counts something now and has marks of this length.
    pub(crate) fn keep_until(self, at: SystemTime, marks: Duration) -> SystemTime {
        let times = [self.length.saturating_mul(2), marks, MARGIN];
        times.into_iter().try_fold(at, |at, time| at.checked_add(time)).unwrap_or(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(ms)
    }

    proptest! {
        /// The error of the window: what is younger than it counts, and what is older by more than a slot does not.
        #[test]
        fn a_window_is_as_long_as_it_was_set_or_up_to_a_slot_longer(length in 1..200_000_u64, now in 1_000_000..100_000_000_u64, age in 0..400_000_u64) {
            let window = Window::new(Duration::from_millis(length));
            let counts = window.slots(at(now)).contains(&window.slot(at(now - age)));
            let slot = length.div_ceil(10);
            prop_assert_eq!(window.slot_ms(), slot);
            // A slot is rounded up to a millisecond.
            let shortest = length;
            let longest = slot * 11;
            prop_assert!(counts || age >= shortest, "{} ms old", age);
            prop_assert!(!counts || age < longest, "{} ms old", age);
        }
    }

    #[test]
    fn no_window_is_too_short_or_too_long() {
        assert_eq!(Window::new(Duration::ZERO).slot_ms(), 1);
        let endless = Window::new(Duration::MAX);
        assert_eq!(endless.slots(at(1_000)), 0..=0);
        assert_eq!(endless.keep_until(at(1), Duration::MAX), at(1));
        assert_eq!(Window::new(Duration::from_secs(1)).slots(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), 0..=0);
    }
}
