//! How an event arrives: from the channel flow, or from Lambda after it failed.
//!
//! An event that fails for good arrives at the function's on-failure destination or in its dead-letter queue, inside an
//! envelope. The same binary, deployed as the function that serves the destination or the queue, finds the event there.

use std::borrow::Cow;

use super::durable;
use super::lenient_json::{self, Fields};
use super::payload::Payload;

/// The most envelopes that may surround an event. One destination behind another makes two; more than a few are a
/// mistake.
const DEEPEST: usize = 5;

/// The payload of an invocation, and `E` for each event that failed before.
pub(crate) enum Delivery<'a, E> {
    /// An event from the channel flow, or any other payload that is not an envelope.
    First(Payload<'a>),
    /// An event that failed before, in the envelope of a destination.
    Failed(E),
    /// Messages from a queue, each with an event that failed before.
    Queue(Vec<QueueMessage<E>>),
    /// No event: a schedule of EventBridge invoked the function.
    Scheduled,
}

/// A message from an SQS queue.
pub(crate) struct QueueMessage<E> {
    /// The queue's id for the message.
    pub(crate) id: String,
    pub(crate) event: E,
}

impl<'a, E> Delivery<'a, E> {
    /// Opens all envelopes in `payload`, and reads the events inside with `read`.
    pub(crate) fn open(payload: Payload<'a>, read: impl Fn(&Payload<'_>) -> E) -> Self {
        if is_from_a_schedule(&payload) {
            return Self::Scheduled;
        }
        let queue = queue_messages(&payload, &read);
        if !queue.is_empty() {
            return Self::Queue(queue);
        }
        match opened(&payload, DEEPEST, &read) {
            Some(event) => Self::Failed(event),
            None => Self::First(payload),
        }
    }
}

/// Returns whether the payload is what a rule's schedule or EventBridge Scheduler sends if no input is configured. What a
/// channel flow sends needs an answer, whatever other fields it has.
fn is_from_a_schedule(payload: &Payload<'_>) -> bool {
    let is = |name, values: &[&str]| payload.fields.string(name).is_some_and(|value| values.contains(&&*value));
    is("detail-type", &["Scheduled Event"])
        && is("source", &["aws.events", "aws.scheduler"])
        && payload.fields.raw("CallbackId").is_none()
        && payload.fields.raw("EventType").is_none()
}

fn queue_messages<E>(payload: &Payload<'_>, read: &impl Fn(&Payload<'_>) -> E) -> Vec<QueueMessage<E>> {
    let records = payload.fields.raw("Records").and_then(lenient_json::elements);
    let message = |record| {
        let record = Fields::read(record, &["messageId", "body"])?;
        let (id, body) = (record.non_empty("messageId")?, record.string("body")?);
        let payload = Payload::read(&body);
        let event = opened(&payload, DEEPEST, read).unwrap_or_else(|| match lenient_json::is_json(&body) {
            true => read(&payload),
            // A body that is not JSON has no ids either: it fails in the same way as an event without ids.
            false => read(&Payload::read("null")),
        });
        Some(QueueMessage { id: id.into_owned(), event })
    };
    records.into_iter().flatten().filter_map(message).collect()
}

/// Returns the event in a destination's envelope from Lambda, even if the envelope came through a topic, a bus or a
/// queue.
fn opened<E>(payload: &Payload<'_>, depth: usize, read: &impl Fn(&Payload<'_>) -> E) -> Option<E> {
    let json = enclosed(&payload.fields).filter(|_| depth > 0)?;
    let inner = Payload::read(&json);
    opened(&inner, depth - 1, read).or_else(|| lenient_json::is_json(&json).then(|| read(&inner)))
}

