//! Tickets for people.

use super::time::time;
use crate::show::Rows;
use crate::text::{BAD, DIM, GOOD, NEUTRAL, printable, styled};
use channel_flow::store::Queue;
use channel_flow::{Decision, DecisionKind, Resolution, ResolvedBy, Ticket, TicketOutcome};
use std::io::{self, Write};
use std::time::SystemTime;

/// How much of an id is shown, if that is enough to tell it from the others.
const SHORT: usize = 8;

/// Writes the tickets of a queue, with an empty line between two of them.
pub(super) fn list(tickets: &[Ticket], queue: Queue, now: SystemTime) -> io::Result<()> {
    let nothing = match queue {
        Queue::Open => "no messages are held",
        Queue::Resolved => "all decisions are delivered",
        Queue::Closed => "no messages were held lately",
    };
    let shown: Vec<_> = tickets.iter().map(|ticket| render(ticket, &short(ticket, tickets), now)).collect();
    write(&if shown.is_empty() { format!("{}\n", styled(DIM, nothing)) } else { shown.join("\n") })
}

/// Writes one ticket.
pub(super) fn one(ticket: &Ticket, now: SystemTime) -> io::Result<()> {
    write(&render(ticket, ticket.id(), now))
}

fn render(ticket: &Ticket, id: &str, now: SystemTime) -> String {
    let mut rows = Rows::default();
    rows.add("ticket", &styled(NEUTRAL, printable(id)).to_string());
    rows.add("sender", &format!("{}, in {}", sender(ticket), last_part(ticket.pending().channel_arn())));
    rows.add("held", &time(ticket.held_at(), now));
    match ticket.resolution() {
        None => {
            let default = decided(ticket.default_decision());
            rows.add("until", &format!("{}; then it is {default}", time(ticket.deadline(), now)));
        }
        Some(resolution) => {
            rows.add("decided", &format!("{}, {}", resolved(resolution), time(resolution.at(), now)));
            rows.add("delivered", delivered(ticket.outcome()));
        }
    }
    if !ticket.reasons().is_empty() {
        let reasons: Vec<_> = ticket.reasons().iter().map(|reason| printable(reason.as_str())).collect();
        rows.add("reasons", &reasons.join(", "));
    }
    match ticket.message() {
        Some(message) => rows.add("says", &printable(&message.content)),
        None => rows.add("says", &styled(DIM, "the processor does not let a reviewer see it").to_string()),
    }
    if let Some(content) = content(ticket.approval()).filter(|_| ticket.resolution().is_none()) {
        rows.add("approved", &printable(content));
    }
    if let Some(content) = ticket.resolution().and_then(|resolution| content(resolution.decision())) {
        rows.add("everyone", &printable(content));
    }
    rows.render()
}

/// As much of the id as tells it from the others.
fn short(ticket: &Ticket, others: &[Ticket]) -> String {
    let id = ticket.id();
    let tells = |end: &usize| {
        let others = others.iter().filter(|other| other.id() != id);
        id.is_char_boundary(*end) && others.clone().all(|other| !other.id().starts_with(&id[..*end]))
    };
    let end = (SHORT.min(id.len())..=id.len()).find(tells).unwrap_or(id.len());
    id[..end].to_owned()
}

fn sender(ticket: &Ticket) -> String {
    let arn = ticket.pending().sender_arn().unwrap_or_default();
    let name = ticket.message().and_then(|message| message.sender_name.as_deref());
    let name: String = printable(name.unwrap_or(arn.rsplit('/').next().unwrap_or_default())).chars().take(60).collect();
    match (name.is_empty(), arn.contains("/bot/")) {
        (true, _) => "unknown".to_owned(),
        (_, true) => format!("{name} (bot)"),
        _ => name,
    }
}

fn last_part(arn: &str) -> String {
    printable(arn.rsplit('/').next().unwrap_or(arn))
}

/// `approved by mary`, or `denied at its deadline`.
pub(super) fn resolved(resolution: &Resolution) -> String {
    let by = match resolution.by() {
        ResolvedBy::Person(name) => format!("by {}", printable(name)),
        _ => "at its deadline".to_owned(),
    };
    format!("{} {by}", decided(resolution.decision()))
}

fn decided(decision: &Decision) -> String {
    let (style, text) = match decision.kind() {
        DecisionKind::Deny => (BAD, "denied"),
        DecisionKind::Update => (GOOD, "changed and approved"),
        DecisionKind::NoChange => (GOOD, "approved"),
        _ => (NEUTRAL, "held"),
    };
    styled(style, text).to_string()
}

fn delivered(outcome: Option<TicketOutcome>) -> &'static str {
    match outcome {
        None => "not yet, as far as is known",
        Some(TicketOutcome::Accepted) => "yes",
        Some(TicketOutcome::DecidedBefore) => "no: the message had been decided before",
        Some(TicketOutcome::FallbackAction) => "no: the service refused it, and took the fallback action",
        Some(TicketOutcome::Expired) => "no: the message was held for longer than the service allows",
        Some(_) => "unknown",
    }
}

/// What everyone sees by a decision, if that is not what was sent.
pub(super) fn content(decision: &Decision) -> Option<&str> {
    decision.changes()?.content()
}

/// Writes to standard output.
pub(super) fn write(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
