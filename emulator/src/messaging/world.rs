//! The service's resources and their rules: app instances, users, channels, flows, messages. No HTTP and no waiting.
//!
//! Every change goes through a [`Table`], which notes it in the [`Batch`] of the request. Effects that have to wait until
//! the changes are safe, such as session events and invocations of processors, are noted there too. The
//! [`Outbox`](crate::messaging::outbox::Outbox) takes both, in order.

pub(crate) mod access;
pub(crate) mod batch;
pub(crate) mod client_request_token;
pub(crate) mod flow;
pub(crate) mod listeners;
pub(crate) mod message_table;
pub(crate) mod prefetch;
pub(crate) mod strays;
pub(crate) mod table;
#[cfg(test)]
pub(crate) mod testing;

mod app_instance;
mod channel;
mod expiration;
mod last_message;
mod load;
mod member;
mod membership;
pub(crate) mod message;
mod message_status;
mod notification;
mod resource_settings;
mod sub_channel;
mod view;

use crate::assumptions::{self, Assumptions};
use crate::clock::Clock;
use crate::ids;
use crate::messaging::resource::app_instance::{AppInstance, Retention};
use crate::messaging::resource::channel::Channel;
use crate::messaging::resource::channel_flow::ChannelFlow;
use crate::messaging::resource::identity::{Member, UserEndpoint};
use crate::messaging::resource::sub_channel::ElasticChannelConfiguration;
use crate::messaging::resource::tags::Tags;
use crate::messaging::wire::api_error::ApiError;
use crate::messaging::world::batch::Batch;
use crate::messaging::world::client_request_token::Tokens;
use crate::messaging::world::listeners::Listeners;
use crate::messaging::world::message_table::MessageTable;
use crate::messaging::world::strays::Strays;
use crate::messaging::world::table::Table;
use crate::model::message::MessageIds;
use serde_json::Value;

/// All of it.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) region: String,
    pub(crate) clock: Clock,
    pub(crate) assumptions: Assumptions,
    /// The quota.
    pub(crate) processors_of_a_flow: usize,
    pub(crate) batch: Batch,
    /// Those who get notifications about messages.
    pub(crate) listeners: Listeners,
    /// The id of the resource that the next request creates, if it is not to be a fresh one.
    pub(crate) chosen_id: Option<String>,
    pub(crate) app_instances: Table<AppInstance>,
    /// Users and bots.
    pub(crate) members: Table<Member>,
    pub(crate) channels: Table<Channel>,
    /// The configurations of those channels that are elastic, by the ARN of the channel. In a table of their own, so that an
    /// earlier version does not take such a channel for another kind.
    pub(crate) elastic_channels: Table<ElasticChannelConfiguration>,
    pub(crate) channel_flows: Table<ChannelFlow>,
    pub(crate) messages: MessageTable,
    /// Those of no channel.
    pub(crate) strays: Strays,
    /// How many versions of messages have gone to a processor since the start.
    begun: u64,
    /// The steps that messages were in when the service ended last.
    left_over: Vec<MessageIds>,
    /// By the ARN of the resource.
    pub(crate) tags: Table<Tags>,
    /// `Configuration` of bots, by ARN.
    pub(crate) bot_configurations: Table<Value>,
    /// `ExpirationSettings` of users and channels, by ARN.
    pub(crate) expiration_settings: Table<Value>,
    /// By the ARN of the app instance.
    pub(crate) retention_settings: Table<Retention>,
    /// `StreamingConfigurations`, by the ARN of the app instance.
    pub(crate) streaming_configurations: Table<Value>,
    /// `Preferences` of memberships, by the ARNs of the channel and of the member, with a blank between them.
    pub(crate) membership_preferences: Table<Value>,
    /// By the ARN of the user and the id, with a blank between them.
    pub(crate) user_endpoints: Table<UserEndpoint>,
    pub(crate) tokens: Tokens,
}

impl World {
    /// An empty one. Changes are noted for the store if it is `durable`.
    pub(crate) fn new(region: String, durable: bool, assumptions: Assumptions) -> Self {
        Self {
            region,
            clock: Clock::default(),
            tokens: Tokens::new(),
            assumptions,
            processors_of_a_flow: assumptions::PROCESSORS_OF_A_FLOW,
            batch: Batch::new(durable),
            listeners: Listeners::default(),
            chosen_id: None,
            app_instances: Table::new("app-instances"),
            members: Table::new("members"),
            channels: Table::new("channels"),
            elastic_channels: Table::new("elastic-channels"),
            channel_flows: Table::new("channel-flows"),
            messages: MessageTable::default(),
            strays: Strays::default(),
            begun: 0,
            left_over: Vec::new(),
            tags: Table::new("tags"),
            bot_configurations: Table::new("bot-configurations"),
            expiration_settings: Table::new("expiration-settings"),
            retention_settings: Table::new("retention-settings"),
            streaming_configurations: Table::new("streaming-configurations"),
            membership_preferences: Table::new("membership-preferences"),
            user_endpoints: Table::new("user-endpoints"),
        }
    }

    /// The ARN of something new: `before`, and an id.
    ///
    /// # Errors
    ///
    /// The id was chosen, and is taken.
    pub(crate) fn new_arn(&mut self, before: &str) -> Result<String, ApiError> {
        let Some(id) = self.chosen_id.take() else { return Ok(format!("{before}{}", ids::uuid())) };
        let arn = format!("{before}{id}");
        let taken =
            self.app_instances.contains(&arn) || self.members.contains(&arn) || self.channel_flows.contains(&arn);
        if taken { Err(ApiError::conflict("this id is taken")) } else { Ok(arn) }
    }

    /// The changes and effects of the last request.
    pub(crate) fn take_batch(&mut self) -> Batch {
        self.batch.take()
    }

    /// How many versions of messages have gone to a processor since the start, and how many are there now.
    pub(crate) fn processed(&self) -> (u64, u64) {
        (self.begun, self.messages.processing())
    }
}
