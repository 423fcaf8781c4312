//! Codes, such as the reasons that a function returns: text that is not a message's.

use crate::json;

/// Whether `channel_flow::Reason` takes the text for a code. Other text, such as a sentence, could be a message's.
pub(crate) fn is_code(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

/// The codes in a JSON array. Everything else in it is left out.
pub(crate) fn codes(json: Option<&str>) -> Vec<String> {
    json::elements(json).iter().filter_map(|element| json::text(element.get())).filter(|text| is_code(text)).collect()
}
