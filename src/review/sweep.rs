//! The sweep: default decisions at the deadline, and callbacks that did not get out.

use std::sync::PoisonError;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Reviewer, store_error};
use crate::store::{Queue, TicketQuery, TicketStore};
use crate::ticket::Ticket;
use crate::ticket::resolution::{Resolution, ResolvedBy};
use crate::{Error, ErrorKind};

/// How long a recorded decision is left to the process that recorded it before the sweep sends it.
const LEFT_ALONE: Duration = Duration::from_secs(60);

/// The most callbacks that a sweep sends at once.
const AT_ONCE: usize = 16;

/// The most time that a sweep takes for a message, so that some that cannot be decided leave the others theirs.
const LONGEST: Duration = Duration::from_secs(5);

/// The most tickets that a sweep counts of each kind, so that a flood of held messages does not take its time.
const MOST_COUNTED: usize = 1_000;

/// The most tickets that a sweep reads at once. A page of DynamoDB has at most 1 MB.
const PAGE: usize = 100;

/// How long a ticket that was just closed may be missing in a list.
const LISTS_LAG: Duration = Duration::from_secs(5);

/// What a [sweep](Reviewer::sweep) did, and what it saw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Sweep {
    /// Messages that got their default decision.
    pub by_default: usize,
    /// Messages whose recorded decision was sent again.
    pub sent_again: usize,
    /// Messages that nothing can decide any more: the 48 hours of the service are over.
    pub expired: usize,
    /// Messages that are due and could not be decided. They stay where they are for the next sweep.
    pub failed: usize,
    /// Messages that wait for a person. At most 1,000 are counted.
    pub held_now: usize,
    /// How long the message that was held first has waited, in seconds.
    pub oldest_held_seconds: u64,
    /// Messages that persons resolved since the last sweep of this reviewer, or in the last minute. At most 1,000 are counted.
    pub resolved_by_person: usize,
    /// The same for default decisions.
    pub resolved_by_default: usize,
}

enum Swept {
    ByDefault,
    SentAgain,
    /// Somebody was faster, or the ticket is gone.
    Nothing,
}

