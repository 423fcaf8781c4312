//! Tickets in the table.

use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use channel_flow::store::{Queue, TicketPage, TicketQuery, TicketStore};
use channel_flow::{Resolution, Ticket, TicketOutcome};

use crate::error::StoreError;
use crate::item::{
    EXPIRES_AT, Item, KEY, QUEUE, QUEUED_AT, milliseconds, number, read_milliseconds, read_number, read_text, seconds,
    text,
};
use crate::store::DynamoDbStore;
use crate::table::QUEUES;

/// The JSON of the ticket, which never changes.
const TICKET: &str = "ticket";
/// The JSON of the resolution.
const RESOLUTION: &str = "resolution";
/// The name of the outcome.
const OUTCOME: &str = "outcome";
/// In milliseconds since 1970.
const CLOSED_AT: &str = "closed_at";

const PREFIX: &str = "ticket#";

/// How long a ticket is kept that is not closed: for much longer than the 48 hours in which the service takes a callback, so
/// that DynamoDB deletes no ticket whose message can still be decided.
const KEPT_OPEN: Duration = Duration::from_secs(14 * 24 * 60 * 60);

impl TicketStore for DynamoDbStore {
    type Error = StoreError;

    async fn open(&self, ticket: &Ticket) -> Result<Ticket, StoreError> {
        let request = self
            .client()
            .put_item()
            .table_name(self.table())
            .item(KEY, key(ticket.id()))
            .item(TICKET, text(ticket.to_json()))
            .item(QUEUE, text(Queue::Open.as_str()))
            .item(QUEUED_AT, milliseconds(ticket.deadline()))
            .item(EXPIRES_AT, seconds(ticket.held_at() + KEPT_OPEN))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match request.send().await {
            Ok(_) => Ok(ticket.clone()),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => match failed.item() {
                    Some(item) => self.read(item),
                    None => Err(StoreError::unreadable(self.table(), TICKET)),
                },
                _ => Err(self.failed("PutItem", error)),
            },
        }
    }

    async fn ticket(&self, id: &str) -> Result<Option<Ticket>, StoreError> {
        let request = self.client().get_item().table_name(self.table()).key(KEY, key(id)).consistent_read(true);
        let found = request.send().await.map_err(|error| self.failed("GetItem", error))?;
        found.item().map(|item| self.read(item)).transpose()
    }

    async fn resolve(&self, id: &str, resolution: &Resolution) -> Result<Option<Ticket>, StoreError> {
        let request = self
            .client()
            .update_item()
            .table_name(self.table())
            .key(KEY, key(id))
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(#resolution)")
            .update_expression("SET #resolution = :resolution, #queue = :queue, #queued_at = :at")
            .expression_attribute_names("#resolution", RESOLUTION)
            .expression_attribute_names("#queue", QUEUE)
            .expression_attribute_names("#queued_at", QUEUED_AT)
            .expression_attribute_values(":resolution", text(resolution.to_json()))
            .expression_attribute_values(":queue", text(Queue::Resolved.as_str()))
            .expression_attribute_values(":at", milliseconds(resolution.at()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match request.send().await {
            Ok(updated) => match updated.attributes() {
                Some(item) => self.read(item).map(Some),
                None => Err(StoreError::unreadable(self.table(), TICKET)),
            },
            Err(error) => match error.as_service_error() {
                // Without an item, there is no ticket.
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    failed.item().filter(|item| !item.is_empty()).map(|item| self.read(item)).transpose()
                }
                _ => Err(self.failed("UpdateItem", error)),
            },
        }
    }

    async fn close(&self, id: &str, outcome: TicketOutcome, at: SystemTime) -> Result<(), StoreError> {
        let request = self
            .client()
            .update_item()
            .table_name(self.table())
            .key(KEY, key(id))
            .condition_expression("attribute_exists(#resolution) AND attribute_not_exists(#outcome)")
            .update_expression(
                "SET #outcome = :outcome, #closed_at = :at, #queue = :queue, #queued_at = :at, #expires_at = :expires_at",
            )
            .expression_attribute_names("#resolution", RESOLUTION)
            .expression_attribute_names("#outcome", OUTCOME)
            .expression_attribute_names("#closed_at", CLOSED_AT)
            .expression_attribute_names("#queue", QUEUE)
            .expression_attribute_names("#queued_at", QUEUED_AT)
            .expression_attribute_names("#expires_at", EXPIRES_AT)
            .expression_attribute_values(":outcome", text(outcome.as_str()))
            .expression_attribute_values(":at", milliseconds(at))
            .expression_attribute_values(":queue", text(Queue::Closed.as_str()))
            .expression_attribute_values(":expires_at", seconds(at + self.kept_closed()));
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(self.failed("UpdateItem", error)),
            },
        }
    }

    /// Of tickets with the same time, DynamoDB does not say which comes first. A ticket that cannot be read is left out, with a
    /// line in the log that has its id: it must not keep the others from being decided.
    async fn tickets(&self, query: &TicketQuery) -> Result<TicketPage, StoreError> {
        let mut request = self
            .client()
            .query()
            .table_name(self.table())
            .index_name(QUEUES)
            .limit(i32::try_from(query.limit).unwrap_or(i32::MAX))
            .expression_attribute_names("#queue", QUEUE)
            .expression_attribute_values(":queue", text(query.queue.as_str()))
            .set_exclusive_start_key(query.from.as_deref().and_then(|from| start_key(query.queue, from)));
        let mut condition = "#queue = :queue".to_owned();
        for (name, time, test) in
            [(":since", query.since, "#queued_at >= :since"), (":until", query.until, "#queued_at <= :until")]
        {
            if let Some(time) = time {
                request = request.expression_attribute_values(name, milliseconds(time));
                condition = format!("{condition} AND {test}");
            }
        }
        if query.since.is_some() && query.until.is_some() {
            // A key condition may have one test of the sort key.
            condition = "#queue = :queue AND #queued_at BETWEEN :since AND :until".to_owned();
        }
        if query.since.is_some() || query.until.is_some() {
            request = request.expression_attribute_names("#queued_at", QUEUED_AT);
        }
        let found = request.key_condition_expression(condition).send().await;
        let found = found.map_err(|error| self.failed("Query", error))?;
        let tickets: Vec<_> = found.items().iter().filter_map(|item| match self.read(item) {
            Ok(ticket) => Some(ticket),
            Err(error) => {
                let id = read_text(item, KEY).and_then(|key| key.strip_prefix(PREFIX));
                tracing::error!(ticket_unreadable = true, callback_id = id, cause = ?error, "a ticket cannot be read");
                None
            }
        }).collect();
        let unreadable = found.items().len() - tickets.len();
        let page = TicketPage::new(tickets, found.last_evaluated_key().and_then(next));
        Ok(page.with_unreadable(unreadable))
    }
}

