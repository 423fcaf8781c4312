//! Amazon Chime SDK messaging, with Lambda behind its channel flows, on a laptop: no account, no network.
//!
//! A channel flow processor is a Lambda function that gets a message and answers with a callback to the messaging service.
//! This crate is everything around that function, spoken as the real services speak it, so that boto3, the `aws` command
//! line, AWS's SDKs and AWS's browser SDK work with it unchanged:
//!
//! - **The API** over HTTP and TLS on one loopback port, in a [`MessagingService`]: signatures, limits, errors and
//!   permissions are as the API model and the developer guide have them.
//! - **Channel flows** of up to three processors, with `PENDING`, `SENT`, `DENIED` and `FAILED` messages, fallback actions,
//!   and callbacks that count once.
//! - **Sessions**: the WebSocket on which people are notified of the messages that they may see.
//! - **Lambda**: a [`Function`] runs a binary over the Runtime API, an [`EventQueue`] invokes it asynchronously with retries
//!   and destinations, an [`InvokeEndpoint`] invokes functions that another tool runs, and a [`FunctionMap`] maps ARNs
//!   to functions in a file.
//! - **Faults**: a switch for each failure that production can bring.
//! - **DynamoDB** with one table, on the same port, for what functions remember together (feature `dynamodb`:
//!   `Settings::table`). The chat page shows the messages that a function holds for a reviewer there, if it is given a
//!   [`ReviewDesk`].
//! - A **data file**, so that no accepted message is lost by a restart ([`Settings::data`]); a **chat page**
//!   ([`Settings::page`]); a **recording** of all steps ([`Recorder`]), to deliver again ([`RecordedStep`]).
//!
//! `cargo channel-flow dev` is all of it with a demo; in tests it is this:
//!
//! # One message through one function
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
//! [`OutgoingMessage`] becomes an [`Event`]; an event of any bytes can be brought along. The function gets it, and its
//! callback reaches the service, which accepts or refuses it. [`Delivered`] has the outcome: the invocation, the callbacks,
//! the message.
//!
//! # A channel with a flow
//!
//! [`MessagingService::call`] does an operation by the names of the API model, without HTTP. Over HTTP,
//! [`MessagingService::endpoint_url`] is the URL for clients.
//!
//! ```no_run
//! use channel_flow_emulator::{Emulator, EventInvokeConfig, EventQueue, FunctionSettings, Settings, ActivityKind};
//! use serde_json::json;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = Emulator::start(Settings::new()).await?;
//! let service = emulator.service();
//! let function = emulator.function("target/debug/my-processor", FunctionSettings::new())?;
//! let function_arn = function.arn();
//! service.set_function(&function_arn, EventQueue::new(function, EventInvokeConfig::new()));
//!
//! let made = service.call("CreateAppInstance", json!({ "Name": "chat" })).await?;
//! let app_instance = &made["AppInstanceArn"];
//! let alice = json!({ "AppInstanceArn": app_instance, "AppInstanceUserId": "alice", "Name": "Alice" });
//! let alice = &service.call("CreateAppInstanceUser", alice).await?["AppInstanceUserArn"];
//! let channel = json!({ "AppInstanceArn": app_instance, "ChimeBearer": alice, "Name": "General" });
//! let channel = &service.call("CreateChannel", channel).await?["ChannelArn"];
//! let flow = json!({
//!     "AppInstanceArn": app_instance,
//!     "Name": "Moderation",
//!     "Processors": [{
//!         "Name": "filter",
//!         "ExecutionOrder": 1,
//!         "FallbackAction": "ABORT",
//!         "Configuration": { "Lambda": { "ResourceArn": function_arn, "InvocationType": "ASYNC" } },
//!     }],
//! });
//! let flow = &service.call("CreateChannelFlow", flow).await?["ChannelFlowArn"];
//! let chosen = json!({ "ChannelArn": channel, "ChannelFlowArn": flow, "ChimeBearer": alice });
//! service.call("AssociateChannelFlow", chosen).await?;
//!
//! let mut activities = service.watch();
//! let said = json!({
//!     "ChannelArn": channel, "ChimeBearer": alice, "Content": "What the hell is this?",
//!     "Type": "STANDARD", "Persistence": "PERSISTENT",
//! });
//! let sent = service.call("SendChannelMessage", said).await?;
//! assert_eq!(sent["Status"]["Value"], "PENDING");
//! while let Some(activity) = activities.recv().await {
//!     if let ActivityKind::Settled { fields, .. } = activity.kind {
//!         assert_eq!(fields.content.as_deref(), Some("What the **** is this?"));
//!         break;
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Faults
//!
//! - [`MessagingService::fault`] scripts the failure of the next callbacks, from throttling to a lost answer.
//!   [`Fault::on_status_question`] does the same to `GetChannelMessageStatus`, which a function may ask for the sender of a
//!   message, in a channel or not.
//! - [`MessagingService::revoke`] takes a [`Grant`] from the roles of functions, for one app instance.
//!   [`OutgoingMessage::app_instance`] sends through another one.
//! - [`MessagingService::fault_invocation`] does the same for invocations: a duplicate, a crash, a throttled function.
//! - [`EventQueue`] delivers as Lambda does asynchronously: again after a failure, then to an on-failure destination or a
//!   dead-letter queue ([`SqsQueue`]), and twice if asked to.
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
//! # Operations
//!
//! | | here |
//! | --- | --- |
//! | messages | `SendChannelMessage`, `UpdateChannelMessage`, `GetChannelMessage`, `ListChannelMessages`, `GetChannelMessageStatus`, `RedactChannelMessage`, `DeleteChannelMessage` |
//! | flows | `CreateChannelFlow`, `DescribeChannelFlow`, `ListChannelFlows`, `UpdateChannelFlow`, `DeleteChannelFlow`, `AssociateChannelFlow`, `DisassociateChannelFlow`, `ListChannelsAssociatedWithChannelFlow`, `ChannelFlowCallback` |
//! | sessions | `GetMessagingSessionEndpoint`, and `/connect`, prefetch included |
//! | channels | `CreateChannel`, `DescribeChannel`, `ListChannels`, `SearchChannels`, `UpdateChannel`, `UpdateChannelReadMarker`, `DeleteChannel`, `PutChannelExpirationSettings`, `ListSubChannels` |
//! | members | `PutChannelMembershipPreferences`, `GetChannelMembershipPreferences`, `CreateChannelMembership`, `BatchCreateChannelMembership`, `DescribeChannelMembership`, `ListChannelMemberships`, `DeleteChannelMembership`, `DescribeChannelMembershipForAppInstanceUser`, `ListChannelMembershipsForAppInstanceUser` |
//! | moderators | `CreateChannelModerator`, `DescribeChannelModerator`, `ListChannelModerators`, `DeleteChannelModerator`, `DescribeChannelModeratedByAppInstanceUser`, `ListChannelsModeratedByAppInstanceUser` |
//! | bans | `CreateChannelBan`, `DescribeChannelBan`, `ListChannelBans`, `DeleteChannelBan` |
//! | app instances | `CreateAppInstance`, `DescribeAppInstance`, `ListAppInstances`, `UpdateAppInstance`, `DeleteAppInstance`, `CreateAppInstanceAdmin`, `DescribeAppInstanceAdmin`, `ListAppInstanceAdmins`, `DeleteAppInstanceAdmin` |
//! | users | `CreateAppInstanceUser`, `DescribeAppInstanceUser`, `ListAppInstanceUsers`, `UpdateAppInstanceUser`, `DeleteAppInstanceUser`, `PutAppInstanceUserExpirationSettings`, `RegisterAppInstanceUserEndpoint`, `DescribeAppInstanceUserEndpoint`, `ListAppInstanceUserEndpoints`, `UpdateAppInstanceUserEndpoint`, `DeregisterAppInstanceUserEndpoint` |
//! | settings | `PutAppInstanceRetentionSettings`, `GetAppInstanceRetentionSettings`, `PutMessagingStreamingConfigurations`, `GetMessagingStreamingConfigurations`, `DeleteMessagingStreamingConfigurations` |
//! | bots | `CreateAppInstanceBot`, `DescribeAppInstanceBot`, `ListAppInstanceBots`, `UpdateAppInstanceBot`, `DeleteAppInstanceBot` |
//! | tags | `TagResource`, `UntagResource`, `ListTagsForResource` |
//!
//! Any other operation is refused with 404 [`UnknownOperation`](Exception::UnknownOperation).
//!
//! Kept and shown, and not acted on: streaming configurations (nothing is streamed), the Lex bot that a bot is configured
//! with (it never answers, and bots send nothing by themselves), and push notifications of messages (they reach processors
//! and no phone). Calls are not limited in number. Nothing is published to EventBridge;
//! [watchers](MessagingService::watch) get the same information. No schedule invokes a function by itself:
//! [`Event::scheduled`] is what it would send.
//!
//! Elastic channels have sub-channels: the service puts members into one, opens another one when all are full, and gives up
//! those that too many have left. A message is sent to a sub-channel, and its processors get a `SubChannelId` in the event. The
//! chat page and a session's prefetched `CHANNEL_DETAILS` leave elastic channels out.
//!
//! [`assumptions`] lists everything that this crate assumes because AWS does not document it.
//! [`MessagingService::set_assumptions`] changes it while the service runs.

