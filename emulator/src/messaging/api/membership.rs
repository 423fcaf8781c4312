//! Members of a channel.

use crate::limits::MEMBERSHIPS_OF_A_CHANNEL;
use crate::messaging::api::authorization::allow;
use crate::messaging::api::call::Call;
use crate::messaging::api::operation::Operation;
use crate::messaging::resource::channel::Membership;
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::wire::common_shapes::{
    ARN, BEARER, CHANNEL, MAX_RESULTS, MEMBER, MEMBERSHIP_TYPE, NEXT_TOKEN, SUB_CHANNEL_ID,
};
use crate::messaging::wire::output::seconds;
use crate::messaging::wire::shape::{Member, Shape};
use crate::messaging::world::access::Role;
use serde_json::{Value, json};

const SUB_CHANNEL: Member = Member::new("SubChannelId", SUB_CHANNEL_ID);
const TYPE: Member = Member::new("Type", MEMBERSHIP_TYPE);

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateChannelMembership",
        method: "POST",
        path: "/channels/{channelArn}/memberships",
        selector: None,
        status: 201,
        input: &[CHANNEL, Member::new("MemberArn", ARN).required(), TYPE.required(), BEARER, SUB_CHANNEL],
        exceptions: &[Exception::NotFound, Exception::Conflict, Exception::ResourceLimitExceeded],
        run: create_channel_membership,
    },
    Operation {
        name: "BatchCreateChannelMembership",
        method: "POST",
        path: "/channels/{channelArn}/memberships",
        selector: Some(("operation", "batch-create")),
        status: 200,
        input: &[
            CHANNEL,
            TYPE,
            Member::new("MemberArns", Shape::List { min: 1, max: 100, element: &ARN }).required(),
            BEARER,
            SUB_CHANNEL,
        ],
        exceptions: &[Exception::NotFound, Exception::ResourceLimitExceeded],
        run: batch_create_channel_membership,
    },
    Operation {
        name: "DescribeChannelMembership",
        method: "GET",
        path: "/channels/{channelArn}/memberships/{memberArn}",
        selector: None,
        status: 200,
        input: &[CHANNEL, MEMBER, BEARER, SUB_CHANNEL.query("sub-channel-id")],
        exceptions: &[Exception::NotFound],
        run: describe_channel_membership,
    },
    Operation {
        name: "ListChannelMemberships",
        method: "GET",
        path: "/channels/{channelArn}/memberships",
        selector: None,
        status: 200,
        input: &[CHANNEL, TYPE.query("type"), MAX_RESULTS, NEXT_TOKEN, BEARER, SUB_CHANNEL.query("sub-channel-id")],
        exceptions: &[],
        run: list_channel_memberships,
    },
    Operation {
        name: "DeleteChannelMembership",
        method: "DELETE",
        path: "/channels/{channelArn}/memberships/{memberArn}",
        selector: None,
        status: 204,
        input: &[CHANNEL, MEMBER, BEARER, SUB_CHANNEL.query("sub-channel-id")],
        exceptions: &[Exception::Conflict],
        run: delete_channel_membership,
    },
];

impl Call<'_> {
    /// A membership of the kind that the request asks for, by its bearer.
    fn new_membership(&self, role: Role) -> Result<Membership, ApiError> {
        let kind = self.input.optional("Type").unwrap_or("DEFAULT");
        allow(kind != "HIDDEN" || role.may_deal_with_hidden_members())?;
        Ok(Membership {
            kind: kind.to_owned(),
            invited_by: self.actor()?,
            created: self.now,
            last_updated: self.now,
            read_marker: None,
        })
    }

    /// Whether this one can become a member; `added` have become so by the same request.
    fn can_become_member(&self, channel_arn: &str, member_arn: &str, added: &[String]) -> Result<(), ApiError> {
        self.member_beside(channel_arn, member_arn)?;
        if self.world.is_banned(channel_arn, member_arn) {
            return Err(ApiError::forbidden("the user or bot is banned from the channel"));
        }
        let members = self.channel(channel_arn)?.memberships.len() + added.len();
        if self.world.is_member(channel_arn, member_arn) || added.iter().any(|arn| arn == member_arn) {
            return Err(ApiError::conflict("the user or bot is a member of the channel already"));
        }
        match members < MEMBERSHIPS_OF_A_CHANNEL {
            true => Ok(()),
            false => Err(self.over_quota(MEMBERSHIPS_OF_A_CHANNEL, "memberships a channel")),
        }
    }
}

