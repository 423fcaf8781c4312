//! Conditions for [`Step::only_if`](crate::Step::only_if): functions of a message that say whether a step runs.
//!
//! A closure is a condition, and so is what the functions here return. [`all`], [`any`] and [`not`] combine them:
//!
//! ```
//! use channel_flow::{Message, condition, testing};
//!
//! let new_from_people = condition::all(condition::from_user(), condition::not(condition::edited()));
//! assert!(new_from_people(&testing::message("Hi").build()));
//! assert!(!new_from_people(&testing::message("Hi").edited().build()));
//!
//! let short = |message: &Message| message.content().len() < 10;
//! assert!(condition::any(short, condition::from_bot())(&testing::message("Hi").build()));
//! ```

use crate::event::lenient_json;
use crate::{Exemptions, Message, Persistence};

/// A condition of a step. Every closure that takes a message and returns a `bool` is one.
pub trait Condition: Send + Sync {
    /// Returns whether the step runs for `message`.
    fn is_met(&self, message: &Message) -> bool;
}

/// The condition of a step that always runs.
#[derive(Clone, Copy, Debug)]
pub struct Always;

impl Condition for Always {
    fn is_met(&self, _: &Message) -> bool {
        true
    }
}

impl<F: Fn(&Message) -> bool + Send + Sync> Condition for F {
    fn is_met(&self, message: &Message) -> bool {
        self(message)
    }
}

/// A person, an app instance user, sent the message.
pub fn from_user() -> impl Fn(&Message) -> bool + Send + Sync + Clone {
    |message: &Message| message.sender().is_user()
}

/// A bot sent the message.
pub fn from_bot() -> impl Fn(&Message) -> bool + Send + Sync + Clone {
    |message: &Message| message.sender().is_bot()
}

/// The sender has this ARN.
pub fn sender(arn: impl Into<String>) -> impl Fn(&Message) -> bool + Send + Sync + Clone {
    let arn = arn.into();
    move |message: &Message| message.sender().arn() == arn
}

/// The service stores the message.
pub fn persistent() -> impl Fn(&Message) -> bool + Send + Sync + Clone {
    |message: &Message| message.persistence() == Some(&Persistence::Persistent)
}

/// The message is an edit of a message that was sent before.
pub fn edited() -> impl Fn(&Message) -> bool + Send + Sync + Clone {
    Message::is_edited
}

/// The message was sent in this channel.
pub fn channel(arn: impl Into<String>) -> impl Fn(&Message) -> bool + Send + Sync + Clone {
    let arn = arn.into();
    move |message: &Message| message.channel_arn() == arn
}

/// The message was sent in a sub-channel.
pub fn in_sub_channel() -> impl Fn(&Message) -> bool + Send + Sync + Clone {
    |message: &Message| message.sub_channel_id().is_some()
}

/// The message was sent in this sub-channel.
pub fn sub_channel(id: impl Into<String>) -> impl Fn(&Message) -> bool + Send + Sync + Clone {
    let id = id.into();
    move |message: &Message| message.sub_channel_id() == Some(&id)
}

/// The metadata is exactly this. For a member of metadata that is JSON, see [`metadata_member`].
pub fn metadata(metadata: impl Into<String>) -> impl Fn(&Message) -> bool + Send + Sync + Clone {
    let metadata = metadata.into();
    move |message: &Message| message.metadata() == Some(&metadata)
}

