//! The desk of a reviewer, as the chat page needs it.

use crate::model::decision::Decision;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::SystemTime;

/// What the chat page asks about the messages that are held for a reviewer.
///
/// The emulator has the [table](crate::Settings::table), but does not know what is in it: whoever does implements this, and
/// gives it to [`MessagingService::set_review_desk`](crate::MessagingService::set_review_desk). A message must be resolved once,
/// whoever comes first, so the page resolves nothing by itself.
pub trait ReviewDesk: Send + Sync {
    /// Lists the messages that are held, the ones that were held first at the beginning, and those that were resolved lately.
    fn held(&self) -> DeskFuture<'_, Vec<HeldMessage>>;

    /// Resolves a held message, unless somebody has.
    fn resolve<'a>(&'a self, id: &'a str, verdict: Verdict) -> DeskFuture<'a, Resolved>;
}

/// What a desk answers. The error is shown on the page: keep content out of it.
pub type DeskFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send + 'a>>;

/// A message that is or was held for a reviewer.
///
/// `Debug` shows ids and times.
#[derive(Clone, PartialEq, Eq)]
pub struct HeldMessage {
    /// The id of its ticket: the callback id.
    pub id: String,
    /// The channel's ARN.
    pub channel_arn: String,
    /// The message's id.
    pub message_id: String,
    /// The sender's ARN.
    pub sender_arn: String,
    /// The sender's name, if it is known.
    pub sender_name: Option<String>,
    /// What it says, if the function lets the reviewer see it.
    pub content: Option<String>,
    /// What it says once it is approved, if that is something else.
    pub approved_content: Option<String>,
    /// The codes of the reasons why it is held.
    pub reasons: Vec<String>,
    /// Since when.
    pub held_at: SystemTime,
    /// Until when at the latest.
    pub deadline: SystemTime,
    /// The decision at the deadline.
    pub default_decision: Decision,
    /// The resolution, if there is one.
    pub resolution: Option<Resolution>,
}

/// How a held message was resolved.
///
/// `Debug` leaves out the name of the person.
#[derive(Clone, PartialEq, Eq)]
pub struct Resolution {
    /// The decision.
    pub decision: Decision,
    /// The name of the person; `None` for the default decision at the deadline.
    pub by: Option<String>,
    /// When it was made.
    pub at: SystemTime,
}

/// What a reviewer decides.
///
/// `Debug` leaves out the text.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The message is released, as its function says.
    Approve,
    /// The message is denied.
    Deny,
    /// The message is released with this content.
    Update(String),
}

/// What became of a reviewer's decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// Whether it counts, and not one that came before it.
    pub first: bool,
    /// The resolution that counts.
    pub resolution: Resolution,
}

impl fmt::Debug for HeldMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldMessage")
            .field("id", &self.id)
            .field("message_id", &self.message_id)
            .field("reasons", &self.reasons)
            .field("held_at", &self.held_at)
            .field("deadline", &self.deadline)
            .field("resolution", &self.resolution)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolution").field("decision", &self.decision).field("at", &self.at).finish_non_exhaustive()
    }
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Approve => "Approve",
            Self::Deny => "Deny",
            Self::Update(_) => "Update(…)",
        })
    }
}
