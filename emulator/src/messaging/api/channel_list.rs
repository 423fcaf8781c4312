//! Channels of an app instance, of a user, of a flow: lists, and the role of a user or bot in one of them.

use crate::arn::app_instance_of;
use crate::limits;
use crate::messaging::api::authorization::allow;
use crate::messaging::api::call::Call;
use crate::messaging::api::operation::Operation;
use crate::messaging::resource::channel::{Channel, Membership};
use crate::messaging::wire::api_error::ApiError;
use crate::messaging::wire::common_shapes::{
    ARN, BEARER, CHANNEL, CHANNEL_PRIVACY, MAX_RESULTS, NEXT_TOKEN, OF_APP_INSTANCE, OF_USER, OPTIONAL_BEARER,
};
use crate::messaging::wire::output::{object, seconds};
use crate::messaging::wire::shape::{Member, Shape};
use serde::Deserialize;
use serde_json::{Value, json};

const SEARCH_FIELD: Shape = Shape::Structure(&[
    Member::new("Key", Shape::OneOf(&["MEMBERS"])).required(),
    Member::new("Values", Shape::List { min: 1, max: 20, element: &Shape::Text(limits::SEARCH_VALUE) }).required(),
    Member::new("Operator", Shape::OneOf(&["EQUALS", "INCLUDES"])).required(),
]);

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "ListChannels",
        method: "GET",
        path: "/channels",
        selector: None,
        status: 200,
        input: &[
            OF_APP_INSTANCE,
            Member::new("Privacy", CHANNEL_PRIVACY).query("privacy"),
            MAX_RESULTS,
            NEXT_TOKEN,
            BEARER,
        ],
        exceptions: &[],
        run: list_channels,
    },
    Operation {
        name: "SearchChannels",
        method: "POST",
        path: "/channels",
        selector: Some(("operation", "search")),
        status: 200,
        input: &[
            OPTIONAL_BEARER,
            Member::new("Fields", Shape::List { min: 1, max: 20, element: &SEARCH_FIELD }).required(),
            MAX_RESULTS,
            NEXT_TOKEN,
        ],
        exceptions: &[],
        run: search_channels,
    },
    Operation {
        name: "ListChannelMembershipsForAppInstanceUser",
        method: "GET",
        path: "/channels",
        selector: Some(("scope", "app-instance-user-memberships")),
        status: 200,
        input: &[OF_USER, MAX_RESULTS, NEXT_TOKEN, BEARER],
        exceptions: &[],
        run: list_channel_memberships_for_app_instance_user,
    },
    Operation {
        name: "DescribeChannelMembershipForAppInstanceUser",
        method: "GET",
        path: "/channels/{channelArn}",
        selector: Some(("scope", "app-instance-user-membership")),
        status: 200,
        input: &[CHANNEL, OF_USER.required(), BEARER],
        exceptions: &[],
        run: describe_channel_membership_for_app_instance_user,
    },
    Operation {
        name: "ListChannelsModeratedByAppInstanceUser",
        method: "GET",
        path: "/channels",
        selector: Some(("scope", "app-instance-user-moderated-channels")),
        status: 200,
        input: &[OF_USER, MAX_RESULTS, NEXT_TOKEN, BEARER],
        exceptions: &[],
        run: list_channels_moderated_by_app_instance_user,
    },
    Operation {
        name: "DescribeChannelModeratedByAppInstanceUser",
        method: "GET",
        path: "/channels/{channelArn}",
        selector: Some(("scope", "app-instance-user-moderated-channel")),
        status: 200,
        input: &[CHANNEL, OF_USER.required(), BEARER],
        exceptions: &[],
        run: describe_channel_moderated_by_app_instance_user,
    },
    Operation {
        name: "ListChannelsAssociatedWithChannelFlow",
        method: "GET",
        path: "/channels",
        selector: Some(("scope", "channel-flow-associations")),
        status: 200,
        input: &[Member::new("ChannelFlowArn", ARN).query("channel-flow-arn").required(), MAX_RESULTS, NEXT_TOKEN],
        exceptions: &[],
        run: list_channels_associated_with_channel_flow,
    },
];

