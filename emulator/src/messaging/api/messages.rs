//! Messages of a channel: sending them, reading them, and taking them back.

use crate::assumptions::{self, AbsentStatus};
use crate::limits;
use crate::messaging::api::authorization::allow;
use crate::messaging::api::call::Call;
use crate::messaging::api::operation::Operation;
use crate::messaging::resource::channel::Channel;
use crate::messaging::resource::identity::MemberKind;
use crate::messaging::resource::message::{Message, MessageType};
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::wire::common_shapes::{
    ARN, BEARER, CHANNEL, CLIENT_REQUEST_TOKEN, CONTENT_TYPE, MAX_RESULTS, MESSAGE_ATTRIBUTES, MESSAGE_ID, METADATA,
    NEXT_TOKEN, PUSH_NOTIFICATION, SUB_CHANNEL_ID,
};
use crate::messaging::wire::output;
use crate::messaging::wire::shape::{Member, Shape};
use crate::messaging::world::access::Role;
use crate::messaging::world::message::NewMessage;
use crate::messaging::world::message_table::Place;
use crate::messaging::world::strays::Stray;
use crate::model::event::Persistence;
use crate::model::message::{MessageFields, MessageKey, MessageStatus};
use serde_json::{Map, Value, json};
use std::ops::Bound;

/// What every operation on a channel can answer, the common ones aside.
const CONFLICT: &[Exception] = &[Exception::Conflict];

const MESSAGE: Member = Member::new("MessageId", MESSAGE_ID).path("messageId");
const SUB_CHANNEL: Member = Member::new("SubChannelId", SUB_CHANNEL_ID);
const CONTENT: Member = Member::new("Content", Shape::Content).required();

const TARGET: Shape = Shape::List { min: 1, max: 1, element: &Shape::Structure(&[Member::new("MemberArn", ARN)]) };

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "SendChannelMessage",
        method: "POST",
        path: "/channels/{channelArn}/messages",
        selector: None,
        status: 201,
        input: &[
            CHANNEL,
            CONTENT,
            Member::new("Type", Shape::OneOf(&["STANDARD", "CONTROL"])).required(),
            Member::new("Persistence", Shape::OneOf(&["PERSISTENT", "NON_PERSISTENT"])).required(),
            Member::new("Metadata", METADATA),
            CLIENT_REQUEST_TOKEN,
            BEARER,
            Member::new("PushNotification", PUSH_NOTIFICATION),
            Member::new("MessageAttributes", MESSAGE_ATTRIBUTES),
            SUB_CHANNEL,
            Member::new("ContentType", CONTENT_TYPE),
            Member::new("Target", TARGET),
        ],
        exceptions: CONFLICT,
        run: send_channel_message,
    },
    Operation {
        name: "UpdateChannelMessage",
        method: "PUT",
        path: "/channels/{channelArn}/messages/{messageId}",
        selector: None,
        status: 200,
        input: &[
            CHANNEL,
            MESSAGE,
            CONTENT,
            Member::new("Metadata", METADATA),
            BEARER,
            SUB_CHANNEL,
            Member::new("ContentType", CONTENT_TYPE),
        ],
        exceptions: CONFLICT,
        run: update_channel_message,
    },
    Operation {
        name: "GetChannelMessage",
        method: "GET",
        path: "/channels/{channelArn}/messages/{messageId}",
        selector: None,
        status: 200,
        input: &[CHANNEL, MESSAGE, BEARER, SUB_CHANNEL.query("sub-channel-id")],
        exceptions: &[Exception::NotFound],
        run: get_channel_message,
    },
    Operation {
        name: "GetChannelMessageStatus",
        method: "GET",
        path: "/channels/{channelArn}/messages/{messageId}",
        selector: Some(("scope", "message-status")),
        status: 200,
        input: &[CHANNEL, MESSAGE, BEARER, SUB_CHANNEL.query("sub-channel-id")],
        exceptions: &[],
        run: get_channel_message_status,
    },
    Operation {
        name: "ListChannelMessages",
        method: "GET",
        path: "/channels/{channelArn}/messages",
        selector: None,
        status: 200,
        input: &[
            CHANNEL,
            Member::new("SortOrder", Shape::OneOf(&["ASCENDING", "DESCENDING"])).query("sort-order"),
            Member::new("NotBefore", Shape::Timestamp).query("not-before"),
            Member::new("NotAfter", Shape::Timestamp).query("not-after"),
            MAX_RESULTS,
            NEXT_TOKEN,
            BEARER,
            SUB_CHANNEL.query("sub-channel-id"),
        ],
        exceptions: &[],
        run: list_channel_messages,
    },
    Operation {
        name: "DeleteChannelMessage",
        method: "DELETE",
        path: "/channels/{channelArn}/messages/{messageId}",
        selector: None,
        status: 204,
        input: &[CHANNEL, MESSAGE, BEARER, SUB_CHANNEL.query("sub-channel-id")],
        exceptions: &[],
        run: delete_channel_message,
    },
    Operation {
        name: "RedactChannelMessage",
        method: "POST",
        path: "/channels/{channelArn}/messages/{messageId}",
        selector: Some(("operation", "redact")),
        status: 200,
        input: &[CHANNEL, MESSAGE, BEARER, SUB_CHANNEL],
        exceptions: CONFLICT,
        run: redact_channel_message,
    },
];

