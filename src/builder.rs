//! Setting up an adapter.

use std::any::type_name;
use std::fmt;
use std::time::Duration;

use aws_sdk_chimesdkmessaging::Client;
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::adapter::Inner;
use crate::callback::{Callbacks, MAY_ASK_VARIABLE, MayAsk};
use crate::deciding::Decider;
use crate::watchdog::Watchdog;
use crate::{Adapter, Error, FallbackAction, Processor, client};

/// Time before Lambda's deadline that is kept for the callback. In a function of 128 MB, with a fourteenth of a core, a
/// TLS connection and the call take some 60 ms of computing and a few round trips; a second has room for that, for one
/// attempt that gets lost, and for the pause before the next.
const DEFAULT_RESERVE: Duration = Duration::from_secs(1);

/// Settings of an [`Adapter`].
#[must_use]
pub struct AdapterBuilder<P> {
    decider: Decider<P>,
    reserve: Duration,
    client: Option<Client>,
}

impl<P: Processor + 'static> AdapterBuilder<P> {
    pub(crate) fn new(processor: P) -> Self {
        let decider = Decider {
            processor,
            fallback_action: FallbackAction::default(),
            redeliver: false,
            apart: false,
            show_panic_messages: false,
        };
        Self { decider, reserve: DEFAULT_RESERVE, client: None }
    }

    /// What becomes of a message whose processor errs, panics or runs out of time; [`FallbackAction::Abort`] unless set.
    pub fn fallback_action(mut self, fallback_action: FallbackAction) -> Self {
        self.decider.fallback_action = fallback_action;
        self
    }

    /// The time before Lambda's deadline that is kept for the callback, 1 s unless set. When it begins, a processor that
    /// is still at work is stopped and the fallback action goes out. It never takes more than half of an invocation.
    pub fn reserve(mut self, reserve: Duration) -> Self {
        self.reserve = reserve;
        self
    }

    /// Whether Lambda shall deliver an event again whose processor [asked for another try](Processor::retry_after) until
    /// its time was over, in place of the fallback action.
    ///
    /// The invocation then fails, and Lambda tries again as often as the function's settings for asynchronous
    /// invocation say, twice by default. After the last of these **nothing answers for the message unless the function
    /// has an on-failure destination that does**.
    pub fn redeliver(mut self, redeliver: bool) -> Self {
        self.decider.redeliver = redeliver;
        self
    }

    /// The client through which callbacks go out, in place of one made from the environment. Its retries and time-outs
    /// are then yours as well.
    pub fn client(mut self, client: Client) -> Self {
        self.client = Some(client);
        self
    }

    /// Lets Rust print the messages of panics. [`run`](crate::run) keeps them out of the logs, and logs only where a
    /// panic happened: a message can quote what was processed, as those of string slicing do. It also cuts them off the
    /// error that a processor returns when a task of its own has panicked.
    pub fn show_panic_messages(mut self) -> Self {
        self.decider.show_panic_messages = true;
        self
    }

    pub(crate) fn shows_panic_messages(&self) -> bool {
        self.decider.show_panic_messages
    }

    /// The adapter.
    ///
    /// # Errors
    ///
    /// Of kind [`Configuration`](crate::ErrorKind::Configuration), if no client can be made from the environment, if there is
    /// no thread for the watchdog, or if Lambda runs several invocations at once and the tokio runtime has fewer than two
    /// worker threads: one processor that blocks its thread would keep the events beside it from being read.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn build(self) -> Result<Adapter<P>, Error> {
        let concurrency = concurrency();
        if concurrency > 1 {
            check_threads(concurrency)?;
        }
        let client = match self.client {
            Some(client) => client,
            None => client::from_environment().await?,
        };
        let may_ask = MayAsk::parse(std::env::var(MAY_ASK_VARIABLE).ok().as_deref())?;
        let callbacks = Callbacks::new(client, may_ask);
        let watchdog = Watchdog::new(&callbacks)?;
        let decider = Decider { apart: concurrency > 1, ..self.decider };
        Ok(Adapter::new(Inner { decider, reserve: self.reserve, callbacks, watchdog }))
    }
}

/// How many invocations Lambda runs in this environment at once.
pub(crate) fn concurrency() -> u32 {
    let concurrency = std::env::var("AWS_LAMBDA_MAX_CONCURRENCY").ok().and_then(|value| value.parse().ok());
    concurrency.unwrap_or(1)
}

/// Whether one thread that is blocked leaves another one to the events beside it.
fn check_threads(concurrency: u32) -> Result<(), Error> {
    let runtime = Handle::current();
    let has = match (runtime.runtime_flavor(), runtime.metrics().num_workers()) {
        (RuntimeFlavor::CurrentThread, _) => "runs on the current thread alone",
        (_, 0 | 1) => "has one worker thread",
        _ => return Ok(()),
    };
    Err(Error::configuration(format!(
        "AWS_LAMBDA_MAX_CONCURRENCY is {concurrency}, and the tokio runtime {has}, so that one processor that blocks its thread \
         would hold up all events beside it: write #[tokio::main(flavor = \"multi_thread\", worker_threads = 2)] over main, or \
         more threads than 2, and turn on tokio's feature rt-multi-thread"
    )))
}

impl<P> fmt::Debug for AdapterBuilder<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdapterBuilder")
            .field("processor", &type_name::<P>())
            .field("fallback_action", &self.decider.fallback_action)
            .field("reserve", &self.reserve)
            .finish_non_exhaustive()
    }
}
