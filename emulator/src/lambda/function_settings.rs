//! How a function is set up.

use crate::lambda::logs::{LogLine, LogSink};
use crate::model::invocation::{InvocationOutcome, InvocationReport};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How a function is set up.
#[derive(Clone)]
pub struct FunctionSettings {
    pub(crate) name: Option<String>,
    pub(crate) timeout: Duration,
    pub(crate) memory_mb: u32,
    pub(crate) concurrency: usize,
    pub(crate) concurrency_of_environment: usize,
    pub(crate) freeze: bool,
    pub(crate) env: BTreeMap<OsString, OsString>,
    pub(crate) has_credentials: bool,
    pub(crate) log_sink: Option<LogSink>,
}

impl Default for FunctionSettings {
    fn default() -> Self {
        Self {
            name: None,
            timeout: Duration::from_secs(10),
            memory_mb: 128,
            concurrency: 1,
            concurrency_of_environment: 1,
            freeze: false,
            env: BTreeMap::new(),
            has_credentials: true,
            log_sink: None,
        }
    }
}

impl FunctionSettings {
    /// Named after the binary, with 10 seconds an invocation, 128 MB, one environment that takes one event at a time and is
    /// not frozen, and no further variables.
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

    /// Sets how many environments there may be at once; events wait for one. At least 1.
    #[must_use]
    pub fn concurrency(mut self, environments: usize) -> Self {
        self.concurrency = environments.max(1);
        self
    }

    /// Sets how many events one environment takes at once, which it is told by `AWS_LAMBDA_MAX_CONCURRENCY`. At least 1.
    ///
    /// With more than one it is as Lambda Managed Instances document it: an event that runs out of time fails alone, and the
    /// process goes on with it and with the others, never frozen. An environment that is stuck in as many events as it takes
    /// is killed when the next event needs its place.
    #[must_use]
    pub fn concurrency_of_environment(mut self, events: usize) -> Self {
        self.concurrency_of_environment = events.max(1);
        self
    }

    /// Sets whether an environment is frozen between invocations, as Lambda does: stopped once it asks for the next event,
    /// until it gets one. One that takes several events at once never is.
    #[must_use]
    pub fn freeze(mut self, freeze: bool) -> Self {
        self.freeze = freeze;
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

    /// Gives the function neither credentials nor a region. AWS's SDKs in it then find those of the user, as anywhere else: by
    /// the [variables](Self::env) that are added, or in the files of profiles.
    ///
    /// It calls back to the service all the same. The service must take requests that are signed with keys that it did not give
    /// out: see [`Settings::any_credentials`](crate::Settings::any_credentials).
    #[must_use]
    pub fn without_credentials(mut self) -> Self {
        self.has_credentials = false;
        self
    }

    /// Sets a sink for lines as the function writes them.
    #[must_use]
    pub fn log_sink(mut self, sink: impl Fn(&LogLine) + Send + Sync + 'static) -> Self {
        self.log_sink = Some(Arc::new(sink));
        self
    }
}

impl FunctionSettings {
    /// Whether an environment takes several events at once.
    pub(crate) fn is_shared(&self) -> bool {
        self.concurrency_of_environment > 1
    }

    /// Whether an environment takes other events after this one.
    pub(crate) fn survives(&self, report: &InvocationReport) -> bool {
        match report.outcome {
            InvocationOutcome::Response(_) | InvocationOutcome::Error(_) => true,
            InvocationOutcome::TimedOut => self.is_shared() && report.taken.is_some(),
            InvocationOutcome::Exited(_) | InvocationOutcome::InitFailed(_) => false,
        }
    }
}

impl fmt::Debug for FunctionSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionSettings")
            .field("name", &self.name)
            .field("timeout", &self.timeout)
            .field("memory_mb", &self.memory_mb)
            .field("concurrency", &self.concurrency)
            .field("concurrency_of_environment", &self.concurrency_of_environment)
            .field("freeze", &self.freeze)
            .field("env", &self.env.keys())
            .field("has_credentials", &self.has_credentials)
            .finish_non_exhaustive()
    }
}
