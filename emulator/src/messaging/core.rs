//! What all parts of the service share.

use crate::assumptions::Assumptions;
use crate::http::page::Page;
use crate::ids;
use crate::lambda::target::InvocationTarget;
use crate::messaging::api::operation::Operation;
use crate::messaging::api;
use crate::messaging::callback_log::Ledger;
use crate::messaging::fault::Script;
use crate::messaging::invoker::Lambda;
use crate::messaging::outbox::{self, Done, Outbox};
use crate::messaging::sessions::Sessions;
use crate::messaging::store::Store;
use crate::messaging::watchers::Watchers;
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::world::World;
use crate::messaging::world::batch::Effect;
use crate::model::activity::{Happening, What};
use crate::model::counts::Counts;
use crate::model::event::Event;
use crate::model::message::{MessageIds, MessageState};
use crate::settings::Settings;
use serde_json::{Map, Value};
use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

/// The service without its port.
///
/// There are two locks, neither held across an await. Who needs both takes the ledger first.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) settings: Settings,
    pub(crate) script: Arc<Script>,
    pub(crate) sessions: Sessions,
    pub(crate) lambda: Lambda,
    pub(crate) watchers: Watchers,
    pub(crate) page: Option<Arc<Page>>,
    ledger: Mutex<Ledger>,
    world: Mutex<World>,
    outbox: Outbox,
    /// How many times somebody asked for the status of a message.
    pub(crate) status_questions: AtomicU64,
}

impl Core {
    /// Reads what the data file has, if the settings name one. Needs a tokio runtime.
    pub(crate) fn start(settings: Settings) -> io::Result<Arc<Self>> {
        let mut world = World::new(settings.region.clone(), settings.data.is_some(), settings.assumptions.clone());
        world.processors_of_a_flow = settings.processors_of_a_flow;
        let open = |path| Store::open(path, |table, key, value| world.load(table, key, value));
        let store = settings.data.as_deref().map(open).transpose()?;
        world.note_left_over();
        let ledger = Ledger::new(settings.callbacks_kept);
        let (outbox, end) = Outbox::new();
        let watchers = Watchers::default();
        let page = settings.page.then(|| Page::start(&watchers));
        let core = Arc::new(Self {
            settings,
            script: Arc::default(),
            sessions: Sessions::default(),
            lambda: Lambda::default(),
            watchers,
            page,
            ledger: Mutex::new(ledger),
            world: Mutex::new(world),
            outbox,
            status_questions: AtomicU64::new(0),
        });
        tokio::spawn(outbox::run(end, store, Arc::downgrade(&core)));
        Ok(core)
    }

    pub(crate) fn region(&self) -> &str {
        &self.settings.region
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("nothing panics while it holds the lock")
    }

    /// Makes the message of `event` pending, unless it is known already or there are no usable ids.
    pub(crate) fn register(&self, event: &Event) -> Option<MessageState> {
        let ids = event.ids().ok()?;
        self.with_world(|world| world.state_of(ids).or_else(|| world.strays.register(event))).0
    }

    /// What became of a message.
    pub(crate) fn message(&self, ids: &MessageIds) -> Option<MessageState> {
        self.with_world(|world| world.state_of(ids).or_else(|| world.strays.state_of(ids).cloned())).0
    }