fn list_channels(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (app_instance, actor) = (call.app_instance()?, call.actor()?);
    if app_instance_of(&actor.arn) != app_instance {
        return Err(ApiError::forbidden("ChimeBearer is not of this app instance"));
    }
    let admin = call.world.is_admin(&actor.arn);
    let privacy = call.input.optional("Privacy");
    if privacy == Some("PRIVATE") && !admin {
        return Err(ApiError::forbidden("only admins can list private channels"));
    }
    let shown = |channel: &Channel| match privacy {
        Some(privacy) => channel.privacy == privacy,
        None => admin || channel.privacy == "PUBLIC",
    };
    let inside = inside(&app_instance);
    let channels = call.world.channels.under(&inside).filter(|(_, channel)| shown(channel));
    Ok(call.page(channels, |arn, channel| channel.summarize(arn, seconds))?.answer("Channels"))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SearchField {
    values: Vec<String>,
    operator: String,
}

fn search_channels(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let actor = call.actor()?;
    let fields = call.input.read::<Vec<SearchField>>("Fields").unwrap_or_default();
    let admin = call.world.is_admin(&actor.arn);
    let found = |channel: &Channel| {
        let includes = |field: &SearchField| field.values.iter().all(|arn| channel.is_member(arn));
        let equals = |field: &SearchField| {
            field.operator != "EQUALS" || channel.members().into_iter().all(|arn| field.values.contains(arn))
        };
        fields.iter().all(|field| includes(field) && equals(field))
    };
    let inside = inside(app_instance_of(&actor.arn));
    let channels = call
        .world
        .channels
        .under(&inside)
        .filter(|(_, channel)| (admin || channel.is_member(&actor.arn)) && found(channel));
    Ok(call.page(channels, |arn, channel| channel.summarize(arn, seconds))?.answer("Channels"))
}

/// The user or bot in question: the bearer, or for an admin anybody of the app instance.
fn asked_about(call: &Call<'_>) -> Result<String, ApiError> {
    let actor = call.actor()?;
    let arn = call.input.optional("AppInstanceUserArn").unwrap_or(&actor.arn);
    if arn != actor.arn {
        if !call.world.is_admin(&actor.arn) {
            return Err(ApiError::forbidden("only admins can ask about somebody else"));
        }
        call.member_beside(&actor.arn, arn)?;
    }
    Ok(arn.to_owned())
}

fn list_channel_memberships_for_app_instance_user(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let user = asked_about(call)?;
    let inside = inside(app_instance_of(&user));
    let channels = call.world.channels.under(&inside);
    let of_user = channels.flat_map(|(arn, channel)| {
        // One for each sub-channel. A blank comes before all that an ARN can have, so that the keys are in order.
        channel.memberships_held_by(&user).map(move |(sub_channel_id, membership)| {
            let key = sub_channel_id.map_or_else(|| arn.clone(), |id| format!("{arn} {id}"));
            (key, (arn, channel, sub_channel_id, membership))
        })
    });
    let of_user: Vec<_> = of_user.collect();
    let of_user = of_user.iter().map(|(key, found)| (key, found));
    let page = call.page(of_user, |_, (arn, channel, sub_channel_id, membership)| {
        membership_summary(arn, channel, *sub_channel_id, membership)
    })?;
    Ok(page.answer("ChannelMemberships"))
}

fn describe_channel_membership_for_app_instance_user(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (arn, role) = call.in_channel()?;
    let user = call.input.text("AppInstanceUserArn");
    allow(role.may_ask_for_membership_of(user == call.bearer()))?;
    let channel = call.channel(&arn)?;
    let held = channel.memberships_held_by(user).next();
    let (sub_channel_id, membership) = held.ok_or_else(|| call.not_found("membership"))?;
    Ok(json!({ "ChannelMembership": membership_summary(&arn, channel, sub_channel_id, membership) }))
}

/// `ChannelMembershipForAppInstanceUserSummary`.
fn membership_summary(arn: &str, channel: &Channel, sub_channel_id: Option<&str>, membership: &Membership) -> Value {
    json!({
        "ChannelSummary": channel.summarize(arn, seconds),
        "AppInstanceUserMembershipSummary": object([
            ("Type", membership.kind.as_str().into()),
            ("ReadMarkerTimestamp", membership.read_marker.map(seconds).into()),
            ("SubChannelId", sub_channel_id.into()),
        ]),
    })
}

fn list_channels_moderated_by_app_instance_user(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let user = asked_about(call)?;
    let inside = inside(app_instance_of(&user));
    let channels = call.world.channels.under(&inside).filter(|(_, channel)| channel.moderators.contains_key(&user));
    let page = call.page(channels, |arn, channel| json!({ "ChannelSummary": channel.summarize(arn, seconds) }))?;
    Ok(page.answer("Channels"))
}

fn describe_channel_moderated_by_app_instance_user(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (arn, role) = call.in_channel()?;
    let user = call.input.text("AppInstanceUserArn");
    allow(role.may_ask_what_is_moderated_by(user == call.bearer()))?;
    if !call.world.is_moderator(&arn, user) {
        return Err(call.not_found("moderator"));
    }
    let channel = call.channel(&arn)?;
    Ok(json!({ "Channel": { "ChannelSummary": channel.summarize(&arn, seconds) } }))
}

fn list_channels_associated_with_channel_flow(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let flow = call.channel_flow()?;
    let inside = inside(app_instance_of(&flow));
    let channels = call.world.channels.under(&inside);
    let associated = channels.filter(|(_, channel)| channel.channel_flow_arn.as_ref() == Some(&flow));
    let page = call.page(associated, |arn, channel| {
        object([
            ("Name", channel.name.as_str().into()),
            ("ChannelArn", arn.into()),
            ("Mode", channel.mode.as_str().into()),
            ("Privacy", channel.privacy.as_str().into()),
            ("Metadata", channel.metadata.as_deref().into()),
        ])
    })?;
    Ok(page.answer("Channels"))
}

/// The beginning of all ARNs in an app instance.
fn inside(app_instance: &str) -> String {
    format!("{app_instance}/")
}
