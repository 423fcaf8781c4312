//! The contract of a store of tickets.

use std::time::{Duration, SystemTime};

use super::message;
use crate::store::{Queue, TicketQuery, TicketStore};
use crate::{Decision, FallbackAction, Hold, Resolution, ResolvedBy, Ticket, TicketOutcome, Update};

/// Checks that an empty store of tickets keeps the contract of [`TicketStore`], and leaves its tickets behind.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// channel_flow::testing::tickets_contract(&channel_flow::store::MemoryStore::new()).await;
/// # }
/// ```
///
/// # Panics
///
/// Panics if the store does not keep the contract, with what it did instead.
pub async fn tickets_contract<S: TicketStore>(store: &S) {
    opened_once(store).await;
    resolved_once(store).await;
    closed_once(store).await;
    listed(store).await;
    races(store).await;
}

/// A time in whole milliseconds, some time ago: what is stored is told apart from what a store would make up.
fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123)
}

fn ticket(id: &str, held_at: SystemTime, time: Duration) -> Ticket {
    let message = message("See https://example.com").callback_id(id).id(&format!("message-{id}")).build();
    let update = Update::builder().content("See [link]").metadata("{}").message_attribute("a", ["b", "c"]).build();
    let hold = Hold::new(time).expect("a time that is allowed").approval(update.expect("within limits")).with_content();
    let decision = Decision::hold(hold.clone()).because("links");
    Ticket::new(&message, &decision, &hold, FallbackAction::Abort, held_at)
}

fn resolution(decision: Decision, by: ResolvedBy, at: SystemTime) -> Resolution {
    Resolution::new(decision, by, at).expect("no hold")
}

fn person() -> ResolvedBy {
    ResolvedBy::Person("mary".to_owned())
}

async fn open<S: TicketStore>(store: &S, ticket: &Ticket) -> Ticket {
    store.open(ticket).await.unwrap_or_else(|error| panic!("`open` failed: {}", error.into()))
}

async fn read<S: TicketStore>(store: &S, id: &str) -> Option<Ticket> {
    store.ticket(id).await.unwrap_or_else(|error| panic!("`ticket` failed: {}", error.into()))
}

async fn resolve<S: TicketStore>(store: &S, id: &str, resolution: &Resolution) -> Option<Ticket> {
    store.resolve(id, resolution).await.unwrap_or_else(|error| panic!("`resolve` failed: {}", error.into()))
}

async fn close<S: TicketStore>(store: &S, id: &str, outcome: TicketOutcome, at: SystemTime) {
    store.close(id, outcome, at).await.unwrap_or_else(|error| panic!("`close` failed: {}", error.into()));
}

async fn opened_once<S: TicketStore>(store: &S) {
    let first = ticket("opened", start(), Duration::from_secs(60));
    assert_eq!(open(store, &first).await, first, "a new ticket is stored as it is");
    let later = ticket("opened", start() + Duration::from_secs(5), Duration::from_secs(60));
    assert_eq!(open(store, &later).await, first, "a ticket that is there stays as it is");
    assert_eq!(read(store, "opened").await, Some(first), "a ticket is read as it was stored");
    assert_eq!(read(store, "never-opened").await, None, "a ticket that was never opened is not there");
}

async fn resolved_once<S: TicketStore>(store: &S) {
    let opened = ticket("resolved", start(), Duration::from_secs(60));
    open(store, &opened).await;
    let update = Decision::update("See [link]").expect("within limits").because("checked");
    let first = resolution(update, person(), start() + Duration::from_secs(1));
    let resolved = resolve(store, "resolved", &first).await.expect("the ticket is there");
    assert_eq!(resolved, opened.clone().resolved(first.clone()), "a resolution is recorded as it is");
    let later = resolution(Decision::deny(), ResolvedBy::Default, start() + Duration::from_secs(2));
    let again = resolve(store, "resolved", &later).await.expect("the ticket is there");
    assert_eq!(again, resolved, "the first resolution counts");
    assert_eq!(open(store, &opened).await, resolved, "an event that comes again finds the resolution");
    assert_eq!(read(store, "resolved").await, Some(resolved));
    assert_eq!(resolve(store, "never-opened", &later).await, None, "what was never opened is not resolved");
    assert_eq!(read(store, "never-opened").await, None, "what was never opened is not made by a resolution");
}

