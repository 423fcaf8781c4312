use super::*;
use crate::store::{Counter, MemoryStore};
use crate::testing::{self, Answer, CallbackService};
use crate::{Adapter, FallbackAction, Flow, LimitError, Processor, Step, processor_fn};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

const DAY: Duration = Duration::from_secs(86_400);
const START: u64 = 1_772_366_400;

type Done = Arc<Mutex<Vec<(String, u64, u64)>>>;

/// Denies what begins with `no`, and fails at `fail`.
fn picky() -> impl Processor + 'static {
    processor_fn(|message: Message| async move {
        match message.content() {
            "fail" => Err("it failed"),
            content if content.starts_with("no") => Ok(Decision::deny().because("no")),
            _ => Ok(Decision::no_change()),
        }
    })
}

fn strikes(store: MemoryStore, done: &Done) -> Strikes<MemoryStore> {
    let act = |done: &Done| {
        let done = done.clone();
        strike_action_fn(move |strike: Strike| {
            let sender = strike.message().sender().id().to_owned();
            done.lock().unwrap().push((sender, strike.number(), strike.count()));
            async { Ok::<_, LimitError>(()) }
        })
    };
    Strikes::within(DAY, store).at(5, act(done)).at(3, act(done))
}

struct Environment<P> {
    service: CallbackService,
    adapter: Adapter<P>,
}

impl<P: Processor + 'static> Environment<P> {
    async fn new(service: &CallbackService, processor: P) -> Self {
        let adapter = Adapter::builder(processor).client(service.client()).fallback_action(FallbackAction::Abort);
        Self { service: service.clone(), adapter: adapter.build().await.unwrap() }
    }

    async fn send(&self, message: testing::MessageBuilder) {
        let _ = testing::invoke(&self.adapter, message.to_event(), Duration::from_secs(10)).await;
        assert!(!self.service.callbacks().is_empty());
    }
}

fn message(id: u64, content: &str) -> testing::MessageBuilder {
    let (id, callback_id) = (format!("message-{id}"), format!("callback-{id:032}"));
    testing::message(content).id(&id).callback_id(&callback_id).field("CreatedTimestamp", &START.to_string())
}

fn done(done: &Done) -> Vec<(u64, u64)> {
    done.lock().unwrap().iter().map(|(_, number, count)| (*number, *count)).collect()
}

#[tokio::test]
async fn each_number_has_its_action_once_whichever_environment_denies() {
    let (store, service, acted) = (MemoryStore::new(), CallbackService::new([]), Done::default());
    let mut environments = Vec::new();
    for _ in 0..3 {
        environments.push(Environment::new(&service, strikes(store.clone(), &acted).around(picky())).await);
    }
    for id in 0..12 {
        environments[id as usize % 3].send(message(id, if id % 2 == 0 { "no" } else { "yes" })).await;
    }
    assert_eq!(done(&acted), [(3, 3), (5, 5)]);
    // Another sender has strikes of his own.
    for id in 20..23 {
        environments[0].send(message(id, "no").sender_user("bob")).await;
    }
    assert_eq!(acted.lock().unwrap().last(), Some(&("bob".to_owned(), 3, 3)));
}

#[tokio::test]
async fn after_the_window_it_begins_anew() {
    let (service, acted) = (CallbackService::new([]), Done::default());
    let environment = Environment::new(&service, strikes(MemoryStore::new(), &acted).around(picky())).await;
    for id in 0..10 {
        let created = (START + id / 4 * 2 * DAY.as_secs()).to_string();
        environment.send(message(id, "no").field("CreatedTimestamp", &created)).await;
    }
    assert_eq!(done(&acted), [(3, 3), (3, 3)]);
}

