//! The settings of the cache in front of a source.

use std::any::type_name;
use std::fmt;
use std::time::Duration;

use super::source::PolicySource;

/// How long a policy counts as fresh.
const REFRESH_EVERY: Duration = Duration::from_secs(60);

/// How long a message waits for a newer policy if it has one.
const REFRESH_LIMIT: Duration = Duration::from_millis(200);

/// How many channels are remembered. An environment of 128 MB has room for it.
const CHANNELS: usize = 1_000;

/// A [source](PolicySource) with a cache in front of it.
///
/// - **A known policy costs no wait.** The policy of a channel is loaded for the first message of the channel, and then
///   again for the first message after the [refresh interval](Self::refresh_every). Nothing is loaded between
///   invocations, since Lambda freezes the environment.
/// - **One load at a time for a channel.** Messages that arrive meanwhile use the policy that is known. If none is known,
///   they wait for the same load.
/// - **The last good policy stays.** If the source fails, panics or takes longer than the [refresh
///   limit](Self::refresh_limit), the message is decided by the last good policy. The channel's policy is loaded again
///   after 10 s at the earliest, or after the refresh interval if that is shorter. If the source took too long, that holds for
///   all channels: one message in 10 s waits for the refresh limit, and no more.
/// - **Without any policy, there is an error.** If the source fails for a channel of which no policy is known, the
///   processor fails, and the fallback action decides. The load has half of the time that the message has left.
/// - **Each failure is logged** as a warning with the field `policy_source_failed`, for a metric filter and an alarm, and
///   [counted](crate::Policies::source_failures).
///
/// While the source answers in time, a message is therefore never decided by a policy that was loaded longer ago than the
/// refresh interval, except while another message loads a newer one. A refresh after the callback would be no wait for
/// anyone, but the first message after a quiet hour would be decided by a policy that is an hour old.
///
/// ```
/// # use channel_flow::{PolicyCache, PolicySource};
/// # struct Bucket;
/// # impl PolicySource for Bucket {
/// #     type Policy = String;
/// #     type Error = String;
/// #     async fn load(&self, _: &str) -> Result<Option<String>, String> { Ok(None) }
/// # }
/// use std::time::Duration;
///
/// let cache = PolicyCache::new(Bucket)
///     .refresh_every(Duration::from_secs(300))
///     .refresh_limit(Duration::from_millis(100))
///     .max_channels(10_000);
/// ```
#[must_use]
pub struct PolicyCache<S> {
    pub(super) source: S,
    pub(super) settings: Settings,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) refresh_every: Duration,
    pub(super) refresh_limit: Duration,
    pub(super) max_channels: usize,
}

impl<S: PolicySource> PolicyCache<S> {
    /// Creates a cache for a source.
    pub fn new(source: S) -> Self {
        let settings = Settings { refresh_every: REFRESH_EVERY, refresh_limit: REFRESH_LIMIT, max_channels: CHANNELS };
        Self { source, settings }
    }
}

impl<S> PolicyCache<S> {
    /// Sets how long a policy is used before it is loaded again. The default is 60 s.
    pub fn refresh_every(mut self, refresh_every: Duration) -> Self {
        self.settings.refresh_every = refresh_every;
        self
    }

    /// Sets how long a message waits for a newer policy if an older one is known. The default is 200 ms. Set it to more than
    /// the source takes when it is well.
    pub fn refresh_limit(mut self, refresh_limit: Duration) -> Self {
        self.settings.refresh_limit = refresh_limit;
        self
    }

    /// Sets the number of channels whose policies are kept, at least 1. The default is 1,000. If there are more, the
    /// channel that was quiet for longest is forgotten.
    pub fn max_channels(mut self, max_channels: usize) -> Self {
        self.settings.max_channels = max_channels.max(1);
        self
    }
}

impl<S> fmt::Debug for PolicyCache<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyCache")
            .field("source", &type_name::<S>())
            .field("refresh_every", &self.settings.refresh_every)
            .field("refresh_limit", &self.settings.refresh_limit)
            .field("max_channels", &self.settings.max_channels)
            .finish()
    }
}
