//! The temporary credentials that Lambda hands to an environment, made up.

use crate::ids;
use ring::hmac;
use std::fmt;
use std::sync::{Arc, Mutex};

/// Access key, secret and session token of one execution environment.
///
/// They open nothing but this emulator. `Debug` shows the access key's id alone.
#[derive(Clone)]
pub struct Credentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    /// The signing key of the last scope, which clones share.
    signing_key: Arc<Mutex<Option<(String, hmac::Key)>>>,
}

impl Credentials {
    pub(crate) fn fresh() -> Self {
        let random = ids::message_id().to_uppercase();
        Self {
            access_key_id: format!("ASIA{}", &random[..16]),
            secret_access_key: ids::message_id()[..40].to_owned(),
            session_token: ids::message_id(),
            signing_key: Arc::default(),
        }
    }

    #[cfg(test)]
    pub(crate) fn of(access_key_id: &str, secret_access_key: &str, session_token: &str) -> Self {
        Self {
            access_key_id: access_key_id.to_owned(),
            secret_access_key: secret_access_key.to_owned(),
            session_token: session_token.to_owned(),
            signing_key: Arc::default(),
        }
    }

    /// The key that signs for a day, a region and a service.
    pub(crate) fn signing_key(&self, scope: [&str; 3]) -> hmac::Key {
        let name = scope.join("/");
        let mut known = self.signing_key.lock().expect("nothing panics while it holds the lock");
        if let Some((_, key)) = known.as_ref().filter(|(known, _)| *known == name) {
            return key.clone();
        }
        let key = |secret: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, secret);
        let secret = key(format!("AWS4{}", self.secret_access_key).as_bytes());
        let parts = scope.into_iter().chain(["aws4_request"]);
        let derived = parts.fold(secret, |secret, part| key(hmac::sign(&secret, part.as_bytes()).as_ref()));
        *known = Some((name, derived.clone()));
        derived
    }

    /// `AWS_ACCESS_KEY_ID`.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// `AWS_SECRET_ACCESS_KEY`.
    pub fn secret_access_key(&self) -> &str {
        &self.secret_access_key
    }

    /// `AWS_SESSION_TOKEN`.
    pub fn session_token(&self) -> &str {
        &self.session_token
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}
