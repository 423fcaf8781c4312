//! Deciding about held messages.

use super::find::find;
use super::show::{self, write};
use super::time::time;
use crate::exit::{Exit, Failure};
use crate::sdk::chain;
use crate::text::{error_label, printable};
use channel_flow::store::TicketStore;
use channel_flow::{
    Decision, Error, ErrorKind, LimitError, Outcome, Resolved, ResolvedBy, Reviewer, Ticket, TicketOutcome,
};
use std::io::{self, Write};
use std::time::{Duration, SystemTime};

/// How long to try to deliver a decision.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// What a person decides.
pub(super) enum Verdict {
    Approve,
    Deny,
    Update(String),
}

impl Verdict {
    /// The decision about the message of a ticket. A text replaces what the processor's approval says, and no more of it.
    pub(super) fn decision(&self, ticket: &Ticket) -> Result<Decision, LimitError> {
        match self {
            Self::Approve => Ok(ticket.approval().clone()),
            Self::Deny => Ok(Decision::deny()),
            Self::Update(text) => match ticket.approval().changes() {
                Some(update) => update.clone().into_builder().content(text).build().map(Decision::from),
                None => Decision::update(text),
            },
        }
    }
}

/// Decides about each message in turn, and goes on with the others after one that cannot be decided.
pub(super) async fn resolve<S: TicketStore + 'static>(
    reviewer: &Reviewer<S>,
    ids: &[String],
    verdict: &Verdict,
    by: &ResolvedBy,
) -> Result<Exit, Failure> {
    let mut worst = Exit::Decided;
    for id in ids {
        let exit = match one(reviewer, id, verdict, by).await {
            Ok(exit) => exit,
            Err(failure) => {
                let _ = writeln!(anstream::stderr(), "{} {failure}", error_label());
                failure.exit()
            }
        };
        worst = worst.max(exit);
    }
    Ok(worst)
}

async fn one<S: TicketStore + 'static>(
    reviewer: &Reviewer<S>,
    id: &str,
    verdict: &Verdict,
    by: &ResolvedBy,
) -> Result<Exit, Failure> {
    let ticket = find(reviewer, id).await?;
    let decision = verdict.decision(&ticket);
    let decision = decision.map_err(|error| Failure::unusable(format!("the text cannot be sent: {error}")))?;
    let id = printable(ticket.id());
    let asked = reviewer.resolve(ticket.id(), &decision, by.clone(), TIMEOUT).await;
    let resolved = asked.map_err(|error| failure(&id, &error))?;
    let (exit, text) = told(&resolved, &decision, SystemTime::now());
    match write(&format!("{id}  {text}\n")) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::not_started(format!("cannot write the result: {error}")))
        }
        _ => Ok(exit),
    }
}

/// What became of a decision, in words.
fn told(resolved: &Resolved, asked: &Decision, now: SystemTime) -> (Exit, String) {
    let Resolved { ticket, first, settled, .. } = resolved;
    let Some(resolution) = ticket.resolution() else {
        return (Exit::Undecided, "not decided: the table does not have the decision".to_owned());
    };
    let what = show::resolved(resolution);
    if !first {
        let what = format!("already {what}, {}", time(resolution.at(), now));
        let same = resolution.decision().kind() == asked.kind() && resolution.decision().changes() == asked.changes();
        return (if same { Exit::Decided } else { Exit::Otherwise }, what);
    }
    match (ticket.outcome(), settled.as_ref().map(|settled| settled.outcome)) {
        (Some(TicketOutcome::Accepted), _) | (None, Some(Outcome::Accepted)) => (Exit::Decided, what),
        (Some(TicketOutcome::FallbackAction), _) => {
            (Exit::Otherwise, format!("{what}, but the service refused that, and took the fallback action"))
        }
        _ => (Exit::Decided, format!("{what}, but the service says that the message had been decided before")),
    }
}

fn failure(id: &str, error: &Error) -> Failure {
    let text = printable(&chain(error));
    match error.kind() {
        ErrorKind::Ticket | ErrorKind::CallbackInvalid => Failure::unusable(format!("{id}: {text}")),
        ErrorKind::Store => Failure::not_started(format!("{id}: {text}")),
        _ => Failure::undelivered(format!(
            "{id}: the decision is recorded, but was not delivered; the function's schedule delivers it: {text}"
        )),
    }
}
