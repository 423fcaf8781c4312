//! SigV4, checked by signing the request again.

use crate::assumptions;
use crate::credentials::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SessionTokenMode, SignableBody, SignableRequest, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::request::Parts;
use std::fmt;
use std::time::SystemTime;

/// The name that requests to Chime SDK messaging are signed for.
pub(crate) const SERVICE: &str = "chime";

const X_AMZ_CONTENT_SHA256: &str = "x-amz-content-sha256";
const X_AMZ_DATE: &str = "x-amz-date";
const X_AMZ_SECURITY_TOKEN: &str = "x-amz-security-token";

/// The parts of an `Authorization` header.
pub(crate) struct Authorization<'a> {
    pub(crate) access_key_id: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

/// Why a signature is refused, said so that a developer can repair it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SignatureError {
    Missing,
    Malformed(&'static str),
    UnknownKey,
    Scope(&'static str),
    Header(&'static str),
    Skewed,
    Mismatch,
}

impl<'a> Authorization<'a> {
    pub(crate) fn parse(request: &'a Parts) -> Result<Self, SignatureError> {
        let header = request.headers.get(AUTHORIZATION).ok_or(SignatureError::Missing)?;
        let header = header.to_str().map_err(|_| SignatureError::Malformed("text"))?;
        let rest =
            header.strip_prefix("AWS4-HMAC-SHA256 ").ok_or(SignatureError::Malformed("algorithm AWS4-HMAC-SHA256"))?;
        let part = |name: &'static str| {
            rest.split(',')
                .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
                .ok_or(SignatureError::Malformed(name))
        };
        let scope: Vec<_> = part("Credential")?.split('/').collect();
        let [access_key_id, date, region, service, "aws4_request"] = scope[..] else {
            return Err(SignatureError::Malformed("Credential"));
        };
        let signed_headers = part("SignedHeaders")?.split(';').collect();
        let signature = part("Signature")?;
        Ok(Self { access_key_id, date, region, service, signed_headers, signature })
    }

    /// Whether whoever holds `credentials` signed this request for `region`, about now.
    pub(crate) fn verify(
        &self,
        request: &Parts,
        body: &[u8],
        credentials: &Credentials,
        region: &str,
    ) -> Result<(), SignatureError> {
        if self.service != SERVICE {
            return Err(SignatureError::Scope("service"));
        }
        if self.region != region {
            return Err(SignatureError::Scope("region"));
        }
        let time = self.time(request)?;
        for required in [HOST.as_str(), X_AMZ_DATE, X_AMZ_SECURITY_TOKEN] {
            if !self.signed_headers.contains(&required) {
                return Err(SignatureError::Header(required));
            }
        }
        if header(request, X_AMZ_SECURITY_TOKEN)? != credentials.session_token() {
            return Err(SignatureError::UnknownKey);
        }
        let expected = self.sign_again(request, body, credentials, time)?;
        // Not in constant time: these credentials are made up and open nothing.
        if expected == self.signature { Ok(()) } else { Err(SignatureError::Mismatch) }
    }

    fn time(&self, request: &Parts) -> Result<SystemTime, SignatureError> {
        let invalid = SignatureError::Header(X_AMZ_DATE);
        let date = header(request, X_AMZ_DATE)?;
        let time = parse_time(date).ok_or_else(|| invalid.clone())?;
        if !date.starts_with(self.date) {
            return Err(SignatureError::Scope("date"));
        }
        let now = SystemTime::now();
        let skew = now.duration_since(time).unwrap_or_else(|ahead| ahead.duration());
        if skew > assumptions::SIGNATURE_SKEW { Err(SignatureError::Skewed) } else { Ok(time) }
    }

    fn sign_again(
        &self,
        request: &Parts,
        body: &[u8],
        credentials: &Credentials,
        time: SystemTime,
    ) -> Result<String, SignatureError> {
        let mut settings = SigningSettings::default();
        settings.excluded_headers = None;
        settings.session_token_mode = SessionTokenMode::Include;
        if self.signed_headers.contains(&X_AMZ_CONTENT_SHA256) {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        // The signer adds the other signed headers by itself.
        let mut headers = Vec::new();
        for name in &self.signed_headers {
            if ![X_AMZ_DATE, X_AMZ_SECURITY_TOKEN, X_AMZ_CONTENT_SHA256].contains(name) {
                for value in request.headers.get_all(*name) {
                    let value = value.to_str().map_err(|_| SignatureError::Mismatch)?;
                    headers.push((*name, value));
                }
            }
        }
        let identity = Identity::from(aws_credential_types::Credentials::new(
            credentials.access_key_id(),
            credentials.secret_access_key(),
            Some(credentials.session_token().to_owned()),
            None,
            "channel-flow-emulator",
        ));
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(SERVICE)
            .time(time)
            .settings(settings)
            .build()
            .expect("identity, region, name, time and settings are set")
            .into();
        let path = request.uri.path_and_query().map_or("/", |path| path.as_str());
        let uri = format!("http://{}{path}", header(request, HOST.as_str())?);
        let signable =
            SignableRequest::new(request.method.as_str(), uri, headers.into_iter(), SignableBody::Bytes(body));
        let signed = signable.and_then(|request| sign(request, &params));
        signed.map(|signed| signed.signature().to_owned()).map_err(|_| SignatureError::Mismatch)
    }
}

fn header<'a>(request: &'a Parts, name: &'static str) -> Result<&'a str, SignatureError> {
    let value = request.headers.get(name).and_then(|value| value.to_str().ok());
    value.ok_or(SignatureError::Header(name))
}

/// Reads `20260814T093102Z`.
fn parse_time(text: &str) -> Option<SystemTime> {
    if text.len() != 16 || !text.is_ascii() {
        return None;
    }
    let (year, month, day) = (&text[..4], &text[4..6], &text[6..8]);
    let (hour, minute, second) = (&text[9..11], &text[11..13], &text[13..15]);
    let dashed = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z");
    DateTime::from_str(&dashed, Format::DateTime).ok()?.try_into().ok()
}

impl SignatureError {
    /// The exception that goes with it.
    pub(crate) fn exception(&self) -> &'static str {
        match self {
            Self::Missing => assumptions::SIGNATURE_MISSING,
            Self::UnknownKey => assumptions::SIGNATURE_KEY_UNKNOWN,
            _ => assumptions::SIGNATURE_WRONG,
        }
    }
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the request is not signed: it has no Authorization"),
            Self::Malformed(part) => write!(f, "the Authorization header has no usable {part}"),
            Self::UnknownKey => f.write_str("the access key or session token is not the one of a running environment"),
            Self::Scope(part) => write!(f, "the signature is for another {part}"),
            Self::Header(name) => write!(f, "the header {name} is missing, unusable or not signed"),
            Self::Skewed => f.write_str("the signature is more than five minutes old or ahead"),
            Self::Mismatch => {
                f.write_str("the signature is not that of this request: another secret, or the request changed")
            }
        }
    }
}

impl std::error::Error for SignatureError {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn times() {
        let expected = UNIX_EPOCH + Duration::from_secs(1_786_699_862);
        assert_eq!(parse_time("20260814T093102Z"), Some(expected));
        for bad in ["", "20260814", "2026-08-14T09:31Z", "20261314T093102Z", "ééééééééé"] {
            assert_eq!(parse_time(bad), None, "{bad}");
        }
    }
}
