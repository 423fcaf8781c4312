//! What the service knows: app instances, users, channels, flows, messages. All rules, no HTTP and no waiting.
//!
//! Every change goes through a [`Shelf`], which notes it in the [`Batch`] of the request. What has to happen once the changes
//! are safe, such as telling sessions and invoking processors, is noted there too and done by the
//! [`Outbox`](crate::outbox::Outbox), in order.

mod app_instance;
mod batch;
mod channel;
mod channel_flow;
mod identity;
mod shelf;

pub(crate) use app_instance::AppInstance;
pub(crate) use batch::{Batch, Change, Effect, SessionEvent};
pub(crate) use channel::{Appointment, Channel, Membership};
pub(crate) use channel_flow::{ChannelFlow, FallbackAction, Processor};
pub(crate) use identity::{Identity, Member, app_instance_of};
pub(crate) use shelf::Shelf;

use crate::event::Event;
use crate::happening::{Happening, What};
use crate::message::MessageFields;
use crate::record::CallbackRecord;

/// All of it.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) region: String,
    pub(crate) batch: Batch,
    pub(crate) app_instances: Shelf<AppInstance>,
    /// Users and bots.
    pub(crate) members: Shelf<Member>,
    pub(crate) channels: Shelf<Channel>,
    pub(crate) channel_flows: Shelf<ChannelFlow>,
}

impl World {
    /// An empty one. Changes are noted for the store if it is `durable`.
    pub(crate) fn new(region: String, durable: bool) -> Self {
        Self {
            region,
            batch: Batch::new(durable),
            app_instances: Shelf::new("app-instances"),
            members: Shelf::new("members"),
            channels: Shelf::new("channels"),
            channel_flows: Shelf::new("channel-flows"),
        }
    }

    /// What the last request changed and brought about.
    pub(crate) fn take_batch(&mut self) -> Batch {
        self.batch.take()
    }

    /// Takes in what the store has, one entry at a time; `false` if nobody knows the table or the value cannot be read.
    pub(crate) fn load(&mut self, table: &str, key: &str, value: &[u8]) -> bool {
        match table {
            "app-instances" => self.app_instances.load(key, value),
            "members" => self.members.load(key, value),
            "channels" => self.channels.load(key, value),
            "channel-flows" => self.channel_flows.load(key, value),
            _ => false,
        }
    }

    /// A callback came, for this channel and message as it claims. Where it was accepted, `changes` are what it says.
    pub(crate) fn called_back(
        &mut self,
        channel_arn: &str,
        message_id: Option<&str>,
        record: CallbackRecord,
        _changes: Option<MessageFields>,
    ) {
        let happening = Happening {
            at: record.received_at(),
            channel_arn: channel_arn.to_owned(),
            message_id: message_id.unwrap_or_default().to_owned(),
            what: What::Callback(record),
        };
        self.batch.effects.push(Effect::Happened(happening));
    }

    /// The processor that should have got this event could not be reached.
    pub(crate) fn unreachable(&mut self, _event: &Event, _reason: String) {}
}
