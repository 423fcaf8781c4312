//! Amazon Chime SDK messaging's side of a channel flow, on a laptop: no account, no network.
//!
//! A channel flow processor is a Lambda function that gets a message and answers with a callback
//! to the messaging service. This crate is everything around that function. It runs the binary
//! over the real Lambda Runtime API and receives its callback over HTTP, as the unmodified AWS
//! SDK sends it: the signature is verified, every limit of the service's API model is checked,
//! and a message can be decided once.
//!
//! ```no_run
//! use channel_flow_emulator::{Emulator, FunctionSettings, OutgoingMessage, Settings};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = Emulator::start(Settings::new()).await?;
//! let function = emulator.function("target/debug/my-processor", FunctionSettings::new())?;
//!
//! let delivered = function.send(OutgoingMessage::new("What the hell is this?")?).await;
//!
//! assert!(delivered.is_decided(), "{}", delivered.invocation.outcome());
//! let message = delivered.message.expect("the message has ids");
//! let seen = message.seen_by_everyone().expect("the message was not denied");
//! assert_eq!(seen.content.as_deref(), Some("What the **** is this?"));
//! # Ok(())
//! # }
//! ```
//!
//! The pieces, in the order in which a message meets them:
//!
//! - [`OutgoingMessage`] becomes an [`Event`]; an event of any bytes can be brought along.
//! - A [`Function`] delivers it to a process, over a [`RuntimeApi`].
//! - The function's callback reaches the [`MessagingService`], which accepts or refuses it.
//! - [`Delivered`] tells what came of it: the invocation, the callbacks, the message.
//!
//! Around that is the messaging service as a whole, over HTTP or by [`MessagingService::call`]: channels whose messages go
//! through flows.
//!
//! - [`MessagingService::set_function`] says what is behind the function of a processor: an [`EventQueue`], or whatever
//!   speaks Lambda's `Invoke`, an [`InvokeEndpoint`]. A [`FunctionMap`] says it in a file.
//! - [`MessagingService::watch`] tells what happens, and a [`Recorder`] writes it to a file, from which each
//!   [`RecordedStep`] can be delivered again.
//!
//! What goes wrong in production can be made to go wrong here:
//!
//! - [`MessagingService::fault`] scripts what becomes of the next callbacks, from throttling to an answer that is lost.
//! - [`MessagingService::fault_invocation`] does the same for invocations: a duplicate, a crash, a throttled function.
//! - [`EventQueue`] delivers as Lambda does asynchronously: again after a failure, then to an on-failure destination or a
//!   dead-letter queue ([`SqsQueue`]), and twice where asked to.
//! - [`FunctionSettings`] says how many environments there are, and whether they are frozen between events;
//!   [`ExecutionEnvironment`] kills one or ends it in good order.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use channel_flow_emulator::{
//!     Destination, Emulator, EventInvokeConfig, EventQueue, Fault, FunctionSettings, OutgoingMessage, Settings,
//! };
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = Emulator::start(Settings::new()).await?;
//! let function = |name| emulator.function("target/debug/my-processor", FunctionSettings::new().name(name));
//! let soon = EventInvokeConfig::new().retry_delays(Duration::from_millis(10), Duration::from_millis(20));
//! let rescue = EventQueue::new(function("rescue")?, soon.clone());
//! let queue = EventQueue::new(function("filter")?, soon.on_failure(Destination::Function(rescue)));
//!
//! // The first request is reset, and the answer to the second one, which is accepted, is lost.
//! emulator.service().fault(Fault::reset_before_reading());
//! emulator.service().fault(Fault::lost_answer());
//! let finished = queue.send(OutgoingMessage::new("What the hell is this?")?).finished().await;
//!
//! assert!(finished.is_decided());
//! assert_eq!(emulator.service().counts().pending, 0);
//! # Ok(())
//! # }
//! ```
//!
//! What AWS does not document and this crate assumes is listed in [`assumptions`].

mod api;
mod callback;
mod certificate;
mod connect;
mod connection;
mod core;
mod credentials;
mod emulator;
mod endpoint;
mod envelope;
mod environment;
mod environments;
mod error;
mod event;
mod event_queue;
mod fault;
mod function;
mod gate;
mod happening;
mod http;
mod ids;
mod invocation;
mod json;
mod lambda;
mod ledger;
mod logs;
mod message;
mod outbox;
mod page;
mod process;
mod record;
mod recording;
mod refusal;
mod runtime_api;
mod server;
mod service;
mod sessions;
mod signature;
mod sqs;
mod store;
mod stream;
mod variables;
mod watchers;
mod world;

pub mod assumptions;
pub mod limits;

pub use api::error::{ApiError, Exception};
pub use assumptions::{Assumptions, RepeatedCallback};
pub use axum::body::Bytes;
pub use callback::Decision;
pub use credentials::Credentials;
pub use emulator::{Emulator, Settings};
pub use envelope::FailureCondition;
pub use environments::ExecutionEnvironment;
pub use error::{Error, ErrorKind};
pub use event::{Event, MissingIds, OutgoingMessage, Persistence, Sender};
pub use event_queue::{
    Destination, EventInvokeConfig, EventQueue, FinishedDestination, FinishedEvent, InvokeError, QueuedEvent,
};
pub use fault::Fault;
pub use function::{Delivered, Function, FunctionSettings};
pub use happening::{Happening, What};
pub use invocation::{InitFailure, InvocationOutcome, InvocationReport};
pub use lambda::{
    FunctionMap, FunctionMapError, InvocationFault, InvocationTarget, InvokeEndpoint, MappedFunction, Unreachable,
    UnusableEndpoint,
};
pub use ledger::Counts;
pub use logs::{LogLine, LogSink, LogStream};
pub use message::{MessageAttributeValue, MessageFields, MessageIds, MessageState, MessageStatus, PushNotification};
pub use record::CallbackRecord;
pub use recording::{
    RecordedAttempt, RecordedCallback, RecordedRefusal, RecordedStep, RecordedUnreachable, Recorder, RecorderSettings,
    StepOutcome, UnreadableStep,
};
pub use refusal::{Refusal, RefusalKind};
pub use runtime_api::{Answer, FunctionError, Invocation, Running, RuntimeApi};
pub use service::MessagingService;
pub use sqs::{ConsumedMessage, SqsQueue, SqsSettings};

/// The account of every ARN that this crate makes up.
pub const ACCOUNT: &str = "123456789012";
