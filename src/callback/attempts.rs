//! How often a callback was sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_chimesdkmessaging::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_chimesdkmessaging::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_chimesdkmessaging::error::BoxError;

/// Counts the requests for one callback, the SDK's own retries included.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempts(Arc<AtomicU32>);

impl Attempts {
    pub(super) fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "attempts"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
