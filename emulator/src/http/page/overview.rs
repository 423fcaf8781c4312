//! The channels and their members.

use crate::http::page::switchboard;
use crate::http::page::updates::Page;
use crate::messaging::core::Core;
use crate::messaging::resource::channel::Channel;
use crate::messaging::state::State;
use crate::messaging::world::World;
use serde_json::{Value, json};

/// All that the page needs before it can show anything.
pub(super) fn of(core: &Core, page: &Page) -> Value {
    let channels = core.state.read(|State { world, .. }| {
        // The page knows no sub-channels.
        let mut channels: Vec<_> = world.channels.iter().filter(|(arn, _)| !world.is_elastic(arn)).collect();
        channels.sort_by_key(|(_, channel)| channel.created);
        channels.into_iter().map(|(arn, channel)| channel_view(world, arn, channel)).collect::<Vec<_>>()
    });
    json!({
        "instance": page.instance,
        "region": core.region,
        "channels": channels,
        "faults": switchboard::view(core),
    })
}

fn channel_view(world: &World, arn: &str, channel: &Channel) -> Value {
    let flow = channel.channel_flow_arn.as_ref().and_then(|arn| world.channel_flows.get(arn)).map(|flow| {
        let processors = flow
            .processors
            .iter()
            .map(|processor| json!({ "name": processor.name, "fallbackAction": processor.fallback_action }));
        json!({ "name": flow.name, "processors": processors.collect::<Vec<_>>() })
    });
    let members = channel.memberships.keys().filter_map(|member| {
        let identity = world.identity(member)?;
        Some(json!({
            "arn": member,
            "name": identity.name,
            "bot": member.contains("/bot/"),
            "admin": world.is_admin(member),
            "moderator": channel.moderators.contains_key(member),
        }))
    });
    let members: Vec<_> = members.collect();
    json!({ "arn": arn, "name": channel.name, "flow": flow, "members": members })
}
