//! Write Amazon Chime SDK messaging [channel flow processors] as AWS Lambda functions.
//!
//! Members of the channel do not see a message in a channel flow until a Lambda function calls `ChannelFlowCallback`
//! for it. Implement [`Processor`] and return a [`Decision`]; this crate does the rest. It reads the event, asks the
//! processor, sends the callback, and applies the [`FallbackAction`] if the processor cannot decide.
//!
//! ```no_run
//! use channel_flow::{Decision, LimitError, Message, Processor};
//!
//! struct NoShouting;
//!
//! impl Processor for NoShouting {
//!     type Error = LimitError;
//!
//!     async fn process(&self, message: &Message) -> Result<Decision, LimitError> {
//!         let text = message.to_text();
//!         let shown = text.as_str();
//!         if shown.len() > 10 && shown == shown.to_uppercase() {
//!             return Ok(message.map_texts(str::to_lowercase)?.into());
//!         }
//!         Ok(Decision::no_change())
//!     }
//! }
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), channel_flow::Error> {
//!     channel_flow::run(NoShouting).await
//! }
//! ```
//!
//! # The path of an event
//!
//! 1. [`RawEvent`]: the event. It must contain the three ids that a callback needs; everything else is optional.
//! 2. [`Message`]: the message as a processor sees it, with its [`Sender`] and its [`Text`].
//! 3. [`Processor::process`]: your code.
//!    A [`Flow`] puts several processors into one function, [`Policies`] give each channel its own, and [`Exemptions`] name
//!    messages that a processor leaves alone.
//! 4. [`Decision`]: update, deny, or no change, with [reasons](Reason), and with the [scores](Scores) of a judge. An
//!    [`Update`] holds only values that the service accepts; see [`limits`].
//! 5. The callback, sent through the AWS SDK. [`Settled`] describes how it ended.
//!
//! A decision can also be to [`hold`](Decision::hold) the message for a person. Its [`Ticket`] is then stored in place of the
//! callback, and a [`Reviewer`] resolves it. For what environments remember together, see [`store`].
//!
//! [`Adapter`] implements this path as a tower `Service`, and [`run`](fn@run) serves it to Lambda. [`testing`] helps
//! to test a processor.
//!
//! # Credentials, region, endpoint
//!
//! The crate finds these as any Lambda function does: in the environment, and otherwise through AWS's default
//! credential chain. To use another endpoint, set `AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING` or `AWS_ENDPOINT_URL`. The TLS
//! connection trusts the roots of Amazon Trust Services, which are built into this crate. To trust other roots, set
//! `AWS_CA_BUNDLE` or `SSL_CERT_FILE` to a file that contains them.
//!
//! # Environment variables
//!
//! | variable | value | what it does |
//! | --- | --- | --- |
//! | `CHANNEL_FLOW_FALLBACK_ACTION` | `ABORT`, `CONTINUE` | overrules the [fallback action](AdapterBuilder::fallback_action) of the function |
//! | `CHANNEL_FLOW_MAY_ASK_STATUS` | `true`, `false`, ARNs of app instances, separated by commas | says if, or where, the function's role has the grant `chime:GetChannelMessageStatus`, which tells a message that was decided from a missing grant |
//! | `CHANNEL_FLOW_METRICS` | `emf`, `off` | overrules whether the function publishes [metrics](AdapterBuilder::metrics) |
//! | `CHANNEL_FLOW_DRY_RUN` | `true`, `false` | overrules whether the function is in a [dry run](AdapterBuilder::dry_run) |
//!
//! The function does not start if one of them has another value. The crate also reads the variables that Lambda sets,
//! those of the AWS SDK, and `RUST_LOG`.
//!
//! # Features
//!
//! - `metrics`: [metrics](Metrics) in CloudWatch's embedded metric format. Off by default.
//! - `proptest`: strategies for messages in [`testing`], for the tests of a function. Off by default.
//! - `sso`: supports profiles that sign in through IAM Identity Center, so that a processor can run on a laptop against
//!   a real account. Off by default; Lambda does not need it.
//!
//! [channel flow processors]: https://docs.aws.amazon.com/chime-sdk/latest/dg/using-channel-flows.html

#[cfg(all(panic = "abort", not(doc)))]
compile_error!(
    "with panic = \"abort\", a panic ends the process, and its message gets no callback: write panic = \"unwind\" into \
     [profile.release] of the workspace's Cargo.toml. If nothing is written there, `cargo lambda build` sets \"abort\""
);

mod adapter;
mod arn;
mod callback;
mod catch_unwind;
mod counting;
mod debug_span;
mod decision;
mod environment;
mod error;
mod event;
mod exemptions;
mod flood;
mod flow;
mod invocation;
mod message;
mod once;
mod policy;
mod processor;
mod reason_texts;
mod record;
mod response;
mod review;
mod scores;
mod sdk_config;
mod strikes;
mod ticket;

pub mod limits;
pub mod run;
pub mod store;
pub mod testing;

pub use adapter::Adapter;
pub use adapter::builder::AdapterBuilder;
pub use callback::pending_message::{PendingMessage, PendingMessageBuilder};
pub use callback::settle::Callbacks;
pub use counting::count_by::CountBy;
pub use decision::hold::{Hold, HoldError};
pub use decision::reason::{Reason, ReasonError};
pub use decision::reasons_in::ReasonsIn;
pub use decision::step_report::{StepFailure, StepOutcome, StepReport};
pub use decision::update::{Update, UpdateBuilder};
pub use decision::{Decision, DecisionKind, FallbackAction};
pub use error::{Error, ErrorKind};
pub use event::RawEvent;
pub use event::event_type::EventType;
pub use exemptions::Exemptions;
pub use exemptions::around::WithExemptions;
pub use flood::{Flood, FloodError};
pub use flow::step::Step;
pub use flow::{Flow, FlowError, condition};
pub use invocation::Invocation;
pub use limits::LimitError;
pub use message::Message;
pub use message::lex_envelope::{LexButton, LexCard, LexEnvelope, LexMessage};
pub use message::mask::Mask;
pub use message::message_type::MessageType;
pub use message::persistence::Persistence;
pub use message::push_notification::{PushNotification, PushNotificationBuilder, PushNotificationType};
pub use message::sender::{Sender, SenderKind};
pub use message::text::Text;
pub use once::attempt::Attempt;
pub use once::error::{HeldBack, OnceError};
pub use once::occasion::Occasion;
pub use once::{Once, OnceOutcome};
pub use policy::Policies;
pub use policy::cache::PolicyCache;
pub use policy::error::PolicyError;
pub use policy::processor::PolicyProcessorError;
pub use policy::source::PolicySource;
pub use processor::{BoxProcessor, BoxProcessorError, Processor, ProcessorFn, processor_fn};
pub use reason_texts::{ReasonTexts, ReasonTextsError};
pub use record::metrics::Metrics;
pub use response::{
    BatchItemFailure, DecidedBy, Doubt, Execution, ExecutionError, Fallback, FallbackCause, Outcome, Response, Settled,
};
pub use review::{Resolved, Reviewer, Sweep};
pub use run::run;
pub use scores::Scores;
pub use scores::score::{Score, ScoreError};
pub use scores::thresholds::{Threshold, Thresholds, ThresholdsError, Verdict};
#[doc(hidden)]
pub use sdk_config::sdk_config;
pub use strikes::{
    Ban, Strike, StrikeAction, StrikeActionError, StrikeActionFn, Strikes, StrikesError, Warning, WithStrikes,
    strike_action_fn,
};
pub use ticket::json::TicketJsonError;
pub use ticket::resolution::{Resolution, ResolvedBy, TicketOutcome};
pub use ticket::{HeldMessage, Ticket};

pub use aws_sdk_chimesdkmessaging;
pub use lambda_runtime;

/// Compiles the code in the README as a doc test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
