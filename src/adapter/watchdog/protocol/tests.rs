//! Tests all orders in which the main path and the watchdog can reach an event, as far as two events and their moments
//! produce them.
//!
//! Each model runs the parties on threads of [`loom`], which explores every way in which their turns can interleave. To
//! see the number of interleavings, run `cargo test -p channel-flow --lib watchdog::protocol -- --nocapture`.

use std::sync::atomic::{AtomicUsize, Ordering};

use loom::sync::{Arc, Mutex, MutexGuard};
use loom::thread;

use super::*;

/// The actions of a party on an event.
#[derive(Clone, Copy, Debug, Default)]
struct Deeds {
    begun: bool,
    refused: bool,
    answered_by_main: usize,
    answered_by_watchdog: usize,
    taken: bool,
    /// Whether the watchdog sent the decision of the main path.
    watchdog_sent_decision: bool,
    decided: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Event {
    name: usize,
    decided: bool,
}

#[derive(Default)]
struct World {
    protocol: Protocol<Event>,
    deeds: [Deeds; 2],
    ended: bool,
}

#[derive(Clone)]
struct Shared(Arc<Mutex<World>>);

/// How the main path treats an event.
#[derive(Clone, Copy)]
enum Main {
    /// Begins, decides, answers.
    Healthy,
    /// Begins and does not return from the processor.
    Stuck,
    /// Begins, decides, and does not get its callback out.
    StuckAfterDeciding,
    /// Begins, decides, gets no answer to its callback, and hands the event over to the watchdog.
    HandsOver,
    /// Begins, and answers with an error and without a decision.
    Fails,
}

impl Main {
    /// Returns whether only the watchdog can answer.
    fn is_stuck(self) -> bool {
        matches!(self, Self::Stuck | Self::StuckAfterDeciding | Self::HandsOver)
    }
}

impl Shared {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(World::default())))
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    /// Runs the main path with the event `name`.
    fn main(&self, name: usize, how: Main) {
        if let Some(number) = self.begin(name) {
            self.go_on(name, number, how);
        }
    }

    fn begin(&self, name: usize) -> Option<Number> {
        let mut world = self.world();
        let ended = world.ended;
        let number = world.protocol.begin(Event { name, decided: false });
        assert!(number.is_none() || !ended, "an event began after the end");
        world.deeds[name].begun = number.is_some();
        world.deeds[name].refused = number.is_none();
        number
    }

    fn go_on(&self, name: usize, number: Number, how: Main) {
        if matches!(how, Main::Stuck) {
            return;
        }
        if !matches!(how, Main::Fails) {
            let mut world = self.world();
            let turn = world.protocol.decided(number, |event| event.decided = true);
            if turn == Turn::Lost {
                return;
            }
            assert!(!world.deeds[name].taken, "a taken event was decided");
            world.deeds[name].decided = true;
        }
        if matches!(how, Main::StuckAfterDeciding) {
            return;
        }
        if matches!(how, Main::HandsOver) {
            // The event is due at once, which is one more order among those that are tried anyway.
            self.world().protocol.hands_over(number, |_| ());
            return;
        }
        let mut world = self.world();
        if world.protocol.answers(number) == Turn::Yours {
            assert!(!world.deeds[name].taken, "the main path answered for a taken event");
            assert!(!world.ended, "the process has ended before");
            world.deeds[name].answered_by_main += 1;
        }
    }

    /// Runs a moment of the watchdog, which takes the due events and answers them.
    fn moment(&self, moment: Moment) {
        let taken = self.take(moment);
        self.answer(taken);
    }

    fn take(&self, moment: Moment) -> Vec<(Number, Event)> {
        let mut world = self.world();
        let due: Vec<_> = world.protocol.waiting().map(|(number, next, _)| (number, next)).collect();
        // At the last moment, both kinds are due; at the first, only undecided events are.
        let due = due.into_iter().filter(|(_, next)| *next == moment || moment == Moment::Callback);
        let taken: Vec<_> =
            due.filter_map(|(number, next)| Some((number, world.protocol.take(number, next)?))).collect();
        for (_, event) in &taken {
            let deeds = &mut world.deeds[event.name];
            assert!(!deeds.taken && deeds.answered_by_main == 0, "taken after it was answered");
            assert_eq!(deeds.decided, event.decided, "the watchdog knows what was decided");
            deeds.taken = true;
        }
        taken
    }

    fn answer(&self, taken: Vec<(Number, Event)>) {
        for (number, event) in taken {
            let mut world = self.world();
            assert!(!world.ended, "the process ended while an event was open");
            world.deeds[event.name].answered_by_watchdog += 1;
            world.deeds[event.name].watchdog_sent_decision = event.decided;
            world.protocol.answered(number);
        }
    }

    /// The watchdog tries to end the process.
    fn end(&self) {
        let mut world = self.world();
        if world.protocol.end() {
            world.ended = true;
            for deeds in world.deeds.iter().filter(|deeds| deeds.begun) {
                assert_eq!(
                    deeds.answered_by_main + deeds.answered_by_watchdog,
                    1,
                    "ended with an open event: {deeds:?}"
                );
            }
        }
    }

    /// Checks the state after everything is over.
    fn check(&self, stuck: &[usize]) {
        let world = self.world();
        for (name, deeds) in world.deeds.iter().enumerate().filter(|(_, deeds)| deeds.begun) {
            assert_eq!(deeds.answered_by_main + deeds.answered_by_watchdog, 1, "{name}: {deeds:?}");
            assert_eq!(deeds.taken, deeds.answered_by_watchdog == 1, "{name}: {deeds:?}");
            assert!(!stuck.contains(&name) || deeds.taken, "{name}: {deeds:?}");
            assert_eq!(deeds.watchdog_sent_decision, deeds.taken && deeds.decided, "{name}: {deeds:?}");
        }
        let taken = world.deeds.iter().any(|deeds| deeds.taken);
        assert_eq!(world.protocol.is_ending(), taken);
        assert!(!world.ended || taken, "the process ended for nothing");
    }
}

