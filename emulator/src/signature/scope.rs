//! The scope of a signature, and the signature that the holder of the credentials makes.

use crate::assumptions;
use crate::model::credentials::Credentials;
use crate::signature::error::SignatureError;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use axum::http::header::HOST;
use axum::http::request::Parts;
use std::time::{Duration, SystemTime};

/// The name that requests to Chime SDK messaging are signed for.
pub(crate) const SERVICE: &str = "chime";

/// What names the one way of signing that there is.
pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The signer, and the scope of the signature: `Credential`.
pub(super) struct Scope<'a> {
    pub(super) access_key_id: &'a str,
    pub(super) date: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
}

/// The parts of a request that are signed, without the parts that the signer adds.
pub(super) struct Signed<'a> {
    pub(super) path: &'a str,
    pub(super) headers: Vec<(&'a str, &'a str)>,
    pub(super) body: &'a [u8],
}

impl<'a> Scope<'a> {
    pub(super) fn parse(credential: &'a str) -> Option<Self> {
        let parts: Vec<_> = credential.split('/').collect();
        let [access_key_id, date, region, service, "aws4_request"] = parts[..] else { return None };
        Some(Self { access_key_id, date, region, service })
    }

    /// Whether it is this service's, in `region`.
    pub(super) fn check(&self, region: &str) -> Result<(), SignatureError> {
        if self.service != SERVICE {
            return Err(SignatureError::Scope("service"));
        }
        if self.region != region { Err(SignatureError::Scope("region")) } else { Ok(()) }
    }

    /// Reads the time of signing, which has to be on the day of the scope.
    pub(super) fn time(&self, date: &str) -> Result<SystemTime, SignatureError> {
        let time = parse_time(date).ok_or(SignatureError::Malformed("time"))?;
        if date.starts_with(self.date) { Ok(time) } else { Err(SignatureError::Scope("date")) }
    }

    /// The signature that the holder of `credentials` makes for a request.
    pub(super) fn sign(
        &self,
        request: &Parts,
        signed: Signed<'_>,
        credentials: &Credentials,
        time: SystemTime,
        settings: SigningSettings,
    ) -> Result<String, SignatureError> {
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
        let uri = format!("http://{}{}", header(request, HOST.as_str())?, signed.path);
        let body = SignableBody::Bytes(signed.body);
        let signable = SignableRequest::new(request.method.as_str(), uri, signed.headers.into_iter(), body);
        let signed = signable.and_then(|request| sign(request, &params));
        signed.map(|signed| signed.signature().to_owned()).map_err(|_| SignatureError::Mismatch)
    }
}

/// Not in constant time: these credentials are made up and open nothing.
pub(super) fn compare(expected: &str, given: &str) -> Result<(), SignatureError> {
    if expected == given { Ok(()) } else { Err(SignatureError::Mismatch) }
}

pub(super) fn header<'a>(request: &'a Parts, name: &'static str) -> Result<&'a str, SignatureError> {
    let value = request.headers.get(name).and_then(|value| value.to_str().ok());
    value.ok_or(SignatureError::Header(name))
}

/// The values of these headers, as the request has them.
pub(super) fn headers<'a>(
    request: &'a Parts,
    names: impl Iterator<Item = &'a str>,
) -> Result<Vec<(&'a str, &'a str)>, SignatureError> {
    let mut headers = Vec::new();
    for name in names {
        for value in request.headers.get_all(name) {
            headers.push((name, value.to_str().map_err(|_| SignatureError::Mismatch)?));
        }
    }
    Ok(headers)
}

/// Whether the clocks agree about a signature made at `time`.
pub(super) fn is_skewed(time: SystemTime, now: SystemTime) -> bool {
    let skew = now.duration_since(time).unwrap_or_else(|ahead| ahead.duration());
    skew > assumptions::SIGNATURE_SKEW
}

/// Whether a signature made at `time`, good for `lifetime`, is no longer good.
pub(super) fn is_expired(time: SystemTime, lifetime: Duration, now: SystemTime) -> bool {
    now.duration_since(time).is_ok_and(|age| age > lifetime)
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn times() {
        let expected = UNIX_EPOCH + Duration::from_secs(1_786_699_862);
        assert_eq!(parse_time("20260814T093102Z"), Some(expected));
        for bad in ["", "20260814", "2026-08-14T09:31Z", "20261314T093102Z", "ééééééééé"] {
            assert_eq!(parse_time(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_signature_is_good_for_its_lifetime() {
        let time = UNIX_EPOCH + Duration::from_secs(1_000_000);
        let lifetime = Duration::from_secs(10);
        assert!(!is_expired(time, lifetime, time + Duration::from_secs(10)));
        assert!(is_expired(time, lifetime, time + Duration::from_secs(11)));
        assert!(!is_expired(time, lifetime, time - Duration::from_secs(11)));
        assert!(!is_skewed(time, time - assumptions::SIGNATURE_SKEW));
        assert!(is_skewed(time, time - assumptions::SIGNATURE_SKEW - Duration::from_secs(1)));
    }
}
