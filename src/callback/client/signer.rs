//! Signs requests as the SDK's signer does, with the signing key kept for its day.
//!
//! The SDK derives the key anew for each request. It also builds the request that it signs in a form that the few headers of
//! a callback do not need. Without both, a callback takes a fifth fewer of the SDK's instructions. What [`Signer`] does not
//! know, it leaves to the SDK: a retry, for which the SDK corrects a clock that is wrong; a request with a body that is a stream;
//! an endpoint with settings for signing.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4Signer};
use aws_runtime::auth::{PayloadSigningOverride, SigV4OperationSigningConfig, SigV4SessionTokenNameOverride};
use aws_sdk_chimesdkmessaging::config::{ConfigBag, RuntimeComponents};
use aws_sdk_chimesdkmessaging::error::BoxError;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use aws_smithy_runtime_api::client::auth::{AuthScheme, AuthSchemeEndpointConfig, AuthSchemeId, Sign};
use aws_smithy_runtime_api::client::identity::{Identity, SharedIdentityResolver};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::GetIdentityResolver;
use aws_smithy_types::date_time::{DateTime, Format};
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use sha2::{Digest, Sha256};

/// Headers that are not signed: proxies change them.
const UNSIGNED: [&str; 4] = ["authorization", "user-agent", "x-amzn-trace-id", "transfer-encoding"];

/// The authentication scheme `sigv4` with this signer.
#[derive(Debug, Default)]
pub(super) struct SigningScheme(Signer);

impl AuthScheme for SigningScheme {
    fn scheme_id(&self) -> AuthSchemeId {
        SCHEME_ID
    }

    fn identity_resolver(&self, resolvers: &dyn GetIdentityResolver) -> Option<SharedIdentityResolver> {
        resolvers.identity_resolver(self.scheme_id())
    }

    fn signer(&self) -> &dyn Sign {
        &self.0
    }
}

#[derive(Debug, Default)]
struct Signer {
    sdk: SigV4Signer,
    key: Mutex<Option<Key>>,
}

/// A signing key, and what it was derived from.
struct Key {
    secret: String,
    date: String,
    region: String,
    name: String,
    bytes: Vec<u8>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("date", &self.date).finish_non_exhaustive()
    }
}

impl Sign for Signer {
    fn sign_http_request(
        &self,
        request: &mut HttpRequest,
        identity: &Identity,
        endpoint: AuthSchemeEndpointConfig<'_>,
        components: &RuntimeComponents,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        let now = components.time_source().unwrap_or_default().now();
        let scope = own_scope(&endpoint, config).zip(identity.data());
        match scope.and_then(|(scope, credentials)| self.signed(request, credentials, &scope, now)) {
            Some(signed) => signed.apply(request),
            None => self.sdk.sign_http_request(request, identity, endpoint, components, config)?,
        }
        Ok(())
    }
}

/// What a signature holds for.
struct Scope<'a> {
    region: &'a str,
    name: &'a str,
}

/// Returns what the SDK signs for, if the request is the first one of its operation and nothing asks for another way.
fn own_scope<'a>(endpoint: &AuthSchemeEndpointConfig<'_>, config: &'a ConfigBag) -> Option<Scope<'a>> {
    let asks_for_another = endpoint.as_document().is_some()
        || config.load::<SigV4OperationSigningConfig>() != Some(&SigV4OperationSigningConfig::default())
        || config.load::<SigV4SessionTokenNameOverride>().is_some()
        || config.load::<PayloadSigningOverride>().is_some();
    if asks_for_another || config.load::<RequestAttempts>()?.attempts() != 1 {
        return None;
    }
    Some(Scope { region: config.load::<SigningRegion>()?.as_ref(), name: config.load::<SigningName>()?.as_ref() })
}

