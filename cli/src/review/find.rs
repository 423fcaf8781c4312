//! Tickets, by the beginning of their id or by their queue.

use crate::exit::Failure;
use crate::sdk::chain;
use crate::text::printable;
use channel_flow::store::{Queue, TicketQuery, TicketStore};
use channel_flow::{Reviewer, Ticket};

/// All tickets of a queue.
pub(super) async fn tickets<S: TicketStore + 'static>(
    reviewer: &Reviewer<S>,
    queue: Queue,
) -> Result<Vec<Ticket>, Failure> {
    of(reviewer, TicketQuery::of(queue)).await
}

/// All tickets that a query is about, page by page.
pub(super) async fn of<S: TicketStore + 'static>(
    reviewer: &Reviewer<S>,
    mut query: TicketQuery,
) -> Result<Vec<Ticket>, Failure> {
    let mut tickets = Vec::new();
    loop {
        let page = reviewer.store().tickets(&query).await.map_err(|error| unreadable(&*error.into()))?;
        tickets.extend(page.tickets);
        query.from = page.next;
        if query.from.is_none() {
            return Ok(tickets);
        }
    }
}

/// The one ticket whose id is this or begins with it. The tickets that wait come first: an id is only looked for among the
/// others if none of those has it.
pub(super) async fn find<S: TicketStore + 'static>(reviewer: &Reviewer<S>, id: &str) -> Result<Ticket, Failure> {
    let exact = reviewer.ticket(id).await.map_err(|error| unreadable(&error))?;
    if let Some(ticket) = exact {
        return Ok(ticket);
    }
    for queue in [Queue::Open, Queue::Resolved, Queue::Closed] {
        let mut found = tickets(reviewer, queue).await?;
        found.retain(|ticket| ticket.id().starts_with(id));
        match &mut *found {
            [] => {}
            [_] => return Ok(found.remove(0)),
            several => {
                let ids: String = several.iter().map(|ticket| format!("\n  {}", printable(ticket.id()))).collect();
                let id = printable(id);
                return Err(Failure::unusable(format!("several tickets begin with {id}; give more of the id:{ids}")));
            }
        }
    }
    Err(Failure::unusable(format!("there is no ticket {}: list them with `review list`", printable(id))))
}

fn unreadable(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::not_started(printable(&chain(error)))
}