    /// Numbers of what has happened since the start.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        let ledger = self.ledger();
        ledger.count_callbacks(&mut counts);
        self.with_world(|world| {
            let (begun, processing) = world.processed();
            counts.sent = begun + world.strays.count();
            counts.pending = processing + world.strays.pending();
            counts.decided_twice = world.strays.decided_twice();
        });
        counts
    }

    /// What is assumed now.
    pub(crate) fn assumptions(&self) -> Assumptions {
        self.with_world(|world| world.assumptions.clone()).0
    }

    /// Puts a function behind an ARN. It gets what was on its way to that ARN when the service ended last.
    pub(crate) fn set_function(&self, function_arn: String, target: InvocationTarget) {
        self.lambda.set(function_arn.clone(), target);
        self.with_world(|world| world.resume(&function_arn));
    }

    /// Reads or changes the world. What a change brings about is under way when [`Done`] comes, and its changes are safe.
    pub(crate) fn with_world<R>(&self, work: impl FnOnce(&mut World) -> R) -> (R, Option<Done>) {
        let mut world = self.world.lock().expect("nothing panics while it holds the lock");
        let worked = work(&mut world);
        let batch = world.take_batch();
        let done = (!batch.is_empty()).then(|| self.outbox.send(batch));
        (worked, done)
    }

    /// Does an operation for whoever asked for `host`, and answers once it is safe.
    pub(crate) async fn run(
        &self,
        operation: &Operation,
        members: Map<String, Value>,
        host: &str,
    ) -> Result<Value, ApiError> {
        self.run_with_id(operation, members, host, None).await
    }

    /// As [`run`](Self::run). What it creates gets this id, if there is one.
    async fn run_with_id(
        &self,
        operation: &Operation,
        members: Map<String, Value>,
        host: &str,
        id: Option<&str>,
    ) -> Result<Value, ApiError> {
        self.check_store(operation)?;
        let (answer, done) = self.with_world(|world| {
            world.chosen_id = id.map(str::to_owned);
            let answer = api::run(operation, members, host, world);
            world.chosen_id = None;
            answer
        });
        self.safe(done).await?;
        answer
    }

    /// Does an operation by its name, for callers that have no HTTP.
    pub(crate) async fn call(&self, operation: &str, input: Value) -> Result<Value, ApiError> {
        self.call_with_id(operation, input, None).await
    }

    /// As [`call`](Self::call). What it creates gets this id, if there is one.
    pub(crate) async fn call_with_id(
        &self,
        operation: &str,
        input: Value,
        id: Option<&str>,
    ) -> Result<Value, ApiError> {
        let operation = api::operations().find(|known| known.name == operation).ok_or_else(|| {
            ApiError::new(Exception::UnknownOperation, format!("channel-flow-emulator has no operation {operation}"))
        })?;
        let Value::Object(mut members) = input else {
            return Err(ApiError::bad_request("the input must be an object"));
        };
        if operation.input.iter().any(|member| member.name == "ClientRequestToken") {
            members.entry("ClientRequestToken").or_insert_with(|| ids::uuid().into());
        }
        self.run_with_id(operation, members, &self.settings.address.to_string(), id).await
    }

    /// Closes the data file once all that was accepted is in it. No change is accepted any more.
    pub(crate) async fn end(&self) {
        self.outbox.close().await;
    }

    /// Refuses what would change something if the store takes no changes any more.
    fn check_store(&self, operation: &Operation) -> Result<(), ApiError> {
        if operation.only_reads() { Ok(()) } else { self.check_data_file() }
    }

    /// Refuses any change if the store takes none any more.
    pub(crate) fn check_data_file(&self) -> Result<(), ApiError> {
        self.outbox.failure().map_or(Ok(()), |error| Err(not_written(error)))
    }

    /// Waits until changes are safe.
    pub(crate) async fn safe(&self, done: Option<Done>) -> Result<(), ApiError> {
        let Some(done) = done else { return Ok(()) };
        match done.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(not_written(&error)),
            Err(_) => Err(ApiError::new(Exception::ServiceUnavailable, "the emulator is about to end")),
        }
    }

    /// Invokes a processor, and does what its fallback action says where it cannot be reached.
    pub(crate) fn invoke(self: &Arc<Self>, function_arn: String, event: Event) {
        let core = Arc::clone(self);
        self.lambda.spawn(async move {
            if let Err(unreachable) = core.lambda.invoke(&core, &function_arn, &event).await {
                // As it is, the message goes on after the next start.
                if core.check_data_file().is_ok() {
                    core.with_world(|world| world.unreachable(&event, unreachable.0));
                }
            }
        });
    }

    /// Tells whoever watches, after all that has happened so far.
    pub(crate) fn happened(&self, channel_arn: &str, message_id: &str, what: What) {
        let (channel_arn, message_id) = (channel_arn.to_owned(), message_id.to_owned());
        let happening = Happening { at: SystemTime::now(), channel_arn, message_id, what };
        self.with_world(|world| world.batch.effects.push(Effect::Happened(happening)));
    }
}

fn not_written(error: &io::Error) -> ApiError {
    ApiError::new(Exception::ServiceFailure, format!("the data file cannot be written: {error}"))
}
