//! Write Amazon Chime SDK messaging [channel flow processors] as AWS Lambda functions.
//!
//! A message that enters a channel flow waits, unseen, until a Lambda function has called `ChannelFlowCallback` for it.
//! Implement [`Processor`], return a [`Decision`], and this crate does the rest: it reads the event, asks the processor,
//! calls back, and answers with the [`FallbackAction`] where the processor cannot.
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
//!         let text = message.text();
//!         if text.len() > 10 && *text == text.to_uppercase() {
//!             return Decision::update(text.rewrite(&text.to_lowercase()));
//!         }
//!         Ok(Decision::NoChange)
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
//! 1. [`RawEvent`]: the event, nothing of it taken for granted but the three ids that a callback needs.
//! 2. [`Message`]: what a processor sees, with its [`Sender`] and its [`Text`].
//! 3. [`Processor::process`]: your code.
//! 4. [`Decision`]: update, deny, or no change; an [`Update`] holds only what the service accepts, see [`limits`].
//! 5. The callback, through the AWS SDK; [`Settled`] tells how it ended.
//!
//! [`Adapter`] is that path as a tower `Service`, and [`run`] serves it to Lambda. [`testing`] has messages to try a
//! processor with.
//!
//! # Credentials, region, endpoint
//!
//! They are found as in any Lambda function: in the environment, and where that has none, through AWS's whole chain of
//! sources. `AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING` and `AWS_ENDPOINT_URL` name another endpoint. The TLS connection
//! trusts the roots of Amazon Trust Services, which are part of this crate; `AWS_CA_BUNDLE` or `SSL_CERT_FILE` name a
//! file of others.
//!
//! # Environment variables
//!
//! | variable | value | what it does |
//! | --- | --- | --- |
//! | `CHANNEL_FLOW_FALLBACK_ACTION` | `ABORT`, `CONTINUE` | overrules the [fallback action](AdapterBuilder::fallback_action) of the function |
//! | `CHANNEL_FLOW_MAY_ASK_STATUS` | `true`, `false`, ARNs of app instances with commas between them | says if, or where, the function's role has the grant `chime:GetChannelMessageStatus`, which tells a message that was decided from a missing grant |
//!
//! The function does not start if one of them has another value. Beside these it reads the variables that Lambda sets, those
//! of the AWS SDK, and `RUST_LOG`.
//!
//! # Features
//!
//! - `sso`: profiles that sign in through IAM Identity Center, for running a processor on a laptop against a real
//!   account. Not on by default; Lambda does not need it.
//!
//! [channel flow processors]: https://docs.aws.amazon.com/chime-sdk/latest/dg/using-channel-flows.html

mod adapter;
mod callback;
mod decision;
mod environment;
mod error;
mod event;
mod invocation;
mod message;
mod processor;
mod response;
mod run;

pub mod limits;
pub mod testing;

pub use adapter::Adapter;
pub use adapter::builder::AdapterBuilder;
pub use callback::{Doubt, Outcome};
pub use decision::update::Update;
pub use decision::{Decision, FallbackAction};
pub use error::{Error, ErrorKind};
pub use event::RawEvent;
pub use invocation::Invocation;
pub use limits::LimitError;
pub use message::lex_envelope::{LexButton, LexCard, LexEnvelope, LexMessage};
pub use message::push_notification::{PushNotification, PushNotificationType};
pub use message::sender::{Sender, SenderKind};
pub use message::text::Text;
pub use message::{EventType, Message, MessageType, Persistence};
pub use processor::{BoxProcessor, BoxProcessorError, Processor, ProcessorFn, processor_fn};
pub use response::{BatchItemFailure, DecidedBy, Response, Settled};
pub use run::run;

pub use aws_sdk_chimesdkmessaging;
pub use lambda_runtime;

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