/// Returns the JSON in an envelope.
fn enclosed<'a>(fields: &Fields<'a>) -> Option<Cow<'a, str>> {
    if let (Some(_), Some(payload)) = (fields.raw("requestContext"), fields.raw("requestPayload")) {
        Some(Cow::Borrowed(payload))
    } else if let Some(payload) =
        fields.object("detail", &["requestPayload"]).and_then(|detail| detail.raw("requestPayload"))
    {
        Some(Cow::Borrowed(payload))
    } else if let Some(records) = fields.raw("Records") {
        // The form in which a topic invokes a function.
        let record = Fields::read(lenient_json::elements(records)?.next()?, &["Sns"])?;
        record.object("Sns", &["Message"])?.string("Message")
    } else if fields.string("Type").as_deref() == Some("Notification") && fields.raw("TopicArn").is_some() {
        // The form in which a topic writes to a queue. If the subscription has raw message delivery, there is no
        // envelope.
        fields.string("Message")
    } else {
        durable::input(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// What becomes of a payload, with the JSON of each event that failed before.
    #[derive(Debug, PartialEq)]
    enum Opened {
        First,
        Failed(Value),
        Queue(Vec<(String, String)>),
        Scheduled,
    }

    fn open(payload: &Value) -> Opened {
        match Delivery::open(Payload::read(&payload.to_string()), |event| event.json.to_owned()) {
            Delivery::First(_) => Opened::First,
            Delivery::Failed(event) => Opened::Failed(serde_json::from_str(&event).unwrap()),
            Delivery::Queue(messages) => {
                Opened::Queue(messages.into_iter().map(|message| (message.id, message.event)).collect())
            }
            Delivery::Scheduled => Opened::Scheduled,
        }
    }

    fn failed(payload: &Value) -> Value {
        match open(payload) {
            Opened::Failed(event) => event,
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
            assert_eq!(open(&event), Opened::First, "{event}");
        }
        // A new field makes this event look like an envelope.
        assert_eq!(open(&json!({ "CallbackId": "c", "requestPayload": 1 })), Opened::First);
    }

    /// What a schedule sends if no input is configured.
    fn scheduled(source: &str) -> Value {
        json!({
            "version": "0",
            "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
            "detail-type": "Scheduled Event",
            "source": source,
            "account": "444455556666",
            "time": "2026-05-04T07:20:00Z",
            "region": "us-east-1",
            "resources": ["arn:aws:events:us-east-1:444455556666:rule/sweep"],
            "detail": {},
        })
    }

    fn with(mut payload: Value, name: &str, value: Value) -> Value {
        payload[name] = value;
        payload
    }

    #[test]
    fn a_schedule_brings_no_event() {
        for source in ["aws.events", "aws.scheduler"] {
            assert_eq!(open(&scheduled(source)), Opened::Scheduled);
        }
    }

    #[test]
    fn what_may_need_an_answer_is_not_taken_for_a_schedule() {
        for event in [
            scheduled("example.com"),
            with(scheduled("aws.events"), "detail-type", json!("Object Created")),
            with(scheduled("aws.events"), "detail-type", json!(["Scheduled Event"])),
            with(scheduled("aws.events"), "CallbackId", json!("c")),
            with(scheduled("aws.events"), "EventType", json!("CHANNEL_MESSAGE_EVENT")),
        ] {
            assert_eq!(open(&event), Opened::First, "{event}");
        }
        assert_eq!(failed(&envelope(&scheduled("aws.events"))), scheduled("aws.events"));
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
    fn the_event_of_a_durable_function_lies_one_envelope_deeper() {
        let event = json!({ "CallbackId": "c" });
        let operation = json!({ "Type": "EXECUTION", "ExecutionDetails": { "InputPayload": event.to_string() } });
        let state = json!({ "DurableExecutionArn": "arn", "InitialExecutionState": { "Operations": [operation] } });
        assert_eq!(failed(&envelope(&state)), event);
        let record = json!({ "messageId": "1", "eventSource": "aws:sqs", "body": state.to_string() });
        let queue = Opened::Queue(vec![("1".to_owned(), event.to_string())]);
        assert_eq!(open(&json!({ "Records": [record] })), queue);
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
        let Opened::Queue(messages) = open(&json!({ "Records": records })) else { panic!("a queue") };
        assert_eq!(messages.len(), bodies.len());
        for (_, found) in messages {
            assert_eq!(found, event.to_string());
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
            assert_eq!(open(&event), Opened::First, "{event}");
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
        let Opened::Queue(messages) = open(&json!({ "Records": records })) else { panic!("a queue") };
        let expected = [("1", event.to_string()), ("2", event.to_string()), ("3", "null".to_owned())];
        assert_eq!(messages, expected.map(|(id, event)| (id.to_owned(), event)));
    }
}