async fn closed_once<S: TicketStore>(store: &S) {
    let opened = ticket("closed", start(), Duration::from_secs(60));
    open(store, &opened).await;
    let at = start() + Duration::from_secs(3);
    close(store, "closed", TicketOutcome::Accepted, at).await;
    assert_eq!(read(store, "closed").await, Some(opened.clone()), "a ticket without a resolution is not closed");
    let denial = resolution(Decision::deny(), person(), start() + Duration::from_secs(1));
    let resolved = resolve(store, "closed", &denial).await.expect("the ticket is there");
    close(store, "closed", TicketOutcome::DecidedBefore, at).await;
    let closed = resolved.closed(TicketOutcome::DecidedBefore, at);
    assert_eq!(read(store, "closed").await, Some(closed.clone()));
    close(store, "closed", TicketOutcome::Accepted, at + Duration::from_secs(1)).await;
    assert_eq!(read(store, "closed").await, Some(closed.clone()), "a closed ticket stays as it is");
    assert_eq!(resolve(store, "closed", &denial).await, Some(closed.clone()));
    assert_eq!(open(store, &opened).await, closed, "an event that comes again finds the outcome");
    close(store, "never-opened", TicketOutcome::Accepted, at).await;
    assert_eq!(read(store, "never-opened").await, None);
}

async fn ids<S: TicketStore>(store: &S, query: TicketQuery) -> Vec<String> {
    let mut query = query;
    let mut ids = Vec::new();
    loop {
        let page = store.tickets(&query).await.unwrap_or_else(|error| panic!("`tickets` failed: {}", error.into()));
        assert!(page.tickets.len() <= query.limit, "a page has at most as many tickets as it may");
        ids.extend(page.tickets.iter().map(|ticket| ticket.id().to_owned()));
        match page.next {
            Some(next) => query.from = Some(next),
            None => return ids,
        }
    }
}

async fn listed<S: TicketStore>(store: &S) {
    // Later than all others, so that a query finds these alone.
    let start = start() + Duration::from_secs(1_000_000);
    // Deadlines in another order than ids.
    for (id, seconds) in [("list-c", 10), ("list-a", 30), ("list-b", 20), ("list-d", 21)] {
        open(store, &ticket(id, start, Duration::from_secs(seconds))).await;
    }
    let after = |seconds| start + Duration::from_secs(seconds);
    let all = || TicketQuery::of(Queue::Open).since(start);
    assert_eq!(ids(store, all()).await, ["list-c", "list-b", "list-d", "list-a"], "by deadline");
    for limit in [1, 2, 3] {
        let paged = ids(store, all().limit(limit)).await;
        assert_eq!(paged, ["list-c", "list-b", "list-d", "list-a"], "in pages of {limit}");
    }
    assert_eq!(ids(store, all().until(after(20))).await, ["list-c", "list-b"], "a limit belongs to what is listed");
    assert_eq!(ids(store, all().since(after(20)).until(after(21))).await, ["list-b", "list-d"]);
    assert!(ids(store, all().until(after(9))).await.is_empty());

    let by = resolution(Decision::no_change(), person(), after(5));
    resolve(store, "list-b", &by).await;
    assert_eq!(ids(store, all()).await, ["list-c", "list-d", "list-a"], "a resolved ticket is no longer open");
    let resolved = || TicketQuery::of(Queue::Resolved).since(start);
    assert_eq!(ids(store, resolved()).await, ["list-b"], "resolved tickets are listed by the time of the resolution");
    assert!(ids(store, resolved().until(after(4))).await.is_empty());
    close(store, "list-b", TicketOutcome::Accepted, after(6)).await;
    assert!(ids(store, resolved()).await.is_empty(), "a closed ticket is no longer resolved only");
    let closed = TicketQuery::of(Queue::Closed).since(after(6)).until(after(6));
    assert_eq!(ids(store, closed).await, ["list-b"], "closed tickets are listed by the time at which they were closed");
}

async fn races<S: TicketStore>(store: &S) {
    let opened = ticket("raced", start(), Duration::from_secs(60));
    open(store, &opened).await;
    let denial = resolution(Decision::deny(), person(), start() + Duration::from_secs(1));
    let release = resolution(Decision::no_change(), ResolvedBy::Default, start() + Duration::from_secs(1));
    let (one, other) = tokio::join!(resolve(store, "raced", &denial), resolve(store, "raced", &release));
    assert!(one.is_some() && one == other, "two that resolve at once learn of the same resolution");
}
