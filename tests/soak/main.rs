//! Thousands of messages with everything going wrong at once, and none of them left undecided in silence.
//!
//! They come from two app instances, and the function's role has its grants in one of them only: each message of the other
//! one has to fail where it can be seen. The service refuses what is decided with the 403 of a missing grant, for the most
//! part. The function has a table: some messages are held for a person, and some have an effect after the callback. People
//! and a schedule resolve what is held, and the connection to the table breaks.
//!
//! `cargo test` runs a short one. As long as one likes:
//!
//! ```text
//! SOAK_MESSAGES=10000 SOAK_SEED=7 cargo test -p channel-flow-tests --test soak -- --nocapture
//! ```
//!
//! The seed gives the same messages, faults and accidents in the same order; how they meet is up to the machine.

mod effects;
mod parts;
mod reviewers;

use std::sync::Arc;
use std::time::Duration;

use channel_flow::store::Queue;
use channel_flow::{DecisionKind, Resolution, ResolvedBy, Ticket, TicketOutcome};
use channel_flow_emulator::{
    Decision, Destination, Emulator, EventInvokeConfig, EventQueue, Fault, FinishedDestination, FinishedEvent,
    Function, FunctionSettings, Grant, MessageState, OutgoingMessage, RefusalKind, RepeatedCallback, Settings,
    SqsQueue, SqsSettings,
};
use channel_flow_tests::{LineState, Table as StoreTable};
use fastrand::Rng;
use tokio::task::JoinSet;

use crate::effects::Effects;
use crate::parts::Part;
use crate::reviewers::Reviewers;

const ENVIRONMENTS: usize = 4;
/// Events that wait for an environment, so that there is always one.
const WAITING: usize = 12;
/// The app instance in which the role has no grant.
const OTHER: &str = "other";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_stays_undecided() {
    let variable = |name, default| std::env::var(name).map_or(default, |value| value.parse().expect("a number"));
    let (messages, seed) = (variable("SOAK_MESSAGES", 300), variable("SOAK_SEED", 1));
    let table = Soak::new(seed).await.run(messages).await;
    println!("{table}");
    assert_eq!((table.silent, table.decided_twice, table.wrong), (0, 0, 0), "seed {seed}\n{table}");
    assert_eq!(table.sent, messages, "seed {seed}\n{table}");
    // Those without a grant, all of them and no other.
    assert_eq!(table.undecided, table.without_grant, "seed {seed}\n{table}");
    assert_eq!(table.failed, table.without_grant, "seed {seed}\n{table}");
    assert_eq!((table.left, table.done_twice, table.lost), (0, 0, 0), "seed {seed}\n{table}");
}

struct Soak {
    seed: u64,
    rng: Rng,
    emulator: Emulator,
    processor: Arc<Function>,
    queue: EventQueue,
    /// That of the messages without a grant, which would otherwise be tried for hours.
    impatient: EventQueue,
    table: Arc<StoreTable>,
    reviewers: Reviewers,
    sweeper: Arc<Function>,
    effects: Effects,
    without_grant: u64,
    under_way: JoinSet<Finished>,
    finished: Vec<Finished>,
}

/// What came of a message.
struct Finished {
    part: Part,
    callback_id: String,
    message: MessageState,
    /// The message was undecided when a try of it was reported as a success.
    silent: bool,
    /// All tries failed, and the queue still has it.
    failed: bool,
    /// A delivery of it ended in a success.
    succeeded: bool,
    /// The ticket, if the message was held.
    ticket: Option<Ticket>,
}

