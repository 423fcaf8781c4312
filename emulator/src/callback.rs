//! The body of a callback, checked against the API model.

use crate::assumptions;
use crate::limits::{self, LimitError, TextLimit};
use crate::message::{MessageAttributeValue, MessageFields, MessageIds, PushNotification};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// What a processor decided, as its callback says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Decision {
    /// The message is released with at least one field set by the processor.
    Update,
    /// `DeleteResource`: the message is denied.
    Deny,
    /// Nothing but the ids: the message is released as it is.
    NoChange,
}

/// A callback that keeps every limit. Whether a message waits for it is another question.
pub(crate) struct Callback {
    pub(crate) ids: MessageIds,
    pub(crate) decision: Decision,
    pub(crate) changes: MessageFields,
}

/// How a callback breaks the API model: where, and in which way. Never shows values.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Invalid {
    path: String,
    problem: Problem,
}

#[derive(Debug, PartialEq, Eq)]
enum Problem {
    NotJson { line: usize, column: usize },
    Missing,
    WrongType(&'static str),
    Limit(LimitError),
    NotOneOf(&'static [&'static str]),
    UnknownField,
}

const TOP: [&str; 4] = ["CallbackId", "ChannelArn", "DeleteResource", "ChannelMessage"];
const CHANNEL_MESSAGE: [&str; 7] =
    ["MessageId", "Content", "Metadata", "PushNotification", "MessageAttributes", "SubChannelId", "ContentType"];

impl Callback {
    /// Reads a callback for `channel_arn`, which comes from the path, decoded.
    pub(crate) fn parse(channel_arn: &str, body: &[u8]) -> Result<Self, Invalid> {
        check("ChannelArn", channel_arn, &limits::CHANNEL_ARN)?;
        let body: Value = serde_json::from_slice(body).map_err(|error| Invalid {
            path: String::new(),
            problem: Problem::NotJson { line: error.line(), column: error.column() },
        })?;
        let top = Object::new(String::new(), &body)?;
        top.only(&TOP)?;
        let callback_id = top.required("CallbackId", |v| v.text(&limits::CALLBACK_ID))?;
        let deny = top.optional("DeleteResource", |v| v.boolean())?.unwrap_or(false);
        let message = top.required("ChannelMessage", |v| v.object())?;
        message.only(&CHANNEL_MESSAGE)?;
        let message_id = message.required("MessageId", |v| v.text(&limits::MESSAGE_ID))?;
        let changes = MessageFields {
            content: message.optional("Content", |v| v.content())?,
            metadata: message.optional("Metadata", |v| v.text(&limits::METADATA))?,
            push_notification: message.optional("PushNotification", push_notification)?,
            message_attributes: message.optional("MessageAttributes", message_attributes)?,
            sub_channel_id: message.optional("SubChannelId", |v| v.text(&limits::SUB_CHANNEL_ID))?,
            content_type: message.optional("ContentType", |v| v.text(&limits::CONTENT_TYPE))?,
        };
        let decision = match (deny, changes.is_empty()) {
            (true, _) => Decision::Deny,
            (false, true) => Decision::NoChange,
            (false, false) => Decision::Update,
        };
        let channel_arn = channel_arn.to_owned();
        Ok(Self { ids: MessageIds { callback_id, message_id, channel_arn }, decision, changes })
    }
}

fn push_notification(value: Field<'_>) -> Result<PushNotification, Invalid> {
    let value = value.object()?;
    value.only(&["Title", "Body", "Type"])?;
    Ok(PushNotification {
        title: value.optional("Title", |v| v.text(&limits::PUSH_TITLE))?,
        body: value.optional("Body", |v| v.text(&limits::PUSH_BODY))?,
        notification_type: value.optional("Type", |v| v.one_of(&limits::PUSH_NOTIFICATION_TYPES))?,
    })
}

fn message_attributes(value: Field<'_>) -> Result<BTreeMap<String, MessageAttributeValue>, Invalid> {
    let attributes = value.object()?;
    let mut read = BTreeMap::new();
    for (position, (name, value)) in attributes.members.iter().enumerate() {
        // Names are as private as values, so the path has the position.
        let path = format!("{}[{position}]", attributes.path);
        check(&path, name, &limits::ATTRIBUTE_NAME)?;
        let attribute = Object::new(path, value)?;
        attribute.only(&["StringValues"])?;
        let string_values = attribute.optional("StringValues", |v| v.texts(&limits::ATTRIBUTE_VALUE))?;
        read.insert(name.clone(), MessageAttributeValue { string_values });
    }
    Ok(read)
}

