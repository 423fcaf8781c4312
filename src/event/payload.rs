//! The JSON object that an invocation brings or that an envelope holds.

use super::lenient_json::Fields;

/// The fields of an event, and those by which an envelope is known.
const NAMES: &[&str] = &[
    "EventType",
    "CallbackId",
    "ChannelMessage",
    // The envelope of a destination, and that of an event bus around it.
    "requestContext",
    "requestPayload",
    "detail",
    // The state of a durable execution.
    "DurableExecutionArn",
    "InitialExecutionState",
    // What a schedule sends.
    "detail-type",
    "source",
    // What a queue or a topic delivers.
    "Records",
    // What a topic writes to a queue.
    "Type",
    "TopicArn",
    "Message",
];

/// A JSON object, read in one pass: its kind, its ids and its message are found in the fields, each still unread.
pub(crate) struct Payload<'a> {
    pub(crate) json: &'a str,
    pub(crate) fields: Fields<'a>,
}

impl<'a> Payload<'a> {
    /// Reads the top level of `json`. If `json` is not an object, the payload has no fields.
    pub(crate) fn read(json: &'a str) -> Self {
        Self { json, fields: Fields::read(json, NAMES).unwrap_or_default() }
    }
}
