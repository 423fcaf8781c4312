//! Members of a channel.

use crate::limits::{MEMBERSHIPS_OF_A_CHANNEL, MEMBERSHIPS_OF_AN_ELASTIC_CHANNEL};
use crate::messaging::api::authorization::allow;
use crate::messaging::api::call::Call;
use crate::messaging::api::operation::Operation;
use crate::messaging::resource::channel::Membership;
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::wire::common_shapes::{
    ARN, BEARER, CHANNEL, MAX_RESULTS, MEMBER, MEMBERSHIP_TYPE, NEXT_TOKEN, SUB_CHANNEL_ID,
};
use crate::messaging::wire::output::{object, seconds};
use crate::messaging::wire::shape::{Member, Shape};
use crate::messaging::world::access::Role;
use serde_json::{Value, json};
use std::collections::BTreeSet;

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
    fn new_membership(&self, channel_arn: &str, role: Role) -> Result<Membership, ApiError> {
        let kind = self.input.optional("Type").unwrap_or("DEFAULT");
        if kind == "HIDDEN" && self.world.is_elastic(channel_arn) {
            return Err(ApiError::bad_request("elastic channels have no hidden members"));
        }
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

    /// Puts somebody into a sub-channel of an elastic channel: moderators into the one that the request names, others into one
    /// that the service chooses. Its id.
    fn add_to_sub_channel(&mut self, arn: &str, member_arn: &str, membership: Membership) -> Result<String, ApiError> {
        self.member_beside(arn, member_arn)?;
        if self.world.is_banned(arn, member_arn) {
            return Err(ApiError::forbidden("the user or bot is banned from the channel"));
        }
        let named = self.named_sub_channel(arn)?;
        let id = if self.world.is_moderator(arn, member_arn) {
            let id = named.ok_or_else(|| {
                ApiError::bad_request(
                    "SubChannelId is missing, which says where a moderator of an elastic channel is added",
                )
            })?;
            if self.channel(arn)?.membership(member_arn, Some(&id)).is_some() {
                return Err(ApiError::conflict("the moderator is a member of the sub-channel already"));
            }
            id
        } else {
            if named.is_some() {
                return Err(ApiError::bad_request(
                    "SubChannelId is for moderators of the channel; the service chooses one for others",
                ));
            }
            let channel = self.channel(arn)?;
            if channel.is_member(member_arn) {
                return Err(ApiError::conflict("the user or bot is a member of the channel already"));
            }
            let members: usize =
                channel.sub_channels.values().map(|sub_channel| channel.count_of_regular_members(sub_channel)).sum();
            if members >= MEMBERSHIPS_OF_AN_ELASTIC_CHANNEL {
                return Err(self.over_quota(MEMBERSHIPS_OF_AN_ELASTIC_CHANNEL, "memberships an elastic channel"));
            }
            let id = self.world.sub_channel_with_room(arn, self.now);
            id.ok_or_else(|| ApiError::new(Exception::ResourceLimitExceeded, "all sub-channels are full"))?
        };
        self.world.add_membership(arn, Some(&id), member_arn, membership);
        Ok(id)
    }
}

fn create_channel_membership(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (arn, role) = call.in_channel()?;
    let member_arn = call.input.text("MemberArn").to_owned();
    allow(role.may_add_member(member_arn == call.bearer()))?;
    let membership = call.new_membership(&arn, role)?;
    let sub_channel_id = if call.world.is_elastic(&arn) {
        Some(call.add_to_sub_channel(&arn, &member_arn, membership)?)
    } else {
        call.named_sub_channel(&arn)?;
        call.can_become_member(&arn, &member_arn, &[])?;
        call.world.add_membership(&arn, None, &member_arn, membership);
        None
    };
    Ok(object([
        ("ChannelArn", arn.as_str().into()),
        ("Member", json!(call.world.identity(&member_arn))),
        ("SubChannelId", sub_channel_id.into()),
    ]))
}

