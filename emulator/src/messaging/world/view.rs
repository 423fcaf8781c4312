//! Resources as the model shows them, in answers and in what sessions get.

use crate::messaging::resource::channel::{Channel, Membership};
use crate::messaging::resource::channel_flow::ChannelFlow;
use crate::messaging::resource::message::Message;
use crate::messaging::wire::output::{Time, object};
use crate::messaging::world::World;
use crate::model::message::{MessageKey, MessageStatus};
use serde_json::{Value, json};

impl World {
    /// `Channel`.
    pub(crate) fn describe_channel(&self, arn: &str, channel: &Channel, time: Time) -> Value {
        object([
            ("Name", channel.name.as_str().into()),
            ("ChannelArn", arn.into()),
            ("Mode", channel.mode.as_str().into()),
            ("Privacy", channel.privacy.as_str().into()),
            ("Metadata", channel.metadata.as_deref().into()),
            ("CreatedBy", json!(channel.created_by)),
            ("CreatedTimestamp", time(channel.created)),
            ("LastMessageTimestamp", channel.last_message.map(time).into()),
            ("LastUpdatedTimestamp", time(channel.last_updated)),
            ("ChannelFlowArn", channel.channel_flow_arn.as_deref().into()),
            ("ElasticChannelConfiguration", json!(self.elastic_channels.get(arn))),
            ("ExpirationSettings", self.expiration_settings.get(arn).cloned().into()),
        ])
    }

    /// `ChannelMembership`.
    pub(crate) fn describe_membership(
        &self,
        channel_arn: &str,
        sub_channel_id: Option<&str>,
        member_arn: &str,
        membership: &Membership,
        time: Time,
    ) -> Value {
        object([
            ("InvitedBy", json!(membership.invited_by)),
            ("Type", membership.kind.as_str().into()),
            ("Member", json!(self.identity(member_arn))),
            ("ChannelArn", channel_arn.into()),
            ("CreatedTimestamp", time(membership.created)),
            ("LastUpdatedTimestamp", time(membership.last_updated)),
            ("SubChannelId", sub_channel_id.into()),
        ])
    }
}

impl World {
    /// Whether somebody may know of a message: its sender always, the others if it is for them and was sent.
    pub(crate) fn shows(&self, message: &Message, arn: &str) -> bool {
        let whole = message.processing.is_none() || self.assumptions.update_leaves_message_visible;
        message.is_from(arn) || (message.is_for(arn) && message.status == MessageStatus::Sent && whole)
    }

    /// Whether a list of messages that somebody asks for has this one.
    pub(crate) fn lists(&self, message: &Message, arn: &str) -> bool {
        let sent = message.status == MessageStatus::Sent || self.assumptions.own_pending_messages_are_listed;
        self.shows(message, arn) && sent
    }

    /// `ChannelMembershipSummary`.
    pub(crate) fn summarize_membership(&self, member_arn: &str) -> Value {
        json!({ "Member": self.identity(member_arn) })
    }
}

impl Message {
    /// `ChannelMessageSummary`, as `arn` sees it: what `ChannelMessage` has, but for these.
    pub(crate) fn summarize(&self, key: MessageKey<'_>, arn: &str, time: Time) -> Value {
        let mut summary = self.describe(key, self.is_from(arn), time);
        for member in ["ChannelArn", "Persistence", "SubChannelId"] {
            summary.remove(member);
        }
        Value::Object(summary)
    }
}

impl Channel {
    /// `ChannelSummary`.
    pub(crate) fn summarize(&self, arn: &str, time: Time) -> Value {
        object([
            ("Name", self.name.as_str().into()),
            ("ChannelArn", arn.into()),
            ("Mode", self.mode.as_str().into()),
            ("Privacy", self.privacy.as_str().into()),
            ("Metadata", self.metadata.as_deref().into()),
            ("LastMessageTimestamp", self.last_message.map(time).into()),
        ])
    }
}

impl ChannelFlow {
    /// `ChannelFlow`.
    pub(crate) fn describe(&self, arn: &str, time: Time) -> Value {
        json!({
            "ChannelFlowArn": arn,
            "Processors": self.processors,
            "Name": self.name,
            "CreatedTimestamp": time(self.created),
            "LastUpdatedTimestamp": time(self.last_updated),
        })
    }
}
