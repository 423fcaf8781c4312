//! Holds a message for a person: stores its ticket in place of a callback.

use std::error::Error as StdError;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::Ticket;
use crate::catch_unwind::CatchUnwind;
use crate::error::cause;
use crate::event::header::Header;
use crate::review::desk::Desk;

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
    let stored = in_time(desk.open(&ticket), deadline).await?;
    let new = stored == ticket;
    Ok(Held { ticket: Box::new(stored), new })
}

/// Returns the ticket that an earlier invocation stored for a message, if there is one. Without an answer of the store, there
/// is none, and the fallback action decides: the message must not hang.
pub(super) async fn ticket(desk: Option<&dyn Desk>, header: &Header, deadline: Option<Instant>) -> Option<Ticket> {
    match in_time(desk?.ticket(&header.ids.callback_id), deadline).await {
        Ok(ticket) => ticket,
        Err(cause) => {
            tracing::warn!(cause, "it is not known whether the message is held; the fallback action decides");
            None
        }
    }
}

/// Returns the answer of the store. It has half of the time that is left for the callback: the fallback action needs the other
/// half if the store is away.
async fn in_time<T>(
    answer: impl Future<Output = Result<T, Box<dyn StdError + Send + Sync>>>,
    deadline: Option<Instant>,
) -> Result<T, String> {
    let now = Instant::now();
    let half = deadline.map(|deadline| deadline.saturating_duration_since(now) / 2);
    let cut = now + half.map_or(LONGEST, |half| half.min(LONGEST));
    match timeout_at(cut, CatchUnwind::new(answer)).await {
        Ok(Ok(Ok(answer))) => Ok(answer),
        Ok(Ok(Err(error))) => Err(cause::text(error, false)),
        Ok(Err(_)) => Err("the store panicked".to_owned()),
        Err(_) => Err("the store did not answer in time".to_owned()),
    }
}
