//! The payload with which Lambda invokes a durable function.
//!
//! A function that was created with a `DurableConfig` receives no event. Each event starts a *durable execution*, and
//! the function receives the state of the execution: a list of operations, the first of which has the event as a
//! string. A channel flow's event needs one invocation and no other operation, so nothing else in the state matters.

use std::borrow::Cow;
use std::fmt;

use super::lenient_json::{self, Fields};
use super::payload::Payload;
use crate::{Error, ErrorKind};

/// What Lambda invokes a function with.
pub(crate) enum Invoked<'a> {
    /// The payload itself.
    Plain(Payload<'a>),
    /// The state of a durable execution, with the payload that started it.
    Durable(Result<Cow<'a, str>, MissingInput>),
}

/// The state of a durable execution lacks the payload that started it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MissingInput;

impl<'a> Invoked<'a> {
    pub(crate) fn read(json: &'a str) -> Self {
        let payload = Payload::read(json);
        if is_execution(&payload.fields) {
            return Self::Durable(input(&payload.fields).ok_or(MissingInput));
        }
        Self::Plain(payload)
    }
}

/// Returns whether the fields are those of a durable execution. What a channel flow sends needs an answer, whatever other
/// fields it has.
fn is_execution(fields: &Fields<'_>) -> bool {
    fields.non_empty("DurableExecutionArn").is_some() && fields.raw("CallbackId").is_none()
}

/// Returns the payload that started a durable execution, if these are the fields of the execution's state.
pub(super) fn input<'a>(fields: &Fields<'a>) -> Option<Cow<'a, str>> {
    if !is_execution(fields) {
        return None;
    }
    let operations = fields.object("InitialExecutionState", &["Operations"])?.raw("Operations")?;
    lenient_json::elements(operations)?.find_map(|operation| {
        Fields::read(operation, &["ExecutionDetails"])?
            .object("ExecutionDetails", &["InputPayload"])?
            .string("InputPayload")
    })
}

impl fmt::Display for MissingInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the state of the durable execution has no operation with an InputPayload")
    }
}

impl std::error::Error for MissingInput {}

impl From<MissingInput> for Error {
    fn from(missing: MissingInput) -> Self {
        let problem = "the event of the durable execution cannot be answered, because Lambda did not send it with the \
                       invocation: a channel flow needs a function without DurableConfig";
        Self::new(ErrorKind::Event, problem).caused_by(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const ARN: &str = "arn:aws:lambda:us-east-1:444455556666:function:filter:1/durable-execution/e/1";

    fn execution(operations: Value) -> Value {
        json!({
            "DurableExecutionArn": ARN,
            "CheckpointToken": "token",
            "InitialExecutionState": { "Operations": operations, "NextMarker": "" },
        })
    }

    fn started_with(input: &str) -> Value {
        json!({
            "Id": "e", "Type": "EXECUTION", "Status": "STARTED", "StartTimestamp": 1_777_879_200_000_u64,
            "ExecutionDetails": { "InputPayload": input },
        })
    }

    /// The input of a durable execution, or `None` if the payload is something else.
    fn read(payload: &Value) -> Option<Result<String, MissingInput>> {
        match Invoked::read(&payload.to_string()) {
            Invoked::Plain(_) => None,
            Invoked::Durable(input) => Some(input.map(Cow::into_owned)),
        }
    }

    #[test]
    fn the_event_is_a_string_in_the_first_operation() {
        let event = json!({ "CallbackId": "c", "ChannelMessage": { "Content": "\"café\"\n" } }).to_string();
        assert_eq!(read(&execution(json!([started_with(&event)]))), Some(Ok(event.clone())));
        // After a retry, the execution can have more operations.
        let step = json!({ "Id": "s", "Type": "STEP", "Status": "SUCCEEDED", "StepDetails": { "Result": "1" } });
        assert_eq!(read(&execution(json!([started_with(&event), step]))), Some(Ok(event.clone())));
        assert_eq!(read(&execution(json!([step, started_with(&event)]))), Some(Ok(event)));
    }

    #[test]
    fn a_state_without_the_event_is_told_from_other_payloads() {
        let paged = json!({ "DurableExecutionArn": ARN, "InitialExecutionState": { "NextMarker": "more" } });
        for state in [
            paged,
            execution(json!([])),
            execution(json!({})),
            execution(json!([{ "Type": "EXECUTION" }])),
            execution(json!([{ "ExecutionDetails": { "InputPayload": {} } }])),
            json!({ "DurableExecutionArn": ARN }),
        ] {
            assert_eq!(read(&state), Some(Err(MissingInput)), "{state}");
        }
    }

    #[test]
    fn an_event_is_no_durable_execution() {
        let mut event = execution(json!([started_with("{}")]));
        event["CallbackId"] = json!("c");
        assert_eq!(read(&event), None);
        for payload in [json!({ "CallbackId": "c" }), json!({ "DurableExecutionArn": "" }), json!([]), json!("x")] {
            assert_eq!(read(&payload), None, "{payload}");
        }
    }
}
