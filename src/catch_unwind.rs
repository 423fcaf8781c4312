//! Catches panics in code that is not the framework's, such as a processor: when it runs, when its future is polled, and
//! when its future is dropped.

use std::future::{Future, poll_fn};
use std::panic::{self, AssertUnwindSafe};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use tokio::time::{Instant, sleep_until};

/// Returns the value of `f`, or `None` if `f` panics.
pub(crate) fn catch_unwind<T>(f: impl FnOnce() -> T) -> Option<T> {
    // `f` touches no state of the framework, so nothing is left half done.
    match panic::catch_unwind(AssertUnwindSafe(f)) {
        Ok(value) => Some(value),
        Err(payload) => {
            // The payload is a value of the user's code, and dropping it may panic too.
            std::mem::forget(payload);
            None
        }
    }
}

/// A future that returns `None` if the inner future panics, and whose drop does not panic.
pub(crate) struct CatchUnwind<F>(Option<Pin<Box<F>>>);

impl<F: Future> CatchUnwind<F> {
    pub(crate) fn new(future: F) -> Self {
        Self(Some(Box::pin(future)))
    }
}

impl<F: Future> Future for CatchUnwind<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(future) = &mut self.0 else { return Poll::Ready(None) };
        match catch_unwind(|| future.as_mut().poll(cx)) {
            Some(poll) => poll.map(Some),
            None => Poll::Ready(None),
        }
    }
}

impl<F> Drop for CatchUnwind<F> {
    fn drop(&mut self) {
        let future = self.0.take();
        catch_unwind(|| drop(future));
    }
}

/// How a future ended that may neither panic nor take too long.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended<T> {
    Output(T),
    Panicked,
    OutOfTime,
}

/// Polls `future` where it lies until it ends or the deadline passes. Unlike [`CatchUnwind`], it allocates nothing. A
/// panic of the future's drop is caught too, unless the caller itself is dropped before the end.
pub(crate) async fn within<F: Future>(future: F, deadline: Option<Instant>) -> Ended<F::Output> {
    let mut future = pin!(Some(future));
    let mut sleep = pin!(deadline.map(sleep_until));
    let ended = poll_fn(|cx| {
        let Some(running) = future.as_mut().as_pin_mut() else { return Poll::Ready(Ended::Panicked) };
        match catch_unwind(|| running.poll(cx)) {
            Some(Poll::Ready(output)) => return Poll::Ready(Ended::Output(output)),
            Some(Poll::Pending) => {}
            None => return Poll::Ready(Ended::Panicked),
        }
        match sleep.as_mut().as_pin_mut().map(|sleep| sleep.poll(cx)) {
            Some(Poll::Ready(())) => Poll::Ready(Ended::OutOfTime),
            Some(Poll::Pending) | None => Poll::Pending,
        }
    })
    .await;
    catch_unwind(|| future.set(None));
    ended
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::panic_any;

    struct PanicsOnDrop;

    impl Drop for PanicsOnDrop {
        fn drop(&mut self) {
            panic!("on drop");
        }
    }

    #[tokio::test]
    async fn a_panic_in_a_poll_gives_none() {
        assert_eq!(CatchUnwind::new(async { 7 }).await, Some(7));
        assert_eq!(CatchUnwind::new(async { panic!("in poll") }).await, None::<()>);
        assert_eq!(CatchUnwind::new(async { panic_any(7) }).await, None::<()>);
    }

    #[tokio::test]
    async fn a_panic_in_a_drop_is_caught() {
        let _caught = CatchUnwind::new(async {
            let _guard = PanicsOnDrop;
            std::future::pending::<()>().await;
        });
        let mut polled = Box::pin(CatchUnwind::new(async {
            let _guard = PanicsOnDrop;
            std::future::pending::<()>().await;
        }));
        assert!(tokio::time::timeout(std::time::Duration::ZERO, &mut polled).await.is_err());
        drop(polled);
        assert_eq!(catch_unwind(|| panic_any(PanicsOnDrop)), None::<()>);
    }

    #[tokio::test]
    async fn a_future_ends_within_its_time() {
        let now = Instant::now();
        assert_eq!(within(async { 7 }, None).await, Ended::Output(7));
        assert_eq!(within(async { 7 }, Some(now)).await, Ended::Output(7));
        assert_eq!(within(async { panic!("in poll") }, Some(now)).await, Ended::<()>::Panicked);
        let endless = async {
            let _guard = PanicsOnDrop;
            std::future::pending::<()>().await;
        };
        assert_eq!(within(endless, Some(now)).await, Ended::OutOfTime);
    }
}
