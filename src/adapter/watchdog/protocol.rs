//! The rules that decide whether the main path or the watchdog answers for an event, without time and threads.
//!
//! The main path [begins](Protocol::begin) an event, reports that the event is [decided](Protocol::decided), and asks
//! whether it may [answer](Protocol::answers). The watchdog [takes](Protocol::take) an event that is due, and reports
//! when it [has answered](Protocol::answered). The side that comes second is told so and does nothing more. Once an
//! event was taken, the process has to end [when no event is open](Protocol::end).
//!
//! Both sides call this module with a lock held; `tests` tries all the orders in which they can.

use std::collections::BTreeMap;

/// The events of one environment.
#[derive(Debug)]
pub(super) struct Protocol<E> {
    open: BTreeMap<Number, Open<E>>,
    next: Number,
    phase: Phase,
}

/// Identifies an event in its environment.
pub(super) type Number = u64;

/// The reply to the main path when it acts on an event.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The event belongs to the main path.
    Yours,
    /// The watchdog has the event. The main path must do nothing more about it.
    Lost,
}

/// When the watchdog looks at an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// The processor should have been stopped: an undecided event is stuck.
    Decision,
    /// The main path should have stopped sending: an event that is still open is stuck, decided or not.
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
    /// No event was taken.
    Serving,
    /// An event was taken, so the process ends when no event is open.
    Ending,
    /// The same, and no more events begin.
    Closed,
}

impl<E> Default for Protocol<E> {
    fn default() -> Self {
        Self { open: BTreeMap::new(), next: 0, phase: Phase::Serving }
    }
}

impl<E> Protocol<E> {
    /// Begins an event. Returns `None` if the environment accepts no more events. Such an event must not be answered:
    /// Lambda redelivers it.
    pub(super) fn begin(&mut self, event: E) -> Option<Number> {
        if self.phase == Phase::Closed {
            return None;
        }
        let number = self.next;
        self.next += 1;
        self.open.insert(number, Open::Undecided(event));
        Some(number)
    }

    /// Records that the main path has a decision. `note` writes the decision into the event for the watchdog.
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

    /// Hands an event over to the watchdog. `note` records when the event is due. The main path does nothing more about
    /// the event, whichever side has it.
    pub(super) fn hands_over(&mut self, number: Number, note: impl FnOnce(&mut E)) {
        if let Some(Open::Undecided(event) | Open::Decided(event)) = self.open.get_mut(&number) {
            note(event);
        }
    }

    /// Ends the event for the main path, which wants to answer it or gives it up.
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

    /// Takes an event that is due. If the event is stuck, it belongs to the watchdog from here on.
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

    /// Records that the watchdog has answered for an event that it took.
    pub(super) fn answered(&mut self, number: Number) {
        self.open.remove(&number);
    }

    /// Returns the events that the watchdog may have to take, and the next moment of each.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (Number, Moment, &E)> {
        self.open.iter().filter_map(|(number, open)| match open {
            Open::Undecided(event) => Some((*number, Moment::Decision, event)),
            Open::Decided(event) => Some((*number, Moment::Callback, event)),
            Open::Taken => None,
        })
    }

    /// Returns whether an event was taken, so that the process has to end.
    pub(super) fn is_ending(&self) -> bool {
        self.phase != Phase::Serving
    }

    /// Accepts no more events if the process has to end.
    pub(super) fn close(&mut self) {
        if self.phase == Phase::Ending {
            self.phase = Phase::Closed;
        }
    }

    /// Returns whether the process ends now. If it does, no more events begin.
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
