//! Tickets as JSON, as a store keeps them.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::resolution::{Resolution, ResolvedBy, TicketOutcome};
use super::{HeldMessage, Ticket, milliseconds};
use crate::event::header::Header;
use crate::message::times::Times;
use crate::{
    Decision, LimitError, PendingMessage, Persistence, PushNotification, PushNotificationType, Reason, Update,
};

/// The version that is written. A ticket lives for two days at most, so a function that reads a newer one has been rolled back.
const VERSION: u32 = 1;

impl Ticket {
    /// Returns the ticket without its resolution as JSON, for a [store](crate::store::TicketStore).
    pub fn to_json(&self) -> String {
        json(&StoredTicket::from(self))
    }

    /// Reads a ticket from [its JSON](Self::to_json).
    ///
    /// # Errors
    ///
    /// Returns an error if `json` is not a ticket that this version can read. It shows none of the JSON.
    pub fn from_json(json: &str) -> Result<Self, TicketJsonError> {
        let stored: StoredTicket = read(json)?;
        match stored.version {
            VERSION => stored.try_into(),
            version => Err(TicketJsonError(Problem::Version(version))),
        }
    }
}

impl Resolution {
    /// Returns the resolution as JSON, for a [store](crate::store::TicketStore).
    pub fn to_json(&self) -> String {
        json(&StoredResolution { decision: (&self.decision).into(), by: self.by.clone(), at: since_1970(self.at) })
    }

    /// Reads a resolution from [its JSON](Self::to_json).
    ///
    /// # Errors
    ///
    /// Returns an error if `json` is not a resolution that this version can read. It shows none of the JSON.
    pub fn from_json(json: &str) -> Result<Self, TicketJsonError> {
        let StoredResolution { decision, by, at } = read(json)?;
        Ok(Self { decision: decision.try_into()?, by, at: at_milliseconds(at) })
    }
}

impl TicketOutcome {
    /// Returns the name of the outcome: `ACCEPTED`, `DECIDED_BEFORE`, `FALLBACK_ACTION` or `EXPIRED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::DecidedBefore => "DECIDED_BEFORE",
            Self::FallbackAction => "FALLBACK_ACTION",
            Self::Expired => "EXPIRED",
        }
    }

    /// Returns the outcome with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Accepted, Self::DecidedBefore, Self::FallbackAction, Self::Expired];
        all.into_iter().find(|outcome| outcome.as_str() == name)
    }
}

/// The error for a ticket in a store that cannot be read. It shows none of the ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketJsonError(Problem);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    Json,
    Version(u32),
    Ids,
    Decision,
    Limit(LimitError),
}

impl fmt::Display for TicketJsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Problem::Json => f.write_str("a ticket in the store is not the JSON of a ticket"),
            Problem::Version(version) => write!(
                f,
                "a ticket in the store has version {version}, and this version of channel-flow reads {VERSION}: deploy the \
                 version that wrote it"
            ),
            Problem::Ids => f.write_str("a ticket in the store lacks an id"),
            Problem::Decision => f.write_str("a decision in the store is none of UPDATE, DENY and NO_CHANGE"),
            Problem::Limit(_) => f.write_str("an update in the store breaks a limit of the service"),
        }
    }
}

