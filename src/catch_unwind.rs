//! Catches panics in code that is not the framework's, such as a processor: when it runs, when its future is polled, and
//! when its future is dropped.

pub(crate) mod panic_place;

use std::future::{Future, poll_fn};
use std::panic::{self, AssertUnwindSafe};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use tokio::time::{Instant, sleep_until};

/// A panic that was caught.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Panicked {
    /// Where in the code, if the framework's panic hook is set: `src/main.rs:18:9`. Never the panic's message.
    pub(crate) at: Option<String>,
}

/// Returns the value of `f`, or that `f` panicked.
pub(crate) fn catch_unwind<T>(f: impl FnOnce() -> T) -> Result<T, Panicked> {
    // A panic that the user's code has caught is none of this call.
    panic_place::take();
    // `f` touches no state of the framework, so nothing is left half done.
    panic::catch_unwind(AssertUnwindSafe(f)).map_err(|payload| {
        // The payload is a value of the user's code, and dropping it may panic too.
        std::mem::forget(payload);
        Panicked { at: panic_place::take() }
    })
}

/// A future that returns an error if the inner future panics, and whose drop does not panic.
pub(crate) struct CatchUnwind<F>(Option<Pin<Box<F>>>);

impl<F: Future> CatchUnwind<F> {
    pub(crate) fn new(future: F) -> Self {
        Self(Some(Box::pin(future)))
    }
}

impl<F: Future> Future for CatchUnwind<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(future) = &mut self.0 else { return Poll::Ready(Err(Panicked::default())) };
        match catch_unwind(|| future.as_mut().poll(cx)) {
            Ok(poll) => poll.map(Ok),
            Err(panicked) => Poll::Ready(Err(panicked)),
        }
    }
}

impl<F> Drop for CatchUnwind<F> {
    fn drop(&mut self) {
        let future = self.0.take();
        let _ = catch_unwind(|| drop(future));
    }
}

/// How a future ended that may neither panic nor take too long.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended<T> {
    Output(T),
    Panicked(Panicked),
    OutOfTime,
}

/// Polls the future where its caller pinned it, until it ends or the deadline passes. Unlike [`CatchUnwind`], it allocates
/// nothing, and moves nothing. A panic of the future's drop is caught too, unless the caller itself is dropped before the end.
pub(crate) async fn within<F: Future>(mut future: Pin<&mut Option<F>>, deadline: Option<Instant>) -> Ended<F::Output> {
    let mut sleep = pin!(None);
    let ended = poll_fn(|cx| {
        let Some(running) = future.as_mut().as_pin_mut() else {
            return Poll::Ready(Ended::Panicked(Panicked::default()));
        };
        match catch_unwind(|| running.poll(cx)) {
            Ok(Poll::Ready(output)) => return Poll::Ready(Ended::Output(output)),
            Ok(Poll::Pending) => {}
            Err(panicked) => return Poll::Ready(Ended::Panicked(panicked)),
        }
        // A future that ends at once needs no timer.
        if let (None, Some(deadline)) = (&*sleep, deadline) {
            sleep.set(Some(sleep_until(deadline)));
        }
        match sleep.as_mut().as_pin_mut().map(|sleep| sleep.poll(cx)) {
            Some(Poll::Ready(())) => Poll::Ready(Ended::OutOfTime),
            Some(Poll::Pending) | None => Poll::Pending,
        }
    })
    .await;
    let _ = catch_unwind(|| future.set(None));
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
    async fn a_panic_in_a_poll_is_caught() {
        assert_eq!(CatchUnwind::new(async { 7 }).await, Ok(7));
        assert!(CatchUnwind::new(async { panic!("in poll") }).await.is_err());
        assert!(CatchUnwind::new(async { panic_any(7) }).await.is_err());
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
        assert!(catch_unwind(|| panic_any(PanicsOnDrop)).is_err());
    }

    /// The panic hook notes the place; these tests play the hook.
    #[test]
    fn the_place_of_a_panic_is_that_of_this_panic() {
        let here = std::panic::Location::caller();
        let caught = catch_unwind(|| {
            panic_place::note(here);
            panic_any(7)
        });
        let at = format!("{}:{}:{}", file!(), here.line(), here.column());
        assert_eq!(caught, Err::<(), _>(Panicked { at: Some(at) }));
        panic_place::note(here);
        // Such a panic calls no hook.
        let caught = catch_unwind(|| panic::resume_unwind(Box::new(7)));
        assert_eq!(caught, Err::<(), _>(Panicked::default()));
    }

    #[tokio::test]
    async fn a_future_ends_within_its_time() {
        let now = Instant::now();
        assert_eq!(within(pin!(Some(async { 7 })), None).await, Ended::Output(7));
        assert_eq!(within(pin!(Some(async { 7 })), Some(now)).await, Ended::Output(7));
        assert!(matches!(within(pin!(Some(async { panic!("in poll") })), Some(now)).await, Ended::Panicked(_)));
        let endless = async {
            let _guard = PanicsOnDrop;
            std::future::pending::<()>().await;
        };
        assert_eq!(within(pin!(Some(endless)), Some(now)).await, Ended::OutOfTime);
    }
}
