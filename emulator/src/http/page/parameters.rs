//! Parameters in the query of the page's requests.

use crate::net::query::query;
use axum::http::request::Parts;

/// The text under `key`, empty if there is none.
pub(super) fn text(parts: &Parts, key: &str) -> String {
    query(parts, key).unwrap_or_default()
}

/// The number under `key`.
pub(super) fn number(parts: &Parts, key: &str) -> Option<u64> {
    query(parts, key)?.parse().ok()
}
