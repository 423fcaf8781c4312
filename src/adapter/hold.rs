//! Holds a message for a person: stores its ticket in place of a callback.

use std::error::Error as StdError;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, timeout_at};

use crate::catch_unwind::CatchUnwind;
use crate::decision::hold::Hold;
use crate::error::cause;
use crate::event::header::Header;
use crate::review::desk::Desk;
use crate::{Decision, FallbackAction, Message, Ticket};

/// The most time that the store has, if the invocation has more.
const LONGEST: Duration = Duration::from_secs(5);

/// How an attempt to hold a message ended.
pub(super) enum Holding {
    /// The ticket is stored.
    Held {
        ticket: Box<Ticket>,
        /// Whether this invocation stored it, and not an earlier one with the same event.
        new: bool,
    },
    /// It is not known to be stored, for this reason.
    Failed(String),
}

/// Stores the ticket of a message. The store has half of the time that is left for the callback: the fallback action needs
/// the other half if the store is away.
pub(super) async fn hold(
    desk: Option<&dyn Desk>,
    message: &Message,
    decision: &Decision,
    hold: &Hold,
    fallback_action: FallbackAction,
    callback_deadline: Option<Instant>,
) -> Holding {
    let Some(desk) = desk else {
        return Holding::Failed(
            "the function has no store for tickets: set one with `AdapterBuilder::tickets`".to_owned(),
        );
    };
    let ticket = Ticket::new(message, decision, hold, fallback_action, SystemTime::now());
    let now = Instant::now();
    let half = callback_deadline.map(|deadline| deadline.saturating_duration_since(now) / 2);
    let cut = now + half.map_or(LONGEST, |half| half.min(LONGEST));
    match timeout_at(cut, CatchUnwind::new(desk.open(&ticket))).await {
        Ok(Some(Ok(stored))) => {
            let new = stored == ticket;
            Holding::Held { ticket: Box::new(stored), new }
        }
        Ok(Some(Err(error))) => Holding::Failed(text(error)),
        Ok(None) => Holding::Failed("the store panicked".to_owned()),
        Err(_) => Holding::Failed("the store did not answer in time".to_owned()),
    }
}

/// Returns the ticket that an earlier invocation stored for a message, if there is one. Without an answer of the store, there
/// is none, and the fallback action decides: the message must not hang.
pub(super) async fn ticket(desk: Option<&dyn Desk>, header: &Header, deadline: Option<Instant>) -> Option<Ticket> {
    let desk = desk?;
    let now = Instant::now();
    let half = deadline.map(|deadline| deadline.saturating_duration_since(now) / 2);
    let cut = now + half.map_or(LONGEST, |half| half.min(LONGEST));
    let cause = match timeout_at(cut, CatchUnwind::new(desk.ticket(&header.ids.callback_id))).await {
        Ok(Some(Ok(ticket))) => return ticket,
        Ok(Some(Err(error))) => text(error),
        Ok(None) => "the store panicked".to_owned(),
        Err(_) => "the store did not answer in time".to_owned(),
    };
    tracing::warn!(cause, "it is not known whether the message is held; the fallback action decides");
    None
}

fn text(error: Box<dyn StdError + Send + Sync>) -> String {
    cause::text(error, false)
}
