//! How many steps ended in which way.

use super::step::Outcome;

/// The number of steps with each outcome, and of lines that cannot be used.
#[derive(Default)]
pub(super) struct Summary {
    pub(super) same: u64,
    pub(super) changed: u64,
    pub(super) undecided: u64,
    pub(super) decided: u64,
    pub(super) skipped: u64,
    pub(super) unusable: u64,
}

impl Summary {
    pub(super) fn count(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Same => &mut self.same,
            Outcome::Changed => &mut self.changed,
            Outcome::Undecided => &mut self.undecided,
            Outcome::Decided => &mut self.decided,
            Outcome::Skipped => &mut self.skipped,
        } += 1;
    }

    pub(super) fn of(&self, outcome: Outcome) -> u64 {
        match outcome {
            Outcome::Same => self.same,
            Outcome::Changed => self.changed,
            Outcome::Undecided => self.undecided,
            Outcome::Decided => self.decided,
            Outcome::Skipped => self.skipped,
        }
    }
}
