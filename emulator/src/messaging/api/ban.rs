//! Bans from a channel.

use crate::messaging::api::call::Call;
use crate::messaging::api::operation::Operation;
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::wire::common_shapes::{ARN, BEARER, CHANNEL, MAX_RESULTS, MEMBER, NEXT_TOKEN};
use crate::messaging::wire::output::seconds;
use crate::messaging::wire::shape::Member;
use crate::messaging::world::access::Role;
use serde_json::{Value, json};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateChannelBan",
        method: "POST",
        path: "/channels/{channelArn}/bans",
        selector: None,
        status: 201,
        input: &[CHANNEL, Member::new("MemberArn", ARN).required(), BEARER],
        exceptions: &[Exception::Conflict, Exception::ResourceLimitExceeded],
        run: create_channel_ban,
    },
    Operation {
        name: "DescribeChannelBan",
        method: "GET",
        path: "/channels/{channelArn}/bans/{memberArn}",
        selector: None,
        status: 200,
        input: &[CHANNEL, MEMBER, BEARER],
        exceptions: &[Exception::NotFound],
        run: describe_channel_ban,
    },
    Operation {
        name: "ListChannelBans",
        method: "GET",
        path: "/channels/{channelArn}/bans",
        selector: None,
        status: 200,
        input: &[CHANNEL, MAX_RESULTS, NEXT_TOKEN, BEARER],
        exceptions: &[],
        run: list_channel_bans,
    },
    Operation {
        name: "DeleteChannelBan",
        method: "DELETE",
        path: "/channels/{channelArn}/bans/{memberArn}",
        selector: None,
        status: 204,
        input: &[CHANNEL, MEMBER, BEARER],
        exceptions: &[],
        run: delete_channel_ban,
    },
];

fn create_channel_ban(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.in_channel_where(Role::may_deal_with_bans)?;
    let member_arn = call.input.text("MemberArn").to_owned();
    let member = call.member_beside(&arn, &member_arn)?;
    if call.world.is_admin(&member_arn) || call.world.is_moderator(&arn, &member_arn) {
        return Err(ApiError::forbidden("admins and moderators of the channel cannot be banned"));
    }
    if call.world.is_banned(&arn, &member_arn) {
        return Err(ApiError::conflict("the user or bot is banned from the channel already"));
    }
    let actor = call.actor()?;
    call.world.add_ban(&arn, &member_arn, actor, call.now);
    Ok(json!({ "ChannelArn": arn, "Member": member }))
}

fn describe_channel_ban(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.in_channel_where(Role::may_deal_with_bans)?;
    let member_arn = call.input.text("MemberArn");
    let ban = call.channel(&arn)?.bans.get(member_arn).ok_or_else(|| call.not_found("ban"))?;
    Ok(json!({ "ChannelBan": {
        "Member": call.world.identity(member_arn),
        "ChannelArn": arn,
        "CreatedTimestamp": seconds(ban.created),
        "CreatedBy": ban.created_by,
    } }))
}

fn list_channel_bans(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.in_channel_where(Role::may_deal_with_bans)?;
    let bans = call.channel(&arn)?.bans.iter();
    let page = call.page(bans, |arn, _| json!({ "Member": call.world.identity(arn) }))?;
    Ok(page.answer_of("ChannelBans", "ChannelArn", &arn))
}

fn delete_channel_ban(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.in_channel_where(Role::may_deal_with_bans)?;
    let member_arn = call.input.text("MemberArn").to_owned();
    match call.world.remove_ban(&arn, &member_arn) {
        true => Ok(Value::Null),
        false => Err(call.not_found("ban")),
    }
}
