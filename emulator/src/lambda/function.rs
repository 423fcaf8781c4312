//! A function: messages go in, decisions come out.

use crate::error::Error;
use crate::ids;
use crate::lambda::environment::NotTaken;
use crate::lambda::environments::{Environments, ExecutionEnvironment, Lease};
use crate::lambda::function_settings::FunctionSettings;
use crate::lambda::host::Host;
use crate::lambda::logs::{LogLine, Logs};
use crate::lambda::program::Program;
use crate::model::callback_record::CallbackRecord;
use crate::model::credentials::Credentials;
use crate::model::decision::Decision;
use crate::model::event::{Event, OutgoingMessage};
use crate::model::invocation::{InvocationKey, InvocationOutcome, InvocationReport};
use crate::model::message::MessageState;
use crate::model::returned::Returned;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::time::{sleep, timeout_at};

/// A binary that runs as a Lambda function, in environments that are started when needed.
///
/// There is one environment, and invocations come one after the other, unless the settings say otherwise. Dropping it kills
/// the processes and their children.
#[derive(Debug)]
pub struct Function {
    environments: Arc<Environments>,
}

/// The outcome of one delivery of an event.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivered {
    /// The event. Delivering it again is a duplicate delivery.
    pub event: Event,
    /// How Lambda saw it.
    pub invocation: InvocationReport,
    /// The callbacks that came from this invocation, in order.
    pub callbacks: Vec<CallbackRecord>,
    /// The message afterwards; `None` if the event has no usable ids.
    pub message: Option<MessageState>,
    /// The lines that the function wrote meanwhile. A line or two may still be missing after a success.
    pub logs: Vec<LogLine>,
    /// From the delivery's start, waiting for the environment included, to its end.
    pub elapsed: Duration,
}

/// How long to wait for the last lines of a function that lives on, if they matter.
const LOG_GRACE: Duration = Duration::from_millis(20);

impl Function {
    pub(crate) fn new(path: &Path, settings: FunctionSettings, host: Arc<dyn Host>) -> Result<Self, Error> {
        let path =
            path.canonicalize().map_err(|source| Error::function(path, "there is no such file", Some(source)))?;
        if !path.is_file() {
            return Err(Error::function(&path, "it is not a file", None));
        }
        let logs = Arc::new(Logs::new(settings.log_sink.clone()));
        let region = host.region().to_owned();
        let program = Program { path, settings, region, endpoint_url: host.endpoint_url(), table: host.table() };
        Ok(Self { environments: Arc::new(Environments::new(program, host, logs)) })
    }

    /// The function's ARN.
    pub fn arn(&self) -> String {
        self.environments.program.function_arn()
    }

    /// The function's name.
    pub fn name(&self) -> String {
        self.environments.program.name()
    }

    /// Sends a message through the function. Nothing that the function does is an error here:
    /// failures are in the returned value.
    pub async fn send(&self, message: OutgoingMessage) -> Delivered {
        self.deliver(&Event::new(message, &self.environments.program.region)).await
    }

    /// Delivers an event, byte for byte, to a warm environment or a new one.
    ///
    /// The message becomes pending first, unless an event with the same ids came before.
    pub async fn deliver(&self, event: &Event) -> Delivered {
        self.environments.host.register(event);
        let started = Instant::now();
        let _permit = self.environments.permit().await;
        self.deliver_now(event, ids::uuid(), started, false).await
    }

    /// Delivers an event twice at once, with a request id for each, as at-least-once delivery can do. They meet in time only
    /// if the settings allow for two events at once.
    pub async fn deliver_twice(&self, event: &Event) -> [Delivered; 2] {
        let (one, other) = tokio::join!(self.deliver(event), self.deliver(event));
        [one, other]
    }

    /// As [`deliver`](Self::deliver), unless the event would have to wait longer than `until`. With `crash`, the environment
    /// is killed once it has taken it.
    pub(crate) async fn deliver_until(
        &self,
        event: &Event,
        request_id: String,
        until: Instant,
        crash: bool,
    ) -> Option<Delivered> {
        let started = Instant::now();
        let _permit = timeout_at(until.into(), self.environments.permit()).await.ok()?;
        Some(self.deliver_now(event, request_id, started, crash).await)
    }

    pub(crate) fn host(&self) -> &Arc<dyn Host> {
        &self.environments.host
    }

    pub(crate) fn region(&self) -> &str {
        &self.environments.program.region
    }

    /// Kills the environments once they have answered, as Lambda does from time to time. The next event starts a new one.
    pub async fn recycle(&self) {
        self.environments.end_all().await;
    }

