//! The envelopes of Lambda and SQS around an event that failed for good.

use crate::ids;
use crate::model::invocation::{InitFailure, InvocationOutcome, InvocationReport};
use axum::body::Bytes;
use md5::{Digest, Md5};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::fmt;
use std::time::SystemTime;

/// Why Lambda gave an event up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub enum FailureCondition {
    /// Every try failed.
    RetriesExhausted,
    /// The event became too old in the queue.
    EventAgeExceeded,
}

/// An event that failed for good.
pub(crate) struct Failed<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) function_arn: &'a str,
    pub(crate) condition: FailureCondition,
    pub(crate) event: &'a Bytes,
    pub(crate) attempts: usize,
    /// None if it became too old before the first try.
    pub(crate) last: Option<&'a InvocationReport>,
}

/// A message in a queue, as a function gets it.
pub(crate) struct Received<'a> {
    pub(crate) message_id: &'a str,
    pub(crate) body: &'a str,
    pub(crate) attributes: &'a Value,
    pub(crate) queue_arn: &'a str,
    pub(crate) region: &'a str,
    pub(crate) sent_at: SystemTime,
    pub(crate) first_received_at: SystemTime,
    pub(crate) receive_count: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    version: &'static str,
    timestamp: String,
    request_context: RequestContext<'a>,
    request_payload: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_context: Option<ResponseContext>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_payload: Option<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    request_id: &'a str,
    function_arn: String,
    condition: FailureCondition,
    approximate_invoke_count: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseContext {
    status_code: u16,
    executed_version: &'static str,
    function_error: &'static str,
}

impl Failed<'_> {
    /// The envelope for an on-failure destination, with the event as it came.
    pub(crate) fn envelope(&self) -> String {
        let payload: &RawValue = serde_json::from_slice(self.event).unwrap_or(RawValue::NULL);
        let function_error = "Unhandled";
        let envelope = Envelope {
            version: "1.0",
            timestamp: ids::timestamp(SystemTime::now()),
            request_context: RequestContext {
                request_id: self.request_id,
                function_arn: format!("{}:$LATEST", self.function_arn),
                condition: self.condition,
                approximate_invoke_count: self.attempts,
            },
            request_payload: payload,
            response_context: self.last.map(|_| ResponseContext {
                status_code: 200,
                executed_version: "$LATEST",
                function_error,
            }),
            response_payload: self.last.map(response_payload),
        };
        serde_json::to_string(&envelope).expect("all of it is JSON")
    }

    /// The message attributes that go to a dead-letter queue with the bare event.
    pub(crate) fn dead_letter_attributes(&self) -> Value {
        let attribute = |value: &str, data_type: &str| {
            json!({
                "stringValue": value, "stringListValues": [], "binaryListValues": [], "dataType": data_type,
            })
        };
        let payload = self.last.map(response_payload).unwrap_or_default();
        json!({
            "RequestID": attribute(self.request_id, "String"),
            "ErrorCode": attribute("200", "Number"),
            "ErrorMessage": attribute(payload["errorMessage"].as_str().unwrap_or_default(), "String"),
        })
    }
}

impl Received<'_> {
    /// One of the `Records` of the event.
    pub(crate) fn record(&self) -> Value {
        json!({
            "messageId": self.message_id,
            "receiptHandle": ids::message_id(),
            "body": self.body,
            "attributes": {
                "ApproximateReceiveCount": self.receive_count.to_string(),
                "SentTimestamp": ids::milliseconds(self.sent_at).to_string(),
                "SenderId": "AROAEMULATOR:lambda",
                "ApproximateFirstReceiveTimestamp": ids::milliseconds(self.first_received_at).to_string(),
            },
            "messageAttributes": self.attributes,
            "md5OfBody": hex(&Md5::digest(self.body)),
            "eventSource": "aws:sqs",
            "eventSourceARN": self.queue_arn,
            "awsRegion": self.region,
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Lambda's response payload of a failed invocation: the function's error, or Lambda's if the function reported none.
fn response_payload(report: &InvocationReport) -> Value {
    let request_id = report.request_id();
    let (error_type, error_message) = match report.outcome() {
        InvocationOutcome::Error(error) | InvocationOutcome::InitFailed(InitFailure::Reported(error)) => {
            (error.error_type.clone(), error.error_message.clone())
        }
        InvocationOutcome::TimedOut | InvocationOutcome::InitFailed(InitFailure::TimedOut) => {
            ("Sandbox.Timedout".to_owned(), format!("RequestId: {request_id} Error: Task timed out"))
        }
        outcome => ("Runtime.ExitError".to_owned(), format!("RequestId: {request_id} Error: {outcome}")),
    };
    json!({ "errorType": error_type, "errorMessage": error_message })
}

impl fmt::Display for FailureCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RetriesExhausted => "RetriesExhausted",
            Self::EventAgeExceeded => "EventAgeExceeded",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::invocation::FunctionError;
    use std::time::Duration;

    fn report(outcome: InvocationOutcome) -> InvocationReport {
        let (cold_start, taken) = (None, None);
        InvocationReport { request_id: "r-1".to_owned(), outcome, cold_start, taken, duration: Duration::ZERO }
    }

    fn failed<'a>(event: &'a Bytes, last: Option<&'a InvocationReport>) -> Failed<'a> {
        let condition = FailureCondition::RetriesExhausted;
        Failed { request_id: "r-1", function_arn: "arn:aws:lambda:f", condition, event, attempts: 3, last }
    }

    #[test]
    fn the_envelope_is_the_documented_one_around_the_event_as_it_came() {
        let event = Bytes::from_static(br#"{"a":"\ud83d","b":1e999,"a":2}"#);
        let error = FunctionError { error_type: "Boom".to_owned(), error_message: "it broke".to_owned() };
        let last = report(InvocationOutcome::Error(error));
        let envelope = failed(&event, Some(&last)).envelope();
        assert!(envelope.contains(r#""requestPayload":{"a":"\ud83d","b":1e999,"a":2},"#), "{envelope}");
        let envelope: Value = serde_json::from_str(&envelope.replace(r"\ud83d", "").replace("e999", "")).unwrap();
        assert_eq!(envelope["version"], "1.0");
        assert_eq!(
            envelope["requestContext"],
            json!({
                "requestId": "r-1", "functionArn": "arn:aws:lambda:f:$LATEST",
                "condition": "RetriesExhausted", "approximateInvokeCount": 3,
            })
        );
        let context = json!({ "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" });
        assert_eq!(envelope["responseContext"], context);
        assert_eq!(envelope["responsePayload"], json!({ "errorType": "Boom", "errorMessage": "it broke" }));
    }

    #[test]
    fn without_a_try_there_is_no_response() {
        let event = Bytes::from_static(b"{}");
        let envelope: Value = serde_json::from_str(&failed(&event, None).envelope()).unwrap();
        assert!(envelope.get("responseContext").is_none() && envelope.get("responsePayload").is_none());
    }

    #[test]
    fn a_dead_letter_has_three_attributes() {
        let event = Bytes::new();
        let last = report(InvocationOutcome::TimedOut);
        let attributes = failed(&event, Some(&last)).dead_letter_attributes();
        assert_eq!(attributes["RequestID"]["stringValue"], "r-1");
        assert_eq!(attributes["ErrorCode"]["dataType"], "Number");
        assert!(attributes["ErrorMessage"]["stringValue"].as_str().unwrap().ends_with("timed out"));
    }

    #[test]
    fn the_digest_of_a_body() {
        assert_eq!(hex(&Md5::digest("")), "d41d8cd98f00b204e9800998ecf8427e");
    }
}
