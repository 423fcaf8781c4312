//! Tests of the reviewer and of the adapter's part in holding messages.

use tokio::time::pause;

use super::*;
use crate::store::{MemoryStore, TicketQuery};
use crate::testing::{self, Answer, CallbackService};
use crate::{Adapter, Flow, Hold, LimitError, Message, Processor, Response, Step, processor_fn};

const SECONDS: Duration = Duration::from_secs(10);

/// Holds every message for a short time, or for hours.
struct Holder(Hold);

impl Processor for Holder {
    type Error = LimitError;

    async fn process(&self, _: &Message) -> Result<Decision, LimitError> {
        Ok(Decision::hold(self.0.clone()).because("links"))
    }
}

fn hours(hours: u64) -> Hold {
    Hold::new(Duration::from_secs(hours * 3600)).unwrap()
}

/// A hold whose deadline has passed when it is swept.
fn an_instant() -> Hold {
    Hold::new(Duration::from_millis(1)).unwrap()
}

fn person(name: &str) -> ResolvedBy {
    ResolvedBy::Person(name.to_owned())
}

async fn adapter(store: &MemoryStore, service: &CallbackService, hold: Hold) -> Adapter<Holder> {
    Adapter::builder(Holder(hold)).client(service.client()).tickets(store.clone()).build().await.unwrap()
}

async fn invoked(adapter: &Adapter<impl Processor + 'static>, event: &str) -> Settled {
    match testing::invoke(adapter, event, SECONDS).await {
        Ok(Response::Settled(settled)) => settled,
        other => panic!("{other:?}"),
    }
}

fn reviewer(store: &MemoryStore, service: &CallbackService) -> Reviewer<MemoryStore> {
    Reviewer::new(store.clone(), Callbacks::from_client(service.client()).unwrap())
}

fn event(id: &str) -> String {
    testing::message("See https://example.com").id(id).callback_id(id).created_at(SystemTime::now()).to_event()
}

