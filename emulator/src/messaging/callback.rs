//! The body of a callback, checked against the API model.

use crate::assumptions::Assumptions;
use crate::limits;
use crate::messaging::wire::callback_refusal;
use crate::messaging::wire::common_shapes::{
    ARN, CONTENT_TYPE, MESSAGE_ATTRIBUTES, MESSAGE_ID, METADATA, PUSH_NOTIFICATION, SUB_CHANNEL_ID,
};
use crate::messaging::wire::shape::{self, Member, Shape};
use crate::model::decision::Decision;
use crate::model::message::{MessageFields, MessageIds};
use crate::model::refusal::Refusal;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::fmt;

/// A callback that keeps every limit. Whether a message waits for it is another question.
pub(crate) struct Callback {
    pub(crate) ids: MessageIds,
    pub(crate) decision: Decision,
    pub(crate) changes: MessageFields,
}

/// How a callback breaks the API model: where, and in which way. Never shows values.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Invalid {
    NotJson { line: usize, column: usize },
    NotAnObject,
    Shape(shape::Invalid),
}

const CALLBACK: &[Member] = &[
    Member::new("ChannelArn", ARN).required(),
    Member::new("CallbackId", Shape::Text(limits::CALLBACK_ID)).required(),
    Member::new("DeleteResource", Shape::Boolean),
    Member::new("ChannelMessage", Shape::Structure(CHANNEL_MESSAGE)).required(),
];

const CHANNEL_MESSAGE: &[Member] = &[
    Member::new("MessageId", MESSAGE_ID).required(),
    Member::new("Content", Shape::Content),
    Member::new("Metadata", METADATA),
    Member::new("PushNotification", PUSH_NOTIFICATION),
    Member::new("MessageAttributes", MESSAGE_ATTRIBUTES),
    Member::new("SubChannelId", SUB_CHANNEL_ID),
    Member::new("ContentType", CONTENT_TYPE),
];

impl Callback {
    /// Reads a callback for `channel_arn`, which comes from the path, decoded.
    pub(crate) fn parse(channel_arn: &str, body: &[u8], assumptions: &Assumptions) -> Result<Self, Invalid> {
        let not_json = |error: serde_json::Error| Invalid::NotJson { line: error.line(), column: error.column() };
        let body: Value = serde_json::from_slice(body).map_err(not_json)?;
        let Value::Object(mut body) = body else { return Err(Invalid::NotAnObject) };
        // The channel is the path's; a channel in the body is ignored.
        body.insert("ChannelArn".to_owned(), channel_arn.into());
        shape::check(CALLBACK, &mut body, assumptions).map_err(Invalid::Shape)?;
        let delete_resource = body.get("DeleteResource").and_then(Value::as_bool).unwrap_or_default();
        let callback_id = text(&mut body, "CallbackId");
        let mut message = body.remove("ChannelMessage").and_then(object).unwrap_or_default();
        let message_id = text(&mut message, "MessageId");
        let changes = MessageFields::deserialize(Value::Object(message)).map_err(not_json)?;
        let decision = match (delete_resource, changes.is_empty()) {
            (true, _) => Decision::Deny,
            (false, true) => Decision::NoChange,
            (false, false) => Decision::Update,
        };
        let channel_arn = channel_arn.to_owned();
        Ok(Self { ids: MessageIds { callback_id, message_id, channel_arn }, decision, changes })
    }
}

/// A string that the model requires.
fn text(members: &mut Map<String, Value>, name: &str) -> String {
    match members.remove(name) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    }
}