impl Soak {
    async fn new(seed: u64) -> Self {
        let emulator = Emulator::start(Settings::new()).await.expect("a loopback port is free");
        let service = emulator.service();
        service.set_repeated_callback(RepeatedCallback::Forbidden);
        let app_instance = |message: OutgoingMessage| {
            let channel_arn = emulator.event(message).ids().expect("it has ids").channel_arn.clone();
            channel_arn.split_once("/channel/").expect("a channel's ARN").0.to_owned()
        };
        let granted = app_instance(outgoing("x"));
        let other = app_instance(outgoing("x").app_instance(OTHER));
        service.revoke(&other, Grant::ChannelFlowCallback);
        // Either of them can be missing with the other.
        if seed % 2 == 1 {
            service.revoke(&other, Grant::GetChannelMessageStatus);
        }
        let (table, effects) = (Arc::new(StoreTable::start().await), Effects::new());
        let function = |name: &str, settings: FunctionSettings| {
            let settings = settings.name(name).timeout(Duration::from_secs(2)).env("RESERVE_MS", "1500");
            let settings = table.variables(settings).env("EFFECTS", effects.file().display().to_string());
            let settings = settings.env("CHANNEL_FLOW_MAY_ASK_STATUS", &granted);
            let function = emulator.function(env!("CARGO_BIN_EXE_troublemaker"), settings);
            Arc::new(function.expect("the binary is built"))
        };
        let processor = function("processor", FunctionSettings::new().concurrency(ENVIRONMENTS).freeze(true));
        let rescue = function("rescue", FunctionSettings::new());
        let sweeper = function("sweeper", FunctionSettings::new().concurrency(2));
        let reviewers = Reviewers::new(&emulator, &table, sweeper.clone());
        let settings = SqsSettings::new().visibility_timeout(Duration::from_millis(200));
        let queue = |receives| {
            let config =
                EventInvokeConfig::new().retry_delays(Duration::from_millis(30), Duration::from_millis(60)).on_failure(
                    Destination::Queue(SqsQueue::new(rescue.clone(), settings.clone().max_receive_count(receives))),
                );
            EventQueue::new(processor.clone(), config)
        };
        let (queue, impatient) = (queue(500), queue(2));
        Self {
            seed,
            rng: Rng::with_seed(seed),
            processor,
            queue,
            impatient,
            table,
            reviewers,
            sweeper,
            effects,
            without_grant: 0,
            under_way: JoinSet::new(),
            finished: Vec::new(),
            emulator,
        }
    }

    async fn run(mut self, messages: u64) -> Table {
        let reviewing = self.reviewers.work(self.seed);
        for _ in 0..messages {
            self.accident().await;
            self.send();
            while self.under_way.len() > ENVIRONMENTS + WAITING {
                self.finish_one().await;
            }
        }
        while !self.under_way.is_empty() {
            self.finish_one().await;
        }
        reviewing.abort();
        self.table.set_line(LineState::Up);
        self.emulator.service().clear_faults();
        self.reviewers.finish().await;
        self.reconcile().await;
        self.sum_up()
    }

    /// Reads what became of the messages in the end: a held one was undecided when its event was finished.
    async fn reconcile(&mut self) {
        for finished in &mut self.finished {
            let message = self.emulator.service().message(finished.message.ids());
            finished.message = message.expect("it was sent");
            finished.ticket = self.reviewers.ticket(&finished.callback_id).await;
            // A ticket is the proof that an undecided message is not forgotten.
            finished.silent &= finished.ticket.is_none();
        }
    }

    fn send(&mut self) {
        let without_grant = self.rng.u32(..100) < 5;
        let part = Part::draw(&mut self.rng, !without_grant);
        self.without_grant += u64::from(without_grant);
        let message = outgoing(part.content);
        let message = if without_grant { message.app_instance(OTHER) } else { message };
        let event = self.emulator.event(message);
        let ids = event.ids().expect("it has ids");
        let (message_id, callback_id) = (ids.message_id.clone(), ids.callback_id.clone());
        if self.rng.u32(..100) < 15 {
            let fault = self.fault();
            self.emulator.service().fault(fault.for_message(message_id));
        }
        let queue = if without_grant { &self.impatient } else { &self.queue }.clone();
        let (twice, again) = (self.rng.u32(..100) < 5, self.rng.u32(..100) < 3);
        self.under_way.spawn(async move {
            let deliver = || queue.deliver(&event).expect("it is JSON");
            let (first, second) = (deliver(), twice.then(deliver));
            let mut deliveries = vec![first.finished().await];
            if let Some(second) = second {
                deliveries.push(second.finished().await);
            }
            if again {
                deliveries.push(deliver().finished().await);
            }
            Finished {
                part,
                callback_id,
                message: deliveries.last().and_then(|last| last.message.clone()).expect("it has ids"),
                silent: deliveries.iter().any(is_silent),
                failed: deliveries.iter().all(has_failed),
                succeeded: deliveries.iter().any(|finished| finished.failure.is_none()),
                ticket: None,
            }
        });
    }

    fn fault(&mut self) -> Fault {
        let times = self.rng.u32(1..=3);
        match self.rng.u32(..17) {
            0 => Fault::throttled().times(times * 3),
            1 => Fault::throttled().retry_after(1),
            2 => Fault::status(500).times(times * 2),
            3 => Fault::status(503).times(times * 3),
            4 => Fault::html(502).times(times),
            5 => Fault::reset_after_reading().times(times),
            6 => Fault::no_answer(),
            7 => Fault::lost_answer(),
            8 => Fault::late(Duration::from_millis(u64::from(times) * 300)),
            9 => Fault::garbage(),
            10 => Fault::truncated(),
            11 => Fault::conflict().times(times * 4),
            12 => Fault::status_with(400, "ThrottlingException", "Rate exceeded").times(times),
            13 => Fault::status(503).times(times * 2).on_status_question(),
            14 => Fault::no_answer().on_status_question(),
            15 => Fault::forbidden().times(times),
            _ => Fault::expired_token().times(times),
        }
    }