/// Explores all interleavings of `model`, and checks that there are enough of them.
fn explore(name: &str, at_least: usize, model: impl Fn() + Send + Sync + 'static) {
    static ONE_AFTER_THE_OTHER: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = ONE_AFTER_THE_OTHER.lock();
    let explored = std::sync::Arc::new(AtomicUsize::new(0));
    let counter = explored.clone();
    loom::model(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let explored = explored.load(Ordering::Relaxed);
    println!("the watchdog's protocol, {name}: {explored} interleavings explored");
    assert!(explored >= at_least, "{name}: only {explored} interleavings, which is not all of them");
}

/// Models one event, both moments of the watchdog, and its end.
fn one_event(name: &str, at_least: usize, how: Main) {
    explore(name, at_least, move || {
        let shared = Shared::new();
        let main = thread::spawn({
            let shared = shared.clone();
            move || shared.main(0, how)
        });
        shared.moment(Moment::Decision);
        shared.end();
        shared.moment(Moment::Callback);
        shared.end();
        main.join().unwrap();
        // The moments of an event come after it has begun, however late that is.
        shared.moment(Moment::Callback);
        shared.end();
        shared.check(if how.is_stuck() { &[0] } else { &[] });
    });
}

#[test]
fn one_event_is_answered_once_whoever_comes_first() {
    one_event("an event that is decided", 100, Main::Healthy);
    one_event("an event that fails", 50, Main::Fails);
}

#[test]
fn one_event_that_is_stuck_is_answered_by_the_watchdog() {
    one_event("an event whose processor is stuck", 20, Main::Stuck);
    one_event("an event whose callback is stuck", 50, Main::StuckAfterDeciding);
    one_event("an event that is handed over", 100, Main::HandsOver);
}

/// Models two events at once in one environment, both begun, and the watchdog.
fn two_events(name: &str, at_least: usize, one: Main, other: Main) {
    explore(name, at_least, move || {
        let shared = Shared::new();
        let mains = [(0, one), (1, other)].map(|(event, how)| {
            let number = shared.begin(event).expect("nothing has ended yet");
            let shared = shared.clone();
            thread::spawn(move || shared.go_on(event, number, how))
        });
        shared.moment(Moment::Decision);
        shared.end();
        for main in mains {
            main.join().unwrap();
        }
        shared.moment(Moment::Callback);
        shared.end();
        let stuck = [(0, one), (1, other)].into_iter().filter(|(_, how)| how.is_stuck());
        shared.check(&stuck.map(|(event, _)| event).collect::<Vec<_>>());
    });
}

#[test]
fn two_events_are_each_answered_once() {
    two_events("two events that are decided", 5_000, Main::Healthy, Main::Healthy);
}

#[test]
fn an_event_beside_one_that_is_stuck_is_answered_once() {
    two_events("one that is decided, one that is stuck", 200, Main::Healthy, Main::Stuck);
    two_events("one that is decided, one whose callback is stuck", 5_000, Main::Healthy, Main::StuckAfterDeciding);
    two_events("one that fails, one that is handed over", 5_000, Main::Fails, Main::HandsOver);
}

/// An event that arrives while the process is ending is answered or never begins.
#[test]
fn the_process_does_not_end_under_an_event() {
    explore("an event that comes at the end", 5_000, || {
        let shared = Shared::new();
        shared.main(0, Main::Stuck);
        let late = thread::spawn({
            let shared = shared.clone();
            move || shared.main(1, Main::Healthy)
        });
        let closing = thread::spawn({
            let shared = shared.clone();
            move || shared.world().protocol.close()
        });
        shared.moment(Moment::Decision);
        shared.end();
        late.join().unwrap();
        closing.join().unwrap();
        shared.moment(Moment::Callback);
        shared.end();
        shared.check(&[0]);
        let world = shared.world();
        assert!(world.ended);
        assert!(world.deeds[1].begun != world.deeds[1].refused);
    });
}

/// The watchdog answers for several events at once, and the process waits for all of its answers.
#[test]
fn the_process_does_not_end_under_an_answer() {
    explore("answers of the watchdog at the end", 100, || {
        let shared = Shared::new();
        shared.main(0, Main::Stuck);
        shared.main(1, Main::StuckAfterDeciding);
        let answers = [Moment::Decision, Moment::Callback].map(|moment| {
            let taken = shared.take(moment);
            assert_eq!(taken.len(), 1);
            let shared = shared.clone();
            thread::spawn(move || shared.answer(taken))
        });
        shared.end();
        shared.end();
        for answer in answers {
            answer.join().unwrap();
        }
        shared.end();
        shared.check(&[0, 1]);
        assert!(shared.world().ended);
    });
}
