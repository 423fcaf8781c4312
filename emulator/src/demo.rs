//! A chat that is ready: an app instance, users, a channel and a flow through one function.

use crate::arn::ACCOUNT;
use crate::lambda::event_queue::EventQueue;
use crate::messaging::wire::api_error::ApiError;
use crate::model::activity::{Activity, ActivityKind};
use crate::model::message::MessageStatus;
use crate::service::MessagingService;
use serde_json::{Value, json};
use std::fmt;
use tokio::sync::mpsc::UnboundedReceiver;

/// The ARNs of the demo chat: the same for every service of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DemoArns {
    /// The app instance, `demo`.
    pub app_instance: String,
    /// Alice, who moderates the channel.
    pub alice: String,
    /// Bob, a member of the channel.
    pub bob: String,
    /// The bot, `helper`, a member of the channel.
    pub bot: String,
    /// The channel, `general`.
    pub channel: String,
    /// The channel flow, `demo`.
    pub channel_flow: String,
}

/// A chat that is ready, whose channel's messages go through one function: see [`Emulator::demo`](crate::Emulator::demo).
#[derive(Debug)]
pub struct Demo<'a> {
    service: &'a MessagingService,
    arns: DemoArns,
}

/// What became of a message that was sent in a [`Demo`].
///
/// Holds the content of a message: keep it out of logs. `Debug` shows its length.
#[derive(Clone)]
#[non_exhaustive]
pub struct DemoMessage {
    /// Its id.
    pub id: String,
    /// `SENT`, `DENIED` or `FAILED`; `PENDING` if Lambda is done with its event and nobody has decided, as for a message that
    /// is held for a reviewer.
    pub status: MessageStatus,
    /// Its content as Bob gets it; `None` if he does not see the message.
    pub content: Option<String>,
}

impl MessagingService {
    /// Sets up the demo chat: the app instance `demo` with the users Alice and Bob, the bot `helper`, and the channel
    /// `general` of all three, whose messages go through a flow with this function. `fallback_action` is `ABORT` or
    /// `CONTINUE`. What is there, from a data file for example, stays; a channel that has another flow keeps it.
    ///
    /// # Errors
    ///
    /// As the API answers: the function's ARN or the fallback action may be none, or the data file full.
    pub async fn set_up_demo(&self, function_arn: &str, fallback_action: &str) -> Result<DemoArns, ApiError> {
        let app_instance = format!("arn:aws:chime:{}:{ACCOUNT}:app-instance/demo", self.region());
        let arns = DemoArns {
            alice: format!("{app_instance}/user/alice"),
            bob: format!("{app_instance}/user/bob"),
            bot: format!("{app_instance}/bot/helper"),
            channel: format!("{app_instance}/channel/general"),
            channel_flow: format!("{app_instance}/channel-flow/demo"),
            app_instance,
        };
        let set_up = SetUp { service: self, arns: &arns };
        if !set_up.is_there("DescribeAppInstance", "AppInstanceArn", &arns.app_instance).await {
            self.call_with_id("CreateAppInstance", json!({ "Name": "Demo" }), "demo").await?;
        }
        set_up.users().await?;
        set_up.bot().await?;
        set_up.channel().await?;
        set_up.flow(function_arn, fallback_action).await?;
        Ok(arns)
    }
}

/// One part of the demo after the other.
struct SetUp<'a> {
    service: &'a MessagingService,
    arns: &'a DemoArns,
}

impl SetUp<'_> {
    async fn users(&self) -> Result<(), ApiError> {
        let Self { service, arns } = self;
        for (id, name, arn) in [("alice", "Alice", &arns.alice), ("bob", "Bob", &arns.bob)] {
            if !self.is_there("DescribeAppInstanceUser", "AppInstanceUserArn", arn).await {
                let user = json!({ "AppInstanceArn": arns.app_instance, "AppInstanceUserId": id, "Name": name });
                service.call("CreateAppInstanceUser", user).await?;
            }
        }
        Ok(())
    }

    async fn bot(&self) -> Result<(), ApiError> {
        let Self { service, arns } = self;
        if self.is_there("DescribeAppInstanceBot", "AppInstanceBotArn", &arns.bot).await {
            return Ok(());
        }
        let alias = format!("arn:aws:lex:{}:{ACCOUNT}:bot-alias/HELPER0000/DEMO000000", service.region());
        let lex = json!({ "LexBotAliasArn": alias, "LocaleId": "en_US" });
        let bot = json!({ "AppInstanceArn": arns.app_instance, "Name": "Helper", "Configuration": { "Lex": lex } });
        service.call_with_id("CreateAppInstanceBot", bot, "helper").await.map(drop)
    }

    async fn channel(&self) -> Result<(), ApiError> {
        let Self { service, arns } = self;
        if self.is_there("DescribeChannel", "ChannelArn", &arns.channel).await {
            return Ok(());
        }
        // The creator of a channel is its first moderator.
        let channel = json!({
            "AppInstanceArn": arns.app_instance,
            "Name": "General",
            "ChannelId": "general",
            "MemberArns": [arns.bob, arns.bot],
            "ChimeBearer": arns.alice,
        });
        service.call("CreateChannel", channel).await.map(drop)
    }

    async fn flow(&self, function_arn: &str, fallback_action: &str) -> Result<(), ApiError> {
        let Self { service, arns } = self;
        let name = function_arn.rsplit(':').next().unwrap_or_default();
        let processors = json!([{
            "Name": name,
            "Configuration": { "Lambda": { "ResourceArn": function_arn, "InvocationType": "ASYNC" } },
            "ExecutionOrder": 1,
            "FallbackAction": fallback_action,
        }]);
        match service.call("DescribeChannelFlow", json!({ "ChannelFlowArn": arns.channel_flow })).await {
            Err(_) => {
                let flow = json!({ "AppInstanceArn": arns.app_instance, "Name": "Demo", "Processors": processors });
                service.call_with_id("CreateChannelFlow", flow, "demo").await?;
            }
            Ok(found) if !has(&found, &processors[0]) => {
                let flow = json!({ "ChannelFlowArn": arns.channel_flow, "Name": "Demo", "Processors": processors });
                service.call("UpdateChannelFlow", flow).await?;
            }
            Ok(_) => {}
        }
        let channel = json!({ "ChannelArn": arns.channel, "ChimeBearer": arns.alice });
        let channel = service.call("DescribeChannel", channel).await?;
        if channel["Channel"]["ChannelFlowArn"].is_null() {
            let association = json!({
                "ChannelArn": arns.channel, "ChannelFlowArn": arns.channel_flow, "ChimeBearer": arns.alice,
            });
            service.call("AssociateChannelFlow", association).await?;
        }
        Ok(())
    }

    async fn is_there(&self, describe: &str, member: &str, arn: &str) -> bool {
        self.service.call(describe, json!({ member: arn, "ChimeBearer": self.arns.alice })).await.is_ok()
    }
}