    /// The environments that run now.
    pub fn environments(&self) -> Vec<ExecutionEnvironment> {
        self.environments.handles()
    }

    /// The latest lines that the function wrote, 10,000 at most.
    pub fn logs(&self) -> Vec<LogLine> {
        self.environments.logs.since(0)
    }

    async fn deliver_now(&self, event: &Event, request_id: String, started: Instant, crash: bool) -> Delivered {
        let host = &self.environments.host;
        let before = host.callback_count();
        let Invoked { report, credentials, logs } = self.invoke(event, request_id, crash).await;
        let ids = event.ids().ok();
        let callbacks = credentials.map(|credentials| {
            host.callbacks_of(&InvocationKey {
                callbacks_before: before,
                credentials: &credentials,
                callback_id: ids.map(|ids| &*ids.callback_id),
                is_shared: ids.is_some() && self.environments.program.settings.is_shared(),
            })
        });
        Delivered {
            event: event.clone(),
            invocation: report,
            callbacks: callbacks.unwrap_or_default(),
            message: ids.and_then(|ids| host.message(ids)),
            logs,
            elapsed: started.elapsed(),
        }
    }

    async fn invoke(&self, event: &Event, request_id: String, crash: bool) -> Invoked {
        let program = &self.environments.program;
        loop {
            let lease = self.environments.lease();
            let written = self.environments.logs.written();
            let environment = match lease.environment().await {
                Ok(environment) => environment,
                Err(failure) => {
                    let report = not_taken(request_id, InvocationOutcome::InitFailed(failure));
                    let logs = self.environments.logs.since(written);
                    return Invoked { report, credentials: None, logs };
                }
            };
            let credentials = Some(environment.credentials().clone());
            let before = environment.lines_written();
            match environment.invoke(program, &request_id, event.json().clone(), crash).await {
                // One that ended while idle, unnoticed until now, has taken nothing: another one will.
                Err(NotTaken { cold: false, .. }) => lease.end().await,
                Err(NotTaken { status, cold: true }) => {
                    lease.end().await;
                    let report = not_taken(request_id, InvocationOutcome::Exited(status));
                    return Invoked { report, credentials, logs: environment.lines_since(0) };
                }
                Ok(report) => {
                    if program.settings.survives(&report) {
                        self.rest(&lease, event, &report.outcome().returned()).await;
                    } else {
                        lease.end().await;
                    }
                    let first = if report.cold_start.is_some() { 0 } else { before };
                    return Invoked { report, credentials, logs: environment.lines_since(first) };
                }
            }
        }
    }

    /// Leaves the environment to the next event. The lines that say why the processor did not decide are waited for.
    async fn rest(&self, lease: &Lease<'_>, event: &Event, returned: &Returned) {
        let settings = &self.environments.program.settings;
        if settings.freeze && !settings.is_shared() {
            lease.freeze().await;
        }
        let has_failed = returned.is_fallback() || returned.failed_steps().next().is_some();
        if has_failed || !event.ids().is_ok_and(|ids| self.environments.host.is_decided(ids)) {
            sleep(LOG_GRACE).await;
        }
    }
}

/// The outcome of an event in an environment.
struct Invoked {
    report: InvocationReport,
    /// Those of the environment, if one could be started.
    credentials: Option<Credentials>,
    logs: Vec<LogLine>,
}

fn not_taken(request_id: String, outcome: InvocationOutcome) -> InvocationReport {
    InvocationReport { request_id, outcome, cold_start: None, taken: None, duration: Duration::ZERO }
}

impl Delivered {
    /// The decision that a callback of this invocation brought about, or [`Decision::Hold`] if the function held the message.
    pub fn decision(&self) -> Option<Decision> {
        let called_back = self.callbacks.iter().find_map(|callback| callback.verdict().ok());
        called_back.or_else(|| self.held_until().map(|_| Decision::Hold))
    }

    /// What the function returned about the message, such as who decided and why. Empty for a function that returns none
    /// of it, as one that is not written with the framework, and for one that was killed or has ended in the invocation.
    pub fn returned(&self) -> Returned {
        self.invocation.outcome().returned()
    }

    /// Until when the function holds the message for a reviewer, if it says that it does. The message is not decided yet.
    pub fn held_until(&self) -> Option<SystemTime> {
        self.returned().held_until
    }

    /// Whether the message has been decided, by this delivery or an earlier one.
    pub fn is_decided(&self) -> bool {
        self.message.as_ref().is_some_and(|message| message.decision().is_some())
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