    /// What happens to the environments and to the service, whichever messages are under way.
    async fn accident(&mut self) {
        let environment = |rng: &mut Rng, function: &Function| {
            let environments = function.environments();
            (!environments.is_empty()).then(|| environments[rng.usize(..environments.len())].clone())
        };
        match self.rng.u32(..1000) {
            0..4 => {
                if let Some(environment) = environment(&mut self.rng, &self.processor) {
                    environment.kill();
                }
            }
            4..7 => {
                if let Some(environment) = environment(&mut self.rng, &self.processor) {
                    tokio::spawn(async move { environment.terminate(Duration::from_secs(3)).await });
                }
            }
            7..17 => {
                self.emulator.service().drop_idle_connections().await;
            }
            17..19 => {
                self.emulator.service().down();
                tokio::time::sleep(Duration::from_millis(self.rng.u64(50..1500))).await;
                self.emulator.service().up();
            }
            19..30 => {
                let forbidden = RepeatedCallback::Forbidden;
                let shapes =
                    [RepeatedCallback::NonPending, RepeatedCallback::Conflict, forbidden, forbidden, forbidden];
                self.emulator.service().set_repeated_callback(shapes[self.rng.usize(..shapes.len())]);
            }
            30..38 => {
                let states = [LineState::Closed, LineState::Silent, LineState::AnswersLost];
                self.table.set_line(states[self.rng.usize(..states.len())]);
                let (table, pause) = (self.table.clone(), Duration::from_millis(self.rng.u64(50..1500)));
                tokio::spawn(async move {
                    tokio::time::sleep(pause).await;
                    table.set_line(LineState::Up);
                });
            }
            38..40 => {
                if let Some(environment) = environment(&mut self.rng, &self.sweeper) {
                    environment.kill();
                }
            }
            _ => {}
        }
    }

    async fn finish_one(&mut self) {
        if let Some(finished) = self.under_way.join_next().await {
            self.finished.push(finished.expect("no test task panics"));
        }
    }

    fn sum_up(self) -> Table {
        let effects = self.effects.read();
        let counts = self.emulator.service().counts();
        let number = |is: &dyn Fn(&Finished) -> bool| {
            u64::try_from(self.finished.iter().filter(|finished| is(finished)).count()).expect("it fits")
        };
        let count = |is: &dyn Fn(&MessageState) -> bool| number(&|finished| is(&finished.message));
        let by = |name: &'static str| move |message: &MessageState| message.decided_by() == Some(name);
        let denied = |message: &MessageState| message.decision() == Some(Decision::Deny);
        let resolved = |finished: &Finished| finished.ticket.as_ref().and_then(Ticket::resolution).cloned();
        let resolved_by = |is: &dyn Fn(&ResolvedBy) -> bool| {
            number(&|finished| resolved(finished).is_some_and(|resolution| is(resolution.by())))
        };
        // The processor decided, so the work after the callback is due.
        let due = |finished: &Finished| {
            let processed =
                by("processor")(&finished.message) && finished.message.decision() == Some(Decision::NoChange);
            finished.part.has_effect() && processed
        };
        let times = |finished: &Finished| effects.get(&finished.callback_id).map_or(0, |had| had.times);
        let different = |finished: &Finished| effects.get(&finished.callback_id).map_or(0, |had| had.different);
        let at_most_once = |finished: &Finished| finished.part.has_effect_at_most_once();
        Table {
            seed: self.seed,
            sent: counts.sent,
            by_processor: count(&|message| by("processor")(message) && !denied(message)),
            by_fallback: count(&|message| by("processor")(message) && denied(message)),
            rescued: count(&by("rescue")),
            duplicates_settled: counts.refused.get(&RefusalKind::DecidedBefore).copied().unwrap_or_default(),
            faults: counts.faults,
            questions: self.emulator.service().status_questions(),
            without_grant: self.without_grant,
            undecided: counts.pending,
            silent: number(&|finished| finished.silent),
            failed: number(&|finished| !is_decided(&finished.message) && finished.failed),
            decided_twice: counts.decided_twice,
            wrong: number(&|finished| is_decided(&finished.message) && !ended_well(finished)),
            held: number(&|finished| finished.ticket.is_some()),
            by_person: resolved_by(&|by| matches!(by, ResolvedBy::Person(_))),
            by_default: resolved_by(&|by| *by == ResolvedBy::Default),
            left: number(&|finished| finished.ticket.as_ref().is_some_and(|ticket| ticket.queue() != Queue::Closed)),
            due: number(&due),
            repeated: number(&|finished| times(finished) > 1),
            done_twice: number(&|finished| different(finished) > 1 || (at_most_once(finished) && times(finished) > 1)),
            given_up: number(&|finished| due(finished) && at_most_once(finished) && times(finished) == 0),
            died_out: number(&|finished| {
                due(finished) && !at_most_once(finished) && times(finished) == 0 && !finished.succeeded
            }),
            lost: number(&|finished| {
                due(finished) && !at_most_once(finished) && times(finished) == 0 && finished.succeeded
            }),
        }
    }
}

