//! Signatures in the header `Authorization`, as SDKs sign requests.

use crate::model::credentials::Credentials;
use crate::signature::error::SignatureError;
use crate::signature::scope::{ALGORITHM, Scope, Signed, compare, header, headers, is_skewed};
use crate::signature::usual;
use aws_sigv4::http_request::{PayloadChecksumKind, SessionTokenMode, SigningSettings};
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::request::Parts;
use std::time::SystemTime;

const X_AMZ_CONTENT_SHA256: &str = "x-amz-content-sha256";
const X_AMZ_DATE: &str = "x-amz-date";
const X_AMZ_SECURITY_TOKEN: &str = "x-amz-security-token";

/// The parts of an `Authorization` header.
pub(crate) struct Authorization<'a> {
    pub(crate) access_key_id: &'a str,
    scope: Scope<'a>,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    pub(crate) fn parse(request: &'a Parts) -> Result<Self, SignatureError> {
        let header = request.headers.get(AUTHORIZATION).ok_or(SignatureError::Missing)?;
        let header = header.to_str().map_err(|_| SignatureError::Malformed("text"))?;
        let rest = header.strip_prefix(ALGORITHM).and_then(|rest| rest.strip_prefix(' '));
        let rest = rest.ok_or(SignatureError::Malformed("algorithm AWS4-HMAC-SHA256"))?;
        let part = |name: &'static str| {
            rest.split(',')
                .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
                .ok_or(SignatureError::Malformed(name))
        };
        let scope = Scope::parse(part("Credential")?).ok_or(SignatureError::Malformed("Credential"))?;
        let signed_headers = part("SignedHeaders")?.split(';').collect();
        let signature = part("Signature")?;
        Ok(Self { access_key_id: scope.access_key_id, scope, signed_headers, signature })
    }

    /// Whether the holder of `credentials` signed this request for `region`, about now.
    pub(crate) fn verify(
        &self,
        request: &Parts,
        body: &[u8],
        credentials: &Credentials,
        region: &str,
    ) -> Result<(), SignatureError> {
        self.scope.check(region)?;
        let date = header(request, X_AMZ_DATE)?;
        let time = self.scope.time(date)?;
        if is_skewed(time, SystemTime::now()) {
            return Err(SignatureError::Skewed);
        }
        for required in [HOST.as_str(), X_AMZ_DATE, X_AMZ_SECURITY_TOKEN] {
            if !self.signed_headers.contains(&required) {
                return Err(SignatureError::Header(required));
            }
        }
        if header(request, X_AMZ_SECURITY_TOKEN)? != credentials.session_token() {
            return Err(SignatureError::UnknownKey);
        }
        let usual = usual::signature(request, body, &self.scope, date, &self.signed_headers, credentials);
        if usual.is_some_and(|expected| expected == self.signature) {
            return Ok(());
        }
        let mut settings = SigningSettings::default();
        settings.excluded_headers = None;
        settings.session_token_mode = SessionTokenMode::Include;
        if self.signed_headers.contains(&X_AMZ_CONTENT_SHA256) {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        // The signer adds these by itself.
        let added = [X_AMZ_DATE, X_AMZ_SECURITY_TOKEN, X_AMZ_CONTENT_SHA256];
        let others = self.signed_headers.iter().copied().filter(|name| !added.contains(name));
        let headers = headers(request, others)?;
        let path = request.uri.path_and_query().map_or("/", |path| path.as_str());
        let signed = Signed { path, headers, body };
        let expected = self.scope.sign(request, signed, credentials, time, settings)?;
        compare(&expected, self.signature)
    }
}
