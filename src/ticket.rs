//! A message that is held for a person.

pub(crate) mod json;
pub(crate) mod resolution;

use std::fmt;
use std::time::{Duration, SystemTime};

use self::resolution::{Resolution, TicketOutcome};
use crate::decision::hold::Hold;
use crate::store::Queue;
use crate::{Decision, FallbackAction, Message, PendingMessage, Reason};

/// The ticket of a message that is held for a person: what it takes to decide the message later, from any process.
///
/// The adapter stores it when a processor returns [`Decision::hold`]. A [`Reviewer`](crate::Reviewer) resolves it.
///
/// `Debug` shows ids, times and reasons, never content or names.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket {
    pending: PendingMessage,
    request_id: String,
    held_at: SystemTime,
    deadline: SystemTime,
    default_decision: Decision,
    approval: Decision,
    reasons: Vec<Reason>,
    message: Option<HeldMessage>,
    resolution: Option<Resolution>,
    closed: Option<(TicketOutcome, SystemTime)>,
}

/// What a ticket has of the message itself, if its processor [asked for that](Hold::with_content).
///
/// `Debug` shows lengths only.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeldMessage {
    /// The content as it was sent.
    pub content: String,
    /// The name of the sender.
    pub sender_name: Option<String>,
}

impl Ticket {
    /// Creates the ticket of a message that is held from `now` on. The deadline is never later than
    /// [`Hold::LONGEST`] after the message was sent.
    pub fn new(
        message: &Message,
        decision: &Decision,
        hold: &Hold,
        fallback_action: FallbackAction,
        now: SystemTime,
    ) -> Self {
        let now = whole_milliseconds(now);
        let pending = message.pending().without_sender_name();
        let sent_at = pending.sent_at().unwrap_or(now).min(now);
        let deadline = whole_milliseconds((now + hold.time()).min(sent_at + Hold::LONGEST)).max(now);
        let approval = match hold.changes() {
            Some(update) => Decision::from(update.clone()).with_content(message.content()),
            None => Decision::no_change(),
        };
        let default_decision = match hold.action().unwrap_or(fallback_action) {
            FallbackAction::Abort => Decision::deny(),
            FallbackAction::Continue => approval.clone(),
        };
        let held = || HeldMessage {
            content: message.content().to_owned(),
            sender_name: message.sender().name().map(str::to_owned),
        };
        Self {
            pending,
            request_id: message.invocation().request_id().to_owned(),
            held_at: now,
            deadline,
            default_decision,
            approval,
            reasons: decision.reasons().to_vec(),
            message: hold.shows_content().then(held),
            resolution: None,
            closed: None,
        }
    }

    /// Returns the ticket's id, which is the message's callback id: an edited message has another one.
    pub fn id(&self) -> &str {
        self.pending.callback_id()
    }

    /// Returns the message as one that waits for its callback.
    pub fn pending(&self) -> &PendingMessage {
        &self.pending
    }

    /// Returns Lambda's request id of the invocation that held the message, by which its log is found.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Returns when the message was held.
    pub fn held_at(&self) -> SystemTime {
        self.held_at
    }

    /// Returns when the [default decision](Self::default_decision) is due.
    pub fn deadline(&self) -> SystemTime {
        self.deadline
    }

    /// Returns the decision at the deadline.
    pub fn default_decision(&self) -> &Decision {
        &self.default_decision
    }

    /// Returns the decision of a person who approves the message: no change, or an update with what the processor set.
    pub fn approval(&self) -> &Decision {
        &self.approval
    }

    /// Returns why the message is held.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// Returns the message itself, if the processor [asked for that](Hold::with_content).
    pub fn message(&self) -> Option<&HeldMessage> {
        self.message.as_ref()
    }

    /// Returns who resolved the ticket and how.
    pub fn resolution(&self) -> Option<&Resolution> {
        self.resolution.as_ref()
    }

    /// Returns how the callback of the resolution ended, if the ticket is closed.
    pub fn outcome(&self) -> Option<TicketOutcome> {
        self.closed.map(|(outcome, _)| outcome)
    }

    /// Returns where the ticket is.
    pub fn queue(&self) -> Queue {
        match (&self.resolution, &self.closed) {
            (_, Some(_)) => Queue::Closed,
            (Some(_), None) => Queue::Resolved,
            (None, None) => Queue::Open,
        }
    }

    /// Returns the time by which the ticket is sorted in its queue.
    pub fn queued_at(&self) -> SystemTime {
        match (&self.resolution, &self.closed) {
            (_, Some((_, at))) => *at,
            (Some(resolution), None) => resolution.at(),
            (None, None) => self.deadline,
        }
    }

    /// Returns the ticket as resolved. For a [store](crate::store::TicketStore).
    #[must_use]
    pub fn resolved(self, resolution: Resolution) -> Self {
        Self { resolution: Some(resolution), ..self }
    }

    /// Returns the ticket as closed. For a [store](crate::store::TicketStore).
    #[must_use]
    pub fn closed(self, outcome: TicketOutcome, at: SystemTime) -> Self {
        Self { closed: Some((outcome, whole_milliseconds(at))), ..self }
    }
}

/// Times are stored in milliseconds, and a time that was stored is the same as before.
pub(crate) fn whole_milliseconds(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds(since))
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("pending", &self.pending)
            .field("request_id", &self.request_id)
            .field("held_at", &self.held_at)
            .field("deadline", &self.deadline)
            .field("default_decision", &self.default_decision.kind())
            .field("approval", &self.approval.kind())
            .field("reasons", &self.reasons)
            .field("message", &self.message)
            .field("resolution", &self.resolution)
            .field("closed", &self.closed)
            .finish()
    }
}

impl fmt::Debug for HeldMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldMessage")
            .field("content_bytes", &self.content.len())
            .field("sender_name_bytes", &self.sender_name.as_ref().map(String::len))
            .finish()
    }
}

#[cfg(test)]
mod tests;
