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

/// The metadata is exactly this.
pub fn metadata(metadata: impl Into<String>) -> impl Fn(&Message) -> bool + Send + Sync + Clone {
    let metadata = metadata.into();
    move |message: &Message| message.metadata() == Some(&metadata)
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
