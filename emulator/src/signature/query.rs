//! Signatures in the query, as a URL that opens a messaging session has them.

use crate::model::credentials::Credentials;
use crate::net::query::query;
use crate::signature::error::SignatureError;
use crate::signature::scope::{ALGORITHM, Scope, Signed, compare, headers, is_expired, is_skewed};
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

/// The parameters that a signer adds to a query.
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

    /// The key of the claimed signer.
    pub(crate) fn access_key_id(&self) -> &str {
        self.credential.split('/').next().unwrap_or_default()
    }

    /// Whether the holder of `credentials` signed this request, which has no body, for `region`, and `now` is not too late.
    pub(crate) fn verify(
        &self,
        request: &Parts,
        credentials: &Credentials,
        region: &str,
        now: SystemTime,
    ) -> Result<(), SignatureError> {
        let scope = self.scope()?;
        scope.check(region)?;
        let time = scope.time(&self.date)?;
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

/// The path and query without the parts that the signer adds.
fn unsigned(request: &Parts) -> String {
    let pairs = request.uri.query().unwrap_or_default().split('&');
    let rest: Vec<_> = pairs.filter(|pair| !ADDED.contains(&pair.split('=').next().unwrap_or_default())).collect();
    format!("{}?{}", request.uri.path(), rest.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;
    use std::time::UNIX_EPOCH;

    /// Made by the signer of amazon-chime-sdk-js 3.32, with its clock at 2026-08-14T09:31:02Z.
    const URL: &str = "/connect?X-Amz-Algorithm=AWS4-HMAC-SHA256\
        &X-Amz-Credential=ASIAEXAMPLE%2F20260814%2Fus-east-1%2Fchime%2Faws4_request&X-Amz-Date=20260814T093102Z\
        &X-Amz-Expires=10&X-Amz-Security-Token=abc%2F%2B%3Dtoken&X-Amz-SignedHeaders=host&X-Amzn-User-Agent=node-NaN\
        &X-Amzn-Version=3.32.0&prefetch-on=connect&prefetch-sort-by=unread&sessionId=a%20b%2F%C3%BC~-_.\
        &userArn=arn%3Aaws%3Achime%3Aus-east-1%3A123456789012%3Aapp-instance%2F1b2c%2Fuser%2Fbob%40example.com\
        &X-Amz-Signature=14a1b099d70b217308baa4da568f7f5d632e0aecde5183a4bd6020b8fd95274a";

    fn verify(url: &str, host: &str, secret: &str, seconds: u64) -> Result<(), SignatureError> {
        let request = Request::get(url).header(HOST, host).body(()).unwrap().into_parts().0;
        let credentials = Credentials::of("ASIAEXAMPLE", secret, "abc/+=token");
        let now = UNIX_EPOCH + Duration::from_secs(1_786_699_862 + seconds);
        let signed = SignedQuery::parse(&request)?;
        assert_eq!(signed.access_key_id(), "ASIAEXAMPLE");
        signed.verify(&request, &credentials, "us-east-1", now)
    }

    #[test]
    fn what_the_browser_sdk_signs_is_verified_for_ten_seconds() {
        let (host, secret) = ("localhost:8700", "wJalrXUtnFEMI/K7MDENG");
        assert_eq!(verify(URL, host, secret, 10), Ok(()));
        assert_eq!(verify(URL, host, secret, 11), Err(SignatureError::Expired));
        assert_eq!(verify(URL, "localhost:8701", secret, 0), Err(SignatureError::Mismatch));
        assert_eq!(verify(URL, host, "other", 0), Err(SignatureError::Mismatch));
        assert_eq!(verify(&URL.replace("bob", "eve"), host, secret, 0), Err(SignatureError::Mismatch));
        assert_eq!(verify(&URL.replace("3.32.0", "3.33.0"), host, secret, 0), Err(SignatureError::Mismatch));
        assert_eq!(verify(&URL.replace("Expires=10", "Expires=99"), host, secret, 0), Err(SignatureError::Mismatch));
        assert_eq!(verify(&format!("{URL}&more=1"), host, secret, 0), Err(SignatureError::Mismatch));
        assert_eq!(verify(&URL.replace("abc%2F", "xyz%2F"), host, secret, 0), Err(SignatureError::UnknownKey));
    }

    #[test]
    fn what_is_missing_or_makes_no_sense_is_named() {
        let refused = |from: &str, to: &str| verify(&URL.replace(from, to), "localhost:8700", "x", 0).unwrap_err();
        assert_eq!(refused("X-Amz-Algorithm", "a"), SignatureError::Missing);
        for (from, to, part) in [
            ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", "algorithm AWS4-HMAC-SHA256"),
            ("aws4_request", "aws5_request", X_AMZ_CREDENTIAL),
            ("X-Amz-Credential", "a", X_AMZ_CREDENTIAL),
            ("X-Amz-Date", "a", X_AMZ_DATE),
            ("20260814T093102Z", "yesterday", "time"),
            ("X-Amz-SignedHeaders", "a", X_AMZ_SIGNED_HEADERS),
            ("X-Amz-Signature", "a", X_AMZ_SIGNATURE),
            ("X-Amz-Expires=10", "X-Amz-Expires=604801", X_AMZ_EXPIRES),
            ("X-Amz-Expires=10", "X-Amz-Expires=0", X_AMZ_EXPIRES),
            ("X-Amz-Expires=10", "X-Amz-Expires=-1", X_AMZ_EXPIRES),
        ] {
            assert_eq!(refused(from, to), SignatureError::Malformed(part), "{to}");
        }
        assert_eq!(refused("%2Fchime%2F", "%2Fsns%2F"), SignatureError::Scope("service"));
        assert_eq!(refused("us-east-1%2Fchime", "eu-west-1%2Fchime"), SignatureError::Scope("region"));
        assert_eq!(refused("20260814%2F", "20260813%2F"), SignatureError::Scope("date"));
        assert_eq!(refused("SignedHeaders=host", "SignedHeaders=origin"), SignatureError::Header("host"));
        assert_eq!(refused("20260814T093102Z", "20260814T103102Z"), SignatureError::Skewed);
    }
}