/// The metadata is a JSON object, and its member with this name has this value.
///
/// A string has the value that JSON means by it. A boolean or a number has the value as it is written: `true` is met by `true`
/// and by `"true"`, and `10` not by `10.0`. Members of members are not looked at. If a name occurs twice, its last member
/// counts. For a member that is null, an array or an object, and for metadata that is missing, malformed, or no object, the
/// condition is not met.
///
/// The sender's client writes the metadata. It can ask for a step, and must not be what turns a step off that protects others.
///
/// ```
/// use channel_flow::{condition, testing};
///
/// let urgent = condition::metadata_member("priority", "urgent");
/// assert!(urgent(&testing::message("Help").metadata(r#"{"priority":"urgent","room":7}"#).build()));
/// assert!(!urgent(&testing::message("Help").metadata("urgent").build()));
/// ```
pub fn metadata_member(
    name: impl Into<String>,
    value: impl Into<String>,
) -> impl Fn(&Message) -> bool + Send + Sync + Clone {
    let (name, value) = (name.into(), value.into());
    move |message: &Message| {
        let members = message.metadata().and_then(lenient_json::entries);
        let member = members.and_then(|members| members.filter(|(known, _)| *known == name).last());
        member.is_some_and(|(_, json)| match json.as_bytes() {
            [b'"', ..] => lenient_json::string(json).is_some_and(|text| text == value),
            [b't' | b'f' | b'-' | b'0'..=b'9', ..] => json == value,
            _ => false,
        })
    }
}

/// A message attribute with this name has this value among its values.
pub fn message_attribute(
    name: impl Into<String>,
    value: impl Into<String>,
) -> impl Fn(&Message) -> bool + Send + Sync + Clone {
    let (name, value) = (name.into(), value.into());
    move |message: &Message| message.message_attributes().get(&name).is_some_and(|values| values.contains(&value))
}

/// The message is [exempt](Exemptions): `only_if(not(exempt(exemptions)))` has a step leave exempt messages alone.
pub fn exempt(exemptions: Exemptions) -> impl Fn(&Message) -> bool + Send + Sync + Clone {
    move |message: &Message| exemptions.matches(message)
}

/// The condition is not met.
pub fn not(condition: impl Fn(&Message) -> bool + Send + Sync) -> impl Fn(&Message) -> bool + Send + Sync {
    move |message: &Message| !condition(message)
}

/// Both conditions are met; nest it for more than two.
pub fn all(
    a: impl Fn(&Message) -> bool + Send + Sync,
    b: impl Fn(&Message) -> bool + Send + Sync,
) -> impl Fn(&Message) -> bool + Send + Sync {
    move |message: &Message| a(message) && b(message)
}

/// One of the conditions is met, or both; nest it for more than two.
pub fn any(
    a: impl Fn(&Message) -> bool + Send + Sync,
    b: impl Fn(&Message) -> bool + Send + Sync,
) -> impl Fn(&Message) -> bool + Send + Sync {
    move |message: &Message| a(message) || b(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_member_of_the_metadata_has_a_value() {
        let is_met = |metadata: &str, value: &str| {
            metadata_member("kind", value)(&testing::message("Hi").metadata(metadata).build())
        };
        for (metadata, value) in [
            (r#"{"kind":"urgent"}"#, "urgent"),
            (r#" { "a" : [1, {"kind": "x"}], "kind" : "urgent" } "#, "urgent"),
            (r#"{"k\u0069nd":"\u0075rgent"}"#, "urgent"),
            (r#"{"kind":"x","kind":"urgent"}"#, "urgent"),
            (r#"{"kind":true}"#, "true"),
            (r#"{"kind":"true"}"#, "true"),
            (r#"{"kind":-10.5}"#, "-10.5"),
            (r#"{"kind":""}"#, ""),
        ] {
            assert!(is_met(metadata, value), "{metadata}");
        }
        for (metadata, value) in [
            (r#"{"kind":"urgent","kind":"x"}"#, "urgent"),
            (r#"{"Kind":"urgent"}"#, "urgent"),
            (r#"{"kind":"Urgent"}"#, "urgent"),
            (r#"{"a":{"kind":"urgent"}}"#, "urgent"),
            (r#"{"kind":10.0}"#, "10"),
            (r#"{"kind":null}"#, "null"),
            (r#"{"kind":["urgent"]}"#, r#"["urgent"]"#),
            (r#"{"kind":{}}"#, "{}"),
            (r#"["kind","urgent"]"#, "urgent"),
            (r#"{"kind":"urgent""#, "urgent"),
            (r#"{"kind":"urgent"} {}"#, "urgent"),
            ("urgent", "urgent"),
            ("", ""),
        ] {
            assert!(!is_met(metadata, value), "{metadata}");
        }
        assert!(!metadata_member("kind", "urgent")(&testing::message("Hi").build()));
    }
}
