//! Any JSON, read only as far as needed.
//!
//! serde_json's `Value` takes all or nothing: half a surrogate pair, a number out of range or deep nesting anywhere hides
//! the whole text. Events that Lambda hands on may well hold such things beside the ids.

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// The members of a JSON object, values unread, in order.
pub(crate) struct Members<'a>(Vec<(Text, &'a RawValue)>);

/// A JSON string. Bytes that Rust's strings cannot have, as of half a surrogate pair, are replaced by U+FFFD.
struct Text(String);

/// Whether `bytes` are JSON, of whatever kind.
pub(crate) fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(bytes).is_ok()
}

/// The string that `json` is, if it is one.
pub(crate) fn text(json: &str) -> Option<String> {
    let Text(text) = serde_json::from_str(json).ok()?;
    Some(text)
}

/// The elements of `json`, unread; none if there is no `json`, or if it is not an array.
pub(crate) fn elements(json: Option<&str>) -> Vec<&RawValue> {
    json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

impl<'a> Members<'a> {
    /// The members of `json`; `None` if it is not an object, or no JSON at all.
    pub(crate) fn read(json: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// All of them, in order, values as JSON.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, value)| (&*name.0, value.get()))
    }

    /// The value of `key` as JSON; the last one, if the key comes more than once.
    pub(crate) fn raw(&self, key: &str) -> Option<&'a str> {
        let (_, value) = self.0.iter().rev().find(|(name, _)| name.0 == key)?;
        Some(value.get())
    }

    /// The value of `key`, if it is an object.
    pub(crate) fn object(&self, key: &str) -> Option<Self> {
        Self::read(self.raw(key)?.as_bytes())
    }

    /// The value of `key`, if it is a string.
    pub(crate) fn string(&self, key: &str) -> Option<String> {
        text(self.raw(key)?)
    }
}

impl<'a, 'de: 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut object: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = object.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON string")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(Text(String::from_utf8_lossy(bytes).into_owned()))
            }
        }

        // Only as bytes does serde_json let half a surrogate pair through.
        deserializer.deserialize_bytes(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_hides_nothing_else() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        let json = format!(
            r#" {{"a":"\ud83d","b":1e999,"c":{deep},"d":-0.0E-99999,"\ud83d":1,"\u0078":"y","o":{{"x":"z"}}}} "#
        );
        let members = Members::read(json.as_bytes()).unwrap();
        assert_eq!(members.string("x").as_deref(), Some("y"));
        assert_eq!(members.object("o").unwrap().string("x").as_deref(), Some("z"));
        assert!(members.string("a").unwrap().contains('\u{fffd}'));
        assert_eq!(members.raw("b"), Some("1e999"));
        assert_eq!(members.raw("c"), Some(&*deep));
        assert!(members.string("b").is_none() && members.string("c").is_none() && members.object("c").is_none());
    }

    #[test]
    fn the_last_of_equal_keys_counts() {
        let members = Members::read(br#"{"x":"1","x":"2","o":{"x":"3"},"o":{}}"#).unwrap();
        assert_eq!(members.string("x").as_deref(), Some("2"));
        assert_eq!(members.object("o").unwrap().string("x"), None);
    }

    #[test]
    fn what_is_no_object_has_no_members() {
        for json in ["", "{", "[]", "null", "\"x\"", "{} {}", "{\"x\":}", "\u{fffe}"] {
            assert!(Members::read(json.as_bytes()).is_none(), "{json}");
        }
        assert!(Members::read(b"{\"x\":\"\xff\"}").is_none_or(|members| members.string("x").is_some()));
    }
}
