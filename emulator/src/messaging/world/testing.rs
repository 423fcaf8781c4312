//! A small world for unit tests: one private channel with three people in it.

use crate::assumptions::Assumptions;
use crate::messaging::resource::channel::{Channel, Membership};
use crate::messaging::resource::identity::{Identity, Member};
use crate::messaging::resource::message::MessageType;
use crate::messaging::world::World;
use crate::messaging::world::message::NewMessage;
use crate::model::event::Persistence;
use crate::model::message::MessageFields;
use std::collections::BTreeMap;
use std::time::UNIX_EPOCH;

pub(crate) const CHANNEL: &str = "arn:aws:chime:us-east-1:123456789012:app-instance/a/channel/c";
pub(crate) const FLOW: &str = "arn:aws:chime:us-east-1:123456789012:app-instance/a/channel-flow/f";
pub(crate) const PEOPLE: [&str; 3] = ["alice", "bob", "carol"];

pub(crate) fn arn(person: &str) -> String {
    format!("arn:aws:chime:us-east-1:123456789012:app-instance/a/user/{person}")
}

pub(crate) fn identity(person: &str) -> Identity {
    Identity { arn: arn(person), name: person.to_owned() }
}

/// A durable one with nothing in it, and with somebody who listens for as long as the test lasts.
pub(crate) fn empty_world(assumptions: Assumptions) -> World {
    let world = World::new("us-east-1".to_owned(), true, assumptions);
    std::mem::forget(world.listeners.listener());
    world
}

/// A durable one, whose channel has the flow [`FLOW`], which is not there yet.
pub(crate) fn world(assumptions: Assumptions) -> World {
    let mut world = empty_world(assumptions);
    for person in PEOPLE {
        let member = Member {
            name: person.to_owned(),
            metadata: None,
            created: UNIX_EPOCH,
            last_updated: UNIX_EPOCH,
            admin_since: None,
        };
        world.members.put(&mut world.batch, arn(person), member);
    }
    let membership = || Membership {
        kind: "DEFAULT".to_owned(),
        invited_by: identity("alice"),
        created: UNIX_EPOCH,
        last_updated: UNIX_EPOCH,
        read_marker: None,
    };
    let channel = Channel {
        name: "c".to_owned(),
        mode: "UNRESTRICTED".to_owned(),
        privacy: "PRIVATE".to_owned(),
        metadata: None,
        created_by: identity("alice"),
        created: UNIX_EPOCH,
        last_updated: UNIX_EPOCH,
        last_message: None,
        channel_flow_arn: Some(FLOW.to_owned()),
        memberships: PEOPLE.iter().map(|person| (arn(person), membership())).collect(),
        sub_channels: BTreeMap::new(),
        moderators: BTreeMap::new(),
        bans: BTreeMap::new(),
    };
    world.channels.put(&mut world.batch, CHANNEL.to_owned(), channel);
    world
}

/// A persistent standard message.
pub(crate) fn message(sender: &str, content: &str) -> NewMessage {
    NewMessage {
        sender: identity(sender),
        kind: MessageType::Standard,
        persistence: Persistence::Persistent,
        target: None,
        fields: MessageFields { content: Some(content.to_owned()), ..MessageFields::default() },
    }
}