impl Signer {
    /// Signs a request, if it is one of those that need no more than this.
    fn signed(
        &self,
        request: &HttpRequest,
        credentials: &Credentials,
        scope: &Scope<'_>,
        now: SystemTime,
    ) -> Option<Signed> {
        let body = request.body().bytes()?;
        let Target { host, path, query } = Target::read(request.uri())?;
        let time = DateTime::from_secs(DateTime::from(now).secs()).fmt(Format::DateTime).ok()?.replace(['-', ':'], "");
        let date = time.split_once('T')?.0;
        let token = credentials.session_token();
        let headers = signed_headers(request, host, &time, token)?;

        let mut names = String::with_capacity(160);
        let mut canonical = String::with_capacity(2048);
        for part in [request.method(), "\n", &path.replace('%', "%25"), "\n", query, "\n"] {
            canonical.push_str(part);
        }
        for (name, value) in headers {
            for part in [name, ":", value, "\n"] {
                canonical.push_str(part);
            }
            if !names.is_empty() {
                names.push(';');
            }
            names.push_str(name);
        }
        for part in ["\n", &names, "\n", &hex_digest(body)] {
            canonical.push_str(part);
        }

        let Scope { region, name } = scope;
        let credential_scope = format!("{date}/{region}/{name}/aws4_request");
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{credential_scope}\n{}", hex_digest(canonical.as_bytes()));
        let signature = self.signature(credentials, scope, date, now, to_sign.as_bytes());
        let key_id = credentials.access_key_id();
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={key_id}/{credential_scope}, SignedHeaders={names}, Signature={signature}"
        );
        Some(Signed { time, authorization, token: token.map(str::to_owned) })
    }

    fn signature(
        &self,
        credentials: &Credentials,
        scope: &Scope<'_>,
        date: &str,
        now: SystemTime,
        to_sign: &[u8],
    ) -> String {
        let secret = credentials.secret_access_key();
        let mut key = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *key {
            Some(key) if key.is_of(secret, date, scope) => calculate_signature(&key.bytes, to_sign),
            key => {
                let derived = generate_signing_key(secret, now, scope.region, scope.name);
                let key = key.insert(Key {
                    secret: secret.to_owned(),
                    date: date.to_owned(),
                    region: scope.region.to_owned(),
                    name: scope.name.to_owned(),
                    bytes: derived.as_ref().to_vec(),
                });
                calculate_signature(&key.bytes, to_sign)
            }
        }
    }
}

impl Key {
    fn is_of(&self, secret: &str, date: &str, scope: &Scope<'_>) -> bool {
        let own = (&*self.secret, &*self.date, &*self.region, &*self.name);
        own == (secret, date, scope.region, scope.name)
    }
}

/// The parts of a URI in the form in which they are signed.
struct Target<'a> {
    host: &'a str,
    /// Percent-encoded once.
    path: &'a str,
    query: &'a str,
}

impl<'a> Target<'a> {
    /// Reads a URI that needs no normalization.
    fn read(uri: &'a str) -> Option<Self> {
        let (scheme, rest) = uri.split_once("://")?;
        let slash = rest.find('/')?;
        let (authority, rest) = rest.split_at(slash);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        // Clients leave the default port of a scheme out of the header.
        let host = match scheme {
            "http" => authority.strip_suffix(":80").unwrap_or(authority),
            "https" => authority.strip_suffix(":443").unwrap_or(authority),
            _ => return None,
        };
        let is_encoded = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~%/".contains(&byte);
        let is_path = path.bytes().all(is_encoded) && !path.contains("//") && !path.contains("/.");
        // Several parameters would have to be sorted.
        let is_parameter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~=".contains(&byte);
        let is_query = query.bytes().all(is_parameter) && query.bytes().filter(|byte| *byte == b'=').count() <= 1;
        let is_plain = is_path && is_query && (query.is_empty() || query.contains('=')) && !host.contains('@');
        is_plain.then_some(Self { host, path, query })
    }
}

/// Returns the names and values that are signed, in order.
fn signed_headers<'a>(
    request: &'a HttpRequest,
    host: &'a str,
    time: &'a str,
    token: Option<&'a str>,
) -> Option<Vec<(&'a str, &'a str)>> {
    let mut headers = Vec::with_capacity(16);
    headers.extend([("host", host), ("x-amz-date", time)]);
    headers.extend(token.map(|token| ("x-amz-security-token", token)));
    headers.extend(request.headers().iter().filter(|(name, _)| !UNSIGNED.contains(name)));
    headers.sort_unstable_by_key(|(name, _)| *name);
    // Values of one name would have to be joined, and spaces to be trimmed.
    let is_plain = |value: &str| value.trim_matches(' ') == value && !value.contains("  ") && value.is_ascii();
    let are_plain =
        headers.iter().all(|(_, value)| is_plain(value)) && headers.windows(2).all(|pair| pair[0].0 != pair[1].0);
    are_plain.then_some(headers)
}

