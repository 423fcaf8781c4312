//! How an event comes: from the channel flow, or from Lambda after it had failed.
//!
//! What fails for good arrives at the function's on-failure destination or in its dead-letter queue, with the event
//! inside. The same binary, deployed as the function that serves those, finds it there.

use serde_json::value::RawValue;

use crate::event::RawEvent;
use crate::json::{self, Fields};

/// How many envelopes may lie around an event. One destination behind another makes two; more than a few are a mistake.
const DEEPEST: usize = 5;

/// What an invocation brought.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// An event from the channel flow, or something else that is not an envelope.
    First(RawEvent),
    /// An event that failed before, in the envelope of a destination.
    Failed(RawEvent),
    /// Messages from a queue, each with an event that failed before.
    Queue(Vec<QueueMessage>),
}

/// A message from an SQS queue.
#[derive(Debug)]
pub(crate) struct QueueMessage {
    /// How the queue calls it.
    pub(crate) id: String,
    pub(crate) event: RawEvent,
}

impl Delivery {
    pub(crate) fn read(raw: RawEvent) -> Self {
        let fields = Fields::read(raw.json()).unwrap_or_default();
        let queue = queue_messages(&fields);
        if !queue.is_empty() {
            return Self::Queue(queue);
        }
        match unwrapped(raw.json(), DEEPEST) {
            Some(event) => Self::Failed(event),
            None => Self::First(raw),
        }
    }
}

fn queue_messages(fields: &Fields<'_>) -> Vec<QueueMessage> {
    let records = fields.raw("Records").map(json::elements).unwrap_or_default();
    let read = |record| {
        let record = Fields::read(record)?;
        let (id, body) = (record.non_empty("messageId")?, record.string("body")?);
        let event = match unwrapped(&body, DEEPEST) {
            Some(event) => event,
            // What is no JSON has no ids either; it fails as an event without ids does.
            None => RawEvent::from_json(body).unwrap_or_else(|_| RawEvent::null()),
        };
        Some(QueueMessage { id, event })
    };
    records.into_iter().filter_map(read).collect()
}

/// The event in an envelope of Lambda's: of a destination, also where that came through a topic, a bus or a queue.
fn unwrapped(json: &str, depth: usize) -> Option<RawEvent> {
    let fields = Fields::read(json).filter(|_| depth > 0)?;
    let inner = if fields.raw("requestContext").is_some() && fields.raw("requestPayload").is_some() {
        fields.raw("requestPayload")?.to_owned()
    } else if let Some(detail) = fields.object("detail").filter(|detail| detail.raw("requestPayload").is_some()) {
        detail.raw("requestPayload")?.to_owned()
    } else if let Some(records) = fields.raw("Records") {
        let record = Fields::read(json::elements(records).first()?)?;
        record.object("Sns")?.string("Message")?
    } else {
        return None;
    };
    unwrapped(&inner, depth - 1).or_else(|| RawEvent::from_json(inner).ok())
}

impl RawEvent {
    fn json(&self) -> &str {
        self.0.get()
    }

    fn null() -> Self {
        Self(RawValue::NULL.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(event: &Value) -> Delivery {
        Delivery::read(RawEvent::from_json(event.to_string()).unwrap())
    }

    fn failed(event: &Value) -> Value {
        match read(event) {
            Delivery::Failed(event) => serde_json::from_str(event.json()).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    fn envelope(event: &Value) -> Value {
        json!({
            "version": "1.0",
            "requestContext": { "requestId": "r", "condition": "RetriesExhausted", "approximateInvokeCount": 3 },
            "requestPayload": event,
            "responseContext": { "statusCode": 200 },
        })
    }

    #[test]
    fn an_event_is_no_envelope() {
        for event in
            [json!({ "CallbackId": "c" }), json!([]), json!("x"), json!({ "Records": [] }), json!({ "detail": {} })]
        {
            assert!(matches!(read(&event), Delivery::First(_)), "{event}");
        }
        // An event that only looks like one by a new field.
        assert!(matches!(read(&json!({ "CallbackId": "c", "requestPayload": 1 })), Delivery::First(_)));
    }

    #[test]
    fn the_event_is_found_in_every_destination() {
        let event = json!({ "CallbackId": "c" });
        let envelope = envelope(&event);
        assert_eq!(failed(&envelope), event);
        assert_eq!(failed(&json!({ "source": "lambda", "detail": envelope })), event);
        assert_eq!(failed(&json!({ "Records": [{ "Sns": { "Message": envelope.to_string() } }] })), event);
        assert_eq!(failed(&json!({ "Records": [{ "Sns": { "Message": event.to_string() } }] })), event);
    }

    #[test]
    fn an_envelope_may_lie_in_an_envelope() {
        let event = json!({ "CallbackId": "c" });
        assert_eq!(failed(&envelope(&envelope(&event))), event);
        let mut deep = event;
        for _ in 0..10 {
            deep = envelope(&deep);
        }
        // What is left after the deepest is an envelope, which has no ids.
        assert!(failed(&deep)["requestPayload"].is_object());
    }

    #[test]
    fn a_queue_brings_events_and_envelopes() {
        let event = json!({ "CallbackId": "c" });
        let record = |id: &str, body: String| json!({ "messageId": id, "eventSource": "aws:sqs", "body": body });
        let bodies = [event.to_string(), envelope(&event).to_string(), "not JSON".to_owned()];
        let records: Vec<_> = ["1", "2", "3"].into_iter().zip(bodies).map(|(id, body)| record(id, body)).collect();
        let Delivery::Queue(messages) = read(&json!({ "Records": records })) else { panic!("a queue") };
        let events: Vec<_> = messages.iter().map(|message| (&*message.id, message.event.json().to_owned())).collect();
        let expected = [("1", event.to_string()), ("2", event.to_string()), ("3", "null".to_owned())];
        assert_eq!(events, expected);
    }
}
