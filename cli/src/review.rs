//! `review`: messages that are held for a person, on a running `dev` or in an account.

mod connect;
mod desk;
mod find;
mod json;
mod name;
mod resolve;
mod show;
mod time;

pub(crate) use desk::PageDesk;

use crate::args::{Action, QueueArg, Review};
use crate::exit::{Exit, Failure};
use crate::interrupt;
use channel_flow::store::{Queue, TicketStore};
use channel_flow::{Decision, Reviewer, Ticket};
use find::{find, tickets};
use resolve::{Verdict, resolve};
use std::io;
use std::time::SystemTime;

pub(crate) fn run(args: &Review) -> Result<Exit, Failure> {
    let work = async {
        let reviewer = connect::reviewer(&args.place).await?;
        act(&reviewer, &args.action).await
    };
    interrupt::unless_told_to_end(work, async {})
}

async fn act<S: TicketStore + 'static>(reviewer: &Reviewer<S>, action: &Action) -> Result<Exit, Failure> {
    match action {
        Action::List { queue, json } => {
            let mut tickets = tickets(reviewer, queue.queue()).await?;
            tickets.sort_by_key(Ticket::held_at);
            written(if *json { json::list(&tickets) } else { show::list(&tickets, queue.queue(), SystemTime::now()) })
        }
        Action::Show { id, json } => {
            let ticket = find(reviewer, &id.id).await?;
            written(if *json { json::list(&[ticket]) } else { show::one(&ticket, SystemTime::now()) })
        }
        Action::Approve { ids, by } => resolve(reviewer, &ids.ids, &Verdict::Approve, &name::of(by)?).await,
        Action::Deny { ids, by } => resolve(reviewer, &ids.ids, &Verdict::Deny, &name::of(by)?).await,
        Action::Update { id, text, by } => {
            // Before the ticket is looked for: the limits of the service are the same for all messages.
            Decision::update(text).map_err(|error| Failure::unusable(format!("the text cannot be sent: {error}")))?;
            let ids = [id.id.clone()];
            resolve(reviewer, &ids, &Verdict::Update(text.clone()), &name::of(by)?).await
        }
    }
}

/// A reader that has enough is no error.
fn written(result: io::Result<()>) -> Result<Exit, Failure> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::not_started(format!("cannot write the result: {error}")))
        }
        _ => Ok(Exit::Decided),
    }
}

impl QueueArg {
    fn queue(self) -> Queue {
        match self {
            Self::Open => Queue::Open,
            Self::Resolved => Queue::Resolved,
            Self::Closed => Queue::Closed,
        }
    }
}
