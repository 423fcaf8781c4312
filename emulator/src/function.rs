//! A function: messages go in, decisions come out.

use crate::callback::Decision;
use crate::environment::{Environment, NotTaken};
use crate::error::Error;
use crate::event::{Event, OutgoingMessage};
use crate::ids;
use crate::invocation::{InvocationOutcome, InvocationReport};
use crate::logs::{LogLine, LogSink, Logs};
use crate::message::{MessageState, MessageStatus};
use crate::record::CallbackRecord;
use crate::service::MessagingService;
use crate::variables::Program;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use tokio::time::sleep;

/// A binary that runs as a Lambda function, in one environment that is started when needed.
///
/// Invocations come one after the other. Dropping it kills the process and what that started.
#[derive(Debug)]
pub struct Function {
    program: Program,
    service: Arc<MessagingService>,
    logs: Arc<Logs>,
    environment: Mutex<Option<Environment>>,
}

/// How a function is set up.
#[derive(Clone)]
pub struct FunctionSettings {
    pub(crate) name: Option<String>,
    pub(crate) timeout: Duration,
    pub(crate) memory_mb: u32,
    pub(crate) env: BTreeMap<OsString, OsString>,
    pub(crate) log_sink: Option<LogSink>,
}

/// What came of one delivery of an event.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivered {
    /// What was delivered. Delivering it again is a duplicate delivery.
    pub event: Event,
    /// How Lambda saw it.
    pub invocation: InvocationReport,
    /// The callbacks that came from this invocation, in order.
    pub callbacks: Vec<CallbackRecord>,
    /// The message afterwards; `None` where the event has no usable ids.
    pub message: Option<MessageState>,
    /// What the function wrote meanwhile. A line or two may still be missing after a success.
    pub logs: Vec<LogLine>,
    /// From the delivery's start, waiting for the environment included, to its end.
    pub elapsed: Duration,
}

/// How long the last lines of a function that lives on may take to be read, where they matter.
const LOG_GRACE: Duration = Duration::from_millis(20);

impl Function {
    pub(crate) fn new(path: &Path, settings: FunctionSettings, service: Arc<MessagingService>) -> Result<Self, Error> {
        let path =
            path.canonicalize().map_err(|source| Error::function(path, "there is no such file", Some(source)))?;
        if !path.is_file() {
            return Err(Error::function(&path, "it is not a file", None));
        }
        let logs = Arc::new(Logs::new(settings.log_sink.clone()));
        let region = service.region().to_owned();
        let program = Program { path, settings, region, endpoint_url: service.endpoint_url() };
        Ok(Self { program, service, logs, environment: Mutex::new(None) })
    }

    /// The function's ARN.
    pub fn arn(&self) -> String {
        self.program.function_arn()
    }

    /// Sends a message through the function. Nothing that the function does is an error here:
    /// what went wrong stands in what is returned.
    pub async fn send(&self, message: OutgoingMessage) -> Delivered {
        self.deliver(&Event::new(message, &self.program.region)).await
    }

    /// Delivers an event, byte for byte, to a warm environment or a new one.
    ///
    /// The message becomes pending first, unless an event with the same ids came before.
    pub async fn deliver(&self, event: &Event) -> Delivered {
        let started = Instant::now();
        let mut environment = self.environment.lock().await;
        self.service.register(event);
        let lines = self.logs.written();
        let callbacks = self.service.callback_count();
        let (invocation, credentials) = self.invoke(&mut environment, event).await;
        let callback_id = event.ids().ok().map(|ids| ids.callback_id.as_str());
        let callbacks = self.service.callbacks_of(callbacks, &credentials, callback_id);
        let message = event.ids().ok().and_then(|ids| self.service.message(ids));
        let elapsed = started.elapsed();
        let mut delivered =
            Delivered { event: event.clone(), invocation, callbacks, message, logs: Vec::new(), elapsed };
        if environment.is_some() && !delivered.is_decided() {
            sleep(LOG_GRACE).await;
        }
        delivered.logs = self.logs.since(lines);
        delivered
    }

