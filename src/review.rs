//! Resolving tickets: by a person, or by the default decision at the deadline.

pub(crate) mod desk;
mod sweep;

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

pub use self::sweep::Sweep;
use crate::callback::content::check_content;
use crate::callback::settle::{Callback, Callbacks};
use crate::invocation::PARTING;
use crate::response::by::By;
use crate::response::{DecidedBy, Outcome};
use crate::store::{Queue, TicketStore};
use crate::ticket::Ticket;
use crate::ticket::resolution::{Resolution, ResolvedBy, TicketOutcome};
use crate::{Decision, DecisionKind, Error, ErrorKind, FallbackAction, Settled};

/// Resolves the [tickets](Ticket) of held messages, from any process: a tool, another Lambda function, a test.
///
/// A ticket is resolved once, whoever comes first. The decision is recorded in the store before the callback is sent, so that
/// all others learn what was decided, and so that the [sweep](Self::sweep) sends the callback again if it did not get out.
///
/// The process needs the grant `chime:ChannelFlowCallback`, `chime:GetChannelMessageStatus` for what an
/// [`Adapter`](crate::Adapter) needs it for, and those of the store.
///
/// ```
/// use std::time::Duration;
///
/// use channel_flow::store::TicketStore;
/// use channel_flow::{Decision, Error, ResolvedBy, Reviewer};
///
/// async fn deny<S: TicketStore + 'static>(reviewer: &Reviewer<S>, ticket_id: &str) -> Result<(), Error> {
///     let by = ResolvedBy::Person("mary".to_owned());
///     let resolved = reviewer.resolve(ticket_id, &Decision::deny(), by, Duration::from_secs(10)).await?;
///     match resolved.first {
///         true => println!("denied"),
///         false => println!("somebody came first: {:?}", resolved.ticket.resolution()),
///     }
///     Ok(())
/// }
/// ```
pub struct Reviewer<S>(Arc<Inner<S>>);

struct Inner<S> {
    store: S,
    callbacks: Callbacks,
    /// Until when closed tickets were counted.
    counted: Mutex<Option<SystemTime>>,
}

/// What became of an attempt to resolve a ticket.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Resolved {
    /// The ticket as it is now. Its [resolution](Ticket::resolution) is the one that counts.
    pub ticket: Ticket,
    /// Whether the resolution is the one that was asked for, and not an earlier one.
    pub first: bool,
    /// How the callback ended, if it was sent.
    pub settled: Option<Settled>,
}

