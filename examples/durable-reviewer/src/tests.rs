//! The review against the SDK's own runner, a store in memory, and a callback endpoint in memory.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_durable_execution_sdk::test_util::{LocalRunner, TestResult};
use channel_flow::store::{MemoryStore, Queue, TicketStore};
use channel_flow::testing::{self, CallbackService};
use channel_flow::{Callbacks, Decision, DecisionKind, FallbackAction, Hold, ResolvedBy, Reviewer, Ticket};

use crate::review::{Answer, Held, review};

struct Stage {
    store: MemoryStore,
    service: CallbackService,
    /// The tickets that a person was asked about.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Stage {
    /// A message is held.
    async fn new() -> Self {
        let store = MemoryStore::new();
        let message = testing::message("See https://example.com").callback_id("t").build();
        let hold = Hold::new(Duration::from_secs(3600)).unwrap();
        let decision = Decision::hold(hold.clone());
        let ticket = Ticket::new(&message, &decision, &hold, FallbackAction::Abort, SystemTime::now());
        store.open(&ticket).await.unwrap();
        Self { store, service: CallbackService::new([]), asked: Arc::default() }
    }

    fn reviewer(&self) -> Reviewer<MemoryStore> {
        Reviewer::new(self.store.clone(), Callbacks::from_client(self.service.client()).unwrap())
    }

    async fn run(&self, runner: LocalRunner) -> TestResult<String> {
        let (reviewer, asked) = (self.reviewer(), self.asked.clone());
        let handler = move |held: Held, ctx| {
            let asked = asked.clone();
            let ask = move |ticket_id: String, question_id: String| async move {
                assert!(!question_id.is_empty());
                asked.lock().unwrap().push(ticket_id);
                Ok(())
            };
            review(reviewer.clone(), ask, held, ctx)
        };
        runner.run(handler, Held { ticket_id: "t".to_owned(), seconds: 3600 }).await
    }

    fn decisions(&self) -> Vec<DecisionKind> {
        self.service.callbacks().iter().map(|callback| callback.decision()).collect()
    }
}

fn answered(approve: bool) -> LocalRunner {
    LocalRunner::new().callback_success(&Answer { approve, by: "mary".to_owned() })
}

#[tokio::test]
async fn the_answer_of_a_person_decides_the_message() {
    for (approve, decision) in [(true, DecisionKind::NoChange), (false, DecisionKind::Deny)] {
        let stage = Stage::new().await;
        let result = stage.run(answered(approve)).await;
        assert_eq!(result.output().map(String::as_str), Some("mary"), "{result:?}");
        assert_eq!(stage.decisions(), [decision]);
        assert_eq!(*stage.asked.lock().unwrap(), ["t"]);
        assert_eq!(stage.store.ticket("t").await.unwrap().unwrap().queue(), Queue::Closed);
        // What docs/durable.md says an execution costs.
        let operations = result.operations().iter().map(|operation| operation.op_type()).collect::<Vec<_>>();
        assert_eq!((operations, result.invocation_count()), (vec!["Context", "Callback", "Step", "Step"], 2));
    }
}

#[tokio::test]
async fn without_an_answer_the_default_decision_decides() {
    let stage = Stage::new().await;
    let result = stage.run(LocalRunner::new().callback_timeout()).await;
    assert_eq!(result.output().map(String::as_str), Some("default"), "{result:?}");
    assert_eq!(stage.decisions(), [DecisionKind::Deny]);
}

#[tokio::test]
async fn somebody_else_may_come_first() {
    let stage = Stage::new().await;
    let joe = ResolvedBy::Person("joe".to_owned());
    stage.reviewer().approve("t", joe, Duration::from_secs(10)).await.unwrap();
    let result = stage.run(answered(false)).await;
    assert_eq!(result.output().map(String::as_str), Some("joe"), "{result:?}");
    assert_eq!(stage.decisions(), [DecisionKind::NoChange], "the message is decided once");
}

#[tokio::test]
async fn a_table_that_is_away_is_asked_again() {
    let stage = Stage::new().await;
    stage.store.set_away(true);
    let result = stage.run(answered(true).max_invocations(5)).await;
    assert!(result.is_suspended(), "{result:?}");
    assert_eq!(stage.decisions(), []);
}
