//! The number of requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use channel_flow_dynamodb::aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use channel_flow_dynamodb::aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use channel_flow_dynamodb::aws_sdk_dynamodb::error::BoxError;

/// Counts the requests that a client sends, retries included.
#[derive(Clone, Debug, Default)]
pub(crate) struct Requests(Arc<AtomicU32>);

impl Requests {
    pub(crate) fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Intercept for Requests {
    fn name(&self) -> &'static str {
        "requests"
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
