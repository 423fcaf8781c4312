//! The trait for a store of tickets.

use std::error::Error as StdError;
use std::future::Future;
use std::sync::Arc;
use std::time::SystemTime;

use crate::ticket::Ticket;
use crate::ticket::resolution::{Resolution, TicketOutcome};

/// Stores the [tickets](Ticket) of messages that are held for a person.
///
/// A ticket moves through three [queues](Queue), and only forwards: it is opened once, resolved once, and closed. Each step is
/// one conditional write. All methods can be repeated: a request whose answer was lost is sent again.
///
/// The times come from the caller, so that a store needs no clock.
pub trait TicketStore: Send + Sync {
    /// The reason why the store could not do it. It is logged: keep secrets and content out of it.
    type Error: Into<Box<dyn StdError + Send + Sync>> + Send;

    /// Stores an open ticket, unless one with its id is there. Returns the ticket that is there now: the given one, or the
    /// one that was stored before, in whatever queue it is.
    ///
    /// # Errors
    ///
    /// Returns an error if the store does not say that the ticket is stored. It may be stored all the same.
    fn open(&self, ticket: &Ticket) -> impl Future<Output = Result<Ticket, Self::Error>> + Send;

    /// Returns the ticket with this id, as the last write left it.
    ///
    /// # Errors
    ///
    /// Returns an error if the store cannot be read.
    fn ticket(&self, id: &str) -> impl Future<Output = Result<Option<Ticket>, Self::Error>> + Send;

    /// Records who resolves a ticket and how, unless it is resolved. Returns the ticket that is there now, with the given
    /// resolution or with the one that came first, or `None` if there is no ticket with this id.
    ///
    /// # Errors
    ///
    /// Returns an error if the store does not say what is recorded. The resolution may be recorded all the same.
    fn resolve(
        &self,
        id: &str,
        resolution: &Resolution,
    ) -> impl Future<Output = Result<Option<Ticket>, Self::Error>> + Send;

    /// Records that the message of a resolved ticket is decided. If the ticket is closed, or is not resolved, or is not
    /// there, this changes nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the store does not say that it is recorded.
    fn close(
        &self,
        id: &str,
        outcome: TicketOutcome,
        at: SystemTime,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Returns tickets of one queue, those with the earliest [time](Queue) first. A ticket that has just come or gone may be
    /// missing or still there.
    ///
    /// # Errors
    ///
    /// Returns an error if the store cannot be read.
    fn tickets(&self, query: &TicketQuery) -> impl Future<Output = Result<TicketPage, Self::Error>> + Send;
}

/// Where a ticket is, and by which time it is sorted there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Queue {
    /// Open tickets, by their deadline.
    Open,
    /// Resolved tickets whose message is not known to be decided, by the time of the resolution.
    Resolved,
    /// Tickets whose message is decided, by the time at which they were closed.
    Closed,
}

impl Queue {
    /// Returns the name of the queue: `OPEN`, `RESOLVED` or `CLOSED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Resolved => "RESOLVED",
            Self::Closed => "CLOSED",
        }
    }
}

/// Which tickets to list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TicketQuery {
    /// The queue.
    pub queue: Queue,
    /// Only tickets whose [time](Queue) is this or later.
    pub since: Option<SystemTime>,
    /// Only tickets whose [time](Queue) is this or earlier.
    pub until: Option<SystemTime>,
    /// The most tickets in the page. A page may have fewer although there are more: its `next` tells.
    pub limit: usize,
    /// The [`next`](TicketPage::next) of the page before.
    pub from: Option<String>,
}

impl TicketQuery {
    /// Lists all tickets of a queue, 100 a page.
    pub fn of(queue: Queue) -> Self {
        Self { queue, since: None, until: None, limit: 100, from: None }
    }

    /// Lists only tickets whose [time](Queue) is this or later.
    #[must_use]
    pub fn since(self, since: SystemTime) -> Self {
        Self { since: Some(since), ..self }
    }

    /// Lists only tickets whose [time](Queue) is this or earlier.
    #[must_use]
    pub fn until(self, until: SystemTime) -> Self {
        Self { until: Some(until), ..self }
    }

    /// Lists at most this many tickets a page.
    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }
}

/// Some tickets of a queue.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TicketPage {
    /// The tickets, in the order of their [time](Queue).
    pub tickets: Vec<Ticket>,
    /// What to give as [`TicketQuery::from`] for the next page, or `None` if this is the last one.
    pub next: Option<String>,
    /// How many tickets of the page cannot be read, and are not in it. They must not keep the others from being decided, and
    /// nobody may take them for decided: a sweep fails for them.
    pub unreadable: usize,
}

impl TicketPage {
    /// Creates a page.
    pub fn new(tickets: Vec<Ticket>, next: Option<String>) -> Self {
        Self { tickets, next, unreadable: 0 }
    }

    /// Sets how many tickets of the page cannot be read.
    #[must_use]
    pub fn with_unreadable(self, unreadable: usize) -> Self {
        Self { unreadable, ..self }
    }
}

impl<S: TicketStore> TicketStore for Arc<S> {
    type Error = S::Error;

    fn open(&self, ticket: &Ticket) -> impl Future<Output = Result<Ticket, S::Error>> + Send {
        (**self).open(ticket)
    }

    fn ticket(&self, id: &str) -> impl Future<Output = Result<Option<Ticket>, S::Error>> + Send {
        (**self).ticket(id)
    }

    fn resolve(
        &self,
        id: &str,
        resolution: &Resolution,
    ) -> impl Future<Output = Result<Option<Ticket>, S::Error>> + Send {
        (**self).resolve(id, resolution)
    }

    fn close(
        &self,
        id: &str,
        outcome: TicketOutcome,
        at: SystemTime,
    ) -> impl Future<Output = Result<(), S::Error>> + Send {
        (**self).close(id, outcome, at)
    }

    fn tickets(&self, query: &TicketQuery) -> impl Future<Output = Result<TicketPage, S::Error>> + Send {
        (**self).tickets(query)
    }
}
