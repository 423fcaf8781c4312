//! The signature of a request in the usual form, as SDKs send callbacks, with the signing key kept for its day.
//!
//! It is what [`Scope::sign`](crate::signature::scope::Scope::sign) says, at a tenth of the cost. Anything unusual is left to
//! that.

use crate::model::credentials::Credentials;
use crate::signature::scope::{ALGORITHM, Scope};
use axum::http::request::Parts;
use ring::digest::{SHA256, digest};
use ring::hmac;

/// The signature that the holder of `credentials` makes for a request; `None` if its form is unusual.
pub(super) fn signature(
    request: &Parts,
    body: &[u8],
    scope: &Scope<'_>,
    date: &str,
    signed_headers: &[&str],
    credentials: &Credentials,
) -> Option<String> {
    if date.as_bytes().get(8) != Some(&b'T') || !date.ends_with('Z') {
        return None;
    }
    let (path, query) = (path(request)?, query(request)?);
    let (headers, names) = (headers(request, signed_headers)?, signed_headers.join(";"));
    let body = hex(digest(&SHA256, body).as_ref());
    let canonical = format!("{}\n{path}\n{query}\n{headers}\n{names}\n{body}", request.method);
    let Scope { date: day, region, service, .. } = *scope;
    let canonical = hex(digest(&SHA256, canonical.as_bytes()).as_ref());
    let to_sign = format!("{ALGORITHM}\n{date}\n{day}/{region}/{service}/aws4_request\n{canonical}");
    let key = credentials.signing_key([day, region, service]);
    Some(hex(hmac::sign(&key, to_sign.as_bytes()).as_ref()))
}

/// Each `%` is encoded once more. Other characters that would be, and segments that would be resolved, are unusual.
fn path(request: &Parts) -> Option<String> {
    let path = request.uri.path();
    let usual = is_plain(path, b"%/") && !path.contains("//") && !path.contains("/.");
    usual.then(|| path.replace('%', "%25"))
}

/// One key and its value, or nothing: more would be sorted.
fn query(request: &Parts) -> Option<&str> {
    let query = request.uri.query().unwrap_or_default();
    let usual = |(name, value)| is_plain(name, b"") && is_plain(value, b"");
    (query.is_empty() || query.split_once('=').is_some_and(usual)).then_some(query)
}

/// Each header once, in order, without blanks that would be left out.
fn headers(request: &Parts, names: &[&str]) -> Option<String> {
    let mut headers = String::with_capacity(512);
    if !names.is_sorted_by(|one, next| one < next) || names.contains(&"x-amz-content-sha256") {
        return None;
    }
    for name in names {
        let mut values = request.headers.get_all(*name).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        let value = value.to_str().ok()?;
        if name.contains(|c: char| c.is_ascii_uppercase()) || value.trim() != value || value.contains("  ") {
            return None;
        }
        headers.extend([*name, ":", value, "\n"]);
    }
    Some(headers)
}

/// Whether nothing in `text` but what is in `others` would be encoded.
fn is_plain(text: &str, others: &[u8]) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b) || others.contains(&b))
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::scope::Signed;
    use aws_sigv4::http_request::{SessionTokenMode, SigningSettings};
    use axum::http::Request;

    const NAMES: [&str; 4] = ["content-type", "host", "x-amz-date", "x-amz-security-token"];
    const DATE: &str = "20260814T093102Z";
    const URL: &str = "/channels/arn%3Aaws%3Achime%2Fb~-_.?operation=channel-flow-callback";

    /// Ours, and the one that the SDKs' signer makes.
    fn signed(url: &str, content_type: &str, names: &[&str]) -> (Option<String>, String) {
        let credentials = Credentials::of("ASIAEXAMPLE", "wJalrXUtnFEMI/K7MDENG", "token");
        let request = Request::post(url).header("content-type", content_type).header("host", "localhost:8700");
        let request = request.header("x-amz-date", DATE).header("x-amz-security-token", "token");
        let request = request.body(()).unwrap().into_parts().0;
        let scope = Scope::parse("ASIAEXAMPLE/20260814/us-east-1/chime/aws4_request").unwrap();
        let mut settings = SigningSettings::default();
        settings.excluded_headers = None;
        settings.session_token_mode = SessionTokenMode::Include;
        let headers = vec![("content-type", content_type), ("host", "localhost:8700")];
        let (body, time) = (&b"{}"[..], scope.time(DATE).unwrap());
        let theirs = scope.sign(&request, Signed { path: url, headers, body }, &credentials, time, settings);
        // Twice, the second time with the key that is kept.
        let ours = || signature(&request, body, &scope, DATE, names, &credentials);
        assert_eq!(ours(), ours());
        (ours(), theirs.unwrap())
    }

    #[test]
    fn the_usual_form_has_the_signature_of_the_sdks_signer() {
        for url in [URL, "/channels/c", "/"] {
            let (ours, theirs) = signed(url, "application/json", &NAMES);
            assert_eq!(ours, Some(theirs), "{url}");
        }
    }

    #[test]
    fn anything_else_is_left_to_the_sdks_signer() {
        for url in ["/a:b", "/a//b", "/a/../b", "/?b=1&a=2", "/?a", "/?a=%20"] {
            assert_eq!(signed(url, "application/json", &NAMES).0, None, "{url}");
        }
        assert_eq!(signed(URL, "a  b", &NAMES).0, None);
        for names in [&["host", "content-type"][..], &["Host"], &["host", "x"], &["host", "host"]] {
            assert_eq!(signed(URL, "application/json", names).0, None, "{names:?}");
        }
    }
}
