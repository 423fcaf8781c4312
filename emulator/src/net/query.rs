//! The query of a request.

use axum::http::request::Parts;
use percent_encoding::percent_decode_str;

/// The value of `key` in the query, decoded. A key without a value has an empty one.
pub(crate) fn query(request: &Parts, key: &str) -> Option<String> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = request.uri.query()?.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.into_iter().find(|(name, _)| decode(name) == key).map(|(_, value)| decode(value))
}