async fn ticket(store: &MemoryStore, id: &str) -> Ticket {
    store.ticket(id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_held_message_has_a_ticket_and_no_callback_until_it_is_approved() {
    let (store, service) = (MemoryStore::new(), CallbackService::new([]));
    let adapter = adapter(&store, &service, hours(4)).await;
    let settled = invoked(&adapter, &event("m")).await;
    assert_eq!((settled.decision, settled.outcome), (DecisionKind::Hold, Outcome::Held));
    assert_eq!(settled.held_until, Some(ticket(&store, "m").await.deadline()));
    assert!(service.callbacks().is_empty());

    let reviewer = reviewer(&store, &service);
    let resolved = reviewer.approve("m", person("mary"), SECONDS).await.unwrap();
    assert!(resolved.first && resolved.ticket.outcome() == Some(TicketOutcome::Accepted));
    assert_eq!(service.callbacks().len(), 1);
    assert_eq!(service.callbacks()[0].decision(), DecisionKind::NoChange);
    assert_eq!(ticket(&store, "m").await, resolved.ticket);

    // Somebody else learns what was decided, and nothing is sent.
    let late = reviewer.resolve("m", &Decision::deny(), person("joe"), SECONDS).await.unwrap();
    assert!(!late.first && late.ticket == resolved.ticket && service.callbacks().len() == 1);
    // A redelivered event too.
    let settled = invoked(&adapter, &event("m")).await;
    assert_eq!((settled.decision, settled.outcome), (DecisionKind::NoChange, Outcome::DecidedBefore));
    assert_eq!(settled.decided_by, DecidedBy::Reviewer);
    assert_eq!(service.callbacks().len(), 1);
}

#[tokio::test]
async fn an_event_that_comes_twice_is_held_once() {
    let (store, service) = (MemoryStore::new(), CallbackService::new([]));
    let adapter = adapter(&store, &service, hours(4)).await;
    let first = invoked(&adapter, &event("m")).await;
    let held = ticket(&store, "m").await;
    let again = invoked(&adapter, &event("m")).await;
    assert_eq!((again.outcome, again.held_until), (Outcome::Held, first.held_until));
    assert_eq!(ticket(&store, "m").await, held);
}

#[tokio::test]
async fn without_a_store_or_with_one_that_is_away_the_fallback_action_decides() {
    let service = CallbackService::new([]);
    let without = Adapter::builder(Holder(hours(1))).client(service.client()).build().await.unwrap();
    let store = MemoryStore::new();
    store.set_away(true);
    let away = adapter(&store, &service, hours(1)).await;
    for (adapter, id) in [(&without, "a"), (&away, "b")] {
        let settled = invoked(adapter, &event(id)).await;
        assert_eq!((settled.decision, settled.decided_by), (DecisionKind::Deny, DecidedBy::FallbackAction));
        assert_eq!(settled.outcome, Outcome::Accepted);
    }
    assert_eq!(service.callbacks().len(), 2);
}

/// A store that never answers.
struct Stuck;

impl TicketStore for Stuck {
    type Error = String;

    async fn open(&self, _: &Ticket) -> Result<Ticket, String> {
        std::future::pending().await
    }

    async fn ticket(&self, _: &str) -> Result<Option<Ticket>, String> {
        panic!("a panic of the store")
    }

    async fn resolve(&self, _: &str, _: &Resolution) -> Result<Option<Ticket>, String> {
        Err("not here".to_owned())
    }

    async fn close(&self, _: &str, _: TicketOutcome, _: SystemTime) -> Result<(), String> {
        Err("not here".to_owned())
    }

    async fn tickets(&self, _: &TicketQuery) -> Result<crate::store::TicketPage, String> {
        Err("not here".to_owned())
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_leaves_time_for_the_fallback_action() {
    pause();
    let service = CallbackService::new([]);
    let adapter = Adapter::builder(Holder(hours(1))).client(service.client()).tickets(Stuck).build().await.unwrap();
    let settled = invoked(&adapter, &event("m")).await;
    assert_eq!((settled.decision, settled.outcome), (DecisionKind::Deny, Outcome::Accepted));
}

#[tokio::test]
async fn a_dry_run_holds_nothing() {
    let (store, service) = (MemoryStore::new(), CallbackService::new([]));
    let builder = Adapter::builder(Holder(hours(1))).client(service.client()).tickets(store.clone());
    let adapter = builder.dry_run(true).build().await.unwrap();
    let settled = invoked(&adapter, &event("m")).await;
    assert_eq!((settled.decision, settled.dry_run), (DecisionKind::NoChange, Some(DecisionKind::Hold)));
    assert_eq!(store.ticket("m").await, Ok(None));
}

#[tokio::test]
async fn in_a_flow_a_denial_comes_before_a_hold_and_an_approval_has_all_updates() {
    let (store, service) = (MemoryStore::new(), CallbackService::new([]));
    let calm = processor_fn(|message: Message| async move {
        match message.content() {
            content if content.contains("deny") => Ok(Decision::deny().because("denied")),
            content => Decision::update(content.to_lowercase()).map(|decision| decision.because("calm")),
        }
    });
    let flow = Flow::new().step(Step::new("hold", Holder(hours(1)))).step(Step::new("calm", calm));
    let adapter = Adapter::builder(flow).client(service.client()).tickets(store.clone()).build().await.unwrap();

    let denied = testing::message("Please deny").id("a").callback_id("a").to_event();
    let settled = invoked(&adapter, &denied).await;
    assert_eq!((settled.decision, settled.outcome), (DecisionKind::Deny, Outcome::Accepted));

    let held = testing::message("SHOUTING").id("b").callback_id("b").to_event();
    let settled = invoked(&adapter, &held).await;
    assert_eq!(settled.outcome, Outcome::Held);
    let reasons: Vec<_> = settled.reasons.iter().map(|reason| reason.as_str().to_owned()).collect();
    assert_eq!(reasons, ["links", "calm"]);
    assert_eq!(settled.steps.len(), 2);
    reviewer(&store, &service).approve("b", person("mary"), SECONDS).await.unwrap();
    assert_eq!(service.callbacks()[1].content(), Some("shouting"));
}

#[tokio::test]
async fn the_work_after_a_hold_gets_the_ticket_once() {
    struct Teller(std::sync::Mutex<Vec<String>>);
    impl Processor for Teller {
        type Error = LimitError;
        async fn process(&self, _: &Message) -> Result<Decision, LimitError> {
            Ok(Decision::hold(hours(1)))
        }
        async fn after_callback(&self, _: &Message, _: &Decision, _: &Settled) -> Result<(), LimitError> {
            panic!("there was no callback")
        }
        async fn after_hold(&self, _: &Message, _: &Decision, ticket: &Ticket) -> Result<(), LimitError> {
            self.0.lock().unwrap().push(ticket.id().to_owned());
            Ok(())
        }
    }
    let (store, service) = (MemoryStore::new(), CallbackService::new([]));
    let teller = Arc::new(Teller(Mutex::default()));
    let flow = Flow::new().step(Step::new("tell", teller.clone()));
    let adapter = Adapter::builder(flow).client(service.client()).tickets(store.clone()).build().await.unwrap();
    for _ in 0..2 {
        assert_eq!(invoked(&adapter, &event("m")).await.outcome, Outcome::Held);
        // The invocations of a test have the same request id, and are told apart by their times.
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(*teller.0.lock().unwrap(), ["m"]);
}

async fn swept(adapter: &Adapter<Holder>) -> Result<Sweep, Error> {
    let schedule = r#"{"version":"0","id":"1","detail-type":"Scheduled Event","source":"aws.events","detail":{}}"#;
    match testing::invoke(adapter, schedule, SECONDS).await? {
        Response::Swept(sweep) => Ok(sweep),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_sweep_sends_the_default_decision_at_the_deadline_and_counts_what_waits() {
    let (store, service) = (MemoryStore::new(), CallbackService::new([]));
    let due = adapter(&store, &service, an_instant()).await;
    let waiting = adapter(&store, &service, hours(4)).await;
    for id in ["a", "b", "c"] {
        invoked(&due, &event(id)).await;
    }
    invoked(&waiting, &event("d")).await;
    std::thread::sleep(Duration::from_millis(5));
    let sweep = swept(&waiting).await.unwrap();
    assert_eq!((sweep.by_default, sweep.held_now, sweep.failed), (3, 1, 0));
    assert_eq!(service.callbacks().len(), 3);
    assert!(service.callbacks().iter().all(|callback| callback.decision() == DecisionKind::Deny));
    assert_eq!(*ticket(&store, "a").await.resolution().unwrap().by(), ResolvedBy::Default);
    // Twice is as good as once.
    let sweep = swept(&waiting).await.unwrap();
    assert_eq!((sweep.by_default, sweep.held_now), (0, 1));
    assert_eq!(service.callbacks().len(), 3);
}

#[tokio::test]
async fn an_approval_after_the_sweep_learns_of_the_default_decision() {
    let (store, service) = (MemoryStore::new(), CallbackService::new([]));
    let adapter = adapter(&store, &service, an_instant()).await;
    invoked(&adapter, &event("m")).await;
    std::thread::sleep(Duration::from_millis(5));
    swept(&adapter).await.unwrap();
    let late = reviewer(&store, &service).approve("m", person("mary"), SECONDS).await.unwrap();
    let resolution = late.ticket.resolution().unwrap();
    assert!(!late.first && *resolution.by() == ResolvedBy::Default);
    assert_eq!(resolution.decision().kind(), DecisionKind::Deny);
    assert_eq!(service.callbacks().len(), 1);
}

#[tokio::test]
async fn a_decision_that_did_not_get_out_is_sent_by_who_asks_next_or_by_the_sweep() {
    let store = MemoryStore::new();
    let away = CallbackService::new(std::iter::repeat_n(Answer::ServerError, 1_000));
    let back = CallbackService::new([]);
    for id in ["a", "b"] {
        invoked(&adapter(&store, &back, hours(4)).await, &event(id)).await;
        let error = reviewer(&store, &away).approve(id, person("mary"), Duration::from_millis(200)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CallbackUnavailable);
        assert_eq!(ticket(&store, id).await.queue(), Queue::Resolved);
    }
    // Whoever asks next: with another decision in mind, and the recorded one is sent.
    let next = reviewer(&store, &back).resolve("a", &Decision::deny(), person("joe"), SECONDS).await.unwrap();
    assert!(!next.first && next.settled.is_some());
    assert_eq!(back.callbacks()[0].decision(), DecisionKind::NoChange);
    // The sweep leaves a decision to the one who recorded it for a minute.
    let sweeper = adapter(&store, &back, hours(4)).await;
    assert_eq!(swept(&sweeper).await.unwrap().sent_again, 0);
    let long_ago = SystemTime::now() - Duration::from_secs(120);
    let old = Resolution::new(Decision::no_change(), person("mary"), long_ago).unwrap();
    let held = testing::message("old").id("c").callback_id("c").build();
    let hold = hours(4);
    let opened = Ticket::new(&held, &Decision::hold(hold.clone()), &hold, FallbackAction::Abort, long_ago);
    store.open(&opened).await.unwrap();
    store.resolve("c", &old).await.unwrap();
    assert_eq!(swept(&sweeper).await.unwrap().sent_again, 1);
    assert_eq!(ticket(&store, "c").await.outcome(), Some(TicketOutcome::Accepted));
}

#[tokio::test]
async fn a_service_that_is_away_at_the_deadline_fails_the_sweep_and_the_next_one_decides() {
    let store = MemoryStore::new();
    let away = CallbackService::new(std::iter::repeat_n(Answer::ServerError, 10_000));
    let holder = adapter(&store, &away, an_instant()).await;
    invoked(&holder, &event("m")).await;
    std::thread::sleep(Duration::from_millis(5));
    let error = reviewer(&store, &away).sweep(Duration::from_millis(300)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Sweep);
    assert_eq!(ticket(&store, "m").await.queue(), Queue::Resolved);
    let late =
        reviewer(&store, &CallbackService::new([])).resolve("m", &Decision::no_change(), person("mary"), SECONDS).await;
    assert_eq!(late.unwrap().ticket.outcome(), Some(TicketOutcome::Accepted));
}

#[tokio::test]
async fn a_store_that_is_away_fails_the_sweep_and_the_review() {
    let (store, service) = (MemoryStore::new(), CallbackService::new([]));
    store.set_away(true);
    let reviewer = reviewer(&store, &service);
    assert_eq!(reviewer.sweep(SECONDS).await.unwrap_err().kind(), ErrorKind::Store);
    let by = || person("mary");
    assert_eq!(reviewer.resolve("m", &Decision::deny(), by(), SECONDS).await.unwrap_err().kind(), ErrorKind::Store);
    store.set_away(false);
    assert_eq!(reviewer.approve("m", by(), SECONDS).await.unwrap_err().kind(), ErrorKind::Ticket);
    let hold = Decision::hold(hours(1));
    assert_eq!(reviewer.resolve("m", &hold, by(), SECONDS).await.unwrap_err().kind(), ErrorKind::CallbackInvalid);
}

#[tokio::test]
async fn a_message_that_was_decided_otherwise_closes_its_ticket() {
    let (store, service) = (MemoryStore::new(), CallbackService::new([Answer::NonPending]));
    invoked(&adapter(&store, &service, hours(1)).await, &event("m")).await;
    let resolved = reviewer(&store, &service).approve("m", person("mary"), SECONDS).await.unwrap();
    assert_eq!(resolved.ticket.outcome(), Some(TicketOutcome::DecidedBefore));
}

#[tokio::test]
async fn a_decision_that_the_service_refuses_does_not_leave_the_message_undecided() {
    let (store, service) = (MemoryStore::new(), CallbackService::new([Answer::Invalid]));
    invoked(&adapter(&store, &service, hours(1)).await, &event("m")).await;
    let update = Decision::update("ok").unwrap();
    let resolved = reviewer(&store, &service).resolve("m", &update, person("mary"), SECONDS).await.unwrap();
    assert_eq!(resolved.ticket.outcome(), Some(TicketOutcome::FallbackAction));
    assert_eq!(service.callbacks().last().unwrap().decision(), DecisionKind::Deny);
}

#[tokio::test]
async fn a_function_without_a_store_says_what_a_schedule_is_for() {
    let service = CallbackService::new([]);
    let adapter = Adapter::builder(Holder(hours(1))).client(service.client()).build().await.unwrap();
    let error = swept(&adapter).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Event);
    assert!(error.to_string().contains("AdapterBuilder::tickets"), "{error}");
}

#[tokio::test]
async fn a_hold_is_no_callback() {
    let service = CallbackService::new([]);
    let callbacks = Callbacks::from_client(service.client()).unwrap();
    let pending = testing::message("Hi").build().pending();
    let error = callbacks.send(&pending, &Decision::hold(hours(1)), SECONDS).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CallbackInvalid);
    assert!(service.callbacks().is_empty());
}

/// Returns the payload in which the event arrives at the on-failure destination of a function that died.
fn failed(event: &str) -> String {
    let request = r#""requestContext":{"requestId":"1","condition":"RetriesExhausted"}"#;
    format!(r#"{{"version":"1.0",{request},"requestPayload":{event}}}"#)
}

#[tokio::test]
async fn the_rescue_of_a_held_message_leaves_it_to_the_person() {
    let (store, service) = (MemoryStore::new(), CallbackService::new([]));
    let adapter = adapter(&store, &service, hours(4)).await;
    invoked(&adapter, &event("held")).await;
    let rescued = invoked(&adapter, &failed(&event("held"))).await;
    assert_eq!((rescued.decision, rescued.outcome), (DecisionKind::Hold, Outcome::Held));
    // What is not held is rescued as ever, and so is everything if the store is away.
    let rescued = invoked(&adapter, &failed(&event("other"))).await;
    assert_eq!((rescued.decision, rescued.decided_by), (DecisionKind::Deny, DecidedBy::Rescue));
    store.set_away(true);
    let rescued = invoked(&adapter, &failed(&event("held"))).await;
    assert_eq!((rescued.decision, rescued.outcome), (DecisionKind::Deny, Outcome::Accepted));
}

#[tokio::test]
async fn after_48_hours_a_ticket_is_closed_as_expired_and_the_sweep_fails() {
    let store = MemoryStore::new();
    let service = CallbackService::new(std::iter::repeat_n(Answer::Forbidden, 100));
    let long_ago = SystemTime::now() - Duration::from_secs(49 * 3600);
    let message = testing::message("old").id("m").callback_id("m").created_at(long_ago).build();
    let hold = hours(4);
    let ticket_of_old = Ticket::new(&message, &Decision::hold(hold.clone()), &hold, FallbackAction::Abort, long_ago);
    store.open(&ticket_of_old).await.unwrap();
    let reviewer = reviewer(&store, &service);
    let error = reviewer.sweep(Duration::from_secs(60)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Sweep);
    assert!(error.to_string().contains("1 can never be decided"), "{error}");
    assert_eq!(ticket(&store, "m").await.outcome(), Some(TicketOutcome::Expired));
    // Once: it is reported when it happens, and not for ever.
    assert!(reviewer.sweep(SECONDS).await.is_ok());
}

/// A store with a ticket that nobody can read.
struct Damaged(MemoryStore);

impl TicketStore for Damaged {
    type Error = crate::store::StoreAway;

    async fn open(&self, ticket: &Ticket) -> Result<Ticket, Self::Error> {
        self.0.open(ticket).await
    }

    async fn ticket(&self, id: &str) -> Result<Option<Ticket>, Self::Error> {
        self.0.ticket(id).await
    }

    async fn resolve(&self, id: &str, resolution: &Resolution) -> Result<Option<Ticket>, Self::Error> {
        self.0.resolve(id, resolution).await
    }

    async fn close(&self, id: &str, outcome: TicketOutcome, at: SystemTime) -> Result<(), Self::Error> {
        self.0.close(id, outcome, at).await
    }

    async fn tickets(&self, query: &TicketQuery) -> Result<crate::store::TicketPage, Self::Error> {
        let unreadable = usize::from(query.queue == Queue::Open && query.until.is_some());
        Ok(self.0.tickets(query).await?.with_unreadable(unreadable))
    }
}

#[tokio::test]
async fn a_ticket_that_cannot_be_read_fails_the_sweep_and_holds_up_no_other() {
    let (store, service) = (MemoryStore::new(), CallbackService::new([]));
    invoked(&adapter(&store, &service, an_instant()).await, &event("m")).await;
    std::thread::sleep(Duration::from_millis(5));
    let reviewer = Reviewer::new(Damaged(store.clone()), Callbacks::from_client(service.client()).unwrap());
    let error = reviewer.sweep(SECONDS).await.unwrap_err();
    assert!(error.to_string().starts_with("1 held messages"), "{error}");
    assert_eq!(ticket(&store, "m").await.outcome(), Some(TicketOutcome::Accepted));
}
