//! Channels: create, describe, update, delete, and the read marker.

use crate::arn::app_instance_of;
use crate::assumptions;
use crate::ids;
use crate::limits;
use crate::messaging::api::call::Call;
use crate::messaging::api::operation::Operation;
use crate::messaging::resource::channel::{Appointment, Channel, Membership};
use crate::messaging::resource::sub_channel::ElasticChannelConfiguration;
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::wire::common_shapes::{
    ARN, BEARER, CHANNEL, CHANNEL_MODE, CHANNEL_PRIVACY, CLIENT_REQUEST_TOKEN, ID, METADATA, OPTIONAL_BEARER,
    RESOURCE_NAME, TAGS,
};
use crate::messaging::wire::output::{object, seconds};
use crate::messaging::wire::shape::{Member, Shape};
use crate::messaging::world::access::Role;
use serde_json::{Value, json};

const ARNS: Shape = Shape::List { min: 1, max: 10, element: &ARN };

const TWO_OR_MORE: Shape = Shape::Integer { min: 2, max: i64::MAX };

const ELASTIC_CHANNEL_CONFIGURATION: Shape = Shape::Structure(&[
    Member::new("MaximumSubChannels", TWO_OR_MORE).required(),
    Member::new("TargetMembershipsPerSubChannel", TWO_OR_MORE).required(),
    Member::new("MinimumMembershipPercentage", Shape::Integer { min: 1, max: 40 }).required(),
]);

const EXPIRATION_SETTINGS: Member = Member::new(
    "ExpirationSettings",
    Shape::Structure(&[
        Member::new("ExpirationDays", Shape::Integer { min: 1, max: 5475 }).required(),
        Member::new("ExpirationCriterion", Shape::OneOf(&["CREATED_TIMESTAMP", "LAST_MESSAGE_TIMESTAMP"])).required(),
    ]),
);

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateChannel",
        method: "POST",
        path: "/channels",
        selector: None,
        status: 201,
        input: &[
            Member::new("AppInstanceArn", ARN).required(),
            Member::new("Name", RESOURCE_NAME).required(),
            Member::new("Mode", CHANNEL_MODE),
            Member::new("Privacy", CHANNEL_PRIVACY),
            Member::new("Metadata", METADATA),
            CLIENT_REQUEST_TOKEN,
            TAGS,
            BEARER,
            Member::new("ChannelId", ID),
            Member::new("MemberArns", ARNS),
            Member::new("ModeratorArns", ARNS),
            Member::new("ElasticChannelConfiguration", ELASTIC_CHANNEL_CONFIGURATION),
            EXPIRATION_SETTINGS,
        ],
        exceptions: &[Exception::Conflict, Exception::ResourceLimitExceeded],
        run: create_channel,
    },
    Operation {
        name: "DescribeChannel",
        method: "GET",
        path: "/channels/{channelArn}",
        selector: None,
        status: 200,
        input: &[CHANNEL, BEARER],
        exceptions: &[],
        run: describe_channel,
    },
    Operation {
        name: "UpdateChannel",
        method: "PUT",
        path: "/channels/{channelArn}",
        selector: None,
        status: 200,
        input: &[
            CHANNEL,
            Member::new("Name", RESOURCE_NAME),
            Member::new("Mode", CHANNEL_MODE),
            Member::new("Metadata", METADATA),
            BEARER,
        ],
        exceptions: &[Exception::Conflict],
        run: update_channel,
    },
    Operation {
        name: "DeleteChannel",
        method: "DELETE",
        path: "/channels/{channelArn}",
        selector: None,
        status: 204,
        input: &[CHANNEL, BEARER],
        exceptions: &[Exception::Conflict],
        run: delete_channel,
    },
    Operation {
        name: "UpdateChannelReadMarker",
        method: "PUT",
        path: "/channels/{channelArn}/readMarker",
        selector: None,
        status: 200,
        input: &[CHANNEL, BEARER],
        exceptions: &[Exception::Conflict],
        run: update_channel_read_marker,
    },
    Operation {
        name: "PutChannelExpirationSettings",
        method: "PUT",
        path: "/channels/{channelArn}/expiration-settings",
        selector: None,
        status: 200,
        input: &[CHANNEL, OPTIONAL_BEARER, EXPIRATION_SETTINGS],
        exceptions: &[Exception::Conflict],
        run: put_channel_expiration_settings,
    },
];

