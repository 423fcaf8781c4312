//! Which messages a processor leaves alone, as data.

pub(crate) mod around;
mod exemption;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};

use self::exemption::Exemption;
use crate::environment::var;
use crate::{Error, Message};

/// Messages that a processor leaves alone, by sender, kind of sender and channel: data from a setting, not code.
///
/// The setting is a list of exemptions with commas between them. An exemption is one of these, or a sender and a place
/// with `+` between them, both of which must match:
///
/// | exemption | messages |
/// | --- | --- |
/// | `bots`, `users` | from all bots, from all users |
/// | the ARN of a user or a bot | from this sender |
/// | the ARN of a channel | in this channel |
/// | the ARN of an app instance | in all channels of this app instance |
/// | `bots + arn:…/channel/help` | from all bots in this channel |
///
/// ```
/// use channel_flow::{Decision, Exemptions, LimitError, Message, processor_fn, testing};
///
/// let deny = processor_fn(|_: Message| async { Ok::<_, LimitError>(Decision::deny()) });
/// let exemptions: Exemptions = "bots, arn:aws:chime:us-east-1:111122223333:app-instance/a/user/alice".parse()?;
/// let processor = exemptions.around(deny);
///
/// let from_bot = testing::message("Hi").sender_bot("helper").build();
/// assert_eq!(testing::decide(&processor, &from_bot), Ok(Decision::no_change().because("exempt")));
/// let from_user = testing::message("Hi").build();
/// assert_eq!(testing::decide(&processor, &from_user), Ok(Decision::deny()));
/// # Ok::<_, channel_flow::Error>(())
/// ```
///
/// Senders match by their ARN alone, which the service sets. Their names do not count, since users choose them.
///
/// To exempt messages from one step of a flow, use [`condition::exempt`](crate::condition::exempt). As a part of a policy,
/// `Exemptions` deserialize from a string of this form, or from an array with a string for each exemption.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Exemptions(Arc<[Exemption]>);

impl Exemptions {
    /// Reads the exemptions from an environment variable. If it is unset or empty, no message is exempt.
    ///
    /// ```no_run
    /// # use channel_flow::{Decision, Exemptions, LimitError, Message, processor_fn};
    /// # async fn example() -> Result<(), channel_flow::Error> {
    /// # let processor = processor_fn(|_: Message| async { Ok::<_, LimitError>(Decision::no_change()) });
    /// // EXEMPT=bots,arn:aws:chime:us-east-1:111122223333:app-instance/a/user/alice
    /// channel_flow::run(Exemptions::from_env("EXEMPT")?.around(processor)).await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] of kind [`Configuration`](crate::ErrorKind::Configuration) that names the variable if its value
    /// is not of the form.
    pub fn from_env(variable: &str) -> Result<Self, Error> {
        let value = var(variable).unwrap_or_default();
        value.parse().map_err(|error| Error::configuration(format!("{variable}: {error}")))
    }

    /// Returns whether the message is exempt.
    pub fn matches(&self, message: &Message) -> bool {
        self.0.iter().any(|exemption| exemption.matches(message))
    }

    /// Parses the texts of the exemptions, one each.
    fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let numbered = texts.into_iter().zip(1..);
        let parsed = numbered.map(|(text, number)| {
            let problem = |problem| Error::configuration(format!("exemption {number} {problem}"));
            Exemption::parse(text).map_err(problem)
        });
        parsed.collect::<Result<_, _>>().map(Self)
    }
}

/// No message is exempt.
impl Default for Exemptions {
    fn default() -> Self {
        Self(Arc::new([]))
    }
}

impl FromStr for Exemptions {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.trim() {
            "" => Ok(Self::default()),
            text => Self::parse(text.split(',')),
        }
    }
}

impl<'de> Deserialize<'de> for Exemptions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ExemptionsVisitor)
    }
}

struct ExemptionsVisitor;

impl<'de> Visitor<'de> for ExemptionsVisitor {
    type Value = Exemptions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("exemptions, as an array of strings or as a string with commas")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Exemptions, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Exemptions, A::Error> {
        let mut texts = Vec::<String>::new();
        while let Some(text) = elements.next_element()? {
            texts.push(text);
        }
        Exemptions::parse(texts.iter().map(String::as_str)).map_err(de::Error::custom)
    }
}

impl fmt::Debug for Exemptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter()).finish()
    }
}

#[cfg(test)]
mod tests;
