//! Serving an adapter to Lambda: [`run`](fn@crate::run), and its parts for functions with their own layers.
//!
//! [`run`](fn@crate::run) is all that most functions need. A function that wraps the [`Adapter`] in its own tower layers,
//! adds layers to lambda_runtime's [`Runtime`] or sets up `tracing` itself builds the adapter and serves it with these
//! parts. Without a part, the function loses what the table says:
//!
//! | part | without it |
//! | --- | --- |
//! | [`init_logging`], or [`log_layer`] in your own subscriber | No log, or one in which a message can forge a line, and which shows messages at level `trace`. The alarms of the template read the fields of this log. |
//! | [`hide_panic_messages`] | Panic messages, which can quote a message, reach standard error. |
//! | `TracingLayer` of lambda_runtime | Log lines lack the request id. |
//! | [`serve`] in place of `Runtime::run` | SIGTERM cuts off the invocations in flight, and an environment with several invocations at once handles one after the other. |
//!
//! The adapter itself, and with it [`AdapterBuilder::build`], has all the rest: the fallback action, the deadlines, the
//! watchdog, and the exactly one callback. The watchdog writes its own lines to standard output in the format of
//! [`init_logging`], whatever subscriber is set: code that is stuck could hold a lock of that subscriber.
//!
//! ```no_run
//! use channel_flow::lambda_runtime::{Runtime, layers::TracingLayer, tower::ServiceBuilder};
//! use channel_flow::{Adapter, Decision, LimitError, Message, processor_fn, run};
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), channel_flow::Error> {
//!     run::init_logging();
//!     run::hide_panic_messages();
//!     let processor = processor_fn(|_: Message| async { Ok::<_, LimitError>(Decision::no_change()) });
//!     let adapter = Adapter::builder(processor).build().await?;
//!     // Your layers around the adapter see events and responses.
//!     let service = ServiceBuilder::new().service(adapter);
//!     // Your layers around the runtime see Lambda's invocations.
//!     run::serve(Runtime::new(service).layer(TracingLayer::new())).await
//! }
//! ```

pub(crate) mod logging;
mod panic_hook;
mod shutdown;

use std::future::Future;

use lambda_runtime::layers::TracingLayer;
use lambda_runtime::{LambdaInvocation, Runtime, Service};

use crate::environment::{concurrency, var};
use crate::run::shutdown::InFlight;
use crate::{Adapter, AdapterBuilder, Error, Processor};

pub use self::logging::{init_logging, log_layer};
pub use self::panic_hook::hide_panic_messages;

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
///     channel_flow::run(processor_fn(|_: Message| async { Ok::<_, LimitError>(Decision::no_change()) })).await
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
    /// Builds the adapter and serves it, as [`run`](fn@crate::run) does.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] in the same cases as [`run`](fn@crate::run).
    pub async fn run(self) -> Result<(), Error> {
        if let Some(missing) = LAMBDA_VARIABLES.into_iter().find(|name| var(name).is_none()) {
            return Err(Error::configuration(format!(
                "{missing} is not set: this is a Lambda function, which Lambda or something that acts as Lambda has to start; \
                 `cargo channel-flow send` does"
            )));
        }
        init_logging();
        panic_hook::set(self.shows_panic_messages());
        let adapter: Adapter<P> = self.build().await?;
        serve(Runtime::new(adapter).layer(TracingLayer::new())).await
    }
}

/// Serves a runtime until the Runtime API is gone or SIGTERM has arrived: one invocation after the other, or as many at
/// once as `AWS_LAMBDA_MAX_CONCURRENCY` says.
///
/// On SIGTERM, `serve` first finishes the invocations in flight. It then returns, or ends the process if Lambda runs
/// several invocations at once.
///
/// # Errors
///
/// Returns an [`Error`] of kind [`Runtime`](crate::ErrorKind::Runtime) if the Runtime API is gone.
pub async fn serve<S>(runtime: Runtime<S>) -> Result<(), Error>
where
    S: Service<LambdaInvocation, Response = (), Error = lambda_runtime::Error> + Clone + Send + 'static,
    S::Future: Future<Output = Result<(), lambda_runtime::Error>> + Send + 'static,
{
    let in_flight = InFlight::new();
    let runtime = runtime.layer(in_flight.clone());
    tokio::select! {
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
