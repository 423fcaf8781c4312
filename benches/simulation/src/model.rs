//! The path of messages through Lambda and back, event by event.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::assumptions::*;
use crate::bucket::Bucket;
use crate::random::Random;
use crate::traffic::Shape;

/// What one run is about.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) shape: Shape,
    /// Messages a second.
    pub(crate) rate: f64,
    /// How many messages one simulated message stands for. Rates and limits shrink by it.
    pub(crate) weight: f64,
    /// Concurrent executions of the account.
    pub(crate) account: f64,
    /// Of these, reserved for the rescue.
    pub(crate) rescue_reserved: f64,
    /// Environments that exist from the start.
    pub(crate) provisioned: f64,
    /// The function's time with its memory: from the start of the process until its callback, and of a warm invocation.
    pub(crate) cold: Micros,
    pub(crate) warm: Micros,
    /// The round trip of a callback.
    pub(crate) round_trip: Micros,
    pub(crate) timeout: Micros,
    pub(crate) max_event_age: Micros,
    pub(crate) retries: usize,
    /// Callbacks that the messaging service accepts in a second; `None`: all.
    pub(crate) callback_quota: Option<f64>,
    pub(crate) rescue: bool,
    /// How long after the last message the simulation goes on.
    pub(crate) patience: Micros,
    pub(crate) seed: u64,
}

/// What came of it. Counts are of simulated messages.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) sent: u64,
    pub(crate) decided: u64,
    /// Of these, by the rescue's fallback action.
    pub(crate) decided_by_rescue: u64,
    /// Nobody tries any more.
    pub(crate) undecided: u64,
    /// Somebody would still have tried when the simulation ended.
    pub(crate) queued: u64,
    pub(crate) invocations: u64,
    pub(crate) cold_starts: u64,
    pub(crate) failed_invocations: u64,
    pub(crate) throttled_invocations: u64,
    pub(crate) callbacks_throttled: u64,
    /// The largest number of invocations at once.
    pub(crate) concurrency: u64,
    pub(crate) billed_ms: u64,
    /// From the message until its decision, sorted.
    pub(crate) latencies: Vec<Micros>,
}

impl Outcome {
    pub(crate) fn latency(&self, q: f64) -> Micros {
        let Some(last) = self.latencies.len().checked_sub(1) else { return 0 };
        let rank = (q * self.latencies.len() as f64).ceil() as usize;
        self.latencies[rank.saturating_sub(1).min(last)]
    }
}

const FILTER: usize = 0;
const RESCUE: usize = 1;

struct Function {
    idle: u64,
    running: u64,
    new: Bucket,
}

struct Message {
    sent: Micros,
    /// Since when the current function's queue has it.
    queued: Micros,
    function: usize,
    throttled: u32,
    failed: usize,
    /// Of the current invocation.
    began: Micros,
    attempt: u32,
    pause: Micros,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Send,
    Try(usize),
    Callback(usize),
    Free(usize),
}

struct Run<'a> {
    settings: &'a Settings,
    random: Random,
    events: BinaryHeap<Reverse<(Micros, u64, Event)>>,
    number: u64,
    messages: Vec<Message>,
    functions: [Function; 2],
    callbacks: Option<Bucket>,
    outcome: Outcome,
}

pub(crate) fn run(settings: &Settings) -> Outcome {
    let weight = settings.weight;
    let function = |idle: f64| Function {
        idle: (idle / weight) as u64,
        running: 0,
        new: Bucket::new(NEW_ENVIRONMENTS_A_SECOND / weight, NEW_ENVIRONMENTS / weight),
    };
    // The service is assumed to let a second's worth of callbacks come at once.
    let quota = settings.callback_quota.map(|quota| Bucket::new(quota / weight, (quota / weight).max(1.0)));
    let mut run = Run {
        settings,
        random: Random::new(settings.seed),
        events: BinaryHeap::new(),
        number: 0,
        messages: Vec::new(),
        functions: [function(settings.provisioned), function(0.0)],
        callbacks: quota,
        outcome: Outcome::default(),
    };
    run.plan_next(0);
    let end = settings.shape.end() + settings.patience;
    while let Some(Reverse((now, _, event))) = run.events.pop() {
        if now > end {
            break;
        }
        match event {
            Event::Send => run.send(now),
            Event::Try(message) => run.invoke(now, message),
            Event::Callback(message) => run.call_back(now, message),
            Event::Free(function) => {
                run.functions[function].running -= 1;
                run.functions[function].idle += 1;
            }
        }
    }
    let mut outcome = run.outcome;
    outcome.queued = outcome.sent - outcome.decided - outcome.undecided;
    outcome.latencies.sort_unstable();
    outcome
}