/// Whether the flow has this processor among others.
fn has(flow: &Value, processor: &Value) -> bool {
    let processors = flow["ChannelFlow"]["Processors"].as_array();
    let same = |other: &Value| {
        other["Configuration"] == processor["Configuration"] && other["FallbackAction"] == processor["FallbackAction"]
    };
    processors.is_some_and(|processors| processors.iter().any(same))
}

impl<'a> Demo<'a> {
    /// Sets up the demo chat with this function behind its flow.
    pub(crate) async fn new(service: &'a MessagingService, queue: EventQueue) -> Result<Self, ApiError> {
        let function_arn = queue.function().arn();
        service.set_function(&function_arn, queue);
        Ok(Self { service, arns: service.set_up_demo(&function_arn, "ABORT").await? })
    }

    /// Sends a persistent standard message with this content as Alice, and waits until the function has decided it, or Lambda
    /// is done with its event.
    ///
    /// # Errors
    ///
    /// As `SendChannelMessage` and `GetChannelMessage` answer; a content that is empty or too long is a `BadRequestException`.
    pub async fn send(&self, content: &str) -> Result<DemoMessage, ApiError> {
        let activities = self.service.watch();
        let message = json!({
            "ChannelArn": self.arns.channel,
            "ChimeBearer": self.arns.alice,
            "Content": content,
            "Type": "STANDARD",
            "Persistence": "PERSISTENT",
        });
        let sent = self.service.call("SendChannelMessage", message).await?;
        let id = sent["MessageId"].as_str().unwrap_or_default().to_owned();
        // Another flow, or none, may be the channel's by now.
        let status = match sent["Status"]["Value"] == "PENDING" {
            true => settled(activities, &id).await,
            false => MessageStatus::Sent,
        };
        let content = match status {
            MessageStatus::Sent => self.content_for_bob(&id).await?,
            MessageStatus::Pending | MessageStatus::Denied | MessageStatus::Failed => None,
        };
        Ok(DemoMessage { id, status, content })
    }

    async fn content_for_bob(&self, id: &str) -> Result<Option<String>, ApiError> {
        let message = json!({ "ChannelArn": self.arns.channel, "MessageId": id, "ChimeBearer": self.arns.bob });
        let read = self.service.call("GetChannelMessage", message).await?;
        Ok(read["ChannelMessage"]["Content"].as_str().map(str::to_owned))
    }

    /// The ARNs of everything.
    pub fn arns(&self) -> &DemoArns {
        &self.arns
    }

    /// The app instance's ARN.
    pub fn app_instance_arn(&self) -> &str {
        &self.arns.app_instance
    }

    /// The ARN of Alice, who moderates the channel.
    pub fn alice(&self) -> &str {
        &self.arns.alice
    }

    /// The ARN of Bob, a member of the channel.
    pub fn bob(&self) -> &str {
        &self.arns.bob
    }

    /// The channel's ARN.
    pub fn channel_arn(&self) -> &str {
        &self.arns.channel
    }

    /// The channel flow's ARN.
    pub fn flow_arn(&self) -> &str {
        &self.arns.channel_flow
    }
}

/// The status of a message once the flow is done with it, or Lambda with its event.
async fn settled(mut activities: UnboundedReceiver<Activity>, id: &str) -> MessageStatus {
    while let Some(activity) = activities.recv().await {
        if activity.message_id != id {
            continue;
        }
        match activity.kind {
            ActivityKind::Settled { status, .. } => return status,
            ActivityKind::Finished { decided: false, .. } => return MessageStatus::Pending,
            _ => {}
        }
    }
    MessageStatus::Pending
}

impl fmt::Debug for DemoMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DemoMessage")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("content_bytes", &self.content.as_ref().map(String::len))
            .finish()
    }
}
