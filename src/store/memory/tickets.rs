//! Tickets in memory.

use std::collections::HashMap;
use std::time::SystemTime;

use super::{MemoryStore, StoreAway};
use crate::store::tickets::{Queue, TicketPage, TicketQuery, TicketStore};
use crate::ticket::Ticket;
use crate::ticket::resolution::{Resolution, TicketOutcome};

pub(super) type Tickets = HashMap<String, Ticket>;

impl TicketStore for MemoryStore {
    type Error = StoreAway;

    async fn open(&self, ticket: &Ticket) -> Result<Ticket, StoreAway> {
        let mut state = self.state()?;
        Ok(state.tickets.entry(ticket.id().to_owned()).or_insert_with(|| ticket.clone()).clone())
    }

    async fn ticket(&self, id: &str) -> Result<Option<Ticket>, StoreAway> {
        Ok(self.state()?.tickets.get(id).cloned())
    }

    async fn resolve(&self, id: &str, resolution: &Resolution) -> Result<Option<Ticket>, StoreAway> {
        let mut state = self.state()?;
        let Some(ticket) = state.tickets.get_mut(id) else { return Ok(None) };
        if ticket.queue() == Queue::Open {
            *ticket = ticket.clone().resolved(resolution.clone());
        }
        Ok(Some(ticket.clone()))
    }

    async fn close(&self, id: &str, outcome: TicketOutcome, at: SystemTime) -> Result<(), StoreAway> {
        let mut state = self.state()?;
        if let Some(ticket) = state.tickets.get_mut(id)
            && ticket.queue() == Queue::Resolved
        {
            *ticket = ticket.clone().closed(outcome, at);
        }
        Ok(())
    }

    async fn tickets(&self, query: &TicketQuery) -> Result<TicketPage, StoreAway> {
        let TicketQuery { queue, since, until, limit, from } = query;
        let place = |ticket: &Ticket| (ticket.queued_at(), ticket.id().to_owned());
        let mut tickets: Vec<_> =
            self.state()?.tickets.values().filter(|ticket| ticket.queue() == *queue).cloned().collect();
        tickets.retain(|ticket| {
            since.is_none_or(|since| ticket.queued_at() >= since)
                && until.is_none_or(|until| ticket.queued_at() <= until)
        });
        tickets.sort_by_key(place);
        let seen = from.as_ref().and_then(|from| tickets.iter().position(|ticket| ticket.id() == from));
        let mut tickets = tickets.split_off(seen.map_or(0, |seen| seen + 1));
        let more = tickets.len() > *limit;
        tickets.truncate(*limit);
        let next = tickets.last().filter(|_| more).map(|ticket| ticket.id().to_owned());
        Ok(TicketPage::new(tickets, next))
    }
}
