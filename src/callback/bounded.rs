//! A bound for what is read of an answer.

use aws_sdk_chimesdkmessaging::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_chimesdkmessaging::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_chimesdkmessaging::error::BoxError;
use aws_smithy_types::body::SdkBody;
use http_body_util::Limited;

/// Bytes of an answer that are read. The service's answers have a few hundred; without a bound a broken one would be read
/// into memory whole, which the SDK does before it looks at it.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Lets an answer end in an error when it is longer than any answer of the service.
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
