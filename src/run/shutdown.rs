//! The invocations in flight when the process is told to end.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use lambda_runtime::{LambdaInvocation, Service, tower::Layer};
use tokio::sync::watch;

/// Counts invocations, from the event until the Runtime API has accepted the answer.
#[derive(Clone, Debug)]
pub(crate) struct InFlight(Arc<watch::Sender<usize>>);

impl InFlight {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }

    /// Waits until SIGTERM has arrived and no invocation is in flight.
    pub(crate) async fn terminated(&self) {
        sigterm().await;
        tracing::info!(in_flight = *self.0.borrow(), "told to end; finishing what is under way");
        // This value holds the sender, so the channel is open.
        let _ = self.0.subscribe().wait_for(|in_flight| *in_flight == 0).await;
    }
}

#[cfg(unix)]
async fn sigterm() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(error) => {
            tracing::warn!(%error, "SIGTERM will end the process at once");
            std::future::pending().await
        }
    }
}

#[cfg(not(unix))]
async fn sigterm() {
    std::future::pending().await
}

impl<S> Layer<S> for InFlight {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Counted<S> {
        Counted { inner, in_flight: self.clone() }
    }
}

/// A service whose calls are counted.
#[derive(Clone, Debug)]
pub(crate) struct Counted<S> {
    inner: S,
    in_flight: InFlight,
}

impl<S> Service<LambdaInvocation> for Counted<S>
where
    S: Service<LambdaInvocation>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let counted = OneMore::new(&self.in_flight);
        let call = self.inner.call(invocation);
        Box::pin(async move {
            let result = call.await;
            drop(counted);
            result
        })
    }
}

struct OneMore(InFlight);

impl OneMore {
    fn new(in_flight: &InFlight) -> Self {
        in_flight.0.send_modify(|count| *count += 1);
        Self(in_flight.clone())
    }
}

impl Drop for OneMore {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}
