//! Tickets for programs. The fields are documented in `--help`.

use super::show::content;
use super::time::timestamp;
use crate::json::write_line;
use channel_flow::{Decision, Resolution, ResolvedBy, Ticket, TicketOutcome};
use serde_json::{Value, json};
use std::io;

/// Writes a line for each ticket.
pub(super) fn list(tickets: &[Ticket]) -> io::Result<()> {
    tickets.iter().try_for_each(|ticket| write_line(&line(ticket)))
}

fn line(ticket: &Ticket) -> Value {
    let reasons: Vec<_> = ticket.reasons().iter().map(|reason| reason.as_str()).collect();
    let message = ticket.message();
    json!({
        "id": ticket.id(),
        "queue": ticket.queue().as_str(),
        "channel_arn": ticket.pending().channel_arn(),
        "message_id": ticket.pending().message_id(),
        "sender_arn": ticket.pending().sender_arn(),
        "sender_name": message.and_then(|message| message.sender_name.as_deref()),
        "content": message.map(|message| &message.content),
        "reasons": reasons,
        "held_at": timestamp(ticket.held_at()),
        "deadline": timestamp(ticket.deadline()),
        "default_decision": decision(ticket.default_decision()),
        "approval": decision(ticket.approval()),
        "resolution": ticket.resolution().map(resolution),
        "outcome": ticket.outcome().map(TicketOutcome::as_str),
    })
}

fn resolution(resolution: &Resolution) -> Value {
    let mut json = decision(resolution.decision());
    json["by"] = match resolution.by() {
        ResolvedBy::Person(name) => name.as_str().into(),
        _ => Value::Null,
    };
    json["at"] = timestamp(resolution.at()).into();
    json
}

fn decision(decision: &Decision) -> Value {
    match content(decision) {
        Some(content) => json!({ "decision": decision.kind().as_str(), "content": content }),
        None => json!({ "decision": decision.kind().as_str() }),
    }
}