fn outgoing(content: &str) -> OutgoingMessage {
    OutgoingMessage::new(content).expect("within the limits")
}

fn is_decided(message: &MessageState) -> bool {
    message.decision().is_some()
}

/// Whether a try of it was reported as a success while the message was undecided.
fn is_silent(finished: &FinishedEvent) -> bool {
    let tries = finished.attempts.iter().any(|tried| tried.invocation.outcome().is_success() && !tried.is_decided());
    let undecided = finished.message.as_ref().is_some_and(|message| !is_decided(message));
    let consumed = matches!(&finished.destination, Some(FinishedDestination::Queue(message)) if message.consumed);
    tries || (undecided && consumed)
}

/// Whether all tries of it failed, and those of the rescue as well.
fn has_failed(finished: &FinishedEvent) -> bool {
    let kept = matches!(&finished.destination, Some(FinishedDestination::Queue(message)) if !message.consumed);
    finished.failure.is_some() && kept
}

/// Whether what came of a message is what can come of it, and what its ticket says.
fn ended_well(finished: &Finished) -> bool {
    let Finished { part, message, ticket, .. } = finished;
    let told = match ticket.as_ref().map(|ticket| (ticket.outcome(), ticket.resolution().map(Resolution::decision))) {
        Some((Some(TicketOutcome::Accepted), Some(decision))) => Some(decision.kind()),
        _ => None,
    };
    let decided = match message.decision() {
        Some(Decision::Update) => Some(DecisionKind::Update),
        Some(Decision::Deny) => Some(DecisionKind::Deny),
        Some(Decision::NoChange) => Some(DecisionKind::NoChange),
        _ => None,
    };
    part.can_end_like(message) && (told.is_none() || told == decided)
}

struct Table {
    seed: u64,
    sent: u64,
    by_processor: u64,
    by_fallback: u64,
    rescued: u64,
    duplicates_settled: u64,
    faults: u64,
    questions: u64,
    without_grant: u64,
    undecided: u64,
    /// Undecided when an invocation for it was reported as a success.
    silent: u64,
    /// Undecided, with every try reported as a failure.
    failed: u64,
    decided_twice: u64,
    /// Not what the processor or the fallback action would have decided: profanity that got through, for one.
    wrong: u64,
    held: u64,
    by_person: u64,
    by_default: u64,
    /// Tickets that are not closed in the end.
    left: u64,
    /// Messages whose processor decided and that have an effect.
    due: u64,
    /// Effects that were repeated with the same token.
    repeated: u64,
    done_twice: u64,
    /// Effects that did not happen because they may happen at most once.
    given_up: u64,
    /// Effects that did not happen because every invocation of the message died.
    died_out: u64,
    /// Effects that did not happen for no such reason.
    lost: u64,
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rows = [
            ("seed", self.seed),
            ("sent", self.sent),
            ("decided by the processor", self.by_processor),
            ("decided by fallback", self.by_fallback),
            ("rescued", self.rescued),
            ("duplicates settled", self.duplicates_settled),
            ("callbacks that met a fault", self.faults),
            ("questions about messages", self.questions),
            ("sent without a grant", self.without_grant),
            ("undecided", self.undecided),
            ("… and reported as failure", self.failed),
            ("… and reported as success", self.silent),
            ("decided twice", self.decided_twice),
            ("decided wrongly", self.wrong),
            ("held", self.held),
            ("… resolved by a person", self.by_person),
            ("… resolved by default", self.by_default),
            ("… left in the table", self.left),
            ("effects due", self.due),
            ("… repeated, same token", self.repeated),
            ("… done twice", self.done_twice),
            ("… given up by choice", self.given_up),
            ("… all invocations died", self.died_out),
            ("… lost", self.lost),
        ];
        for (name, value) in rows {
            writeln!(f, "{name:27} {value:>7}")?;
        }
        Ok(())
    }
}
