//! Who moderates a channel.

use crate::limits::MODERATORS_OF_A_CHANNEL;
use crate::messaging::api::call::Call;
use crate::messaging::api::operation::Operation;
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::wire::common_shapes::{ARN, BEARER, CHANNEL, MAX_RESULTS, NEXT_TOKEN};
use crate::messaging::wire::output::seconds;
use crate::messaging::wire::shape::Member;
use crate::messaging::world::access::Role;
use serde_json::{Value, json};

const MODERATOR: Member = Member::new("ChannelModeratorArn", ARN).path("channelModeratorArn");

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateChannelModerator",
        method: "POST",
        path: "/channels/{channelArn}/moderators",
        selector: None,
        status: 201,
        input: &[CHANNEL, Member::new("ChannelModeratorArn", ARN).required(), BEARER],
        exceptions: &[Exception::Conflict, Exception::ResourceLimitExceeded],
        run: create_channel_moderator,
    },
    Operation {
        name: "DescribeChannelModerator",
        method: "GET",
        path: "/channels/{channelArn}/moderators/{channelModeratorArn}",
        selector: None,
        status: 200,
        input: &[CHANNEL, MODERATOR, BEARER],
        exceptions: &[Exception::NotFound],
        run: describe_channel_moderator,
    },
    Operation {
        name: "ListChannelModerators",
        method: "GET",
        path: "/channels/{channelArn}/moderators",
        selector: None,
        status: 200,
        input: &[CHANNEL, MAX_RESULTS, NEXT_TOKEN, BEARER],
        exceptions: &[],
        run: list_channel_moderators,
    },
    Operation {
        name: "DeleteChannelModerator",
        method: "DELETE",
        path: "/channels/{channelArn}/moderators/{channelModeratorArn}",
        selector: None,
        status: 204,
        input: &[CHANNEL, MODERATOR, BEARER],
        exceptions: &[],
        run: delete_channel_moderator,
    },
];

fn create_channel_moderator(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.in_channel_where(Role::may_deal_with_moderators)?;
    let moderator_arn = call.input.text("ChannelModeratorArn").to_owned();
    let moderator = call.member_beside(&arn, &moderator_arn)?;
    if call.world.is_banned(&arn, &moderator_arn) {
        return Err(ApiError::forbidden("the user or bot is banned from the channel"));
    }
    if call.world.is_moderator(&arn, &moderator_arn) {
        return Err(ApiError::conflict("the user or bot is a moderator of the channel already"));
    }
    if call.channel(&arn)?.moderators.len() >= MODERATORS_OF_A_CHANNEL {
        return Err(call.over_quota(MODERATORS_OF_A_CHANNEL, "moderators a channel"));
    }
    let actor = call.actor()?;
    call.world.add_moderator(&arn, &moderator_arn, actor, call.now);
    Ok(json!({ "ChannelArn": arn, "ChannelModerator": moderator }))
}

fn describe_channel_moderator(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.in_channel_where(Role::may_deal_with_moderators)?;
    let moderator_arn = call.input.text("ChannelModeratorArn");
    let appointment = call.channel(&arn)?.moderators.get(moderator_arn);
    let appointment = appointment.ok_or_else(|| call.not_found("moderator"))?;
    Ok(json!({ "ChannelModerator": {
        "Moderator": call.world.identity(moderator_arn),
        "ChannelArn": arn,
        "CreatedTimestamp": seconds(appointment.created),
        "CreatedBy": appointment.created_by,
    } }))
}

fn list_channel_moderators(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.in_channel_where(Role::may_deal_with_moderators)?;
    let moderators = call.channel(&arn)?.moderators.iter();
    let page = call.page(moderators, |arn, _| json!({ "Moderator": call.world.identity(arn) }))?;
    Ok(page.answer_of("ChannelModerators", "ChannelArn", &arn))
}

fn delete_channel_moderator(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.in_channel_where(Role::may_deal_with_moderators)?;
    let moderator_arn = call.input.text("ChannelModeratorArn").to_owned();
    match call.world.remove_moderator(&arn, &moderator_arn) {
        true => Ok(Value::Null),
        false => Err(call.not_found("moderator")),
    }
}
