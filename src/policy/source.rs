//! The trait for a source of policies.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Loads the policy of a channel from somewhere: the channel's tags, S3, AppConfig, a table.
///
/// [`Policies::with_source`](crate::Policies::with_source) asks it, through a [cache](crate::PolicyCache).
///
/// A policy is not safe in the metadata of a channel, which the channel's moderators can change. Its tags are: a role needs
/// the grant `chime:TagResource` to change them.
///
/// ```
/// use channel_flow::PolicySource;
/// use channel_flow::aws_sdk_chimesdkmessaging::Client;
///
/// /// The tag `moderation` of the channel. The role of the function needs the grant `chime:ListTagsForResource`.
/// struct ChannelTags(Client);
///
/// impl PolicySource for ChannelTags {
///     type Policy = String;
///     type Error = channel_flow::aws_sdk_chimesdkmessaging::Error;
///
///     async fn load(&self, channel_arn: &str) -> Result<Option<String>, Self::Error> {
///         let tags = self.0.list_tags_for_resource().resource_arn(channel_arn).send().await?;
///         let tag = tags.tags().iter().find(|tag| tag.key() == "moderation");
///         Ok(tag.map(|tag| tag.value().to_owned()))
///     }
/// }
/// ```
pub trait PolicySource: Send + Sync {
    /// The type of the policies.
    type Policy: Send + Sync;

    /// The reason why the policy could not be loaded. It is logged: keep secrets out of it.
    type Error: Into<Box<dyn StdError + Send + Sync>>;

    /// Loads the policy of a channel, or `None` if the channel has none: then the policies that were set before the source
    /// apply.
    ///
    /// Write it as a plain `async fn`. It is dropped if it takes longer than the message can wait.
    ///
    /// # Errors
    ///
    /// Returns an error if the policy cannot be loaded, or if it is not valid. The last good one then stays.
    fn load(&self, channel_arn: &str) -> impl Future<Output = Result<Option<Self::Policy>, Self::Error>> + Send;
}

impl<S: PolicySource> PolicySource for Arc<S> {
    type Policy = S::Policy;
    type Error = S::Error;

    fn load(&self, channel_arn: &str) -> impl Future<Output = Result<Option<S::Policy>, S::Error>> + Send {
        (**self).load(channel_arn)
    }
}

pub(super) type Loading<'a, T> = Pin<Box<dyn Future<Output = Loaded<T>> + Send + 'a>>;
type Loaded<T> = Result<Option<T>, Box<dyn StdError + Send + Sync>>;

/// [`PolicySource`] without its types.
pub(super) trait Erased<T>: Send + Sync {
    fn load_erased<'a>(&'a self, channel_arn: &'a str) -> Loading<'a, T>;
}

impl<S: PolicySource> Erased<S::Policy> for S {
    fn load_erased<'a>(&'a self, channel_arn: &'a str) -> Loading<'a, S::Policy> {
        Box::pin(async move { self.load(channel_arn).await.map_err(Into::into) })
    }
}

/// A source whose policies are made into something else.
pub(super) struct Mapped<T, F> {
    pub(super) source: Arc<dyn Erased<T>>,
    pub(super) f: F,
}

impl<T, U, F> Erased<U> for Mapped<T, F>
where
    T: Send + Sync,
    F: Fn(&T) -> Result<U, Box<dyn StdError + Send + Sync>> + Send + Sync,
{
    fn load_erased<'a>(&'a self, channel_arn: &'a str) -> Loading<'a, U> {
        Box::pin(async move {
            let policy = self.source.load_erased(channel_arn).await?;
            policy.map(|policy| (self.f)(&policy)).transpose()
        })
    }
}
