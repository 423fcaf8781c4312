//! Why a signature is refused.

use crate::assumptions;
use std::fmt;

/// Why a signature is refused, said so that a developer can repair it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SignatureError {
    Missing,
    Malformed(&'static str),
    UnknownKey,
    Scope(&'static str),
    Header(&'static str),
    Skewed,
    Expired,
    Mismatch,
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
            Self::Missing => f.write_str("the request is not signed"),
            Self::Malformed(part) => write!(f, "the signature has no usable {part}"),
            Self::UnknownKey => f.write_str("the access key or session token is not the one of a running environment"),
            Self::Scope(part) => write!(f, "the signature is for another {part}"),
            Self::Header(name) => write!(f, "the header {name} is missing, unusable or not signed"),
            Self::Skewed => f.write_str("the signature is more than five minutes old or ahead"),
            Self::Expired => f.write_str("the signature has expired: X-Amz-Expires says how long it is good for"),
            Self::Mismatch => {
                f.write_str("the signature is not that of this request: another secret, or the request changed")
            }
        }
    }
}

impl std::error::Error for SignatureError {}
