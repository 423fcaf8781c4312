//! Who answers for an event, the main path or the watchdog: the rules alone, without time and threads.
//!
//! The main path [begins](Protocol::begin) an event, tells that it is [decided](Protocol::decided), and asks whether it may
//! [answer](Protocol::answers). The watchdog [takes](Protocol::take) an event whose moment has come, and tells when it
//! [has answered](Protocol::answered). Whoever comes second is told so and does nothing more. Once one was taken, the
//! process is to end: [when nothing is open](Protocol::end).
//!
//! Both sides call this with a lock held; `tests` tries all the orders in which they can.

use std::collections::BTreeMap;

/// The events of one environment.
#[derive(Debug)]
pub(super) struct Protocol<E> {
    open: BTreeMap<Number, Open<E>>,
    next: Number,
    phase: Phase,
}

/// Names an event among those of its environment.
pub(super) type Number = u64;

/// What the main path is told when it comes with an event.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The event is the main path's.
    Yours,
    /// The watchdog has the event. Nothing more may be done about it.
    Lost,
}

/// When the watchdog looks at an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// The processor should have been stopped: an event that is not decided is stuck.
    Decision,
    /// The main path should have given up sending: an event that is still open is stuck, decided or not.
    Callback,
}

#[derive(Debug)]
enum Open<E> {
    Undecided(E),
    Decided(E),
    Taken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing was taken.
    Serving,
    /// Something was taken, so the process ends when nothing is open.
    Ending,
    /// The same, and no event begins any more.
    Closed,
}

impl<E> Default for Protocol<E> {
    fn default() -> Self {
        Self { open: BTreeMap::new(), next: 0, phase: Phase::Serving }
    }
}

impl<E> Protocol<E> {
    /// An event that came; `None` when the environment takes none any more. That one must not be answered: Lambda delivers
    /// it again.
    pub(super) fn begin(&mut self, event: E) -> Option<Number> {
        if self.phase == Phase::Closed {
            return None;
        }
        let number = self.next;
        self.next += 1;
        self.open.insert(number, Open::Undecided(event));
        Some(number)
    }

    /// The main path has a decision, which `note` writes into the event for the watchdog.
    pub(super) fn decided(&mut self, number: Number, note: impl FnOnce(&mut E)) -> Turn {
        match self.open.remove(&number) {
            Some(Open::Undecided(mut event) | Open::Decided(mut event)) => {
                note(&mut event);
                self.open.insert(number, Open::Decided(event));
                Turn::Yours
            }
            Some(Open::Taken) => {
                self.open.insert(number, Open::Taken);
                Turn::Lost
            }
            None => Turn::Lost,
        }
    }

    /// The main path gives an event up to the watchdog, for which `note` writes down when it is due. It does nothing more
    /// about it, whoever has it.
    pub(super) fn hands_over(&mut self, number: Number, note: impl FnOnce(&mut E)) {
        if let Some(Open::Undecided(event) | Open::Decided(event)) = self.open.get_mut(&number) {
            note(event);
        }
    }

    /// The main path wants to answer, or gives the event up.
    pub(super) fn answers(&mut self, number: Number) -> Turn {
        match self.open.remove(&number) {
            Some(Open::Undecided(_) | Open::Decided(_)) => Turn::Yours,
            Some(Open::Taken) => {
                self.open.insert(number, Open::Taken);
                Turn::Lost
            }
            None => Turn::Lost,
        }
    }

    /// A moment of the event has come. If it is stuck, it is the watchdog's from here on.
    pub(super) fn take(&mut self, number: Number, moment: Moment) -> Option<E> {
        let event = match (self.open.remove(&number)?, moment) {
            (Open::Undecided(event), _) | (Open::Decided(event), Moment::Callback) => event,
            (open @ (Open::Decided(_) | Open::Taken), _) => {
                self.open.insert(number, open);
                return None;
            }
        };
        self.open.insert(number, Open::Taken);
        if self.phase == Phase::Serving {
            self.phase = Phase::Ending;
        }
        Some(event)
    }

    /// The watchdog has answered for an event that it took.
    pub(super) fn answered(&mut self, number: Number) {
        self.open.remove(&number);
    }

    /// The events that the watchdog may have to take, and the moment that is next for each.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (Number, Moment, &E)> {
        self.open.iter().filter_map(|(number, open)| match open {
            Open::Undecided(event) => Some((*number, Moment::Decision, event)),
            Open::Decided(event) => Some((*number, Moment::Callback, event)),
            Open::Taken => None,
        })
    }

    /// Whether an event was taken, so that the process is to end.
    pub(super) fn is_ending(&self) -> bool {
        self.phase != Phase::Serving
    }

    /// No more events, if the process is to end.
    pub(super) fn close(&mut self) {
        if self.phase == Phase::Ending {
            self.phase = Phase::Closed;
        }
    }

    /// Whether the process ends now; then no event begins any more.
    pub(super) fn end(&mut self) -> bool {
        let ends = self.is_ending() && self.open.is_empty();
        if ends {
            self.close();
        }
        ends
    }
}

#[cfg(test)]
mod tests;
