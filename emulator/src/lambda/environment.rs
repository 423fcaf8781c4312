//! One execution environment of a function: a process, and the Runtime API it talks to.

use crate::assumptions;
use crate::lambda::logs::{LogLine, Logs};
use crate::lambda::process::Process;
use crate::lambda::program::Program;
use crate::lambda::runtime_api::{Answer, Invocation, RuntimeApi};
use crate::model::credentials::Credentials;
use crate::model::invocation::{InitFailure, InvocationOutcome, InvocationReport};
use axum::body::Bytes;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

#[derive(Debug)]
pub(crate) struct Environment {
    api: RuntimeApi,
    process: Process,
    credentials: Credentials,
    logs: Arc<Logs>,
    /// Until the first invocation reports it.
    cold_start: Mutex<Option<Duration>>,
    frozen: AtomicBool,
}

/// The process ended before it took the event, so that another environment can have it.
pub(crate) struct NotTaken {
    pub(crate) status: ExitStatus,
    /// It never took any event.
    pub(crate) cold: bool,
}

/// A runtime that does not ask for the next event within this time is frozen in the middle of its work.
const POLL_TIME: Duration = Duration::from_secs(1);

impl Environment {
    /// Starts the process and waits until it asks for an event.
    pub(crate) async fn start(
        program: &Program,
        credentials: Credentials,
        logs: &Arc<Logs>,
    ) -> Result<Self, InitFailure> {
        let not_started = |error: &dyn std::error::Error| InitFailure::NotStarted(error.to_string());
        let concurrency = program.settings.concurrency_of_environment;
        let api = RuntimeApi::start_concurrent(concurrency).await.map_err(|error| not_started(&error))?;
        let command = program.command(&credentials, api.address());
        let logs = Arc::new(Logs::of_environment(logs));
        let started = Instant::now();
        let process = Process::spawn(command, &logs).map_err(|error| not_started(&error))?;
        let failure = tokio::select! {
            biased;
            initialized = api.initialized() => initialized.err().map(InitFailure::Reported),
            status = process.exited() => Some(InitFailure::Exited(status)),
            () = sleep(assumptions::INIT_TIMEOUT) => Some(InitFailure::TimedOut),
        };
        if let Some(failure) = failure {
            process.end().await;
            return Err(failure);
        }
        let cold_start = Mutex::new(Some(started.elapsed()));
        Ok(Self { api, process, credentials, logs, cold_start, frozen: AtomicBool::new(false) })
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.process.status().is_none()
    }

    /// How many events its process goes on with after their time.
    pub(crate) fn overdue(&self) -> usize {
        self.api.overdue()
    }

    /// How many lines it has written.
    pub(crate) fn lines_written(&self) -> usize {
        self.logs.written()
    }

    /// The lines after the first `written` ones.
    pub(crate) fn lines_since(&self, written: usize) -> Vec<LogLine> {
        self.logs.since(written)
    }

    /// Delivers an event and waits for the end of the invocation. With `crash`, that is the death of the process as soon as
    /// it has taken the event.
    pub(crate) async fn invoke(
        &self,
        program: &Program,
        request_id: &str,
        event: Bytes,
        crash: bool,
    ) -> Result<InvocationReport, NotTaken> {
        self.thaw();
        let limit = program.settings.timeout;
        let invocation = Invocation {
            request_id: request_id.to_owned(),
            function_arn: program.function_arn(),
            timeout: limit,
            event,
        };
        let mut running = if crash { self.api.invoke_lost(invocation) } else { self.api.invoke(invocation) };
        let taken = tokio::select! {
            biased;
            taken = &mut running.taken => taken.ok(),
            status = self.process.exited() => {
                return Err(NotTaken { status, cold: self.cold_start().is_some() });
            }
            () = sleep(limit) => None,
        };
        if crash && taken.is_some() {
            self.process.kill();
        }
        let cold_start = self.cold_start().take();
        let outcome = match taken {
            None => InvocationOutcome::TimedOut,
            Some(_) => self.outcome(running.answer(), limit).await,
        };
        let duration = taken.map(|taken| taken.elapsed()).unwrap_or_default();
        Ok(InvocationReport { request_id: request_id.to_owned(), outcome, cold_start, taken, duration })
    }

    async fn outcome(&self, answer: impl Future<Output = Option<Answer>>, limit: Duration) -> InvocationOutcome {
        let ended = async {
            tokio::select! {
                biased;
                Some(answer) = answer => match answer {
                    Answer::Response(body) => InvocationOutcome::Response(body),
                    Answer::Error(error) => InvocationOutcome::Error(error),
                },
                status = self.process.exited() => InvocationOutcome::Exited(status),
            }
        };
        timeout(limit, ended).await.unwrap_or(InvocationOutcome::TimedOut)
    }

    /// Stops the process once it asks for the next event, until it gets one.
    pub(crate) async fn freeze(&self) {
        if !self.at_rest().await {
            return;
        }
        self.frozen.store(true, Ordering::SeqCst);
        self.process.freeze();
    }

    /// Waits until the process asks for the next event, which it does when it has said all about the last one, or has not
    /// done so for long enough. Whether it is still there.
    pub(crate) async fn at_rest(&self) -> bool {
        tokio::select! {
            _ = timeout(POLL_TIME, self.api.polled()) => true,
            _ = self.process.exited() => false,
        }
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen.load(Ordering::SeqCst)
    }

    fn thaw(&self) {
        if self.frozen.swap(false, Ordering::SeqCst) {
            self.process.thaw();
        }
    }

    /// Sends SIGTERM and waits for the end; `None` if it had to be killed after `grace`.
    pub(crate) async fn terminate(&self, grace: Duration) -> Option<ExitStatus> {
        self.process.terminate();
        // A stopped process would get the signal with the next event only.
        self.thaw();
        let ended = timeout(grace, self.process.exited()).await.ok();
        self.process.end().await;
        ended
    }

    /// Kills the process if it still runs, and reads the rest of its output.
    pub(crate) async fn end(&self) {
        self.process.end().await;
    }

    fn cold_start(&self) -> std::sync::MutexGuard<'_, Option<Duration>> {
        self.cold_start.lock().expect("nothing panics while it holds the lock")
    }
}
