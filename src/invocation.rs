//! The invocation that processes a message.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lambda_runtime::Context;
use tokio::time::Instant;

/// The invocation that processes a message: how much time it has, and its name in the logs.
///
/// A processor gets it from [`Message::invocation`](crate::Message::invocation).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Invocation {
    pub(crate) request_id: Arc<str>,
    pub(crate) xray_trace_id: Option<Arc<str>>,
    /// When Lambda ends the environment; `None` if there is no deadline.
    pub(crate) deadline: Option<Instant>,
    /// When the processor's time runs out.
    pub(crate) processor_deadline: Option<Instant>,
    /// When the callback should be settled. The time between this and the deadline belongs to the watchdog, which sends
    /// any callback that did not get out.
    pub(crate) callback_deadline: Option<Instant>,
    /// Whether the invocation belongs to a durable execution.
    pub(crate) durable: bool,
}

/// The time at the end of an invocation that is left for telling Lambda how it ended.
pub(crate) const PARTING: Duration = Duration::from_millis(100);

/// One day in milliseconds. A deadline is in milliseconds since 1970, and no invocation ran on the first day of that
/// time. In place of a deadline, `cargo lambda watch` gives the time that an invocation may take.
const DAY: u64 = 86_400_000;

impl Invocation {
    /// `reserve` is the time before Lambda's deadline that the callback needs. If the reserve is more than half of the
    /// time left, the processor and the callback get half each.
    pub(crate) fn new(context: &Context, reserve: Duration) -> Self {
        let request_id = Arc::from(&*context.request_id);
        let xray_trace_id = context.xray_trace_id.as_deref().map(Arc::from);
        if context.deadline == 0 {
            return Self { request_id, xray_trace_id, ..Self::default() };
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
            xray_trace_id,
            deadline: Some(deadline),
            processor_deadline: Some(processor_deadline),
            callback_deadline: Some(processor_deadline + reserve * 3 / 5),
            durable: false,
        }
    }

    /// Returns the same invocation as a part of a durable execution.
    pub(crate) fn durable(self) -> Self {
        Self { durable: true, ..self }
    }

    /// Returns an invocation whose processor has this much time, for tests of a processor.
    pub(crate) fn ending_in(time_left: Duration) -> Self {
        Self { processor_deadline: Instant::now().checked_add(time_left), ..Self::default() }
    }

    /// Returns when the work after the callback has to end: as late as Lambda can still be told of the end.
    pub(crate) fn after_deadline(&self) -> Option<Instant> {
        self.deadline.map(|deadline| deadline.checked_sub(PARTING).unwrap_or(deadline))
    }

    /// Returns the same invocation with less time for the processor.
    pub(crate) fn with_processor_deadline(&self, deadline: Instant) -> Self {
        let earlier = self.processor_deadline.map_or(deadline, |own| own.min(deadline));
        Self { processor_deadline: Some(earlier), ..self.clone() }
    }

    /// Returns the same invocation for a processor that runs after the callback, when its time until the callback no longer
    /// matters.
    pub(crate) fn after_callback(&self, deadline: Option<Instant>) -> Self {
        Self { processor_deadline: deadline, ..self.clone() }
    }

    /// Returns the same invocation with one of `shares` equal parts of the time until the deadline. The processor's
    /// deadlines stay: only the rescue shares its time, and it asks no processor.
    pub(crate) fn share(&self, shares: usize) -> Self {
        let now = Instant::now();
        let part = |deadline: Instant| {
            now + deadline.saturating_duration_since(now) / u32::try_from(shares.max(1)).unwrap_or(u32::MAX)
        };
        Self { deadline: self.deadline.map(part), ..self.clone() }
    }

    /// Returns Lambda's request id, which is the same in each line of the invocation's log. Empty outside an
    /// invocation.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Returns the invocation's X-Ray trace, as a value of the header `X-Amzn-Trace-Id`: `Root=1-…;Parent=…;Sampled=1`. The
    /// framework sends it with the callback, so that the callback belongs to the same trace.
    pub fn xray_trace_id(&self) -> Option<&str> {
        self.xray_trace_id.as_deref()
    }

    /// Returns the time that the processor has left before the fallback action decides in its place, or
    /// [`Duration::MAX`] if there is no limit.
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
