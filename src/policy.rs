//! Policies: settings or processors that differ by channel.

pub(crate) mod cache;
mod cached_source;
mod channels;
pub(crate) mod error;
mod json;
pub(crate) mod processor;
pub(crate) mod source;
mod table;

use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use self::cache::PolicyCache;
use self::cached_source::CachedSource;
use self::error::PolicyError;
use self::source::PolicySource;
use self::table::Table;
use crate::{Error, Message};

/// Policies by channel: a `T` for each channel, and one for all others.
///
/// The policy of a channel is that of the channel itself, otherwise that of its app instance, otherwise the default. Each
/// comes from JSON, [from an environment variable](Self::from_env) or [a file](Self::from_file), when the function
/// starts. A [source](PolicySource) can have policies of its own, which come first.
///
/// `T` is a type of yours. [`map`](Self::map) makes processors of policies, once each. `Policies` of processors are a
/// [`Processor`](crate::Processor): each channel has its own rules. They can be the whole function or a
/// [`Step`](crate::Step) of a [`Flow`](crate::Flow).
///
/// ```no_run
/// use channel_flow::{Decision, LimitError, Message, Policies, Processor};
///
/// #[derive(serde::Deserialize)]
/// #[serde(deny_unknown_fields)]
/// struct Rules {
///     links: bool,
/// }
///
/// struct Links {
///     allowed: bool,
/// }
///
/// impl Processor for Links {
///     type Error = LimitError;
///
///     async fn process(&self, message: &Message) -> Result<Decision, LimitError> {
///         let has_link = message.any_text(|text| text.contains("://"));
///         Ok(if has_link && !self.allowed { Decision::deny().because("links") } else { Decision::no_change() })
///     }
/// }
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), channel_flow::Error> {
///     // MODERATION_POLICIES={"default":{"links":true},"channels":{"arn:…/channel/kids":{"links":false}}}
///     let rules = Policies::<Rules>::from_env("MODERATION_POLICIES")?;
///     channel_flow::run(rules.map(|rules| Links { allowed: rules.links })).await
/// }
/// ```
///
/// Within a processor of your own, [`of`](Self::of) returns the policy for a message.
///
/// A clone shares everything with the original.
pub struct Policies<T> {
    table: Arc<Table<T>>,
    source: Option<Arc<CachedSource<T>>>,
}

impl<T> Policies<T> {
    /// Creates policies with this one for every channel.
    pub fn new(default: T) -> Self {
        Self { table: Arc::new(Table::new(default)), source: None }
    }

    /// Sets the policy of a channel.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] of kind [`Configuration`](crate::ErrorKind::Configuration) if `arn` is not the ARN of a channel,
    /// or if the channel has a policy already.
    pub fn channel(mut self, arn: impl Into<String>, policy: T) -> Result<Self, Error> {
        Arc::make_mut(&mut self.table).add_channel(arn.into(), policy).map_err(Error::configuration)?;
        Ok(self)
    }

    /// Sets the policy of the channels of an app instance that have none of their own.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] of kind [`Configuration`](crate::ErrorKind::Configuration) if `arn` is not the ARN of an app
    /// instance, or if the app instance has a policy already.
    pub fn app_instance(mut self, arn: impl Into<String>, policy: T) -> Result<Self, Error> {
        Arc::make_mut(&mut self.table).add_app_instance(arn.into(), policy).map_err(Error::configuration)?;
        Ok(self)
    }

    /// Returns how often the source failed, since the function started. Each failure is also logged, with the field
    /// `policy_source_failed`. Always 0 without a source.
    pub fn source_failures(&self) -> u64 {
        self.source.as_ref().map_or(0, |source| source.failures())
    }
}

impl<T: Send + Sync + 'static> Policies<T> {
    /// Has a source answer first. The policies set before are for the channels for which it has none.
    ///
    /// ```no_run
    /// # use channel_flow::{Policies, PolicyCache, PolicySource};
    /// # struct ChannelTags;
    /// # impl PolicySource for ChannelTags {
    /// #     type Policy = bool;
    /// #     type Error = &'static str;
    /// #     async fn load(&self, _: &str) -> Result<Option<bool>, &'static str> { Ok(None) }
    /// # }
    /// use std::time::Duration;
    ///
    /// let links_allowed = Policies::new(true)
    ///     .with_source(PolicyCache::new(ChannelTags).refresh_every(Duration::from_secs(300)));
    /// ```
    #[must_use]
    pub fn with_source<S>(mut self, cache: PolicyCache<S>) -> Self
    where
        S: PolicySource<Policy = T> + 'static,
    {
        self.source = Some(Arc::new(CachedSource::new(cache)));
        self
    }

    /// Returns the policy for a message. Loads it if there is a source and the policy is not known, or known for longer than
    /// the [refresh interval](PolicyCache::refresh_every).
    ///
    /// # Errors
    ///
    /// Returns a [`PolicyError`] if the source failed and never gave a policy for the channel before. Without a source,
    /// there is always a policy.
    pub async fn of(&self, message: &Message) -> Result<Arc<T>, PolicyError> {
        let from_source = match &self.source {
            Some(source) => source.policy(message.channel_arn(), message.invocation().time_left()).await?,
            None => None,
        };
        Ok(from_source.unwrap_or_else(|| self.table.policy(message.channel_arn()).clone()))
    }

    /// Returns the policy for a message if there is one without a question to the source.
    fn known(&self, message: &Message) -> Option<Arc<T>> {
        let from_source = match &self.source {
            Some(source) => source.known(message.channel_arn())?,
            None => None,
        };
        Some(from_source.unwrap_or_else(|| self.table.policy(message.channel_arn()).clone()))
    }

    /// Makes something else of each policy, such as a processor: of those that are there now, and of each policy that the
    /// source gives, when it gives it.
    ///
    /// What this returns loads and keeps its policies for itself. Map once, and make a whole flow of a policy.
    #[must_use]
    pub fn map<U: Send + Sync + 'static>(self, f: impl Fn(&T) -> U + Send + Sync + 'static) -> Policies<U> {
        match self.try_map(move |policy| Ok::<_, Infallible>(f(policy))) {
            Ok(policies) => policies,
            Err(error) => unreachable!("the closure cannot fail: {error}"),
        }
    }

    /// Like [`map`](Self::map), for what may fail: a pattern that does not compile, thresholds that contradict each other.
    /// If `f` fails for a policy of the source, the source counts as failed, and the last good policy stays.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] of kind [`Configuration`](crate::ErrorKind::Configuration), which names the policy, if `f` fails
    /// for a policy that is there now.
    pub fn try_map<U, E>(self, f: impl Fn(&T) -> Result<U, E> + Send + Sync + 'static) -> Result<Policies<U>, Error>
    where
        U: Send + Sync + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let f = move |policy: &T| f(policy).map_err(Into::into);
        let table = self
            .table
            .try_map(&f)
            .map_err(|(whose, error)| Error::configuration(format!("{whose} cannot be used")).caused_by(error))?;
        let source = self.source.map(|source| Arc::new(source.try_map(f)));
        Ok(Policies { table: Arc::new(table), source })
    }
}

impl<T> Clone for Policies<T> {
    fn clone(&self) -> Self {
        Self { table: self.table.clone(), source: self.source.clone() }
    }
}

impl<T> fmt::Debug for Policies<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policies")
            .field("channels", &self.table.channels())
            .field("app_instances", &self.table.app_instances())
            .field("has_source", &self.source.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests;