#[tokio::test]
async fn what_is_no_strike_does_not_count() {
    let (service, acted) = (CallbackService::new([]), Done::default());
    let counted = strikes(MemoryStore::new(), &acted).only_if(|message, _| message.content() != "no, but");
    let environment = Environment::new(&service, counted.around(picky())).await;
    environment.send(message(0, "no")).await;
    environment.send(message(1, "no")).await;
    // A redelivery was decided before.
    environment.send(message(1, "no")).await;
    environment.send(message(2, "yes")).await;
    environment.send(message(3, "fail")).await;
    environment.send(message(4, "no, but")).await;
    environment.send(message(5, "no").sender_bot("helper")).await;
    environment.send(message(6, "no").field("Sender", "{}")).await;
    assert_eq!(done(&acted), []);
    let denied = service.callbacks().iter().filter(|callback| callback.decision() == DecisionKind::Deny).count();
    assert!(denied >= 6, "{denied}");
    environment.send(message(7, "no")).await;
    assert_eq!(done(&acted), [(3, 3)]);
}

#[tokio::test]
async fn a_dry_run_has_no_strikes() {
    let (service, acted) = (CallbackService::new([]), Done::default());
    let strikes = strikes(MemoryStore::new(), &acted).around(picky());
    let adapter = Adapter::builder(strikes).client(service.client()).dry_run(true).build().await.unwrap();
    for id in 0..5 {
        testing::invoke(&adapter, message(id, "no").to_event(), Duration::from_secs(10)).await.unwrap();
    }
    assert_eq!(service.callbacks()[0].decision(), DecisionKind::NoChange);
    assert_eq!(done(&acted), []);
}

/// The steps after a denial do not run, so the strikes go around the flow; and the flow still does its own work.
#[tokio::test]
async fn strikes_go_around_a_flow() {
    struct Works(Arc<AtomicU64>);
    impl Processor for Works {
        type Error = LimitError;

        async fn process(&self, _: &Message) -> Result<Decision, LimitError> {
            Ok(Decision::no_change())
        }

        async fn after_callback(&self, _: &Message, _: &Decision, _: &Settled) -> Result<(), LimitError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
    }
    let (service, acted, worked) = (CallbackService::new([]), Done::default(), Arc::new(AtomicU64::new(0)));
    let flow = Flow::new()
        .step(Step::new("works", Works(worked.clone())))
        .step(Step::new("failing", picky()).fallback_action(FallbackAction::Abort))
        .step(Step::new("never", picky()));
    let environment = Environment::new(&service, strikes(MemoryStore::new(), &acted).around(flow)).await;
    for id in 0..2 {
        environment.send(message(id, "no")).await;
    }
    // The step's fallback action denies it: that is no strike.
    environment.send(message(2, "fail")).await;
    assert_eq!(done(&acted), []);
    environment.send(message(3, "no")).await;
    assert_eq!(done(&acted), [(3, 3)]);
    assert_eq!(worked.load(Ordering::Relaxed), 4);
}

/// The processor's work after the callback may be repeated. The strike is not.
#[tokio::test]
async fn a_repeated_work_is_no_second_strike() {
    struct Repeats(AtomicBool);
    impl Processor for Repeats {
        type Error = &'static str;

        async fn process(&self, _: &Message) -> Result<Decision, &'static str> {
            Ok(Decision::deny())
        }

        fn retry_after(&self, _: &&'static str, _: u32) -> Option<Duration> {
            Some(Duration::ZERO)
        }

        async fn after_callback(&self, _: &Message, _: &Decision, _: &Settled) -> Result<(), &'static str> {
            if self.0.fetch_xor(true, Ordering::Relaxed) { Ok(()) } else { Err("again") }
        }
    }
    let (service, acted) = (CallbackService::new([]), Done::default());
    let counted = strikes(MemoryStore::new(), &acted).around(Repeats(AtomicBool::new(false)));
    let environment = Environment::new(&service, counted).await;
    for id in 0..4 {
        environment.send(message(id, "no")).await;
    }
    assert_eq!(done(&acted), [(3, 3)]);
}