impl<S: TicketStore + 'static> Reviewer<S> {
    /// Decides the messages whose deadline has passed by the default decision of their tickets, sends the callbacks of
    /// resolved tickets that did not get out, and counts what waits.
    ///
    /// A sweep can come twice, at the same time as another one, or in the middle of an approval: each ticket is resolved once.
    /// It stops after `timeout`, and the next one goes on. In Lambda, the adapter sweeps when a schedule invokes the function.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] of kind [`Store`](ErrorKind::Store) if the store cannot be read, and of kind
    /// [`Sweep`](ErrorKind::Sweep) if a message that is due could not be decided, or can never be again. The sweep has then
    /// gone on with the others.
    pub async fn sweep(&self, timeout: Duration) -> Result<Sweep, Error> {
        let mut sweep = Sweep::default();
        let swept = self.sweep_into(&mut sweep, Instant::now().checked_add(timeout)).await;
        swept.and_then(|()| sweep.checked())
    }

    pub(super) async fn sweep_into(&self, sweep: &mut Sweep, deadline: Option<Instant>) -> Result<(), Error> {
        let now = SystemTime::now();
        // What is due goes first. A message that cannot be decided is among those that are recorded from then on, where it
        // takes no other message's time.
        self.each(TicketQuery::of(Queue::Open).until(now), sweep, deadline).await?;
        let recorded = TicketQuery::of(Queue::Resolved).until(now - LEFT_ALONE);
        self.each(recorded, sweep, deadline).await?;
        self.count_held(sweep, now, deadline).await?;
        self.count_resolved(sweep, now, deadline).await
    }

    /// Settles the tickets of a query, some at once.
    async fn each(&self, query: TicketQuery, sweep: &mut Sweep, deadline: Option<Instant>) -> Result<(), Error> {
        let mut query = query.limit(PAGE);
        loop {
            let page = self.page(&query).await?;
            sweep.failed += page.unreadable;
            let mut working = JoinSet::new();
            for ticket in page.tickets {
                if working.len() >= AT_ONCE {
                    sweep.add(working.join_next().await);
                }
                if is_over(deadline) {
                    break;
                }
                let reviewer = self.clone();
                working.spawn(async move { reviewer.settle(ticket, deadline).await });
            }
            while let Some(swept) = working.join_next().await {
                sweep.add(Some(swept));
            }
            match page.next {
                Some(next) if !is_over(deadline) => query.from = Some(next),
                _ => return Ok(()),
            }
        }
    }

    async fn settle(&self, ticket: Ticket, deadline: Option<Instant>) -> Result<Swept, Error> {
        let longest = Instant::now() + LONGEST;
        let deadline = Some(deadline.map_or(longest, |deadline| deadline.min(longest)));
        let id = ticket.id().to_owned();
        if ticket.queue() == Queue::Resolved {
            self.finish(ticket, true, deadline).await?;
            tracing::info!(callback_id = id, "the recorded decision for a held message was sent again");
            return Ok(Swept::SentAgain);
        }
        let decision = ticket.default_decision().clone().because_all(ticket.reasons().iter().cloned());
        let kind = decision.kind();
        let Some(resolution) = Resolution::new(decision, ResolvedBy::Default, SystemTime::now()) else {
            return Ok(Swept::Nothing);
        };
        // A message of which the list does not know yet that it is resolved is left to the one who resolved it.
        let resolved = self.resolve_until(&id, &resolution, deadline).await;
        match resolved {
            Ok(resolved) if resolved.first => {
                tracing::info!(
                    callback_id = id,
                    decision = kind.as_str(),
                    "the default decision for a held message was sent"
                );
                Ok(Swept::ByDefault)
            }
            Ok(_) => Ok(Swept::Nothing),
            Err(error) if error.kind() == ErrorKind::Ticket => Ok(Swept::Nothing),
            Err(error) => Err(error),
        }
    }

    async fn count_held(&self, sweep: &mut Sweep, now: SystemTime, deadline: Option<Instant>) -> Result<(), Error> {
        let mut first = None;
        let query = TicketQuery::of(Queue::Open);
        sweep.held_now = self
            .count(query, deadline, |ticket| {
                first = Some(first.map_or(ticket.held_at(), |first: SystemTime| first.min(ticket.held_at())));
            })
            .await?;
        sweep.oldest_held_seconds =
            first.and_then(|first| now.duration_since(first).ok()).unwrap_or_default().as_secs();
        Ok(())
    }

    async fn count_resolved(&self, sweep: &mut Sweep, now: SystemTime, deadline: Option<Instant>) -> Result<(), Error> {
        let until = now - LISTS_LAG;
        let since = {
            let mut counted = self.0.counted.lock().unwrap_or_else(PoisonError::into_inner);
            let since = counted.unwrap_or(until - LEFT_ALONE) + Duration::from_millis(1);
            *counted = Some(until);
            since
        };
        let query = TicketQuery::of(Queue::Closed).since(since).until(until);
        let (mut by_person, mut by_default) = (0, 0);
        self.count(query, deadline, |ticket| match ticket.resolution().map(Resolution::by) {
            Some(ResolvedBy::Person(_)) => by_person += 1,
            Some(ResolvedBy::Default) => by_default += 1,
            None => {}
        })
        .await?;
        (sweep.resolved_by_person, sweep.resolved_by_default) = (by_person, by_default);
        Ok(())
    }

    async fn count(
        &self,
        query: TicketQuery,
        deadline: Option<Instant>,
        mut each: impl FnMut(&Ticket),
    ) -> Result<usize, Error> {
        let mut query = query.limit(PAGE);
        let mut count = 0;
        loop {
            let page = self.page(&query).await?;
            count += page.tickets.len();
            page.tickets.iter().for_each(&mut each);
            match page.next {
                Some(next) if count < MOST_COUNTED && !is_over(deadline) => query.from = Some(next),
                _ => return Ok(count),
            }
        }
    }

    async fn page(&self, query: &TicketQuery) -> Result<crate::store::TicketPage, Error> {
        let page = self.0.store.tickets(query).await;
        page.map_err(|error| store_error("the tickets cannot be read from the store", error))
    }
}

impl Sweep {
    fn add(&mut self, swept: Option<Result<Result<Swept, Error>, tokio::task::JoinError>>) {
        match swept {
            Some(Ok(Ok(Swept::ByDefault))) => self.by_default += 1,
            Some(Ok(Ok(Swept::SentAgain))) => self.sent_again += 1,
            Some(Ok(Ok(Swept::Nothing))) | None => {}
            Some(Ok(Err(error))) if error.kind() == ErrorKind::CallbackExpired => {
                tracing::error!(held_expired = true, ?error, "a held message can never be decided any more");
                self.expired += 1;
            }
            Some(Ok(Err(error))) => {
                tracing::error!(?error, "a held message that is due was not decided; the next sweep tries again");
                self.failed += 1;
            }
            Some(Err(_)) => {
                tracing::error!("the work on a held message panicked; the next sweep tries again");
                self.failed += 1;
            }
        }
    }

    /// Returns the sweep, or an error if a message stays undecided.
    pub(crate) fn checked(self) -> Result<Self, Error> {
        let Self { failed, expired, .. } = self;
        if failed == 0 && expired == 0 {
            return Ok(self);
        }
        let problem = format!(
            "{failed} held messages are due and undecided, and the next sweep tries again; {expired} can never be decided any more"
        );
        Err(Error::new(ErrorKind::Sweep, problem))
    }
}

fn is_over(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| Instant::now() >= deadline)
}