fn create_channel_membership(call: &mut Call<'_>) -> Result<Value, ApiError> {
    call.no_sub_channel()?;
    let (arn, role) = call.in_channel()?;
    let member_arn = call.input.text("MemberArn").to_owned();
    allow(role.may_add_member(member_arn == call.bearer()))?;
    let membership = call.new_membership(role)?;
    call.can_become_member(&arn, &member_arn, &[])?;
    call.world.add_membership(&arn, &member_arn, membership);
    Ok(json!({ "ChannelArn": arn, "Member": call.world.identity(&member_arn) }))
}

fn batch_create_channel_membership(call: &mut Call<'_>) -> Result<Value, ApiError> {
    call.no_sub_channel()?;
    let (arn, role) = call.in_channel()?;
    let member_arns: Vec<_> = call.input.texts("MemberArns").into_iter().map(str::to_owned).collect();
    allow(member_arns.iter().all(|member_arn| role.may_add_member(member_arn == call.bearer())))?;
    let membership = call.new_membership(role)?;
    let (mut added, mut errors) = (Vec::new(), Vec::new());
    for member_arn in member_arns {
        match call.can_become_member(&arn, &member_arn, &added) {
            Ok(()) => added.push(member_arn),
            Err(error) => errors.push(json!({
                "MemberArn": member_arn,
                "ErrorCode": error.exception().code(),
                "ErrorMessage": error.message(),
            })),
        }
    }
    call.world.add_memberships(&arn, &added, &membership);
    Ok(json!({
        "BatchChannelMemberships": call.world.describe_batch(&arn, &added, &membership),
        "Errors": errors,
    }))
}

fn describe_channel_membership(call: &mut Call<'_>) -> Result<Value, ApiError> {
    call.no_sub_channel()?;
    let (arn, role) = call.in_channel()?;
    allow(role.may_see_channel())?;
    let member_arn = call.input.text("MemberArn");
    let seen = |membership: &&Membership| {
        membership.kind != "HIDDEN" || role.may_deal_with_hidden_members() || member_arn == call.bearer()
    };
    let membership = call.channel(&arn)?.memberships.get(member_arn).filter(seen);
    let membership = membership.ok_or_else(|| call.not_found("membership"))?;
    Ok(json!({ "ChannelMembership": call.world.describe_membership(&arn, member_arn, membership, seconds) }))
}

fn list_channel_memberships(call: &mut Call<'_>) -> Result<Value, ApiError> {
    call.no_sub_channel()?;
    let (arn, role) = call.in_channel()?;
    allow(role.may_see_channel())?;
    let kind = call.input.optional("Type").unwrap_or("DEFAULT");
    allow(kind != "HIDDEN" || role.may_deal_with_hidden_members())?;
    let members = call.channel(&arn)?.memberships.iter().filter(|(_, membership)| membership.kind == kind);
    let page = call.page(members, |arn, _| call.world.summarize_membership(arn))?;
    Ok(page.answer_of("ChannelMemberships", "ChannelArn", &arn))
}

fn delete_channel_membership(call: &mut Call<'_>) -> Result<Value, ApiError> {
    call.no_sub_channel()?;
    let (arn, role) = call.in_channel()?;
    let member_arn = call.input.text("MemberArn").to_owned();
    allow(role.may_remove_member(member_arn == call.bearer()))?;
    match call.world.remove_membership(&arn, &member_arn) {
        true => Ok(Value::Null),
        false => Err(call.not_found("membership")),
    }
}