fn hex_digest(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    Sha256::digest(bytes).iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// What a signature adds to a request.
struct Signed {
    time: String,
    authorization: String,
    token: Option<String>,
}

impl Signed {
    fn apply(self, request: &mut HttpRequest) {
        let headers = request.headers_mut();
        headers.insert("x-amz-date", self.time);
        headers.insert("authorization", self.authorization);
        if let Some(token) = self.token {
            headers.insert("x-amz-security-token", token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningParams, SigningSettings, sign};
    use aws_sigv4::sign::v4;
    use aws_smithy_types::body::SdkBody;
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use std::time::Duration;

    const REGION: &str = "eu-central-1";

    fn request(uri: &str, headers: &[(String, String)], body: Vec<u8>) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST").unwrap();
        request.set_uri(uri.to_owned()).unwrap();
        for (name, value) in headers {
            request.headers_mut().append(name.clone(), value.clone());
        }
        request
    }

    /// Returns the headers that AWS's crate for signatures adds.
    fn by_aws(request: &HttpRequest, credentials: &Credentials, name: &str, now: SystemTime) -> Vec<(String, String)> {
        let identity = Identity::from(credentials.clone());
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(REGION)
            .name(name)
            .time(now)
            .settings(SigningSettings::default())
            .build()
            .unwrap();
        let body = SignableBody::Bytes(request.body().bytes().unwrap());
        let signable = SignableRequest::new(request.method(), request.uri(), request.headers().iter(), body).unwrap();
        let (instructions, _) = sign(signable, &SigningParams::V4(parameters)).unwrap().into_parts();
        let mut headers: Vec<_> =
            instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        headers.sort();
        headers
    }

    fn added(signed: Signed) -> Vec<(String, String)> {
        let mut request = HttpRequest::empty();
        signed.apply(&mut request);
        let headers = request.headers().iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut headers: Vec<_> = headers.collect();
        headers.sort();
        headers
    }

    fn uri() -> impl Strategy<Value = String> {
        let host = prop_oneof![
            Just("https://messaging-chime.eu-central-1.amazonaws.com".to_owned()),
            Just("https://localhost:443".to_owned()),
            Just("http://localhost:80".to_owned()),
            (1024..u16::MAX).prop_map(|port| format!("http://127.0.0.1:{port}")),
        ];
        let query = prop_oneof![
            Just(String::new()),
            Just("?operation=channel-flow-callback".to_owned()),
            "\\?[a-z]{0,4}=[a-z=/%&+0-9]{0,9}"
        ];
        (host, "(/[-a-zA-Z0-9%:._~/]{0,24}){1,3}", query).prop_map(|(host, path, query)| {
            // A percent sign that encodes nothing is no URI.
            format!("{host}{}{}", path.replace('%', "%3A"), query.replace('%', "%2F"))
        })
    }

    proptest! {
        /// What is signed here is signed as AWS's own crate signs it.
        #[test]
        fn signatures_are_those_of_the_sdk(
            uri in uri(),
            headers in btree_map("(x-amz-|content-|user-|a)[a-z]{1,9}", "[!-~]([ -~é]{0,20}[!-~])?", 0..8),
            body in vec(any::<u8>(), 0..300),
            (id, secret, token) in ("[A-Z0-9]{16,20}", "[a-zA-Z0-9/+]{40}", proptest::option::of("[a-zA-Z0-9/+=]{1,400}")),
            name in "[a-z]{3,9}",
            seconds in 0..4_102_444_800_u64,
        ) {
            let headers: Vec<_> = headers.into_iter().collect();
            let request = request(&uri, &headers, body);
            let credentials = Credentials::new(id, secret, token, None, "test");
            let scope = Scope { region: REGION, name: &name };
            let now = SystemTime::UNIX_EPOCH + Duration::from_millis(seconds * 1000 + 999);
            let signer = Signer::default();
            for _ in 0..2 {
                if let Some(signed) = signer.signed(&request, &credentials, &scope, now) {
                    prop_assert_eq!(added(signed), by_aws(&request, &credentials, &name, now));
                }
            }
        }
    }

    #[test]
    fn callbacks_are_signed_here() {
        let channel = "arn%3Aaws%3Achime%3Aus-east-1%3A123456789012%3Aapp-instance%2Fa%2Fchannel%2Fb";
        let uri = format!(
            "https://messaging-chime.us-east-1.amazonaws.com/channels/{channel}?operation=channel-flow-callback"
        );
        let headers =
            [("content-type", "application/json"), ("content-length", "2"), ("amz-sdk-request", "attempt=1; max=3")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let request = request(&uri, &headers, b"{}".to_vec());
        let (signer, now) = (Signer::default(), SystemTime::now());
        // Another day, other credentials, and the first ones again: none gets the key of another.
        for (secret, days) in [("one", 0), ("one", 1), ("two", 1), ("one", 0)] {
            let credentials = Credentials::new("AKIDEXAMPLE", secret, Some("token".to_owned()), None, "test");
            let now = now + Duration::from_secs(days * 24 * 60 * 60);
            let signed = signer.signed(&request, &credentials, &Scope { region: REGION, name: "chime" }, now).unwrap();
            assert_eq!(added(signed), by_aws(&request, &credentials, "chime", now));
        }
    }

    #[test]
    fn keys_are_not_shown() {
        let signer = Signer::default();
        let credentials = Credentials::new("AKIDEXAMPLE", "hush", None, None, "test");
        let request = request("http://localhost/", &[], Vec::new());
        signer.signed(&request, &credentials, &Scope { region: REGION, name: "chime" }, SystemTime::now()).unwrap();
        let shown = format!("{signer:?}");
        assert!(shown.contains("Key") && !shown.contains("hush") && !shown.contains("bytes"), "{shown}");
    }
}
