//! The service without its port: the parts that requests meet, put together.

use crate::clock::Clock;
use crate::ids;
use crate::lambda::invocation_fault::InvocationScript;
use crate::messaging::api;
use crate::messaging::api::operation::Operation;
use crate::messaging::callback_log::CallbackLog;
use crate::messaging::effects::{self, Effects};
use crate::messaging::expiration;
use crate::messaging::fault::Script;
use crate::messaging::invoker::Invoker;
use crate::messaging::keys::Keys;
use crate::messaging::outbox::Outbox;
use crate::messaging::sessions::Sessions;
use crate::messaging::state::{SharedState, State};
use crate::messaging::store::Store;
use crate::messaging::watchers::Watchers;
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::world::World;
use crate::settings::Settings;
use serde_json::{Map, Value};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::task::JoinSet;

/// The service without its port. It does not hold the functions, which hold it: those are the [`Invoker`]'s.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) region: String,
    /// Where the service was told to listen.
    pub(crate) address: SocketAddr,
    pub(crate) session_ping: Duration,
    /// Whether requests are taken that are signed with credentials nobody gave out.
    pub(crate) any_credentials: bool,
    pub(crate) clock: Clock,
    pub(crate) state: Arc<SharedState>,
    pub(crate) script: Arc<Script>,
    pub(crate) invocation_script: Arc<InvocationScript>,
    pub(crate) sessions: Sessions,
    pub(crate) watchers: Arc<Watchers>,
    /// How many `GetChannelMessageStatus` requests have come.
    pub(crate) status_questions: AtomicU64,
    /// Looks for what has expired; it ends with this.
    _expiration: JoinSet<()>,
}

impl Core {
    /// Loads the data file, if the settings name one. Needs a tokio runtime.
    pub(crate) fn start(settings: Settings) -> io::Result<(Arc<Self>, Arc<Invoker>)> {
        let Settings { region, address, session_ping, any_credentials, data, assumptions, .. } = settings;
        let mut world = World::new(region.clone(), data.is_some(), assumptions);
        world.processors_of_a_flow = settings.processors_of_a_flow;
        let open = |path| Store::open(path, |table, key, value| world.load(table, key, value));
        let store = data.as_deref().map(open).transpose()?;
        world.note_left_over();
        let clock = world.clock.clone();
        let callback_log = CallbackLog::new(settings.callbacks_kept);
        let (outbox, end) = Outbox::new();
        let state = State { world, keys: Keys::default(), callback_log };
        let state = Arc::new(SharedState::new(state, outbox));
        let invocation_script = Arc::<InvocationScript>::default();
        let invoker = Arc::new(Invoker::new(Arc::clone(&invocation_script), Arc::clone(&state)));
        let (sessions, watchers) = (Sessions::default(), Arc::<Watchers>::default());
        let effects =
            Effects { sessions: sessions.clone(), watchers: Arc::clone(&watchers), invoker: Arc::downgrade(&invoker) };
        tokio::spawn(effects::run(end, store, effects));
        let mut expiration = JoinSet::new();
        expiration.spawn(expiration::run(Arc::downgrade(&state)));
        let core = Self {
            region,
            address,
            session_ping,
            any_credentials,
            clock,
            state,
            script: Arc::default(),
            invocation_script,
            sessions,
            watchers,
            status_questions: AtomicU64::new(0),
            _expiration: expiration,
        };
        Ok((Arc::new(core), invoker))
    }

    /// Moves the clock forward, and deletes what is due by then.
    pub(crate) async fn advance(&self, by: Duration) -> Result<(), ApiError> {
        if !self.clock.advance(by) {
            return Err(ApiError::bad_request("the service's time would be past the year 9999"));
        }
        expiration::expire(&self.state).await
    }

    /// Runs an operation for a client that knows the service as `host`, and answers once it is safe.
    pub(crate) async fn run(
        &self,
        operation: &Operation,
        members: Map<String, Value>,
        host: &str,
    ) -> Result<Value, ApiError> {
        self.run_with_id(operation, members, host, None).await
    }

    /// As [`run`](Self::run). A resource that it creates gets this id, if there is one.
    async fn run_with_id(
        &self,
        operation: &Operation,
        members: Map<String, Value>,
        host: &str,
        id: Option<&str>,
    ) -> Result<Value, ApiError> {
        if !operation.only_reads() {
            self.state.check_data_file()?;
        }
        let (answer, done) = self.state.change(|State { world, .. }| {
            world.chosen_id = id.map(str::to_owned);
            let answer = api::run(operation, members, host, world);
            world.chosen_id = None;
            answer
        });
        self.state.safe(done).await?;
        answer
    }

    /// Does an operation by its name, for callers that have no HTTP.
    pub(crate) async fn call(&self, operation: &str, input: Value) -> Result<Value, ApiError> {
        self.call_with_id(operation, input, None).await
    }

    /// As [`call`](Self::call). A resource that it creates gets this id, if there is one.
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
        self.run_with_id(operation, members, &self.address.to_string(), id).await
    }
}