impl std::error::Error for TicketJsonError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Problem::Limit(error) => Some(error),
            _ => None,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StoredTicket {
    version: u32,
    callback_id: String,
    message_id: String,
    channel_arn: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    sender_arn: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sub_channel_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    persistence: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_edited_at: Option<u64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    edited: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    request_id: String,
    held_at: u64,
    deadline: u64,
    default_decision: StoredDecision,
    approval: StoredDecision,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sender_name: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StoredResolution {
    decision: StoredDecision,
    by: ResolvedBy,
    at: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StoredDecision {
    decision: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    update: Option<StoredUpdate>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StoredUpdate {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    push_notification: Option<StoredPushNotification>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    message_attributes: BTreeMap<String, Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sub_channel_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StoredPushNotification {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    r#type: Option<String>,
}

impl From<&Ticket> for StoredTicket {
    fn from(ticket: &Ticket) -> Self {
        let Ticket { pending, request_id, held_at, deadline, default_decision, approval, reasons, message, .. } =
            ticket;
        let Header { ids, provenance } = pending.header();
        let Times { created_at, last_edited_at, is_edited } = provenance.times;
        Self {
            version: VERSION,
            callback_id: ids.callback_id.clone(),
            message_id: ids.message_id.clone(),
            channel_arn: ids.channel_arn.clone(),
            sender_arn: provenance.sender.arn().to_owned(),
            sub_channel_id: provenance.sub_channel_id.clone(),
            persistence: provenance.persistence.as_ref().map(|persistence| persistence.as_str().to_owned()),
            created_at: created_at.map(since_1970),
            last_edited_at: last_edited_at.map(since_1970),
            edited: is_edited,
            request_id: request_id.clone(),
            held_at: since_1970(*held_at),
            deadline: since_1970(*deadline),
            default_decision: default_decision.into(),
            approval: approval.into(),
            reasons: reasons.iter().map(|reason| reason.as_str().to_owned()).collect(),
            content: message.as_ref().map(|message| message.content.clone()),
            sender_name: message.as_ref().and_then(|message| message.sender_name.clone()),
        }
    }
}

impl TryFrom<StoredTicket> for Ticket {
    type Error = TicketJsonError;

    fn try_from(stored: StoredTicket) -> Result<Self, TicketJsonError> {
        let times = Times {
            created_at: stored.created_at.map(at_milliseconds),
            last_edited_at: stored.last_edited_at.map(at_milliseconds),
            is_edited: stored.edited,
        };
        let pending = PendingMessage::builder()
            .callback_id(stored.callback_id)
            .message_id(stored.message_id)
            .channel_arn(stored.channel_arn)
            .sender_arn(stored.sender_arn)
            .times(times);
        let pending = match stored.sub_channel_id {
            Some(id) => pending.sub_channel_id(id),
            None => pending,
        };
        let pending = match stored.persistence {
            Some(persistence) => pending.persistence(Persistence::from(persistence)),
            None => pending,
        };
        let message = stored.content.map(|content| HeldMessage { content, sender_name: stored.sender_name });
        Ok(Self {
            pending: pending.build().map_err(|_| TicketJsonError(Problem::Ids))?,
            request_id: stored.request_id,
            held_at: at_milliseconds(stored.held_at),
            deadline: at_milliseconds(stored.deadline),
            default_decision: stored.default_decision.try_into()?,
            approval: stored.approval.try_into()?,
            reasons: stored.reasons.into_iter().map(Reason::from_store).collect(),
            message,
            resolution: None,
            closed: None,
        })
    }
}

impl From<&Decision> for StoredDecision {
    fn from(decision: &Decision) -> Self {
        Self {
            decision: decision.kind().as_str().to_owned(),
            update: decision.changes().map(StoredUpdate::from),
            reasons: decision.reasons().iter().map(|reason| reason.as_str().to_owned()).collect(),
        }
    }
}

impl TryFrom<StoredDecision> for Decision {
    type Error = TicketJsonError;

    fn try_from(stored: StoredDecision) -> Result<Self, TicketJsonError> {
        let decision = match (&*stored.decision, stored.update) {
            ("UPDATE", Some(update)) => Self::from(Update::try_from(update)?),
            ("DENY", None) => Self::deny(),
            ("NO_CHANGE", None) => Self::no_change(),
            _ => return Err(TicketJsonError(Problem::Decision)),
        };
        Ok(decision.because_all(stored.reasons.into_iter().map(Reason::from_store)))
    }
}

impl From<&Update> for StoredUpdate {
    fn from(update: &Update) -> Self {
        let owned = |value: Option<&str>| value.map(str::to_owned);
        Self {
            content: owned(update.content()),
            metadata: owned(update.metadata()),
            push_notification: update.push_notification().map(|push| StoredPushNotification {
                title: owned(push.title()),
                body: owned(push.body()),
                r#type: push.notification_type().map(|r#type| r#type.as_str().to_owned()),
            }),
            message_attributes: update.message_attributes().clone(),
            sub_channel_id: owned(update.sub_channel_id()),
            content_type: owned(update.content_type()),
        }
    }
}

impl TryFrom<StoredUpdate> for Update {
    type Error = TicketJsonError;

    fn try_from(stored: StoredUpdate) -> Result<Self, TicketJsonError> {
        let mut update = Self::builder();
        if let Some(content) = stored.content {
            update = update.content(content);
        }
        if let Some(metadata) = stored.metadata {
            update = update.metadata(metadata);
        }
        if let Some(StoredPushNotification { title, body, r#type }) = stored.push_notification {
            let mut push = PushNotification::builder();
            if let Some(title) = title {
                push = push.title(title);
            }
            if let Some(body) = body {
                push = push.body(body);
            }
            if let Some(r#type) = r#type {
                push = push.notification_type(PushNotificationType::from(r#type));
            }
            update = update.push_notification(push.build());
        }
        for (name, values) in stored.message_attributes {
            update = update.message_attribute(name, values);
        }
        if let Some(id) = stored.sub_channel_id {
            update = update.sub_channel_id(id);
        }
        if let Some(content_type) = stored.content_type {
            update = update.content_type(content_type);
        }
        update.build().map_err(|error| TicketJsonError(Problem::Limit(error)))
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("strings and numbers are JSON")
}

fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, TicketJsonError> {
    serde_json::from_str(json).map_err(|_| TicketJsonError(Problem::Json))
}

fn since_1970(time: SystemTime) -> u64 {
    milliseconds(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

/// A number that is no time becomes 1970: a deadline that is over.
fn at_milliseconds(milliseconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds)).unwrap_or(SystemTime::UNIX_EPOCH)
}
