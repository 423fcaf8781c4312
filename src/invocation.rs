//! The invocation in which a message is processed.

use std::time::{Duration, SystemTime};

use lambda_runtime::Context;
use tokio::time::Instant;

/// The invocation in which a message is processed: how much time it has, and its name in the logs.
///
/// A processor finds it with [`Message::invocation`](crate::Message::invocation).
#[derive(Clone, Debug, Default)]
pub struct Invocation {
    request_id: String,
    /// When Lambda ends the environment; absent where nobody set a deadline.
    pub(crate) deadline: Option<Instant>,
    /// When the processor's time is over.
    pub(crate) processor_deadline: Option<Instant>,
    /// When the callback should be settled; what is left until the deadline belongs to the watchdog, which sends what did
    /// not get out.
    pub(crate) callback_deadline: Option<Instant>,
}

/// A deadline is in milliseconds since 1970. On the first day of it nothing was invoked: `cargo lambda watch` says how long
/// an invocation may take, and not until when.
const DAY: u64 = 86_400_000;

impl Invocation {
    /// `reserve` is the time before Lambda's deadline that the callback needs; where that is more than half of what is
    /// left, the two halves are shared out evenly.
    pub(crate) fn new(context: &Context, reserve: Duration) -> Self {
        let request_id = context.request_id.clone();
        if context.deadline == 0 {
            return Self { request_id, ..Self::default() };
        }
        let left = if context.deadline < DAY {
            Duration::from_millis(context.deadline)
        } else {
            context.deadline().duration_since(SystemTime::now()).unwrap_or_default()
        };
        let deadline = Instant::now() + left;
        let reserve = reserve.min(left / 2);
        let processor_deadline = deadline - reserve;
        Self {
            request_id,
            deadline: Some(deadline),
            processor_deadline: Some(processor_deadline),
            callback_deadline: Some(processor_deadline + reserve * 3 / 5),
        }
    }

    /// The same with its share of the time that is left, where `shares` have to do with it.
    pub(crate) fn share(&self, shares: usize) -> Self {
        let now = Instant::now();
        let part = |deadline: Instant| {
            now + deadline.saturating_duration_since(now) / u32::try_from(shares.max(1)).unwrap_or(u32::MAX)
        };
        Self { deadline: self.deadline.map(part), ..self.clone() }
    }

    /// Lambda's id of the request; the same in each line of its log. Empty outside an invocation.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// How long the processor may still take before the fallback action answers in its place; [`Duration::MAX`] where
    /// nothing sets a limit.
    pub fn time_left(&self) -> Duration {
        match self.processor_deadline {
            Some(deadline) => deadline.saturating_duration_since(Instant::now()),
            None => Duration::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation(milliseconds_left: u64, reserve: u64) -> Invocation {
        let mut context = Context::default();
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap();
        context.deadline = u64::try_from(now.as_millis()).unwrap() + milliseconds_left;
        Invocation::new(&context, Duration::from_millis(reserve))
    }

    #[tokio::test]
    async fn the_reserve_is_kept_back() {
        let long = invocation(600_000, 1_000);
        let gap = long.deadline.unwrap() - long.processor_deadline.unwrap();
        assert_eq!(gap, Duration::from_secs(1));
        assert!(long.time_left() <= Duration::from_secs(599));
    }

    #[tokio::test]
    async fn the_reserve_is_shared_with_the_watchdog() {
        let invocation = invocation(600_000, 1_000);
        let (deadline, callback_deadline) = (invocation.deadline.unwrap(), invocation.callback_deadline.unwrap());
        assert_eq!(deadline - callback_deadline, Duration::from_millis(400));
    }

    #[tokio::test]
    async fn a_short_time_is_halved() {
        let short = invocation(100_000, 90_000);
        let gap = short.deadline.unwrap() - short.processor_deadline.unwrap();
        assert!(gap <= Duration::from_secs(50), "{gap:?}");
    }

    #[test]
    fn a_deadline_of_1970_says_how_long() {
        let context = {
            let mut context = Context::default();
            context.deadline = 600_000;
            context
        };
        let left = Invocation::new(&context, Duration::from_secs(1)).time_left();
        assert!(left > Duration::from_secs(500) && left <= Duration::from_secs(599), "{left:?}");
    }

    #[test]
    fn no_deadline_no_limit() {
        assert_eq!(Invocation::default().time_left(), Duration::MAX);
        assert_eq!(Invocation::new(&Context::default(), Duration::from_secs(1)).time_left(), Duration::MAX);
    }
}