fn object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        callback_refusal::bad_request(invalid.to_string())
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson { line, column } => write!(f, "the body is not JSON (line {line}, column {column})"),
            Self::NotAnObject => f.write_str("the body must be an object"),
            Self::Shape(invalid) => invalid.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const CHANNEL: &str = "arn:aws:chime:us-east-1:123456789012:app-instance/a/channel/b";

    fn with(message: Value) -> Value {
        let mut body = json!({
            "CallbackId": "8f0d8a52-4f2b-4a0e-9a4e-000000000001",
            "ChannelMessage": { "MessageId": "m1" },
        });
        for (key, value) in message.as_object().unwrap() {
            body["ChannelMessage"][key] = value.clone();
        }
        body
    }

    fn parse(body: &Value) -> Result<Callback, Invalid> {
        Callback::parse(CHANNEL, body.to_string().as_bytes(), &Assumptions::default())
    }

    fn problem(body: &Value) -> String {
        parse(body).err().map(|invalid| invalid.to_string()).unwrap_or_default()
    }

    #[test]
    fn the_three_decisions() {
        assert_eq!(parse(&with(json!({}))).ok().unwrap().decision, Decision::NoChange);
        let update = parse(&with(json!({ "Content": "x" }))).ok().unwrap();
        assert_eq!(update.decision, Decision::Update);
        assert_eq!(update.changes.content.as_deref(), Some("x"));
        let mut deny = with(json!({ "Content": "x" }));
        deny["DeleteResource"] = json!(true);
        assert_eq!(parse(&deny).ok().unwrap().decision, Decision::Deny);
    }

    #[test]
    fn every_field_is_read() {
        let body = with(json!({
            "Content": "x",
            "Metadata": "",
            "PushNotification": { "Title": "t", "Body": "b\nb", "Type": "VOIP" },
            "MessageAttributes": { "a": { "StringValues": ["1", "2"] }, "b": {} },
            "SubChannelId": "s-1_2",
            "ContentType": "application/amz-chime-lex-msgs",
            "Tomorrow": { "unknown": true },
        }));
        let changes = parse(&body).ok().unwrap().changes;
        assert_eq!(changes.metadata.as_deref(), Some(""));
        let push = changes.push_notification.unwrap();
        assert_eq!(push.notification_type.as_deref(), Some("VOIP"));
        let attributes = changes.message_attributes.unwrap();
        assert_eq!(attributes["a"].string_values.as_ref().unwrap().len(), 2);
        assert_eq!(changes.sub_channel_id.as_deref(), Some("s-1_2"));
        assert!(changes.content_type.is_some());
    }

    #[test]
    fn what_the_model_refuses() {
        let long = "x".repeat(4097);
        for (message, expected) in [
            (json!({ "MessageId": "a b" }), "ChannelMessage.MessageId: MessageId must be letters"),
            (json!({ "MessageId": null }), "ChannelMessage.MessageId is missing"),
            (json!({ "Content": "" }), "ChannelMessage.Content: Content has 0 characters"),
            (json!({ "Content": long }), "Content has 4097 bytes of UTF-8"),
            (json!({ "Content": 1 }), "ChannelMessage.Content must be a string"),
            (json!({ "Metadata": "a\nb" }), "Metadata must be one line"),
            (json!({ "Metadata": "x".repeat(1025) }), "Metadata has 1025 characters"),
            (json!({ "PushNotification": "x" }), "PushNotification must be an object"),
            (json!({ "PushNotification": { "Title": "" } }), "PushNotification.Title"),
            (json!({ "PushNotification": { "Title": "a\nb" } }), "Title must be one line"),
            (json!({ "PushNotification": { "Body": "x".repeat(151) } }), "Body has 151"),
            (json!({ "PushNotification": { "Type": "LOUD" } }), "one of DEFAULT, VOIP"),
            (json!({ "MessageAttributes": [] }), "MessageAttributes must be an object"),
            (json!({ "MessageAttributes": { "": {} } }), "MessageAttributes[0]"),
            (json!({ "MessageAttributes": { "secret": 1 } }), "MessageAttributes[0] must be"),
            (
                json!({ "MessageAttributes": { "a": { "StringValues": [""] } } }),
                "MessageAttributes[0].StringValues[0]: StringValues has 0",
            ),
            (json!({ "SubChannelId": "" }), "SubChannelId has 0"),
            (json!({ "ContentType": "x".repeat(46) }), "ContentType has 46"),
        ] {
            let problem = problem(&with(message));
            assert!(problem.contains(expected), "{problem:?} should have {expected:?}");
            assert!(!problem.contains("secret"), "{problem}");
        }
    }

    #[test]
    fn the_envelope_is_checked_too() {
        let valid = with(json!({}));
        for (key, value, expected) in [
            ("CallbackId", json!("short"), "CallbackId has 5 characters"),
            ("CallbackId", Value::Null, "CallbackId is missing"),
            ("DeleteResource", json!("true"), "DeleteResource must be true or false"),
            ("ChannelMessage", json!([]), "ChannelMessage must be an object"),
            ("ChannelMessage", Value::Null, "ChannelMessage is missing"),
        ] {
            let mut body = valid.clone();
            body[key] = value;
            assert!(problem(&body).contains(expected), "{}", problem(&body));
        }
        let parse = |arn, body: &str| Callback::parse(arn, body.as_bytes(), &Assumptions::default()).err().unwrap();
        assert!(parse(CHANNEL, "{").to_string().contains("not JSON"));
        assert!(parse(CHANNEL, "[]").to_string().contains("the body must be an object"));
        assert!(parse("channel", "{}").to_string().contains("ChannelArn must be an ARN"));
        assert!(parse(CHANNEL, r#"{"CallbackId":"\ud800"}"#).to_string().contains("not JSON"));
    }

    proptest! {
        #[test]
        fn any_content_is_taken_whole_or_refused(content in any::<String>()) {
            let parsed = parse(&with(json!({ "Content": content })));
            if (1..=4096).contains(&content.len()) {
                let changes = parsed.ok().unwrap().changes;
                prop_assert_eq!(changes.content.as_deref(), Some(content.as_str()));
            } else {
                prop_assert!(parsed.is_err());
            }
        }

        #[test]
        fn any_bytes_get_an_answer(bytes in any::<Vec<u8>>()) {
            prop_assert!(Callback::parse(CHANNEL, &bytes, &Assumptions::default()).is_err());
        }
    }
}
