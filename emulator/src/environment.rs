//! One execution environment of a function: a process, and the Runtime API it talks to.

use crate::assumptions;
use crate::credentials::Credentials;
use crate::ids;
use crate::invocation::{InitFailure, InvocationOutcome, InvocationReport};
use crate::logs::Logs;
use crate::process::Process;
use crate::runtime_api::{Answer, Invocation, RuntimeApi};
use crate::variables::Program;
use axum::body::Bytes;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

#[derive(Debug)]
pub(crate) struct Environment {
    api: RuntimeApi,
    process: Process,
    credentials: Credentials,
    /// Until the first invocation reports it.
    cold_start: Option<Duration>,
}

/// The process ended before it took the event, so that another environment can have it.
pub(crate) struct NotTaken(pub(crate) ExitStatus);

impl Environment {
    /// Starts the process and waits until it asks for an event.
    pub(crate) async fn start(
        program: &Program,
        credentials: Credentials,
        logs: &Arc<Logs>,
    ) -> Result<Self, InitFailure> {
        let not_started = |error: &dyn std::error::Error| InitFailure::NotStarted(error.to_string());
        let api = RuntimeApi::start().await.map_err(|error| not_started(&error))?;
        let command = program.command(&credentials, api.address());
        let started = Instant::now();
        let process = Process::spawn(command, logs).map_err(|error| not_started(&error))?;
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
        Ok(Self { api, process, credentials, cold_start: Some(started.elapsed()) })
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.process.status().is_none()
    }

    /// Delivers an event and waits for the end of the invocation.
    pub(crate) async fn invoke(&mut self, program: &Program, event: Bytes) -> Result<InvocationReport, NotTaken> {
        let request_id = ids::uuid();
        let limit = program.settings.timeout;
        let mut running = self.api.invoke(Invocation {
            request_id: request_id.clone(),
            function_arn: program.function_arn(),
            timeout: limit,
            event,
        });
        let taken = tokio::select! {
            biased;
            taken = &mut running.taken => taken.ok(),
            status = self.process.exited() => return Err(NotTaken(status)),
            () = sleep(limit) => None,
        };
        let outcome = match taken {
            None => InvocationOutcome::TimedOut,
            Some(_) => self.outcome(running.answer(), limit).await,
        };
        Ok(InvocationReport {
            request_id,
            outcome,
            cold_start: self.cold_start.take(),
            taken,
            duration: taken.map(|taken| taken.elapsed()).unwrap_or_default(),
        })
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

    /// Kills what still runs and reads the rest of what it wrote.
    pub(crate) async fn end(self) {
        self.process.end().await;
    }
}
