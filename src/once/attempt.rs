//! One try of a piece of work.

use sha2::{Digest, Sha256};

use super::occasion::Occasion;

/// One attempt at a piece of work that is to be done [once](crate::Once).
#[derive(Clone, Debug)]
pub struct Attempt {
    key: String,
    repeated: bool,
}

impl Attempt {
    pub(super) fn new(occasion: &Occasion, repeated: bool) -> Self {
        Self { key: occasion.key(), repeated }
    }

    /// Returns an idempotency token: 64 hexadecimal digits, the same in each attempt at this work.
    ///
    /// Give it to the service that the work calls, as `ClientRequestToken` of `SendChannelMessage` for example. If an earlier
    /// attempt died after its request, the service does not do it again.
    pub fn token(&self) -> String {
        digest(&[&self.key])
    }

    /// Returns an idempotency token for one of several requests of this work.
    pub fn token_for(&self, request: &str) -> String {
        digest(&[&self.key, "\0", request])
    }

    /// Returns whether the work may have been begun before: an earlier attempt died in the middle of it, or the store could not
    /// say.
    pub fn is_repeated(&self) -> bool {
        self.repeated
    }
}

fn digest(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.as_bytes());
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