impl DynamoDbStore {
    fn read(&self, item: &Item) -> Result<Ticket, StoreError> {
        let unreadable = |attribute| StoreError::unreadable(self.table(), attribute);
        let ticket = Ticket::from_json(read_text(item, TICKET).ok_or_else(|| unreadable(TICKET))?)
            .map_err(|error| unreadable(TICKET).caused_by(error))?;
        let Some(resolution) = item.get(RESOLUTION) else { return Ok(ticket) };
        let resolution = Resolution::from_json(resolution.as_s().map_err(|_| unreadable(RESOLUTION))?)
            .map_err(|error| unreadable(RESOLUTION).caused_by(error))?;
        let ticket = ticket.resolved(resolution);
        let Some(outcome) = item.get(OUTCOME) else { return Ok(ticket) };
        let outcome = outcome.as_s().ok().and_then(|name| TicketOutcome::from_name(name));
        let closed_at = read_milliseconds(item, CLOSED_AT).ok_or_else(|| unreadable(CLOSED_AT))?;
        Ok(ticket.closed(outcome.ok_or_else(|| unreadable(OUTCOME))?, closed_at))
    }
}

fn key(id: &str) -> AttributeValue {
    text(format!("{PREFIX}{id}"))
}

/// The last ticket of a page, as `QUEUED_AT ID`.
fn next(last: &Item) -> Option<String> {
    let id = read_text(last, KEY)?.strip_prefix(PREFIX)?;
    Some(format!("{} {id}", read_number(last, QUEUED_AT)?))
}

fn start_key(queue: Queue, from: &str) -> Option<Item> {
    let (queued_at, id) = from.split_once(' ')?;
    let attributes = [(KEY, key(id)), (QUEUE, text(queue.as_str())), (QUEUED_AT, number(queued_at.parse().ok()?))];
    Some(attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
