//! The held messages, kept up to date for open pages.

use crate::http::page::story::time;
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::model::decision::decision_name;
#[cfg(feature = "dynamodb")]
use crate::review_desk::HeldMessage;
use crate::review_desk::{Resolution, Resolved, ReviewDesk, Verdict};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt;
use std::sync::{Arc, OnceLock};
use tokio::sync::watch;

/// The desk, and what it last said.
pub(super) struct Held {
    desk: OnceLock<Arc<dyn ReviewDesk>>,
    /// As JSON; `null` without a desk.
    list: watch::Sender<Arc<str>>,
}

/// What a reviewer does on the page.
#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "camelCase")]
pub(super) enum Review {
    Approve { id: String },
    Deny { id: String },
    Update { id: String, content: String },
}

impl Default for Held {
    fn default() -> Self {
        Self { desk: OnceLock::new(), list: watch::Sender::new("null".into()) }
    }
}

impl Held {
    /// Takes a desk, the first one that is given.
    #[cfg(feature = "dynamodb")]
    pub(super) fn set_desk(&self, desk: Arc<dyn ReviewDesk>) -> bool {
        self.desk.set(desk).is_ok()
    }

    /// Asks the desk. Open pages are told if something has changed.
    #[cfg(feature = "dynamodb")]
    pub(super) async fn refresh(&self) {
        let Some(desk) = self.desk.get() else { return };
        let list: Arc<str> = match desk.held().await {
            Ok(held) => json!({ "held": held.iter().map(view).collect::<Vec<_>>() }),
            Err(error) => json!({ "error": error }),
        }
        .to_string()
        .into();
        self.list.send_if_modified(|before| std::mem::replace(before, Arc::clone(&list)) != list);
    }

    /// What the desk said, and what it will say.
    pub(super) fn list(&self) -> watch::Receiver<Arc<str>> {
        self.list.subscribe()
    }

    /// Resolves a held message through the desk.
    pub(super) async fn resolve(&self, review: Review) -> Result<Value, ApiError> {
        let desk = self.desk.get().ok_or_else(|| {
            ApiError::new(Exception::UnknownOperation, "no messages are held here: the emulator has no review desk")
        })?;
        let (id, verdict) = match review {
            Review::Approve { id } => (id, Verdict::Approve),
            Review::Deny { id } => (id, Verdict::Deny),
            Review::Update { id, content } => (id, Verdict::Update(content)),
        };
        let resolved = desk.resolve(&id, verdict).await;
        let Resolved { first, resolution } =
            resolved.map_err(|error| ApiError::new(Exception::ServiceFailure, error))?;
        Ok(json!({ "first": first, "resolution": resolution_view(&resolution) }))
    }
}

#[cfg(feature = "dynamodb")]
fn view(held: &HeldMessage) -> Value {
    json!({
        "id": held.id,
        "channelArn": held.channel_arn,
        "messageId": held.message_id,
        "senderArn": held.sender_arn,
        "senderName": held.sender_name,
        "content": held.content,
        "approvedContent": held.approved_content,
        "reasons": held.reasons,
        "heldAt": time(held.held_at),
        "deadline": time(held.deadline),
        "defaultDecision": decision_name(held.default_decision),
        "resolution": held.resolution.as_ref().map(resolution_view),
    })
}

fn resolution_view(resolution: &Resolution) -> Value {
    json!({ "decision": decision_name(resolution.decision), "by": resolution.by, "at": time(resolution.at) })
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").finish_non_exhaustive()
    }
}