fn create_channel(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (app_instance, creator, tags) = (call.app_instance()?, call.actor()?, call.tags()?);
    if app_instance_of(&creator.arn) != app_instance {
        return Err(ApiError::forbidden("ChimeBearer is not of this app instance"));
    }
    let elastic = call.elastic_channel_configuration()?;
    let mut members = call.members_beside(&app_instance, "MemberArns")?;
    let mut moderators = call.members_beside(&app_instance, "ModeratorArns")?;
    // Members of an elastic channel are in sub-channels.
    if elastic.is_none() {
        members.insert(creator.arn.clone());
    }
    moderators.insert(creator.arn.clone());
    let arn = match call.input.optional("ChannelId") {
        Some(id) => format!("{app_instance}/channel/{id}"),
        None => format!("{app_instance}/channel/{}", ids::uuid()),
    };
    if call.world.channels.contains(&arn) {
        return Err(ApiError::conflict("there is a channel with this ChannelId already"));
    }
    let membership = Membership {
        kind: "DEFAULT".to_owned(),
        invited_by: creator.clone(),
        created: call.now,
        last_updated: call.now,
        read_marker: None,
    };
    let appointment = Appointment { created_by: creator.clone(), created: call.now };
    let channel = Channel {
        name: call.input.text("Name").to_owned(),
        mode: call.input.optional("Mode").unwrap_or(assumptions::CHANNEL_MODE).to_owned(),
        privacy: call.input.optional("Privacy").unwrap_or(assumptions::CHANNEL_PRIVACY).to_owned(),
        metadata: call.input.optional("Metadata").map(str::to_owned),
        created_by: creator,
        created: call.now,
        last_updated: call.now,
        last_message: None,
        channel_flow_arn: None,
        memberships: members.into_iter().map(|arn| (arn, membership.clone())).collect(),
        sub_channels: Default::default(),
        moderators: moderators.into_iter().map(|arn| (arn, appointment.clone())).collect(),
        bans: Default::default(),
    };
    call.put_expiration_settings(&arn);
    call.world.add_tags(&arn, tags);
    call.world.create_channel(arn.clone(), channel);
    if let Some(configuration) = elastic {
        call.world.elastic_channels.put(&mut call.world.batch, arn.clone(), configuration);
        if call.world.assumptions.elastic_channels_begin_with_sub_channel {
            call.world.open_sub_channel(&arn, call.now);
        }
    }
    Ok(json!({ "ChannelArn": arn }))
}

impl Call<'_> {
    /// The configuration of the channel that the request makes, if it is to be an elastic one.
    fn elastic_channel_configuration(&self) -> Result<Option<ElasticChannelConfiguration>, ApiError> {
        let configuration = self.input.read("ElasticChannelConfiguration");
        if configuration.is_none() {
            return Ok(None);
        }
        if self.world.region != limits::ELASTIC_CHANNEL_REGION {
            let region = limits::ELASTIC_CHANNEL_REGION;
            return Err(ApiError::bad_request(format!("elastic channels are available in {region} only")));
        }
        if self.input.optional("Mode").unwrap_or(assumptions::CHANNEL_MODE) != "RESTRICTED" {
            return Err(not_restricted());
        }
        if !self.input.texts("MemberArns").is_empty() {
            return Err(ApiError::bad_request("an elastic channel is created without MemberArns"));
        }
        Ok(configuration)
    }
}

fn not_restricted() -> ApiError {
    ApiError::bad_request("the Mode of an elastic channel has to be RESTRICTED")
}

fn describe_channel(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.in_channel_where(Role::may_see_channel)?;
    let channel = call.channel(&arn)?;
    Ok(json!({ "Channel": call.world.describe_channel(&arn, channel, seconds) }))
}

fn update_channel(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.in_channel_where(Role::may_change_channel)?;
    if call.world.is_elastic(&arn) && call.input.optional("Mode") == Some("UNRESTRICTED") {
        return Err(not_restricted());
    }
    let given = |name| call.input.optional(name).map(str::to_owned);
    let (name, mode, metadata) = (given("Name"), given("Mode"), given("Metadata"));
    call.world.update_channel(&arn, call.now, |channel| {
        channel.name = name.unwrap_or_else(|| channel.name.clone());
        channel.mode = mode.unwrap_or_else(|| channel.mode.clone());
        channel.metadata = metadata.or_else(|| channel.metadata.take());
    });
    Ok(json!({ "ChannelArn": arn }))
}

fn delete_channel(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.in_channel_where(Role::may_change_channel)?;
    call.world.delete_channel(&arn);
    Ok(Value::Null)
}

fn update_channel_read_marker(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.in_channel_where(Role::may_mark_as_read)?;
    if call.world.is_elastic(&arn) {
        return Err(ApiError::bad_request("elastic channels have no read markers"));
    }
    let bearer = call.bearer().to_owned();
    call.world.channels.change(&mut call.world.batch, &arn, |channel| {
        if let Some(membership) = channel.memberships.get_mut(&bearer) {
            membership.read_marker = Some(call.now);
        }
    });
    Ok(json!({ "ChannelArn": arn }))
}

fn put_channel_expiration_settings(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.in_channel_where(Role::may_change_channel)?;
    call.put_expiration_settings(&arn);
    Ok(object([
        ("ChannelArn", arn.as_str().into()),
        ("ExpirationSettings", call.world.expiration_settings.get(&arn).cloned().into()),
    ]))
}