mod arn;
mod clock;
#[cfg(feature = "dynamodb")]
mod dynamodb;
mod emulator;
mod error;
mod function_map;
mod http;
mod ids;
mod json;
mod lambda;
mod messaging;
mod model;
mod net;
mod recording;
mod review_desk;
mod service;
mod settings;
mod signature;

pub mod assumptions;
pub mod limits;

pub use arn::ACCOUNT;
pub use assumptions::{AbsentStatus, Assumptions, RepeatedCallback};
pub use axum::body::Bytes;
pub use emulator::Emulator;
pub use error::{Error, ErrorKind};
pub use function_map::{FunctionMap, FunctionMapError, MappedFunction};
pub use lambda::envelope::FailureCondition;
pub use lambda::environments::ExecutionEnvironment;
pub use lambda::event_queue::{
    Destination, EventInvokeConfig, EventQueue, FinishedDestination, FinishedEvent, InvokeError, QueuedEvent,
};
pub use lambda::function::{Delivered, Function};
pub use lambda::function_settings::FunctionSettings;
pub use lambda::invocation_fault::InvocationFault;
pub use lambda::invoke_endpoint::{InvokeEndpoint, UnusableEndpoint};
pub use lambda::logs::{LogLine, LogSink, LogStream};
pub use lambda::runtime_api::{Answer, Invocation, Running, RuntimeApi};
pub use lambda::sqs::{ConsumedMessage, SqsQueue, SqsSettings};
pub use lambda::target::InvocationTarget;
pub use lambda::unreachable::Unreachable;
pub use messaging::fault::Fault;
pub use messaging::wire::api_error::{ApiError, Exception};
pub use model::activity::{Activity, ActivityKind};
pub use model::callback_record::CallbackRecord;
pub use model::counts::Counts;
pub use model::credentials::Credentials;
pub use model::decision::Decision;
pub use model::event::{Event, MissingIds, OutgoingMessage, Persistence, Sender};
pub use model::fallback::Fallback;
pub use model::grant::Grant;
pub use model::invocation::{FunctionError, InitFailure, InvocationOutcome, InvocationReport};
pub use model::message::{
    MessageAttributeValue, MessageChange, MessageFields, MessageIds, MessageState, MessageStatus, PushNotification,
};
pub use model::refusal::{Refusal, RefusalKind};
pub use model::returned::Returned;
pub use model::scores::Scores;
pub use model::step_report::{ReportedOutcome, StepReport};
pub use recording::{
    Label, RecordedAttempt, RecordedCallback, RecordedRefusal, RecordedStep, RecordedUnreachable, Recorder,
    RecorderSettings, StepOutcome, UnreadableStep,
};
pub use review_desk::{DeskFuture, HeldMessage, Resolution, Resolved, ReviewDesk, Verdict};
pub use service::MessagingService;
pub use settings::Settings;

/// Compiles the code in the README as a doc test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
