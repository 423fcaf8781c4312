//! Client request tokens: a request that comes twice is done once.

use crate::messaging::api::call::Call;
use crate::messaging::api::operation::Run;
use crate::messaging::wire::api_error::ApiError;
use crate::messaging::world::client_request_token::DoneRequest;
use aws_smithy_types::base64;
use md5::{Digest, Md5};
use serde_json::Value;

/// Does `operation`, unless the same caller asked the same with the same token before.
///
/// # Errors
///
/// The errors of the operation; a conflict if the token came with another request before.
pub(crate) fn run(call: &mut Call<'_>, operation: Run) -> Result<Value, ApiError> {
    let Some(token) = call.input.optional("ClientRequestToken") else {
        return operation(call);
    };
    let key = format!("{} {} {token}", call.operation, call.bearer());
    let digest = digest(call);
    let lifetime = call.world.assumptions.client_request_token_lifetime;
    if let Some(done) = call.world.tokens.get(&key, call.now, lifetime) {
        if done.digest == digest {
            // It may be done and not be safe yet.
            let answer = done.answer.clone();
            call.world.batch.wait();
            return Ok(answer);
        }
        return Err(ApiError::conflict("another request came with this ClientRequestToken before"));
    }
    let answer = operation(call)?;
    let request = DoneRequest { digest, answer: answer.clone(), at: call.now };
    call.world.tokens.put(&mut call.world.batch, key, request, lifetime);
    Ok(answer)
}

/// Tells requests apart. It need not withstand callers who try to confuse their own requests.
fn digest(call: &Call<'_>) -> String {
    let members = serde_json::to_vec(call.input.members()).expect("what was read as JSON is JSON");
    base64::encode(Md5::digest(members))
}
