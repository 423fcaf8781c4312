//! Content that a chat client encoded with `encodeURIComponent`, as AWS's own demo does.

use std::borrow::Cow;

use super::decoded::Decoded;

/// Returns `value` decoded as `decodeURIComponent` does it: with every escape decoded, or, if one of them is not an
/// escape of UTF-8, with none.
pub(crate) fn decode(value: &str) -> Cow<'_, str> {
    match decode_mapped(value) {
        Some(decoded) => Cow::Owned(decoded.text),
        None => Cow::Borrowed(value),
    }
}

/// Returns `value` decoded, with the way back. Returns `None` if nothing was encoded.
pub(crate) fn decode_mapped(value: &str) -> Option<Decoded> {
    if !value.contains('%') {
        return None;
    }
    let bytes = value.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut starts = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let (byte, end) = match bytes[at] {
            b'%' => (hex(*bytes.get(at + 1)?)? << 4 | hex(*bytes.get(at + 2)?)?, at + 3),
            byte => (byte, at + 1),
        };
        decoded.push(byte);
        starts.push(at);
        at = end;
    }
    Some(Decoded { text: String::from_utf8(decoded).ok()?, starts })
}

/// Returns `value` encoded as `encodeURIComponent` does it.
pub(crate) fn encode(value: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => encoded.push(byte.into()),
            b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')' => encoded.push(byte.into()),
            _ => {
                encoded.push('%');
                encoded.push(HEX[usize::from(byte >> 4)].into());
                encoded.push(HEX[usize::from(byte & 15)].into());
            }
        }
    }
    encoded
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decodes_all_or_nothing() {
        assert_eq!(decode("What%20the%20hell%20%F0%9F%98%A1%3F"), "What the hell 😡?");
        assert_eq!(decode("caf%c3%a9"), "café");
        for raw in
            ["", "plain", "100% sure, 5 %", "%20 and %2", "%20 and %", "%20 and %zz", "%20 and %FF", "%+1", "%é0"]
        {
            assert_eq!(decode(raw), raw);
        }
    }

    #[test]
    fn encodes_what_encode_uri_component_encodes() {
        assert_eq!(encode("a-b_c.d!e~f*g'h(i)j"), "a-b_c.d!e~f*g'h(i)j");
        assert_eq!(encode("a b;c/d?e:f@g&h=i+j$k,l#m%n"), "a%20b%3Bc%2Fd%3Fe%3Af%40g%26h%3Di%2Bj%24k%2Cl%23m%25n");
    }

    proptest! {
        #[test]
        fn what_was_encoded_decodes(value in any::<String>()) {
            let encoded = encode(&value);
            prop_assert_eq!(decode(&encoded), value);
        }

        #[test]
        fn every_byte_has_its_source(value in "(%[0-9a-fA-F]{2}|[a-zé%]){0,20}") {
            if let Some(Decoded { text, starts }) = decode_mapped(&value) {
                prop_assert_eq!(text.len(), starts.len());
                prop_assert!(starts.first().is_none_or(|start| *start == 0) && starts.is_sorted());
                let ends = starts.iter().skip(1).copied().chain([value.len()]);
                prop_assert!(starts.iter().zip(ends).all(|(start, end)| matches!(end - start, 1 | 3)));
            }
        }
    }
}
