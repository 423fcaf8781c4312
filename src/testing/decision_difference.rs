//! Two decisions, field by field.

use std::fmt;

use super::text_difference::TextDifference;
use crate::decision::reason;
use crate::{Decision, Update};

/// A decision as names and values to show, in the order in which they are shown.
struct Fields(Vec<(String, String)>);

/// The fields in which two decisions differ.
pub(super) struct DecisionDifference {
    fields: Vec<FieldDifference>,
    /// The scores that the actual decision follows. They make no difference, and explain one.
    scores: Option<String>,
}

struct FieldDifference {
    name: String,
    expected: Option<String>,
    actual: Option<String>,
}

impl DecisionDifference {
    /// Returns `None` if the decisions are the same.
    pub(super) fn between(expected: &Decision, actual: &Decision) -> Option<Self> {
        let scores = actual.scores().map(ToString::to_string);
        let (expected, actual) = (Fields::of(expected), Fields::of(actual));
        let only_actual = actual.0.iter().filter(|(name, _)| expected.get(name).is_none());
        let differences = expected.0.iter().chain(only_actual).map(|(name, _)| FieldDifference {
            name: name.clone(),
            expected: expected.get(name).cloned(),
            actual: actual.get(name).cloned(),
        });
        let fields: Vec<_> = differences.filter(|field| field.expected != field.actual).collect();
        (!fields.is_empty()).then_some(Self { fields, scores })
    }
}

impl Fields {
    fn of(decision: &Decision) -> Self {
        let update = decision.changes();
        let mut fields = Self(vec![("decision".to_owned(), decision.kind().as_str().to_owned())]);
        fields.add("reasons", reason::joined(decision.reasons()).as_deref());
        if let Some(update) = update {
            fields.add_changes(update);
        }
        fields
    }

    fn add_changes(&mut self, update: &Update) {
        self.add("content", update.content());
        self.add("metadata", update.metadata());
        if let Some(push) = update.push_notification() {
            self.add("push notification", Some("set"));
            self.add("push notification: title", push.title());
            self.add("push notification: body", push.body());
            self.add(
                "push notification: type",
                push.notification_type().map(|notification_type| notification_type.as_str()),
            );
        }
        for (name, values) in update.message_attributes() {
            self.add(&format!("message attribute {name:?}"), Some(&format!("{values:?}")));
        }
        self.add("sub-channel id", update.sub_channel_id());
        self.add("content type", update.content_type());
    }

    fn add(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.0.push((name.to_owned(), value.to_owned()));
        }
    }

    fn get(&self, name: &str) -> Option<&String> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value)
    }
}

impl fmt::Display for DecisionDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<_> = self.fields.iter().map(FieldDifference::to_string).collect();
        f.write_str(&fields.join("\n"))?;
        match &self.scores {
            Some(scores) => write!(f, "\nthe decision follows the scores {scores}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for FieldDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, expected, actual } = self;
        writeln!(f, "{name}")?;
        match (expected, actual) {
            (Some(expected), Some(actual)) => write!(f, "{}", TextDifference::new(expected, actual)),
            (expected, actual) => {
                let shown = |value: &Option<String>| {
                    value.as_ref().map_or("(not set)".to_owned(), |value| format!("{value:?}"))
                };
                write!(f, "  expected: {}\n    actual: {}", shown(expected), shown(actual))
            }
        }
    }
}
