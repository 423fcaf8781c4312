//! The store of tickets as the adapter uses it, without its type: a function that holds no messages has none of this code.

use std::error::Error as StdError;
use std::pin::Pin;

use tokio::time::Instant;

use super::{Reviewer, Sweep};
use crate::Error;
use crate::callback::settle::Callbacks;
use crate::store::TicketStore;
use crate::ticket::Ticket;

/// What the adapter does with tickets.
pub(crate) trait Desk: Send + Sync {
    /// Stores an open ticket, and returns the one that is there now.
    fn open<'a>(&'a self, ticket: &'a Ticket) -> Opening<'a>;

    /// Returns the ticket with this id.
    fn ticket<'a>(&'a self, id: &'a str) -> Reading<'a>;

    /// Sweeps until the deadline. What was done is in `sweep` even if there is an error.
    fn sweep<'a>(&'a self, sweep: &'a mut Sweep, deadline: Option<Instant>) -> Sweeping<'a>;
}

type Opening<'a> = Pin<Box<dyn Future<Output = Result<Ticket, Box<dyn StdError + Send + Sync>>> + Send + 'a>>;
type Reading<'a> = Pin<Box<dyn Future<Output = Result<Option<Ticket>, Box<dyn StdError + Send + Sync>>> + Send + 'a>>;
type Sweeping<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// Makes a desk once the callbacks are there.
pub(crate) type OpenDesk = Box<dyn FnOnce(Callbacks) -> Box<dyn Desk> + Send>;

pub(crate) fn open_desk<S: TicketStore + 'static>(store: S) -> OpenDesk {
    Box::new(|callbacks| Box::new(Reviewer::new(store, callbacks)))
}

impl<S: TicketStore + 'static> Desk for Reviewer<S> {
    fn open<'a>(&'a self, ticket: &'a Ticket) -> Opening<'a> {
        Box::pin(async move { self.store().open(ticket).await.map_err(Into::into) })
    }

    fn ticket<'a>(&'a self, id: &'a str) -> Reading<'a> {
        Box::pin(async move { self.store().ticket(id).await.map_err(Into::into) })
    }

    fn sweep<'a>(&'a self, sweep: &'a mut Sweep, deadline: Option<Instant>) -> Sweeping<'a> {
        Box::pin(self.sweep_into(sweep, deadline))
    }
}
