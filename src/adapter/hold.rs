//! Holds a message for a person: stores its ticket in place of a callback.

use std::time::Duration;

use tokio::time::Instant;

use crate::Ticket;
use crate::event::header::Header;
use crate::review::desk::Desk;
use crate::store::answer::answer;

/// The most time that the store has, if the invocation has more.
const LONGEST: Duration = Duration::from_secs(5);

/// A message that is held.
pub(super) struct Held {
    pub(super) ticket: Box<Ticket>,
    /// Whether this invocation stored the ticket, and not an earlier one with the same event.
    pub(super) new: bool,
}

/// Stores a ticket. If it is not known to be stored, the error says why.
pub(super) async fn open(desk: Option<&dyn Desk>, ticket: Ticket, deadline: Option<Instant>) -> Result<Held, String> {
    let Some(desk) = desk else {
        return Err("the function has no store for tickets: set one with `AdapterBuilder::tickets`".to_owned());
    };
    let stored = answer(desk.open(&ticket), cut(deadline)).await?;
    let new = stored == ticket;
    Ok(Held { ticket: Box::new(stored), new })
}

/// Returns the ticket that an earlier invocation stored for a message, if there is one. Without an answer of the store, there
/// is none, and the fallback action decides: the message must not hang.
pub(super) async fn ticket(desk: Option<&dyn Desk>, header: &Header, deadline: Option<Instant>) -> Option<Ticket> {
    match answer(desk?.ticket(&header.ids.callback_id), cut(deadline)).await {
        Ok(ticket) => ticket,
        Err(cause) => {
            tracing::warn!(cause, "it is not known whether the message is held; the fallback action decides");
            None
        }
    }
}

/// Returns until when the store may answer. It has half of the time that is left for the callback: the fallback action needs
/// the other half if the store is away.
fn cut(deadline: Option<Instant>) -> Option<Instant> {
    let now = Instant::now();
    let half = deadline.map(|deadline| deadline.saturating_duration_since(now) / 2);
    Some(now + half.map_or(LONGEST, |half| half.min(LONGEST)))
}
