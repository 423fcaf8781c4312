//! A limit on how much of an answer is read.

use aws_sdk_chimesdkmessaging::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_chimesdkmessaging::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_chimesdkmessaging::error::BoxError;
use aws_smithy_types::body::SdkBody;
use http_body_util::Limited;

/// The number of bytes that are read of an answer. The service's answers have a few hundred. Without a limit, the SDK
/// would read a broken answer into memory whole before looking at it.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Makes an answer fail if it is longer than any answer of the service.
#[derive(Debug)]
pub(super) struct Bounded;

impl Intercept for Bounded {
    fn name(&self) -> &'static str {
        "bounded answer"
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