fn check(path: &str, text: &str, limit: &TextLimit) -> Result<(), Invalid> {
    limit.check(text).map_err(|error| Invalid::new(path, Problem::Limit(error)))
}

/// A JSON object and where it stands in the body.
struct Object<'a> {
    path: String,
    members: &'a Map<String, Value>,
}

/// A JSON value and where it stands in the body.
struct Field<'a> {
    path: String,
    value: &'a Value,
}

impl<'a> Object<'a> {
    fn new(path: String, value: &'a Value) -> Result<Self, Invalid> {
        match value.as_object() {
            Some(members) => Ok(Self { path, members }),
            None => Err(Invalid::new(&path, Problem::WrongType("an object"))),
        }
    }

    fn optional<T>(&self, key: &str, read: impl FnOnce(Field<'a>) -> Result<T, Invalid>) -> Result<Option<T>, Invalid> {
        match self.members.get(key) {
            None => Ok(None),
            Some(Value::Null) if assumptions::NULL_IS_ABSENT => Ok(None),
            Some(value) => read(Field { path: self.path_to(key), value }).map(Some),
        }
    }

    fn required<T>(&self, key: &str, read: impl FnOnce(Field<'a>) -> Result<T, Invalid>) -> Result<T, Invalid> {
        let missing = || Invalid::new(&self.path_to(key), Problem::Missing);
        self.optional(key, read)?.ok_or_else(missing)
    }

    fn only(&self, known: &[&str]) -> Result<(), Invalid> {
        let all_known = self.members.keys().all(|key| known.contains(&key.as_str()));
        if all_known || assumptions::UNKNOWN_FIELDS_ARE_IGNORED {
            return Ok(());
        }
        Err(Invalid::new(&self.path, Problem::UnknownField))
    }

    fn path_to(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

impl<'a> Field<'a> {
    fn object(self) -> Result<Object<'a>, Invalid> {
        Object::new(self.path, self.value)
    }

    fn text(&self, limit: &TextLimit) -> Result<String, Invalid> {
        let text = self.string()?;
        check(&self.path, text, limit)?;
        Ok(text.to_owned())
    }

    fn content(&self) -> Result<String, Invalid> {
        let text = self.string()?;
        limits::check_content(text).map_err(|error| self.invalid(Problem::Limit(error)))?;
        Ok(text.to_owned())
    }

    fn one_of(&self, known: &'static [&'static str]) -> Result<String, Invalid> {
        let text = self.string()?;
        if !known.contains(&text) {
            return Err(self.invalid(Problem::NotOneOf(known)));
        }
        Ok(text.to_owned())
    }

    fn texts(&self, limit: &TextLimit) -> Result<Vec<String>, Invalid> {
        let Some(values) = self.value.as_array() else {
            return Err(self.invalid(Problem::WrongType("a list")));
        };
        let element = |(position, value)| Field { path: format!("{}[{position}]", self.path), value }.text(limit);
        values.iter().enumerate().map(element).collect()
    }

    fn boolean(&self) -> Result<bool, Invalid> {
        self.value.as_bool().ok_or_else(|| self.invalid(Problem::WrongType("true or false")))
    }

    fn string(&self) -> Result<&'a str, Invalid> {
        self.value.as_str().ok_or_else(|| self.invalid(Problem::WrongType("a string")))
    }

    fn invalid(&self, problem: Problem) -> Invalid {
        Invalid::new(&self.path, problem)
    }
}

impl Invalid {
    fn new(path: &str, problem: Problem) -> Self {
        Self { path: path.to_owned(), problem }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the body" } else { &self.path };
        match &self.problem {
            Problem::NotJson { line, column } => {
                write!(f, "{path} is not JSON (line {line}, column {column})")
            }
            Problem::Missing => write!(f, "{path} is missing"),
            Problem::WrongType(expected) => write!(f, "{path} must be {expected}"),
            Problem::Limit(error) => write!(f, "{path}: {error}"),
            Problem::NotOneOf(known) => write!(f, "{path} must be one of {}", known.join(", ")),
            Problem::UnknownField => write!(f, "{path} has a field that the API does not know"),
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Update => "update",
            Self::Deny => "deny",
            Self::NoChange => "no change",
        })
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
        Callback::parse(CHANNEL, body.to_string().as_bytes())
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
        let parse = |arn, body: &str| Callback::parse(arn, body.as_bytes()).err().unwrap();
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
            prop_assert!(Callback::parse(CHANNEL, &bytes).is_err());
        }
    }
}