fn send_channel_message(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (channel_arn, role, sub_channel_id) = call.in_sub_channel()?;
    allow(role.may_send_messages())?;
    let sender = call.actor()?;
    let target = target(call, call.channel(&channel_arn)?, sub_channel_id.as_deref())?;
    let kind = if call.input.text("Type") == "CONTROL" { MessageType::Control } else { MessageType::Standard };
    let fields: MessageFields = call.input.read_all().unwrap_or_default();
    check_control(kind, &fields)?;
    let persistence = match call.input.text("Persistence") {
        "NON_PERSISTENT" => Persistence::NonPersistent,
        _ => Persistence::Persistent,
    };
    let new = NewMessage { sender, kind, persistence, target, fields };
    let (id, status) = call.world.send_message(&channel_arn, new, call.now);
    Ok(accepted(call, &id, status))
}

fn update_channel_message(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (channel_arn, id, role, message) = seen(call)?;
    allow(role.may_update_message(message.is_from(call.bearer())))?;
    check_settled(message)?;
    if message.redacted {
        return Err(ApiError::conflict(assumptions::REDACTED));
    }
    let said: MessageFields = call.input.read_all().unwrap_or_default();
    check_control(message.kind, &said)?;
    let mut fields = message.fields.clone();
    let keep = call.world.assumptions.update_keeps_absent_fields;
    fields.content = said.content;
    fields.metadata = said.metadata.or(fields.metadata.filter(|_| keep));
    fields.content_type = said.content_type.or(fields.content_type.filter(|_| keep));
    let key = MessageKey { channel_arn: &channel_arn, message_id: &id };
    let status = call.world.update_message(key, fields, call.now);
    Ok(accepted(call, &id, status))
}

fn get_channel_message(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (channel_arn, id, _, message) = seen(call)?;
    let key = MessageKey { channel_arn: &channel_arn, message_id: &id };
    let view = message.describe(key, message.is_from(call.bearer()), output::seconds);
    Ok(json!({ "ChannelMessage": view }))
}

fn get_channel_message_status(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (bearer, assumptions) = (call.bearer(), &call.world.assumptions);
    let key = MessageKey { channel_arn: call.input.text("ChannelArn"), message_id: call.input.text("MessageId") };
    if MemberKind::Bot.is_kind_of(bearer) && !assumptions.bots_may_ask_status {
        return Err(ApiError::forbidden(assumptions::FORBIDDEN));
    }
    let stray = call.world.strays.find(key, assumptions);
    let status = if let Some(Stray { status, sender_arn, sub_channel_id }) = stray {
        if sender_arn != Some(bearer) {
            return Err(ApiError::forbidden(assumptions::FORBIDDEN));
        }
        status.filter(|_| call.input.optional("SubChannelId") == sub_channel_id)
    } else if call.world.channels.contains(key.channel_arn) {
        let (_, role, sub_channel_id) = call.in_sub_channel()?;
        allow(role.may_see_channel())?;
        let message =
            call.world.messages.get(key).filter(|message| message.sub_channel_id() == sub_channel_id.as_deref());
        match message.filter(|message| call.world.shows(message, bearer)) {
            Some(message) if !message.is_from(bearer) => return Err(ApiError::forbidden(assumptions::FORBIDDEN)),
            message => message.and_then(|message| message.told_status(assumptions)),
        }
    } else {
        None
    };
    let status = status.ok_or_else(|| no_status(assumptions.status_of_denied))?;
    Ok(json!({ "Status": { "Value": status } }))
}

/// There is no status, since nothing is stored.
fn no_status(how: AbsentStatus) -> ApiError {
    match how {
        AbsentStatus::Forbidden => ApiError::forbidden(assumptions::FORBIDDEN),
        AbsentStatus::NotFound => ApiError::new(Exception::NotFound, assumptions::NO_STATUS),
        AbsentStatus::BadRequest => ApiError::bad_request(assumptions::NO_STATUS),
    }
}

