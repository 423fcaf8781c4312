//! The people who resolve tickets, and the schedule that sweeps.

use std::sync::Arc;
use std::time::Duration;

use channel_flow::aws_sdk_chimesdkmessaging::Client;
use channel_flow::aws_sdk_chimesdkmessaging::config::{BehaviorVersion, Config, Credentials, Region};
use channel_flow::store::{Queue, TicketQuery, TicketStore};
use channel_flow::{Callbacks, Decision, ResolvedBy, Reviewer, Ticket};
use channel_flow_dynamodb::DynamoDbStore;
use channel_flow_emulator::{Emulator, Event, Function};
use channel_flow_tests::Table;
use fastrand::Rng;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// How long a reviewer waits for the service. The next one, or a sweep, goes on.
const PATIENCE: Duration = Duration::from_secs(2);

/// The reviewers and the function that a schedule invokes.
#[derive(Clone)]
pub(crate) struct Reviewers {
    reviewer: Reviewer<DynamoDbStore>,
    sweeper: Arc<Function>,
}

impl Reviewers {
    pub(crate) fn new(emulator: &Emulator, table: &Table, sweeper: Arc<Function>) -> Self {
        let callbacks = Callbacks::from_client(client(emulator)).expect("no variable is set").may_ask_status(true);
        Self { reviewer: Reviewer::new(table.store(), callbacks), sweeper }
    }

    /// Works until it is aborted.
    pub(crate) fn work(&self, seed: u64) -> JoinHandle<()> {
        let this = self.clone();
        let mut rng = Rng::with_seed(seed);
        tokio::spawn(async move {
            loop {
                sleep(Duration::from_millis(rng.u64(20..200))).await;
                // A schedule can come twice, and in the middle of a review.
                match rng.u32(..10) {
                    0..2 => drop(this.sweep().await),
                    2 => drop(tokio::join!(this.sweep(), this.sweep(), this.review(&mut rng))),
                    _ => this.review(&mut rng).await,
                }
            }
        })
    }

    /// Resolves an open ticket, sometimes twice at once and differently.
    async fn review(&self, rng: &mut Rng) {
        let open = self.tickets(Queue::Open).await;
        // Half of them are left for the deadline.
        if open.is_empty() || rng.bool() {
            return;
        }
        let id = open[rng.usize(..open.len())].id().to_owned();
        let one = self.resolve(&id, decision(rng));
        match rng.u32(..4) {
            0 => drop(tokio::join!(one, self.resolve(&id, decision(rng)))),
            _ => one.await,
        }
    }

    /// Resolves a ticket. If the service does not answer, the next one to come sends the decision.
    async fn resolve(&self, id: &str, decision: Decision) {
        let _ = self.reviewer.resolve(id, &decision, person(), PATIENCE).await;
    }

    /// Has the schedule invoke the function. Returns whether it reported a success.
    pub(crate) async fn sweep(&self) -> bool {
        let schedule = r#"{"version":"0","id":"1","detail-type":"Scheduled Event","source":"aws.events","detail":{}}"#;
        self.sweeper.deliver(&Event::raw(schedule.as_bytes().to_vec())).await.invocation.outcome().is_success()
    }

    /// Resolves what is still there, as people and the schedule do in the end.
    pub(crate) async fn finish(&self) {
        for _ in 0..100 {
            self.sweep().await;
            let mut left = self.tickets(Queue::Open).await;
            left.extend(self.tickets(Queue::Resolved).await);
            if left.is_empty() {
                return;
            }
            for ticket in left {
                let _ = self.reviewer.approve(ticket.id(), person(), PATIENCE).await;
            }
        }
    }

    /// Returns the ticket of a message.
    pub(crate) async fn ticket(&self, callback_id: &str) -> Option<Ticket> {
        self.reviewer.ticket(callback_id).await.expect("the store's own line is up")
    }

    async fn tickets(&self, queue: Queue) -> Vec<Ticket> {
        let page = self.reviewer.store().tickets(&TicketQuery::of(queue)).await;
        page.expect("the store's own line is up").tickets
    }
}

fn decision(rng: &mut Rng) -> Decision {
    match rng.u32(..3) {
        0 => Decision::no_change(),
        1 => Decision::deny().because("reviewed"),
        _ => Decision::update("reviewed").expect("within the limits"),
    }
}

fn person() -> ResolvedBy {
    ResolvedBy::Person("a reviewer".to_owned())
}

fn client(emulator: &Emulator) -> Client {
    let issued = emulator.service().issue_credentials();
    let token = Some(issued.session_token().to_owned());
    let credentials = Credentials::new(issued.access_key_id(), issued.secret_access_key(), token, None, "emulator");
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(emulator.service().region().to_owned()))
        .credentials_provider(credentials)
        .endpoint_url(emulator.service().endpoint_url())
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    Client::from_conf(config.build())
}
