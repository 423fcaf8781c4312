//! Signatures in the query, as a URL that opens a messaging session has them.

use super::{ALGORITHM, Scope, SignatureError, Signed, compare, headers, is_expired, is_skewed};
use crate::api::operation::query;
use crate::credentials::Credentials;
use aws_sigv4::http_request::{SessionTokenMode, SignatureLocation, SigningSettings};
use axum::http::header::HOST;
use axum::http::request::Parts;
use std::time::{Duration, SystemTime};

const X_AMZ_ALGORITHM: &str = "X-Amz-Algorithm";
const X_AMZ_CREDENTIAL: &str = "X-Amz-Credential";
const X_AMZ_DATE: &str = "X-Amz-Date";
const X_AMZ_EXPIRES: &str = "X-Amz-Expires";
const X_AMZ_SECURITY_TOKEN: &str = "X-Amz-Security-Token";
const X_AMZ_SIGNATURE: &str = "X-Amz-Signature";
const X_AMZ_SIGNED_HEADERS: &str = "X-Amz-SignedHeaders";

/// What a signer adds to a query.
const ADDED: [&str; 7] = [
    X_AMZ_ALGORITHM,
    X_AMZ_CREDENTIAL,
    X_AMZ_DATE,
    X_AMZ_EXPIRES,
    X_AMZ_SECURITY_TOKEN,
    X_AMZ_SIGNATURE,
    X_AMZ_SIGNED_HEADERS,
];

/// The longest that SigV4 lets a signature in a query be good for: a week.
const LONGEST: u64 = 7 * 24 * 60 * 60;

/// The parts of a signature in a query.
pub(crate) struct SignedQuery {
    credential: String,
    date: String,
    expires: Duration,
    security_token: String,
    signed_headers: String,
    signature: String,
}

impl SignedQuery {
    pub(crate) fn parse(request: &Parts) -> Result<Self, SignatureError> {
        let part = |name: &'static str| query(request, name).ok_or(SignatureError::Malformed(name));
        let algorithm = query(request, X_AMZ_ALGORITHM).ok_or(SignatureError::Missing)?;
        if algorithm != ALGORITHM {
            return Err(SignatureError::Malformed("algorithm AWS4-HMAC-SHA256"));
        }
        let expires = part(X_AMZ_EXPIRES)?.parse().ok().filter(|seconds| (1..=LONGEST).contains(seconds));
        let signed = Self {
            credential: part(X_AMZ_CREDENTIAL)?,
            date: part(X_AMZ_DATE)?,
            expires: Duration::from_secs(expires.ok_or(SignatureError::Malformed(X_AMZ_EXPIRES))?),
            security_token: query(request, X_AMZ_SECURITY_TOKEN).unwrap_or_default(),
            signed_headers: part(X_AMZ_SIGNED_HEADERS)?,
            signature: part(X_AMZ_SIGNATURE)?,
        };
        signed.scope()?;
        Ok(signed)
    }

    /// The key of whoever claims to have signed.
    pub(crate) fn access_key_id(&self) -> &str {
        self.credential.split('/').next().unwrap_or_default()
    }

    /// Whether whoever holds `credentials` signed this request, which has no body, for `region`, and not too long ago.
    pub(crate) fn verify(
        &self,
        request: &Parts,
        credentials: &Credentials,
        region: &str,
    ) -> Result<(), SignatureError> {
        let scope = self.scope()?;
        scope.check(region)?;
        let (time, now) = (scope.time(&self.date)?, SystemTime::now());
        if is_expired(time, self.expires, now) {
            return Err(SignatureError::Expired);
        }
        if time > now && is_skewed(time, now) {
            return Err(SignatureError::Skewed);
        }
        if !self.signed_headers.split(';').any(|name| name == HOST.as_str()) {
            return Err(SignatureError::Header("host"));
        }
        if self.security_token != credentials.session_token() {
            return Err(SignatureError::UnknownKey);
        }
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(self.expires);
        settings.excluded_headers = None;
        settings.session_token_mode = SessionTokenMode::Include;
        let headers = headers(request, self.signed_headers.split(';'))?;
        let signed = Signed { path: &unsigned(request), headers, body: &[] };
        let expected = scope.sign(request, signed, credentials, time, settings)?;
        compare(&expected, &self.signature)
    }

    fn scope(&self) -> Result<Scope<'_>, SignatureError> {
        Scope::parse(&self.credential).ok_or(SignatureError::Malformed(X_AMZ_CREDENTIAL))
    }
}

/// The path and query without what the signer adds.
fn unsigned(request: &Parts) -> String {
    let pairs = request.uri.query().unwrap_or_default().split('&');
    let rest: Vec<_> = pairs.filter(|pair| !ADDED.contains(&pair.split('=').next().unwrap_or_default())).collect();
    format!("{}?{}", request.uri.path(), rest.join("&"))
}