fn batch_create_channel_membership(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (arn, role) = call.in_channel()?;
    let member_arns: Vec<_> = call.input.texts("MemberArns").into_iter().map(str::to_owned).collect();
    allow(member_arns.iter().all(|member_arn| role.may_add_member(member_arn == call.bearer())))?;
    let membership = call.new_membership(&arn, role)?;
    let elastic = call.world.is_elastic(&arn);
    call.named_sub_channel(&arn)?;
    let (mut added, mut errors) = (Vec::new(), Vec::new());
    let mut sub_channels = BTreeSet::new();
    for member_arn in member_arns {
        let possible = match elastic {
            // One after the other, with an event for each.
            true => call.add_to_sub_channel(&arn, &member_arn, membership.clone()).map(Some),
            false => call.can_become_member(&arn, &member_arn, &added).map(|()| None),
        };
        match possible {
            Ok(sub_channel_id) => {
                sub_channels.extend(sub_channel_id);
                added.push(member_arn);
            }
            Err(error) => errors.push(json!({
                "MemberArn": member_arn,
                "ErrorCode": error.exception().code(),
                "ErrorMessage": error.message(),
            })),
        }
    }
    if !elastic {
        call.world.add_memberships(&arn, &added, &membership);
    }
    // There is place for one sub-channel.
    let sub_channel_id = sub_channels.first().filter(|_| sub_channels.len() == 1).map(String::as_str);
    Ok(json!({
        "BatchChannelMemberships": call.world.describe_batch(&arn, sub_channel_id, &added, &membership),
        "Errors": errors,
    }))
}

fn describe_channel_membership(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (arn, role) = call.in_channel()?;
    allow(role.may_see_channel())?;
    let named = call.named_sub_channel(&arn)?;
    let member_arn = call.input.text("MemberArn");
    let seen = |membership: &&Membership| {
        membership.kind != "HIDDEN" || role.may_deal_with_hidden_members() || member_arn == call.bearer()
    };
    let mut held = call.channel(&arn)?.memberships_held_by(member_arn);
    let held = held.find(|(sub_channel_id, _)| named.is_none() || *sub_channel_id == named.as_deref());
    let (sub_channel_id, membership) =
        held.filter(|(_, membership)| seen(membership)).ok_or_else(|| call.not_found("membership"))?;
    let membership = call.world.describe_membership(&arn, sub_channel_id, member_arn, membership, seconds);
    Ok(json!({ "ChannelMembership": membership }))
}

fn list_channel_memberships(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (arn, role) = call.in_channel()?;
    allow(role.may_see_channel())?;
    let named = call.named_sub_channel(&arn)?;
    let kind = call.input.optional("Type").unwrap_or("DEFAULT");
    allow(kind != "HIDDEN" || role.may_deal_with_hidden_members())?;
    let channel = call.channel(&arn)?;
    // Without a sub-channel those of all, once each.
    let members = channel.members().into_iter().filter_map(|member_arn| {
        let mut held = channel.memberships_held_by(member_arn);
        let is_shown = |(sub_channel_id, membership): (Option<&str>, &Membership)| {
            (named.is_none() || sub_channel_id == named.as_deref()) && membership.kind == kind
        };
        held.any(is_shown).then_some((member_arn, ()))
    });
    let page = call.page(members, |arn, ()| call.world.summarize_membership(arn))?;
    Ok(page.answer_of("ChannelMemberships", "ChannelArn", &arn))
}

fn delete_channel_membership(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (arn, role) = call.in_channel()?;
    let member_arn = call.input.text("MemberArn").to_owned();
    allow(role.may_remove_member(member_arn == call.bearer()))?;
    let removed = match call.named_sub_channel(&arn)? {
        None => call.world.remove_memberships(&arn, &member_arn),
        Some(_) if !call.world.is_moderator(&arn, &member_arn) => {
            return Err(ApiError::bad_request("SubChannelId is for moderators of the channel; others are in one only"));
        }
        sub_channel_id => call.world.remove_membership(&arn, sub_channel_id.as_deref(), &member_arn),
    };
    match removed {
        true => Ok(Value::Null),
        false => Err(call.not_found("membership")),
    }
}
