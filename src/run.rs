//! Serving an adapter to Lambda.

use std::env;

use lambda_runtime::Runtime;
use lambda_runtime::layers::TracingLayer;

use crate::builder::concurrency;
use crate::in_flight::InFlight;
use crate::watchdog::Watchdog;
use crate::{Adapter, AdapterBuilder, Error, Processor, logging};

/// What Lambda sets for every function, and what lambda_runtime cannot do without.
const LAMBDA_VARIABLES: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
];

/// Serves `processor` as a Lambda function: each event becomes a call of
/// [`process`](Processor::process), and its decision a callback.
///
/// Logs go to standard output the way lambda_runtime sets them up, as JSON where the function's log format is JSON,
/// unless a `tracing` subscriber is set already. Level `trace` shows a message's content only where `RUST_LOG` asks for
/// it by the name of a crate that logs it, such as `lambda_runtime=trace`. To choose the fallback action and more, use
/// [`Adapter::builder`](crate::Adapter::builder).
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
/// Where Lambda runs several invocations in one environment at once, which `AWS_LAMBDA_MAX_CONCURRENCY` tells, so does
/// this. It then takes a tokio runtime with two worker threads or more, and does not start without: write
/// `#[tokio::main(flavor = "multi_thread", worker_threads = 2)]`, and turn on tokio's feature `rt-multi-thread`. On SIGTERM
/// what is under way is finished first; this then returns, or ends the process if Lambda runs several invocations at once.
///
/// # Errors
///
/// Of kind [`Configuration`](crate::ErrorKind::Configuration) where the process was not started by Lambda or something
/// that acts as Lambda does, where no client can be made from the environment, where the system has no thread for the
/// watchdog, or where the tokio runtime has fewer threads than several invocations at once take; of kind
/// [`Runtime`](crate::ErrorKind::Runtime) where the Runtime API is gone.
pub async fn run<P: Processor + 'static>(processor: P) -> Result<(), Error> {
    Adapter::builder(processor).run().await
}

impl<P: Processor + 'static> AdapterBuilder<P> {
    /// Builds the adapter and serves it, as [`run`] does.
    ///
    /// # Errors
    ///
    /// As [`run`].
    pub async fn run(self) -> Result<(), Error> {
        if let Some(missing) = LAMBDA_VARIABLES.into_iter().find(|name| env::var_os(name).is_none()) {
            return Err(Error::configuration(format!(
                "{missing} is not set: this is a Lambda function, which Lambda or something that acts as Lambda has to start; \
                 `cargo channel-flow send` does"
            )));
        }
        logging::init();
        let shown = self.shows_panic_messages().then(std::panic::take_hook);
        std::panic::set_hook(Box::new(move |panic| match &shown {
            // A hook that prints waits for whoever has locked standard error.
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
            // One event after the other, or as many at once as AWS_LAMBDA_MAX_CONCURRENCY says.
            ended = runtime.run_concurrent() => ended.map_err(Error::runtime),
            () = in_flight.terminated() => {
                if concurrency() > 1 {
                    // lambda_runtime leaves tasks behind that ask for events. If the tokio runtime is dropped, such a task can
                    // lose its connection before it is cancelled, and then asks again without ever giving its thread back.
                    std::process::exit(0);
                }
                Ok(())
            }
        }
    }
}
