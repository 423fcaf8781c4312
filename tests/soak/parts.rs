//! What a message makes the processor do, and what may come of it.

use channel_flow_emulator::{Decision, MessageState};
use fastrand::Rng;

/// What a message makes the processor do.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub(crate) content: &'static str,
    /// The decisions that can come of it, whatever goes wrong.
    pub(crate) can_end_in: &'static [Decision],
}

const CLEAN: Part = Part { content: "good morning", can_end_in: &[Decision::NoChange, Decision::Deny] };
/// Whatever happens, this must not be seen by anybody as it is.
const PROFANE: Part = Part { content: "oh shit", can_end_in: &[Decision::Update, Decision::Deny] };
const RETRIED: Part = Part { content: "try again once", can_end_in: &[Decision::Update, Decision::Deny] };

const fn failing(content: &'static str) -> Part {
    Part { content, can_end_in: &[Decision::Deny] }
}

const fn held(content: &'static str) -> Part {
    Part { content, can_end_in: &[Decision::NoChange, Decision::Update, Decision::Deny] }
}

const fn with_effect(content: &'static str) -> Part {
    Part { content, can_end_in: CLEAN.can_end_in }
}

/// What a processor can do wrong, with how many of 1,000 messages it does.
const WRONG: [(u32, Part); 11] = [
    (30, failing("fail")),
    (20, failing("panic")),
    (10, failing("panic with a number")),
    (10, failing("panic in a task")),
    (10, failing("update too much")),
    (3, failing("never finish")),
    (3, failing("spin")),
    (2, failing("sleep")),
    (4, failing("die")),
    (2, failing("abort")),
    (1, failing("stop")),
];

/// What needs the table, with how many of 1,000 messages do.
const REMEMBERED: [(u32, Part); 10] = [
    (60, held("hold")),
    (30, held("hold briefly")),
    (20, held("hold briefly, then release")),
    (6, held("hold, and die")),
    (40, with_effect("effect")),
    (5, with_effect("effect, and die before")),
    (5, with_effect("effect, and die after")),
    (20, with_effect("effect at most once")),
    (5, with_effect("effect at most once, and die before")),
    (5, with_effect("effect at most once, and die after")),
];

impl Part {
    /// Draws what a message makes the processor do, with the table if it may be used.
    pub(crate) fn draw(rng: &mut Rng, with_table: bool) -> Self {
        let remembered: &[_] = if with_table { &REMEMBERED } else { &[] };
        let mut draw = rng.u32(..1000);
        for (share, part) in WRONG.iter().chain(remembered) {
            if draw < *share {
                return *part;
            }
            draw -= share;
        }
        [CLEAN, CLEAN, PROFANE, RETRIED][rng.usize(..4)]
    }

    pub(crate) fn has_effect(self) -> bool {
        self.content.starts_with("effect")
    }

    pub(crate) fn has_effect_at_most_once(self) -> bool {
        self.content.starts_with("effect at most once")
    }

    /// Returns whether what came of a message is what can come of it.
    pub(crate) fn can_end_like(self, message: &MessageState) -> bool {
        message.decision().is_some_and(|decision| self.can_end_in.contains(&decision))
    }
}