impl<S: TicketStore + 'static> Reviewer<S> {
    /// Creates a reviewer.
    pub fn new(store: S, callbacks: Callbacks) -> Self {
        Self(Arc::new(Inner { store, callbacks, counted: Mutex::default() }))
    }

    /// Returns the store.
    pub fn store(&self) -> &S {
        &self.0.store
    }

    /// Returns a ticket, or `None` if there is none with this id.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] of kind [`Store`](ErrorKind::Store) if the store cannot be read.
    pub async fn ticket(&self, id: &str) -> Result<Option<Ticket>, Error> {
        self.0.store.ticket(id).await.map_err(|error| store_error("the ticket cannot be read from the store", error))
    }

    /// Approves a held message: it is released as its [ticket](Ticket::approval) says. Otherwise as
    /// [`resolve`](Self::resolve).
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] in the same cases as [`resolve`](Self::resolve).
    pub async fn approve(&self, id: &str, by: ResolvedBy, timeout: Duration) -> Result<Resolved, Error> {
        let ticket = self.ticket(id).await?.ok_or_else(no_ticket)?;
        self.resolve(id, ticket.approval(), by, timeout).await
    }

    /// Resolves a ticket, unless somebody has: records the decision and sends the callback.
    ///
    /// If an earlier resolution is recorded and its callback is not known to be accepted, that one is sent again.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] of kind
    ///
    /// - [`Ticket`](ErrorKind::Ticket) if there is no ticket with this id.
    /// - [`Store`](ErrorKind::Store) if the store does not say what is recorded. The decision may be recorded all the same:
    ///   resolve the ticket again to learn it.
    /// - [`CallbackInvalid`](ErrorKind::CallbackInvalid) if the decision is to hold the message, or an update without content.
    ///
    /// and of another kind if the callback was not accepted in time. The decision is then recorded, and the sweep sends it.
    pub async fn resolve(
        &self,
        id: &str,
        decision: &Decision,
        by: ResolvedBy,
        timeout: Duration,
    ) -> Result<Resolved, Error> {
        check_content(decision)?;
        let Some(resolution) = Resolution::new(decision.clone(), by, SystemTime::now()) else {
            return Err(Error::new(
                ErrorKind::CallbackInvalid,
                "a held message cannot be held again: approve, update or deny it",
            ));
        };
        let deadline = Instant::now().checked_add(timeout);
        self.resolve_until(id, &resolution, deadline).await
    }

    async fn resolve_until(
        &self,
        id: &str,
        resolution: &Resolution,
        deadline: Option<Instant>,
    ) -> Result<Resolved, Error> {
        let recorded = self.0.store.resolve(id, resolution).await;
        let ticket = recorded
            .map_err(|error| store_error("the store did not record the decision for the ticket", error))?
            .ok_or_else(no_ticket)?;
        let first = ticket.resolution() == Some(resolution);
        match ticket.queue() {
            Queue::Resolved => self.finish(ticket, first, deadline).await,
            Queue::Open | Queue::Closed => Ok(Resolved { ticket, first, settled: None }),
        }
    }

    /// Sends the callback for a resolved ticket, and closes the ticket.
    async fn finish(&self, ticket: Ticket, first: bool, deadline: Option<Instant>) -> Result<Resolved, Error> {
        let Some(resolution) = ticket.resolution() else { return Ok(Resolved { ticket, first, settled: None }) };
        // The service should take every decision that exists. If it does not, the message is decided all the same.
        let fallback_action = match ticket.default_decision().kind() {
            DecisionKind::Deny => FallbackAction::Abort,
            DecisionKind::Update | DecisionKind::NoChange | DecisionKind::Hold => FallbackAction::Continue,
        };
        let callback = Callback {
            header: ticket.pending().header(),
            decision: resolution.decision(),
            by: &By::Reviewer,
            fallback_action: Some(fallback_action),
            xray_trace_id: None,
        };
        // `settle` keeps some time for the answer to Lambda, which is not needed here.
        let settled = self.0.callbacks.settle(callback, deadline.map(|deadline| deadline + PARTING)).await;
        let (outcome, result) = match settled {
            Ok(settled) => (outcome_of(&settled), Ok(Some(settled))),
            Err(error) if error.kind() == ErrorKind::CallbackExpired => (TicketOutcome::Expired, Err(error)),
            Err(error) => return Err(error),
        };
        let now = SystemTime::now();
        match self.0.store.close(ticket.id(), outcome, now).await {
            Ok(()) => {}
            // The message is decided. The sweep sends the callback again, and learns that.
            Err(error) => {
                let error = store_error("the ticket of a decided message cannot be closed", error);
                tracing::warn!(callback_id = ticket.id(), %error, "the ticket stays open; the sweep closes it");
            }
        }
        result.map(|settled| Resolved { ticket: ticket.closed(outcome, now), first, settled })
    }
}

fn outcome_of(settled: &Settled) -> TicketOutcome {
    match (settled.decided_by, settled.outcome) {
        (_, Outcome::DecidedBefore | Outcome::Held) => TicketOutcome::DecidedBefore,
        (DecidedBy::FallbackAction, Outcome::Accepted) => TicketOutcome::FallbackAction,
        (_, Outcome::Accepted) => TicketOutcome::Accepted,
    }
}

fn no_ticket() -> Error {
    Error::new(ErrorKind::Ticket, "the store has no ticket with this id: it was never held, or was closed long ago")
}

pub(crate) fn store_error(message: &str, error: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Store, message).caused_by(error)
}

impl<S> Clone for Reviewer<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S> fmt::Debug for Reviewer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reviewer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
