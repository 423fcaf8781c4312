//! Serving an adapter to Lambda.

pub(crate) mod logging;
mod shutdown;

use lambda_runtime::Runtime;
use lambda_runtime::layers::TracingLayer;

use crate::adapter::watchdog::Watchdog;
use crate::environment::{concurrency, var};
use crate::run::shutdown::InFlight;
use crate::{Adapter, AdapterBuilder, Error, Processor};

/// The variables that Lambda sets for every function and that lambda_runtime requires.
const LAMBDA_VARIABLES: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
];

/// Serves `processor` as a Lambda function: each event becomes a call of [`process`](Processor::process), and its
/// decision becomes a callback.
///
/// Logs go to standard output as lambda_runtime sets them up, and are JSON if the function's log format is JSON. If a
/// `tracing` subscriber is already set, it stays in place. Level `trace` shows a message's content only if a directive
/// in `RUST_LOG` names the crate that logs it, such as `lambda_runtime=trace`. To choose the fallback action and other
/// settings, use [`Adapter::builder`](crate::Adapter::builder).
///
/// ```no_run
/// use channel_flow::{Decision, LimitError, Message, processor_fn};
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), channel_flow::Error> {
///     channel_flow::run(processor_fn(|_: Message| async { Ok::<_, LimitError>(Decision::NoChange) })).await
/// }
/// ```
///
/// If Lambda runs several invocations in one environment at once, as `AWS_LAMBDA_MAX_CONCURRENCY` says, `run` handles
/// them at once. It then requires a tokio runtime with two worker threads or more, and does not start without one:
/// write `#[tokio::main(flavor = "multi_thread", worker_threads = 2)]`, and enable tokio's feature `rt-multi-thread`.
/// On SIGTERM, `run` first finishes the invocations in flight. It then returns, or ends the process if Lambda runs several
/// invocations at once.
///
/// # Errors
///
/// Returns an [`Error`] of kind [`Configuration`](crate::ErrorKind::Configuration) if the process was not started by
/// Lambda or something that acts as Lambda does, if a [variable of the framework](crate#environment-variables) has an
/// invalid value, if no client can be made from the environment, if the system has no thread for the watchdog, or if the tokio runtime has fewer threads than several invocations at once require. Returns
/// an [`Error`] of kind [`Runtime`](crate::ErrorKind::Runtime) if the Runtime API is gone.
pub async fn run<P: Processor + 'static>(processor: P) -> Result<(), Error> {
    Adapter::builder(processor).run().await
}

impl<P: Processor + 'static> AdapterBuilder<P> {
    /// Builds the adapter and serves it, as [`run`] does.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] in the same cases as [`run`].
    pub async fn run(self) -> Result<(), Error> {
        if let Some(missing) = LAMBDA_VARIABLES.into_iter().find(|name| var(name).is_none()) {
            return Err(Error::configuration(format!(
                "{missing} is not set: this is a Lambda function, which Lambda or something that acts as Lambda has to start; \
                 `cargo channel-flow send` does"
            )));
        }
        logging::init();
        let shown = self.shows_panic_messages().then(std::panic::take_hook);
        std::panic::set_hook(Box::new(move |panic| match &shown {
            // A hook that prints waits for the thread that has locked standard error.
            Some(show) if !Watchdog::is_this_thread() => show(panic),
            _ => {
                let location = panic.location().map(ToString::to_string);
                tracing::error!(location, "panic");
            }
        }));
        let adapter: Adapter<P> = self.build().await?;
        let in_flight = InFlight::new();
        let runtime = Runtime::new(adapter).layer(TracingLayer::new()).layer(in_flight.clone());
        tokio::select! {
            // Handles one event after the other, or as many at once as AWS_LAMBDA_MAX_CONCURRENCY says.
            ended = runtime.run_concurrent() => ended.map_err(Error::runtime),
            () = in_flight.terminated() => {
                if concurrency(var) > 1 {
                    // lambda_runtime leaves tasks behind that ask for events. If the tokio runtime is dropped, such a task can
                    // lose its connection before it is cancelled. It then asks again without ever giving its thread back.
                    std::process::exit(0);
                }
                Ok(())
            }
        }
    }
}
