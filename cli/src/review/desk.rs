//! The desk of the chat page: what `dev` shows of held messages, and how the page decides about them.

use super::find::of;
use super::resolve::{self, TIMEOUT};
use super::show::content;
use super::{connect, name};
use crate::exit::Failure;
use crate::sdk::chain;
use channel_flow::store::{Queue, TicketQuery};
use channel_flow::{DecisionKind, ResolvedBy, Reviewer, Ticket};
use channel_flow_dynamodb::DynamoDbStore;
use channel_flow_emulator::{Decision, DeskFuture, HeldMessage, Resolution, Resolved, ReviewDesk, Verdict};
use std::time::{Duration, SystemTime};

/// For how long the page shows what was decided.
const LATELY: Duration = Duration::from_secs(60 * 60);

/// The tickets in the table of `dev`.
pub(crate) struct PageDesk {
    reviewer: Reviewer<DynamoDbStore>,
    by: ResolvedBy,
}

impl PageDesk {
    /// The desk of the `dev` that serves at this URL.
    pub(crate) fn new(url: &str) -> Result<Self, Failure> {
        let by = ResolvedBy::Person(name::login().unwrap_or_else(|| "the chat page".to_owned()));
        Ok(Self { reviewer: connect::dev(url)?, by })
    }

    async fn held(&self) -> Result<Vec<HeldMessage>, Failure> {
        let since = SystemTime::now().checked_sub(LATELY).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut tickets = Vec::new();
        for query in [
            TicketQuery::of(Queue::Open),
            TicketQuery::of(Queue::Resolved),
            TicketQuery::of(Queue::Closed).since(since),
        ] {
            tickets.extend(of(&self.reviewer, query).await?);
        }
        tickets.sort_by_key(Ticket::held_at);
        Ok(tickets.iter().map(held).collect())
    }

    async fn resolve(&self, id: &str, verdict: Verdict) -> Result<Resolved, String> {
        let verdict = match verdict {
            Verdict::Approve => resolve::Verdict::Approve,
            Verdict::Deny => resolve::Verdict::Deny,
            Verdict::Update(text) => resolve::Verdict::Update(text),
            _ => return Err("this version of `dev` does not know what the page asks for".to_owned()),
        };
        let ticket = self.reviewer.ticket(id).await.map_err(|error| chain(&error))?;
        let ticket = ticket.ok_or("there is no ticket with this id")?;
        let decision = verdict.decision(&ticket).map_err(|error| format!("the text cannot be sent: {error}"))?;
        let resolved = self.reviewer.resolve(id, &decision, self.by.clone(), TIMEOUT).await;
        let resolved = resolved.map_err(|error| chain(&error))?;
        let resolution = resolved.ticket.resolution().map(resolution).ok_or("the table does not have the decision")?;
        Ok(Resolved { first: resolved.first, resolution })
    }
}

impl ReviewDesk for PageDesk {
    fn held(&self) -> DeskFuture<'_, Vec<HeldMessage>> {
        Box::pin(async move { self.held().await.map_err(|failure| failure.to_string()) })
    }

    fn resolve<'a>(&'a self, id: &'a str, verdict: Verdict) -> DeskFuture<'a, Resolved> {
        Box::pin(self.resolve(id, verdict))
    }
}

fn held(ticket: &Ticket) -> HeldMessage {
    let message = ticket.message();
    HeldMessage {
        id: ticket.id().to_owned(),
        channel_arn: ticket.pending().channel_arn().to_owned(),
        message_id: ticket.pending().message_id().to_owned(),
        sender_arn: ticket.pending().sender_arn().unwrap_or_default().to_owned(),
        sender_name: message.and_then(|message| message.sender_name.clone()),
        content: message.map(|message| message.content.clone()),
        approved_content: content(ticket.approval()).map(str::to_owned),
        reasons: ticket.reasons().iter().map(|reason| reason.as_str().to_owned()).collect(),
        held_at: ticket.held_at(),
        deadline: ticket.deadline(),
        default_decision: decision(ticket.default_decision()),
        resolution: ticket.resolution().map(resolution),
    }
}

fn resolution(resolution: &channel_flow::Resolution) -> Resolution {
    let by = match resolution.by() {
        ResolvedBy::Person(name) => Some(name.clone()),
        _ => None,
    };
    Resolution { decision: decision(resolution.decision()), by, at: resolution.at() }
}

fn decision(decision: &channel_flow::Decision) -> Decision {
    match decision.kind() {
        DecisionKind::Update => Decision::Update,
        DecisionKind::Deny => Decision::Deny,
        DecisionKind::NoChange => Decision::NoChange,
        _ => Decision::Hold,
    }
}