    /// Kills the environment, as Lambda does from time to time. The next event starts a new one.
    pub async fn recycle(&self) {
        if let Some(environment) = self.environment.lock().await.take() {
            environment.end().await;
        }
    }

    /// The latest lines that the function wrote, 10,000 at most.
    pub fn logs(&self) -> Vec<LogLine> {
        self.logs.since(0)
    }

    async fn invoke(&self, slot: &mut Option<Environment>, event: &Event) -> (InvocationReport, crate::Credentials) {
        if let Some(mut warm) = slot.take().filter(Environment::is_alive) {
            let credentials = warm.credentials().clone();
            // One that ended while idle, unnoticed until now, has taken nothing: start another.
            if let Ok(report) = warm.invoke(&self.program, event.json().clone()).await {
                self.keep_or_end(slot, warm, &report).await;
                return (report, credentials);
            }
        }
        let credentials = self.service.issue_credentials();
        let started = Environment::start(&self.program, credentials.clone(), &self.logs).await;
        let report = match started {
            Err(failure) => not_taken(InvocationOutcome::InitFailed(failure)),
            Ok(mut cold) => match cold.invoke(&self.program, event.json().clone()).await {
                Err(NotTaken(status)) => {
                    cold.end().await;
                    not_taken(InvocationOutcome::Exited(status))
                }
                Ok(report) => {
                    self.keep_or_end(slot, cold, &report).await;
                    report
                }
            },
        };
        (report, credentials)
    }

    /// An environment stays for the next event as long as its process came through this one.
    async fn keep_or_end(&self, slot: &mut Option<Environment>, environment: Environment, report: &InvocationReport) {
        match report.outcome {
            InvocationOutcome::Response(_) | InvocationOutcome::Error(_) => {
                *slot = Some(environment);
            }
            _ => environment.end().await,
        }
    }
}

fn not_taken(outcome: InvocationOutcome) -> InvocationReport {
    InvocationReport { request_id: ids::uuid(), outcome, cold_start: None, taken: None, duration: Duration::ZERO }
}

impl Delivered {
    /// The decision that a callback of this invocation brought about.
    pub fn decision(&self) -> Option<Decision> {
        self.callbacks.iter().find_map(|callback| callback.verdict().ok())
    }

    /// Whether the message has been decided, by this delivery or an earlier one.
    pub fn is_decided(&self) -> bool {
        let status = self.message.as_ref().map(MessageState::status);
        status.is_some_and(|status| status != MessageStatus::Pending)
    }

    /// From the function taking the event to the accepted callback reaching the service.
    pub fn decided_after(&self) -> Option<Duration> {
        self.after(self.callbacks.iter().find(|callback| callback.is_accepted())?)
    }

    /// From the function taking the event to `callback` reaching the service.
    pub fn after(&self, callback: &CallbackRecord) -> Option<Duration> {
        Some(callback.received.saturating_duration_since(self.invocation.taken?))
    }
}

impl Default for FunctionSettings {
    fn default() -> Self {
        Self { name: None, timeout: Duration::from_secs(10), memory_mb: 128, env: BTreeMap::new(), log_sink: None }
    }
}

impl FunctionSettings {
    /// Named after the binary, with 10 seconds an invocation, 128 MB, and no variables of its own.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the function's name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the time that one invocation has; then the environment is killed.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the memory that the function is told to have, in MB. It is not enforced.
    #[must_use]
    pub fn memory_mb(mut self, memory_mb: u32) -> Self {
        self.memory_mb = memory_mb;
        self
    }

    /// Adds an environment variable, or replaces one that Lambda sets.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Adds environment variables; see [`env`](Self::env).
    #[must_use]
    pub fn envs<N, V>(mut self, variables: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        self.env.extend(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Sets where lines go as the function writes them.
    #[must_use]
    pub fn log_sink(mut self, sink: impl Fn(&LogLine) + Send + Sync + 'static) -> Self {
        self.log_sink = Some(Arc::new(sink));
        self
    }
}

impl fmt::Debug for FunctionSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionSettings")
            .field("name", &self.name)
            .field("timeout", &self.timeout)
            .field("memory_mb", &self.memory_mb)
            .field("env", &self.env.keys())
            .finish_non_exhaustive()
    }
}
