//! The demo chat: an app instance, two users, a bot, a channel, and a flow with the user's processor.

use channel_flow_emulator::{ApiError, MessagingService};
use serde_json::{Value, json};

/// The ARNs of the demo. They are the same with every start.
#[derive(Clone, Debug)]
pub(super) struct Demo {
    pub(super) app_instance: String,
    pub(super) alice: String,
    pub(super) bob: String,
    pub(super) bot: String,
    pub(super) channel: String,
    pub(super) channel_flow: String,
}

/// The flow's one processor.
#[derive(Clone, Debug)]
pub(super) struct FlowProcessor<'a> {
    pub(super) function_arn: &'a str,
    pub(super) fallback_action: &'static str,
}

/// Finds the demo, and creates the parts that are missing. A channel that has another flow keeps it.
pub(super) async fn set_up(service: &MessagingService, processor: FlowProcessor<'_>) -> Result<Demo, ApiError> {
    let app_instance =
        format!("arn:aws:chime:{}:{}:app-instance/demo", service.region(), channel_flow_emulator::ACCOUNT);
    let demo = Demo {
        alice: format!("{app_instance}/user/alice"),
        bob: format!("{app_instance}/user/bob"),
        bot: format!("{app_instance}/bot/helper"),
        channel: format!("{app_instance}/channel/general"),
        channel_flow: format!("{app_instance}/channel-flow/demo"),
        app_instance,
    };
    if !demo.is_there(service, "DescribeAppInstance", "AppInstanceArn", &demo.app_instance).await {
        service.call_with_id("CreateAppInstance", json!({ "Name": "Demo" }), "demo").await?;
    }
    demo.users(service).await?;
    demo.bot(service).await?;
    demo.channel(service).await?;
    demo.flow(service, processor).await?;
    Ok(demo)
}

impl Demo {
    async fn users(&self, service: &MessagingService) -> Result<(), ApiError> {
        for (id, name, arn) in [("alice", "Alice", &self.alice), ("bob", "Bob", &self.bob)] {
            if !self.is_there(service, "DescribeAppInstanceUser", "AppInstanceUserArn", arn).await {
                let user = json!({ "AppInstanceArn": self.app_instance, "AppInstanceUserId": id, "Name": name });
                service.call("CreateAppInstanceUser", user).await?;
            }
        }
        Ok(())
    }

    async fn bot(&self, service: &MessagingService) -> Result<(), ApiError> {
        if self.is_there(service, "DescribeAppInstanceBot", "AppInstanceBotArn", &self.bot).await {
            return Ok(());
        }
        let lex = json!({
            "LexBotAliasArn": format!(
                "arn:aws:lex:{}:{}:bot-alias/HELPER0000/DEMO000000", service.region(), channel_flow_emulator::ACCOUNT
            ),
            "LocaleId": "en_US",
        });
        let bot = json!({ "AppInstanceArn": self.app_instance, "Name": "Helper", "Configuration": { "Lex": lex } });
        service.call_with_id("CreateAppInstanceBot", bot, "helper").await.map(drop)
    }

    async fn channel(&self, service: &MessagingService) -> Result<(), ApiError> {
        if self.is_there(service, "DescribeChannel", "ChannelArn", &self.channel).await {
            return Ok(());
        }
        // The creator of a channel is its first moderator.
        let channel = json!({
            "AppInstanceArn": self.app_instance,
            "Name": "General",
            "ChannelId": "general",
            "MemberArns": [self.bob, self.bot],
            "ChimeBearer": self.alice,
        });
        service.call("CreateChannel", channel).await.map(drop)
    }

    async fn flow(&self, service: &MessagingService, processor: FlowProcessor<'_>) -> Result<(), ApiError> {
        let FlowProcessor { function_arn, fallback_action } = processor;
        let name = function_arn.rsplit(':').next().unwrap_or_default();
        let lambda = json!({ "ResourceArn": function_arn, "InvocationType": "ASYNC" });
        let processors = json!([{
            "Name": name,
            "Configuration": { "Lambda": lambda },
            "ExecutionOrder": 1,
            "FallbackAction": fallback_action,
        }]);
        match service.call("DescribeChannelFlow", json!({ "ChannelFlowArn": self.channel_flow })).await {
            Err(_) => {
                let flow = json!({ "AppInstanceArn": self.app_instance, "Name": "Demo", "Processors": processors });
                service.call_with_id("CreateChannelFlow", flow, "demo").await?;
            }
            Ok(found) if !has(&found, &processors[0]) => {
                let flow = json!({ "ChannelFlowArn": self.channel_flow, "Name": "Demo", "Processors": processors });
                service.call("UpdateChannelFlow", flow).await?;
            }
            Ok(_) => {}
        }
        let channel = json!({ "ChannelArn": self.channel, "ChimeBearer": self.alice });
        let channel = service.call("DescribeChannel", channel).await?;
        if channel["Channel"]["ChannelFlowArn"].is_null() {
            let association = json!({
                "ChannelArn": self.channel, "ChannelFlowArn": self.channel_flow, "ChimeBearer": self.alice,
            });
            service.call("AssociateChannelFlow", association).await?;
        }
        Ok(())
    }

    async fn is_there(&self, service: &MessagingService, describe: &str, member: &str, arn: &str) -> bool {
        service.call(describe, json!({ member: arn, "ChimeBearer": self.alice })).await.is_ok()
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
