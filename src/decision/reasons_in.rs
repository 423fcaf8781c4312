//! Where an update shows its reasons to everyone in the channel.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::Decision;
use super::update::Update;
use crate::limits::{self, LimitError};
use crate::{Message, Reason};

/// Where an update shows its reasons to everyone who gets the message.
///
/// Only updates have a place for them. If the reasons do not fit into it, the update is sent without them, and a line in the
/// log says so.
///
/// ```
/// use channel_flow::{Adapter, ReasonsIn};
/// # use channel_flow::{Decision, LimitError, Message, processor_fn};
/// # let processor = processor_fn(|_: Message| async { Ok::<_, LimitError>(Decision::no_change()) });
///
/// let adapter = Adapter::builder(processor).reasons_in(ReasonsIn::message_attribute("moderation")?);
/// # Ok::<_, LimitError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReasonsIn(Place);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Place {
    MessageAttribute(String),
    Metadata(String),
}

impl ReasonsIn {
    /// The message attribute of this name, one string value for each reason. The attributes of the message stay.
    ///
    /// # Errors
    ///
    /// Returns a [`LimitError`] if the name is not within [`limits::MESSAGE_ATTRIBUTE_NAME`].
    pub fn message_attribute(name: impl Into<String>) -> Result<Self, LimitError> {
        let name = name.into();
        limits::MESSAGE_ATTRIBUTE_NAME.check(&name)?;
        Ok(Self(Place::MessageAttribute(name)))
    }

    /// The member of this name in the metadata, an array of the reasons. The metadata has to be a JSON object or empty:
    /// anything else stays as it is.
    pub fn metadata(member: impl Into<String>) -> Self {
        Self(Place::Metadata(member.into()))
    }

    /// Returns the decision with its reasons in their place, if it is an update with reasons.
    pub(crate) fn shown(&self, decision: Decision, message: &Message) -> Decision {
        let Some(update) = decision.changes().filter(|_| !decision.reasons().is_empty()) else { return decision };
        let shown = match &self.0 {
            Place::MessageAttribute(name) => in_attributes(name, update, decision.reasons(), message),
            Place::Metadata(member) => in_metadata(member, update, decision.reasons(), message),
        };
        match shown {
            Some(update) => decision.with_changes(update),
            None => {
                tracing::warn!("the update has no room for its reasons, and is sent without them");
                decision
            }
        }
    }
}

fn in_attributes(name: &str, update: &Update, reasons: &[Reason], message: &Message) -> Option<Update> {
    let mut builder = update.clone().into_builder();
    // An update that sets attributes replaces all of them.
    if update.message_attributes().is_empty() {
        for (name, values) in message.message_attributes() {
            builder = builder.message_attribute(name, values);
        }
    }
    builder.message_attribute(name, reasons.iter().map(Reason::as_str)).build().ok()
}

fn in_metadata(member: &str, update: &Update, reasons: &[Reason], message: &Message) -> Option<Update> {
    let metadata = update.metadata().or(message.metadata()).unwrap_or_default().trim();
    let metadata = if metadata.is_empty() { "{}" } else { metadata };
    // What other members hold is kept to the letter.
    let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(metadata).ok()?;
    let reasons = Value::from(reasons.iter().map(Reason::as_str).collect::<Vec<_>>());
    members.insert(member.to_owned(), serde_json::value::to_raw_value(&reasons).ok()?);
    let metadata = serde_json::to_string(&members).ok()?;
    update.clone().into_builder().metadata(metadata).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn update() -> Decision {
        Decision::update("****").unwrap().because("profanity").because("links")
    }

    fn metadata(message: &Message) -> Option<String> {
        let decision = ReasonsIn::metadata("moderation").shown(update(), message);
        decision.changes().unwrap().metadata().map(str::to_owned)
    }

    #[test]
    fn an_attribute_has_the_reasons_beside_those_of_the_message() {
        let message = testing::message("damn").message_attribute("topic", ["cats"]).build();
        let shown = ReasonsIn::message_attribute("moderation").unwrap().shown(update(), &message);
        let attributes = shown.changes().unwrap().message_attributes();
        assert_eq!(attributes["moderation"], ["profanity", "links"]);
        assert_eq!(attributes["topic"], ["cats"]);
        assert!(ReasonsIn::message_attribute("").is_err());
    }

    #[test]
    fn metadata_keeps_its_other_members_to_the_letter() {
        let message = |metadata: &str| testing::message("damn").metadata(metadata).build();
        let reasons = r#""moderation":["profanity","links"]"#;
        assert_eq!(metadata(&testing::message("damn").build()), Some(format!("{{{reasons}}}")));
        let expected = format!(r#"{{"a":1e400,{reasons}}}"#);
        assert_eq!(metadata(&message(r#" {"a":1e400,"moderation":"x"} "#)), Some(expected));
    }

    #[test]
    fn what_has_no_room_stays_as_it_is() {
        for full in ["not json", "[1]", &format!(r#"{{"a":"{}"}}"#, "x".repeat(1000))] {
            assert_eq!(metadata(&testing::message("damn").metadata(full).build()), None, "{full}");
        }
    }

    #[test]
    fn only_an_update_with_reasons_shows_them() {
        let message = testing::message("damn").build();
        for decision in [Decision::deny().because("links"), Decision::update("a").unwrap(), Decision::no_change()] {
            assert_eq!(ReasonsIn::metadata("moderation").shown(decision.clone(), &message), decision);
        }
    }
}
