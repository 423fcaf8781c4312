//! How an event arrives: from the channel flow, or from Lambda after it failed.
//!
//! An event that fails for good arrives at the function's on-failure destination or in its dead-letter queue, inside an
//! envelope. The same binary, deployed as the function that serves the destination or the queue, finds the event there.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::event::RawEvent;
use crate::event::lenient_json::{self, Fields};

/// The most envelopes that may surround an event. One destination behind another makes two; more than a few are a
/// mistake.
const DEEPEST: usize = 5;

/// The payload of an invocation.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// An event from the channel flow, or any other payload that is not an envelope.
    First(RawEvent),
    /// An event that failed before, in the envelope of a destination.
    Failed(RawEvent),
    /// Messages from a queue, each with an event that failed before.
    Queue(Vec<QueueMessage>),
}

/// A message from an SQS queue.
#[derive(Debug)]
pub(crate) struct QueueMessage {
    /// The queue's id for the message.
    pub(crate) id: String,
    pub(crate) event: RawEvent,
}

impl Delivery {
    pub(crate) fn read(raw: RawEvent) -> Self {
        let queue = queue_messages(raw.json());
        if !queue.is_empty() {
            return Self::Queue(queue);
        }
        match unwrapped(raw.json(), DEEPEST) {
            Some(event) => Self::Failed(event),
            None => Self::First(raw),
        }
    }
}

fn queue_messages(json: &str) -> Vec<QueueMessage> {
    let records = Fields::read(json, &["Records"]).and_then(|fields| fields.raw("Records"));
    let read = |record| {
        let record = Fields::read(record, &["messageId", "body"])?;
        let (id, body) = (record.non_empty("messageId")?, record.string("body")?);
        let event = match unwrapped(&body, DEEPEST) {
            Some(event) => event,
            // A body that is not JSON has no ids either: it fails in the same way as an event without ids.
            None => RawEvent::from_json(body).unwrap_or_else(|_| RawEvent::null()),
        };
        Some(QueueMessage { id, event })
    };
    records.map(lenient_json::elements).unwrap_or_default().into_iter().filter_map(read).collect()
}

/// Returns the event in a destination's envelope from Lambda, even if the envelope came through a topic, a bus or a
/// queue.
fn unwrapped(json: &str, depth: usize) -> Option<RawEvent> {
    const NAMES: &[&str] = &["requestContext", "requestPayload", "detail", "Records", "Type", "TopicArn", "Message"];
    let fields = Fields::read(json, NAMES).filter(|_| depth > 0)?;
    let inner = if fields.raw("requestContext").is_some() && fields.raw("requestPayload").is_some() {
        Cow::Borrowed(fields.raw("requestPayload")?)
    } else if let Some(payload) =
        fields.object("detail", &["requestPayload"]).and_then(|detail| detail.raw("requestPayload"))
    {
        Cow::Borrowed(payload)
    } else if let Some(records) = fields.raw("Records") {
        // The form in which a topic invokes a function.
        let record = Fields::read(lenient_json::elements(records).first()?, &["Sns"])?;
        Cow::Owned(record.object("Sns", &["Message"])?.string("Message")?)
    } else if fields.string("Type").as_deref() == Some("Notification") && fields.raw("TopicArn").is_some() {
        // The form in which a topic writes to a queue. If the subscription has raw message delivery, there is no
        // envelope.
        Cow::Owned(fields.string("Message")?)
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
        // A new field makes this event look like an envelope.
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

    fn notification(message: &str) -> Value {
        json!({
            "Type": "Notification",
            "MessageId": "cf0a5a1e-5a0f-4d6e-9e9b-3f8f3b7d1c2a",
            "TopicArn": "arn:aws:sns:us-east-1:444455556666:failed",
            "Message": message,
            "Timestamp": "2026-05-04T07:20:00.000Z",
            "SignatureVersion": "1",
            "MessageAttributes": { "ErrorCode": { "Type": "Number", "Value": "200" } },
        })
    }

    #[test]
    fn a_topic_may_stand_before_a_queue() {
        let event = json!({ "CallbackId": "c" });
        let bus = json!({ "source": "lambda", "detail": envelope(&event) });
        for message in [event.to_string(), envelope(&event).to_string(), bus.to_string()] {
            assert_eq!(failed(&notification(&message)), event, "{message}");
        }
        let bodies = [
            notification(&envelope(&event).to_string()).to_string(),
            notification(&notification(&bus.to_string()).to_string()).to_string(),
            // As with raw message delivery.
            envelope(&event).to_string(),
            bus.to_string(),
        ];
        let records: Vec<_> =
            bodies.iter().map(|body| json!({ "messageId": "1", "eventSource": "aws:sqs", "body": body })).collect();
        let Delivery::Queue(messages) = read(&json!({ "Records": records })) else { panic!("a queue") };
        assert_eq!(messages.len(), bodies.len());
        for message in messages {
            assert_eq!(message.event.json(), event.to_string());
        }
    }

    #[test]
    fn only_what_a_topic_writes_is_its_envelope() {
        for event in [
            json!({ "CallbackId": "c", "Type": "Notification", "Message": "{}" }),
            json!({ "CallbackId": "c", "Type": "Other", "TopicArn": "arn", "Message": "{}" }),
            json!({ "CallbackId": "c", "Type": "Notification", "TopicArn": "arn" }),
            json!({ "CallbackId": "c", "Type": "Notification", "TopicArn": "arn", "Message": "not JSON" }),
        ] {
            assert!(matches!(read(&event), Delivery::First(_)), "{event}");
        }
    }

    #[test]
    fn an_envelope_may_lie_in_an_envelope() {
        let event = json!({ "CallbackId": "c" });
        assert_eq!(failed(&envelope(&envelope(&event))), event);
        let mut deep = event;
        for _ in 0..10 {
            deep = envelope(&deep);
        }
        // The JSON below the deepest envelope is another envelope, which has no ids.
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
