//! The settings of an adapter.

use std::any::type_name;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use aws_sdk_chimesdkmessaging::Client;
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::adapter::Inner;
use crate::adapter::decider::Decider;
use crate::adapter::watchdog::Watchdog;
use crate::callback::rehearsal::rehearsed_client;
use crate::callback::settle::Callbacks;
use crate::environment::{Environment, var};
use crate::review::desk::{OpenDesk, open_desk};
use crate::store::TicketStore;
use crate::{Adapter, Error, FallbackAction, Metrics, Processor, ReasonsIn};

/// The time before Lambda's deadline that is kept for the callback. It is sized for a function of 128 MB, with a
/// fourteenth of a core: a second leaves room for the computing and the round trips of a TLS connection and of the call,
/// for one lost attempt, and for the pause before the next attempt. `benches/` measures such a function.
const DEFAULT_RESERVE: Duration = Duration::from_secs(1);

/// Settings of an [`Adapter`].
#[must_use]
pub struct AdapterBuilder<P> {
    decider: Decider<P>,
    reserve: Duration,
    client: Option<Client>,
    metrics: Metrics,
    dry_run: bool,
    reasons_in: Option<ReasonsIn>,
    open_desk: Option<OpenDesk>,
}

impl<P: Processor + 'static> Adapter<P> {
    /// Returns the settings of an adapter for `processor`, to change and to build.
    pub fn builder(processor: P) -> AdapterBuilder<P> {
        AdapterBuilder::new(processor)
    }
}

