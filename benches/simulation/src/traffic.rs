//! How many messages a second are sent, over time.

use crate::assumptions::{Micros, SECOND};
use crate::random::Random;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One rate for a minute.
    Steady,
    /// From nothing to the rate in a minute, then a minute at the rate.
    Ramp,
    /// Half a minute at the rate, half a minute at ten times the rate, a minute at the rate.
    Burst,
}

impl Shape {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Ramp => "ramp",
            Self::Burst => "burst",
        }
    }

    pub(crate) fn end(self) -> Micros {
        if self == Self::Steady { 60 * SECOND } else { 120 * SECOND }
    }

    /// The multiple of the rate at a moment.
    fn factor(self, now: Micros) -> f64 {
        match self {
            Self::Steady => 1.0,
            Self::Ramp => (now as f64 / (60 * SECOND) as f64).min(1.0),
            Self::Burst if (30 * SECOND..60 * SECOND).contains(&now) => 10.0,
            Self::Burst => 1.0,
        }
    }

    fn largest_factor(self) -> f64 {
        if self == Self::Burst { 10.0 } else { 1.0 }
    }

    /// The next moment at which a message is sent: a Poisson process, thinned to the rate of the moment.
    pub(crate) fn next(self, mut now: Micros, per_second: f64, random: &mut Random) -> Option<Micros> {
        let largest = self.largest_factor();
        let mut exact = now as f64;
        while now < self.end() {
            exact += -(1.0 - random.unit()).ln() / (per_second * largest) * SECOND as f64;
            now = exact.round() as Micros;
            if now < self.end() && random.unit() * largest < self.factor(now) {
                return Some(now);
            }
        }
        None
    }
}
