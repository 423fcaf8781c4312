//! What is done for each request of a callback: it is counted, and its answer is read up to a limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_chimesdkmessaging::config::interceptors::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_chimesdkmessaging::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_chimesdkmessaging::error::BoxError;
use aws_smithy_types::body::SdkBody;
use http_body_util::Limited;

/// The number of bytes that are read of an answer. The service's answers have a few hundred. Without a limit, the SDK
/// would read a broken answer into memory whole before looking at it.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Counts the requests for one callback, the SDK's own retries included, and makes an answer fail if it is longer than any
/// answer of the service. One interceptor does both: the SDK asks each one at every step of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct EachRequest {
    sent: Arc<AtomicU32>,
}

impl EachRequest {
    /// Returns how many requests were sent.
    pub(super) fn sent(&self) -> u32 {
        self.sent.load(Ordering::Relaxed)
    }
}

impl Intercept for EachRequest {
    fn name(&self) -> &'static str {
        "each request of a callback"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response_mut().body_mut();
        *body = SdkBody::from_body_1_x(Limited::new(std::mem::replace(body, SdkBody::taken()), LONGEST_ANSWER));
        Ok(())
    }
}