impl<P: Processor + 'static> AdapterBuilder<P> {
    pub(crate) fn new(processor: P) -> Self {
        let decider = Decider {
            processor,
            fallback_action: FallbackAction::default(),
            redeliver: false,
            apart: false,
            show_panic_messages: false,
            after_decided_before: false,
        };
        Self {
            decider,
            reserve: DEFAULT_RESERVE,
            client: None,
            metrics: Metrics::default(),
            dry_run: false,
            reasons_in: None,
            open_desk: None,
        }
    }

    /// Sets the fallback action, for a message whose processor returns an error, panics or times out. The default is
    /// [`FallbackAction::Abort`].
    ///
    /// The environment variable `CHANNEL_FLOW_FALLBACK_ACTION`, `ABORT` or `CONTINUE`, overrides this setting, so that the
    /// person who deploys the function can choose.
    pub fn fallback_action(mut self, fallback_action: FallbackAction) -> Self {
        self.decider.fallback_action = fallback_action;
        self
    }

    /// Sets the time before Lambda's deadline that is kept for the callback. The default is 1 s. When this time begins,
    /// a processor that is still running is stopped and the fallback action is sent. The reserve never takes more than
    /// half of an invocation.
    pub fn reserve(mut self, reserve: Duration) -> Self {
        self.reserve = reserve;
        self
    }

    /// Sets whether to fail the invocation, so that Lambda redelivers the event, if the processor still [asks for a
    /// retry](Processor::retry_after) when its time runs out. Otherwise the fallback action decides.
    ///
    /// Lambda retries a failed invocation as often as the function's settings for asynchronous invocation say, twice by
    /// default. After the last retry, **nothing answers for the message unless the function has an on-failure
    /// destination that does**.
    pub fn redeliver(mut self, redeliver: bool) -> Self {
        self.decider.redeliver = redeliver;
        self
    }

    /// Sets the client that sends callbacks, in place of a client made from the environment. You then also choose its
    /// retries and timeouts.
    pub fn client(mut self, client: Client) -> Self {
        self.client = Some(client);
        self
    }

    /// Sets whether [`Processor::after_callback`] also runs for a message that was decided before. By default it does not,
    /// so that an event that Lambda delivers twice is worked on once; it is not worked on at all if the first environment
    /// died after its callback. To have it done once in both cases, set this and guard the work by [`Once`](crate::Once).
    pub fn after_decided_before(mut self, after_decided_before: bool) -> Self {
        self.decider.after_decided_before = after_decided_before;
        self
    }

    /// Sets how the function publishes metrics. By default, it publishes none.
    ///
    /// The environment variable `CHANNEL_FLOW_METRICS`, `emf` or `off`, overrides this setting.
    pub fn metrics(mut self, metrics: Metrics) -> Self {
        self.metrics = metrics;
        self
    }

    /// Sets whether the function only tries its decisions: every message is released unchanged, and what would have been
    /// sent, the fallback action included, is recorded in the log, in the metrics and in
    /// [`Settled::dry_run`](crate::Settled::dry_run).
    ///
    /// [`Processor::after_callback`] gets the decision that was sent, which is no change without reasons.
    ///
    /// The environment variable `CHANNEL_FLOW_DRY_RUN`, `true` or `false`, overrides this setting.
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// Sets where an update shows its [reasons](crate::Reason) to everyone who gets the message. By default, they are shown
    /// to nobody. The approval of a held message shows none.
    pub fn reasons_in(mut self, reasons_in: ReasonsIn) -> Self {
        self.reasons_in = Some(reasons_in);
        self
    }

    /// Sets where the tickets of held messages are stored. A processor can then return
    /// [`Decision::hold`](crate::Decision::hold).
    ///
    /// **A held message hangs unless something sweeps**: have a schedule invoke the same binary, every minute, with the same
    /// store. If the store is away when a message is to be held, the fallback action decides.
    pub fn tickets<S: TicketStore + 'static>(mut self, store: S) -> Self {
        self.open_desk = Some(open_desk(store));
        self
    }

    /// Sets whether Rust prints panic messages. By default, [`run`](fn@crate::run) keeps them out of the logs and logs only the
    /// location of a panic: a panic message can quote the text that was processed, as those of string slicing do. By
    /// default, `run` also cuts the message out of the error that a processor returns if one of its tasks has panicked.
    pub fn show_panic_messages(mut self, show_panic_messages: bool) -> Self {
        self.decider.show_panic_messages = show_panic_messages;
        self
    }

    pub(crate) fn shows_panic_messages(&self) -> bool {
        self.decider.show_panic_messages
    }

    /// Builds the adapter.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] of kind [`Configuration`](crate::ErrorKind::Configuration) if a [variable of the
    /// framework](crate#environment-variables) has an invalid value, if no client can be made from the environment, if
    /// the system has no thread for the watchdog, or if Lambda runs several invocations at once and the tokio runtime has fewer
    /// than two worker threads: one processor that blocks its thread would keep the other events from being read.
    ///
    /// # Panics
    ///
    /// Panics if called outside a tokio runtime.
    pub async fn build(self) -> Result<Adapter<P>, Error> {
        let Environment { fallback_action, may_ask, metrics, dry_run, concurrency } = Environment::read(var)?;
        if concurrency > 1 {
            check_threads(concurrency)?;
        }
        let client = match self.client {
            Some(client) => client,
            None => rehearsed_client().await?,
        };
        let callbacks = Callbacks::new(client, may_ask);
        let recorder = metrics.unwrap_or(self.metrics).recorder();
        let watchdog = Watchdog::new(&callbacks, &recorder)?;
        let dry_run = dry_run.unwrap_or(self.dry_run);
        if dry_run {
            tracing::warn!("dry run: every message is released unchanged, and decisions are only recorded");
        }
        let desk = self.open_desk.map(|open| open(callbacks.clone()));
        let fallback_action = fallback_action.unwrap_or(self.decider.fallback_action);
        let decider = Decider { apart: concurrency > 1, fallback_action, ..self.decider };
        let cold = AtomicBool::new(true);
        Ok(Adapter::new(Inner {
            decider,
            reserve: self.reserve,
            callbacks,
            recorder,
            dry_run,
            reasons_in: self.reasons_in,
            desk,
            watchdog,
            cold,
        }))
    }
}

/// Checks that a blocked thread leaves another one for the other events.
fn check_threads(concurrency: u32) -> Result<(), Error> {
    let runtime = Handle::current();
    let has = match (runtime.runtime_flavor(), runtime.metrics().num_workers()) {
        (RuntimeFlavor::CurrentThread, _) => "runs on the current thread only",
        (_, 0 | 1) => "has one worker thread",
        _ => return Ok(()),
    };
    Err(Error::configuration(format!(
        "AWS_LAMBDA_MAX_CONCURRENCY is {concurrency}, and the tokio runtime {has}, so a processor that blocks its thread \
         would hold up all other events: write #[tokio::main(flavor = \"multi_thread\", worker_threads = 2)] over main, or use \
         more threads, and enable tokio's feature rt-multi-thread"
    )))
}

impl<P> fmt::Debug for AdapterBuilder<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdapterBuilder")
            .field("processor", &type_name::<P>())
            .field("fallback_action", &self.decider.fallback_action)
            .field("reserve", &self.reserve)
            .field("metrics", &self.metrics)
            .field("dry_run", &self.dry_run)
            .finish_non_exhaustive()
    }
}
