//! Tickets as JSON, as a store keeps them.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::resolution::{Resolution, ResolvedBy, TicketOutcome};
use super::{HeldMessage, Ticket, milliseconds};
use crate::message::times::Times;
use crate::{
    Decision, DecisionKind, LimitError, PendingMessage, Persistence, PushNotification, PushNotificationType, Reason, Update,
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
    /// Returns the name of the outcome: `ACCEPTED`, `DECIDED_BEFORE` or `EXPIRED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::DecidedBefore => "DECIDED_BEFORE",
            Self::Expired => "EXPIRED",
        }
    }

    /// Returns the outcome with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Accepted, Self::DecidedBefore, Self::Expired].into_iter().find(|outcome| outcome.as_str() == name)
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
