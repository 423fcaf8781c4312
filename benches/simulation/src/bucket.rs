//! A token bucket: what Lambda and the messaging service limit rates with.

use crate::assumptions::{Micros, SECOND};

pub(crate) struct Bucket {
    tokens: f64,
    capacity: f64,
    per_second: f64,
    at: Micros,
}

impl Bucket {
    /// A full one.
    pub(crate) fn new(per_second: f64, capacity: f64) -> Self {
        Self { tokens: capacity, capacity, per_second, at: 0 }
    }

    pub(crate) fn take(&mut self, now: Micros) -> bool {
        let passed = now.saturating_sub(self.at) as f64 / SECOND as f64;
        self.tokens = self.capacity.min(self.tokens + passed * self.per_second);
        self.at = now;
        let takes = self.tokens >= 1.0;
        if takes {
            self.tokens -= 1.0;
        }
        takes
    }
}