impl Run<'_> {
    fn plan(&mut self, at: Micros, event: Event) {
        self.number += 1;
        self.events.push(Reverse((at, self.number, event)));
    }

    fn plan_next(&mut self, now: Micros) {
        let per_second = self.settings.rate / self.settings.weight;
        if let Some(at) = self.settings.shape.next(now, per_second, &mut self.random) {
            self.plan(at, Event::Send);
        }
    }

    fn send(&mut self, now: Micros) {
        self.outcome.sent += 1;
        let (function, began, pause) = (FILTER, now, FIRST_PAUSE);
        self.messages.push(Message {
            sent: now,
            queued: now,
            function,
            throttled: 0,
            failed: 0,
            began,
            attempt: 1,
            pause,
        });
        self.invoke(now, self.messages.len() - 1);
        self.plan_next(now);
    }

    /// Lambda takes an event from the queue.
    fn invoke(&mut self, now: Micros, index: usize) {
        let function = self.messages[index].function;
        let Some(cold) = self.environment(now, function) else {
            self.outcome.throttled_invocations += 1;
            let message = &mut self.messages[index];
            let pause = LONGEST_THROTTLED.min(FIRST_THROTTLED << message.throttled.min(20));
            message.throttled += 1;
            // Spread, so that events that were throttled together do not all come back at once.
            let pause = (pause as f64 * (0.5 + 0.5 * self.random.unit())) as Micros;
            self.again(now, now + pause, index);
            return;
        };
        let settings = self.settings;
        let until = if cold { NEW_ENVIRONMENT + settings.cold } else { settings.warm };
        self.outcome.invocations += 1;
        self.outcome.cold_starts += u64::from(cold);
        let message = &mut self.messages[index];
        // The time in which Lambda makes the environment is not billed.
        message.began = now + if cold { NEW_ENVIRONMENT } else { 0 };
        message.attempt = 1;
        message.pause = FIRST_PAUSE;
        self.plan(now + until + settings.round_trip / 2, Event::Callback(index));
    }

    /// Takes an environment, if Lambda has one: whether it is a new one.
    fn environment(&mut self, now: Micros, function: usize) -> Option<bool> {
        let settings = self.settings;
        let limit = (settings.account / settings.weight) as u64;
        let reserved = (settings.rescue_reserved / settings.weight) as u64;
        let [filter, rescue] = &self.functions;
        let is_free = match function {
            RESCUE if reserved > 0 => rescue.running < reserved,
            _ if reserved > 0 => filter.running < limit.saturating_sub(reserved),
            _ => filter.running + rescue.running < limit,
        };
        if !is_free {
            return None;
        }
        let one = &mut self.functions[function];
        let cold = one.idle == 0;
        if cold {
            if !one.new.take(now) {
                return None;
            }
        } else {
            one.idle -= 1;
        }
        one.running += 1;
        let running = self.functions.iter().map(|function| function.running).sum();
        self.outcome.concurrency = self.outcome.concurrency.max(running);
        Some(cold)
    }

    /// A callback arrives at the messaging service.
    fn call_back(&mut self, now: Micros, index: usize) {
        let answered = now + self.settings.round_trip / 2;
        if self.callbacks.as_mut().is_none_or(|bucket| bucket.take(now)) {
            let message = &self.messages[index];
            self.outcome.latencies.push(now - message.sent);
            self.outcome.decided += 1;
            self.outcome.decided_by_rescue += u64::from(message.function == RESCUE);
            self.end(answered, index);
            return;
        }
        self.outcome.callbacks_throttled += 1;
        let message = &mut self.messages[index];
        let pause = if message.attempt < ATTEMPTS {
            let longest = MAX_BACKOFF.min(INITIAL_BACKOFF << (message.attempt - 1));
            message.attempt += 1;
            (longest as f64 * self.random.unit()) as Micros
        } else {
            message.attempt = 1;
            let pause = message.pause;
            message.pause = LONGEST_PAUSE.min(pause * 2);
            pause
        };
        let deadline = message.began + self.settings.timeout;
        if answered + pause < deadline {
            self.plan(answered + pause + self.settings.round_trip / 2, Event::Callback(index));
            return;
        }
        self.end(answered, index);
        self.outcome.failed_invocations += 1;
        let message = &mut self.messages[index];
        message.failed += 1;
        match AFTER_ERROR.get(message.failed - 1) {
            Some(pause) if message.failed <= self.settings.retries => self.again(now, answered + pause, index),
            _ => self.give_up(answered, index),
        }
    }

    fn end(&mut self, at: Micros, index: usize) {
        let Message { function, began, .. } = self.messages[index];
        self.outcome.billed_ms += (at - began).div_ceil(MILLISECOND);
        self.plan(at, Event::Free(function));
    }

    /// Lambda tries an event once more, unless it is too old by then.
    fn again(&mut self, now: Micros, at: Micros, index: usize) {
        let expires = self.messages[index].queued + self.settings.max_event_age;
        if at <= expires { self.plan(at, Event::Try(index)) } else { self.give_up(expires.max(now), index) }
    }

    fn give_up(&mut self, at: Micros, index: usize) {
        let message = &mut self.messages[index];
        if message.function == RESCUE || !self.settings.rescue {
            self.outcome.undecided += 1;
            return;
        }
        message.function = RESCUE;
        message.queued = at;
        message.throttled = 0;
        message.failed = 0;
        self.plan(at, Event::Try(index));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            shape: Shape::Steady,
            rate: 1_000.0,
            weight: 1.0,
            account: 1_000.0,
            rescue_reserved: 0.0,
            provisioned: 0.0,
            cold: 4 * MILLISECOND,
            warm: MILLISECOND,
            round_trip: 10 * MILLISECOND,
            timeout: 10 * SECOND,
            max_event_age: 300 * SECOND,
            retries: 2,
            callback_quota: None,
            rescue: true,
            patience: 1_800 * SECOND,
            seed: 1,
        }
    }

    fn conserved(outcome: &Outcome) {
        assert_eq!(outcome.sent, outcome.decided + outcome.undecided + outcome.queued);
        assert_eq!(outcome.latencies.len() as u64, outcome.decided);
    }

    #[test]
    fn billed_time_is_rate_times_time() {
        let outcome = run(&Settings { provisioned: 1_000.0, ..settings() });
        conserved(&outcome);
        assert_eq!(outcome.decided, outcome.sent);
        // Each is 11 ms in a warm environment, so the mean concurrency is 11 (M/D/∞), of a Poisson distribution.
        assert_eq!(outcome.billed_ms, 11 * outcome.sent);
        assert!((15..40).contains(&outcome.concurrency), "{}", outcome.concurrency);
        assert_eq!(outcome.latency(1.0), 6 * MILLISECOND);
        let sent = outcome.sent as f64;
        assert!((sent - 60_000.0).abs() < 5.0 * 60_000f64.sqrt(), "{sent}");
    }

    #[test]
    fn throttled_callbacks_come_through_at_the_quota() {
        let patience = 0;
        let outcome = run(&Settings { callback_quota: Some(400.0), account: 1e6, patience, ..settings() });
        conserved(&outcome);
        // A second's worth at the start, then 400 a second for a minute.
        assert!(outcome.decided <= 400 * 61, "{}", outcome.decided);
        assert!(outcome.decided > 400 * 55, "{}", outcome.decided);
        assert!(outcome.queued > 30_000 && outcome.callbacks_throttled > outcome.queued);
    }

    #[test]
    fn concurrency_stays_below_the_account() {
        let outcome = run(&Settings { account: 5.0, ..settings() });
        conserved(&outcome);
        assert_eq!(outcome.concurrency, 5);
        assert!(outcome.throttled_invocations > 0);
    }

    #[test]
    fn without_callbacks_each_message_is_undecided() {
        let nothing = Settings { callback_quota: Some(0.0), rate: 20.0, ..settings() };
        let outcome = run(&nothing);
        conserved(&outcome);
        // A bucket holds at least one.
        assert_eq!((outcome.decided, outcome.undecided), (1, outcome.sent - 1));
        // Three tries of the filter and three of the rescue.
        assert_eq!(outcome.invocations, 6 * outcome.undecided + 1);
        assert_eq!(run(&Settings { rescue: false, ..nothing }).invocations, 3 * outcome.undecided + 1);
    }

    #[test]
    fn a_seed_gives_the_same_run() {
        let one = |seed| run(&Settings { seed, shape: Shape::Burst, rate: 100.0, ..settings() }).latencies;
        assert_eq!(one(3), one(3));
        assert_ne!(one(3), one(4));
    }

    #[test]
    fn new_environments_are_limited() {
        let outcome =
            run(&Settings { rate: 10_000.0, round_trip: 2 * SECOND, account: 1e6, patience: 0, ..settings() });
        conserved(&outcome);
        assert!((6_900..=7_000).contains(&outcome.cold_starts), "{}", outcome.cold_starts);
    }
}
