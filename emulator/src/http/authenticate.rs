//! Authentication of requests, and the grants of their signers.

use crate::messaging::core::Core;
use crate::model::credentials::Credentials;
use crate::model::grant::Grant;
use crate::signature::error::SignatureError;
use crate::signature::header::Authorization;
use axum::http::request::Parts;

/// The credentials that signed the request, if the service gave them out.
///
/// If the settings say so, requests with any other credentials are taken, too; their signer is unknown.
pub(crate) fn authenticate(core: &Core, request: &Parts, body: &[u8]) -> Result<Option<Credentials>, SignatureError> {
    let authorization = Authorization::parse(request)?;
    let credentials = known(core, authorization.access_key_id)?;
    if let Some(credentials) = &credentials {
        authorization.verify(request, body, credentials, &core.region)?;
    }
    Ok(credentials)
}

/// Whether the signer may do this in a channel.
pub(crate) fn is_granted(core: &Core, credentials: Option<&Credentials>, channel_arn: &str, grant: Grant) -> bool {
    credentials.is_none_or(|by| core.state.read(|state| state.keys.is_granted(by.access_key_id(), channel_arn, grant)))
}

/// The credentials with this access key, if the service gave them out. Others are none, or refused.
pub(crate) fn known(core: &Core, access_key_id: &str) -> Result<Option<Credentials>, SignatureError> {
    let credentials = core.state.read(|state| state.keys.credentials(access_key_id).cloned());
    if credentials.is_none() && !core.any_credentials {
        return Err(SignatureError::UnknownKey);
    }
    Ok(credentials)
}