#[tokio::test]
async fn a_lost_strike_and_a_failed_action_change_nothing_else() {
    let (service, store) = (CallbackService::new([Answer::Accepted]), MemoryStore::new());
    let failing = strike_action_fn(|_| async { Err::<(), _>("no grant") });
    let panicking = strike_action_fn(|strike: Strike| async move {
        if strike.number() > 0 { panic!("oh") } else { Ok::<_, LimitError>(()) }
    });
    let counted = Strikes::within(DAY, store.clone()).at(1, failing).at(2, panicking).around(picky());
    let environment = Environment::new(&service, counted).await;
    store.set_away(true);
    environment.send(message(0, "no")).await;
    store.set_away(false);
    for id in 1..4 {
        environment.send(message(id, "no")).await;
    }
    assert_eq!(environment.service.callbacks().len(), 4);
}

/// The error of an action is one of the work after the callback, and no reason to repeat that.
#[tokio::test]
async fn a_failed_action_is_told() {
    let failing = || strike_action_fn(|_| async { Err::<(), _>("no grant") });
    let processor = Strikes::within(DAY, MemoryStore::new()).at(1, failing()).around(picky());
    let message = message(1, "no").build();
    let decision = processor.process(&message).await.unwrap();
    let settled = Settled {
        message_id: message.id().to_owned(),
        decision: decision.kind(),
        decided_by: DecidedBy::Processor,
        fallback: None,
        outcome: Outcome::Accepted,
        doubt: None,
        attempts: 1,
        dry_run: None,
        reasons: Vec::new(),
        scores: crate::Scores::new(),
        steps: Vec::new(),
        held_until: None,
    };
    let error = processor.after_callback(&message, &decision, &settled).await.unwrap_err();
    assert!(error.processor_error().is_none() && processor.retry_after(&error, 1).is_none());
    let told = Box::<dyn std::error::Error + Send + Sync>::from(error).to_string();
    assert_eq!(told, "the action for strike 1 failed, and is not repeated: no grant");
    let failed = testing::message("fail").build();
    let error = processor.process(&failed).await.unwrap_err();
    assert!(error.processor_error().is_some());
    assert_eq!(Box::<dyn std::error::Error + Send + Sync>::from(error).to_string(), "it failed");
}

/// A store that loses the answer to an addition, which is then repeated after another environment's.
struct LosesAnswers(MemoryStore, AtomicBool);

impl CounterStore for LosesAnswers {
    type Error = crate::store::StoreAway;

    async fn add(&self, addition: &Addition<'_>) -> Result<Counter, Self::Error> {
        if self.1.swap(false, Ordering::Relaxed) {
            self.0.add(addition).await?;
            let other = Addition { id: "another", ..addition.clone() };
            self.0.add(&other).await?;
        }
        self.0.add(addition).await
    }

    async fn counter(&self, key: &str) -> Result<Counter, Self::Error> {
        self.0.counter(key).await
    }

    async fn mark(&self, mark: &Mark<'_>) -> Result<bool, Self::Error> {
        self.0.mark(mark).await
    }
}

/// Nobody sees the count 3, and the action for it is done all the same.
#[tokio::test]
async fn a_number_that_nobody_sees_has_its_action() {
    let (service, acted) = (CallbackService::new([]), Done::default());
    let store = Arc::new(LosesAnswers(MemoryStore::new(), AtomicBool::new(false)));
    let act = {
        let acted = acted.clone();
        strike_action_fn(move |strike: Strike| {
            acted.lock().unwrap().push((String::new(), strike.number(), strike.count()));
            async { Ok::<_, LimitError>(()) }
        })
    };
    let counted = Strikes::within(DAY, store.clone()).at(3, act).around(picky());
    let environment = Environment::new(&service, counted).await;
    for id in 0..4 {
        store.1.store(id == 2, Ordering::Relaxed);
        environment.send(message(id, "no")).await;
    }
    assert_eq!(done(&acted), [(3, 4)]);
}

#[test]
#[should_panic(expected = "strike 3 has two actions")]
fn a_number_has_one_action() {
    let act = || strike_action_fn(|_| async { Ok::<_, LimitError>(()) });
    let _ = Strikes::within(DAY, MemoryStore::new()).at(3, act()).at(3, act());
}

/// No panic, no lost time and no content in the logs, whatever the message.
#[test]
fn it_conforms() {
    testing::conformance(strikes(MemoryStore::new(), &Done::default()).around(picky()));
}