fn list_channel_messages(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (channel_arn, role, sub_channel_id) = call.in_sub_channel()?;
    allow(role.may_see_channel())?;
    let token = call.input.optional("NextToken").filter(|token| !token.is_empty());
    let from = token.map(|token| Place::from_token(token).ok_or_else(wrong_token)).transpose()?;
    let mut after = call.input.time("NotBefore").map_or(Bound::Unbounded, |time| Bound::Included(Place::before(time)));
    let mut before = call.input.time("NotAfter").map_or(Bound::Unbounded, |time| Bound::Included(Place::after(time)));
    let ascending = call.input.optional("SortOrder") == Some("ASCENDING");
    if let Some(from) = from {
        *if ascending { &mut after } else { &mut before } = Bound::Excluded(from);
    }
    let limit = call.input.integer("MaxResults").and_then(|most| usize::try_from(most).ok()).unwrap_or(50);
    let bearer = call.bearer();
    let shown = |(_, _, message): &(Place, MessageKey<'_>, &Message)| {
        message.sub_channel_id() == sub_channel_id.as_deref() && call.world.lists(message, bearer)
    };
    let messages = call.world.messages.between(&channel_arn, (after, before));
    let mut messages: Vec<_> = match ascending {
        true => messages.filter(shown).take(limit + 1).collect(),
        false => messages.rev().filter(shown).take(limit + 1).collect(),
    };
    let more = messages.len() > limit;
    messages.truncate(limit);
    let last = messages.last().filter(|_| more).map(|(place, ..)| place.to_token());
    let summaries: Vec<_> =
        messages.iter().map(|(_, key, message)| message.summarize(*key, bearer, output::seconds)).collect();
    Ok(output::object([
        ("ChannelArn", channel_arn.as_str().into()),
        ("ChannelMessages", summaries.into()),
        ("NextToken", last.into()),
        ("SubChannelId", sub_channel_id.into()),
    ]))
}

fn delete_channel_message(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (channel_arn, role, sub_channel_id) = call.in_sub_channel()?;
    allow(role.may_delete_messages())?;
    let id = call.input.text("MessageId").to_owned();
    // Admins can delete messages that they cannot see, those for somebody else.
    let key = MessageKey { channel_arn: &channel_arn, message_id: &id };
    let message = call.world.messages.get(key).filter(|message| message.sub_channel_id() == sub_channel_id.as_deref());
    let message = message.ok_or_else(|| call.not_found("message"))?;
    check_settled(message)?;
    call.world.delete_message(key, call.now);
    Ok(Value::Null)
}

fn redact_channel_message(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (channel_arn, id, role, message) = seen(call)?;
    allow(role.may_redact_message(message.is_from(call.bearer())))?;
    check_settled(message)?;
    call.world.redact_message(MessageKey { channel_arn: &channel_arn, message_id: &id }, call.now);
    let sub_channel_id = call.input.optional("SubChannelId");
    Ok(output::object([
        ("ChannelArn", channel_arn.as_str().into()),
        ("MessageId", id.as_str().into()),
        ("SubChannelId", sub_channel_id.into()),
    ]))
}

/// The channel and the message of the request, the bearer's role in the channel or the sub-channel, and the message itself, if
/// there is one that the bearer may know of.
fn seen<'a>(call: &'a Call<'_>) -> Result<(String, String, Role, &'a Message), ApiError> {
    let (channel_arn, role, sub_channel_id) = call.in_sub_channel()?;
    allow(role.may_see_channel())?;
    let id = call.input.text("MessageId");
    let key = MessageKey { channel_arn: &channel_arn, message_id: id };
    let there = |message: &&Message| message.sub_channel_id() == sub_channel_id.as_deref();
    let message = call.world.messages.get(key).filter(there).filter(|message| call.world.shows(message, call.bearer()));
    let message = message.ok_or_else(|| call.not_found("message"))?;
    Ok((channel_arn, id.to_owned(), role, message))
}

/// The only member who is to see the message, beside its sender.
fn target(call: &Call<'_>, channel: &Channel, sub_channel_id: Option<&str>) -> Result<Option<String>, ApiError> {
    let target: Option<Vec<Map<String, Value>>> = call.input.read("Target");
    let Some(target) = target.and_then(|targets| targets.into_iter().next()) else { return Ok(None) };
    match target.get("MemberArn").and_then(Value::as_str) {
        Some(arn) if channel.membership(arn, sub_channel_id).is_some() => Ok(Some(arn.to_owned())),
        _ => Err(ApiError::bad_request("the target must be a member of the channel, and of its sub-channel")),
    }
}

/// `CONTROL` messages are short and have no metadata.
fn check_control(kind: MessageType, fields: &MessageFields) -> Result<(), ApiError> {
    let bytes = fields.content.as_deref().map_or(0, str::len);
    if kind == MessageType::Standard {
        return Ok(());
    }
    if fields.metadata.as_deref().is_some_and(|metadata| !metadata.is_empty()) {
        return Err(ApiError::bad_request("CONTROL messages have no Metadata"));
    }
    if bytes > limits::CONTROL_CONTENT_BYTES {
        let most = limits::CONTROL_CONTENT_BYTES;
        return Err(ApiError::bad_request(format!("Content has {bytes} bytes; a CONTROL message has {most} at most")));
    }
    Ok(())
}

fn check_settled(message: &Message) -> Result<(), ApiError> {
    if message.is_settled() { Ok(()) } else { Err(ApiError::forbidden(assumptions::NOT_SENT)) }
}

fn accepted(call: &Call<'_>, id: &str, status: MessageStatus) -> Value {
    output::object([
        ("ChannelArn", call.input.text("ChannelArn").into()),
        ("MessageId", id.into()),
        ("Status", json!({ "Value": status })),
        ("SubChannelId", call.input.optional("SubChannelId").into()),
    ])
}

fn wrong_token() -> ApiError {
    ApiError::bad_request("NextToken is not one that the service gave out")
}

#[cfg(test)]
mod tests;
