//! Reading JSON leniently: a field that cannot be read takes no other field with it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The fields of a JSON object, each still unread. Of a field that comes twice the last one counts, as in most parsers.
#[derive(Default)]
pub(crate) struct Fields<'a>(HashMap<Text<'a>, &'a RawValue>);

impl<'a> Fields<'a> {
    /// The fields of `json`; `None` where it is no object.
    pub(crate) fn read(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// A field that is there and not null.
    pub(crate) fn raw(&self, name: &'static str) -> Option<&'a str> {
        let raw = self.0.get(&Text(Cow::Borrowed(name)))?.get();
        (raw != "null").then_some(raw)
    }

    /// A string. Half a surrogate pair, which JSON can carry and Rust cannot, becomes U+FFFD.
    pub(crate) fn string(&self, name: &'static str) -> Option<String> {
        self.raw(name).and_then(string)
    }

    /// A string that is not empty.
    pub(crate) fn non_empty(&self, name: &'static str) -> Option<String> {
        self.string(name).filter(|value| !value.is_empty())
    }

    /// An object.
    pub(crate) fn object(&self, name: &'static str) -> Option<Self> {
        self.raw(name).and_then(Self::read)
    }

    /// Names and values.
    pub(crate) fn into_entries(self) -> impl Iterator<Item = (String, &'a str)> {
        self.0.into_iter().map(|(name, raw)| (name.0.into_owned(), raw.get()))
    }
}

/// `json` as a string.
pub(crate) fn string(json: &str) -> Option<String> {
    let text: Text<'_> = serde_json::from_str(json).ok()?;
    Some(text.0.into_owned())
}

/// The elements of `json`, each still unread; none where it is no array.
pub(crate) fn elements(json: &str) -> Vec<&str> {
    let raw: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
    raw.into_iter().map(RawValue::get).collect()
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = HashMap::new();
                while let Some((name, value)) = map.next_entry()? {
                    fields.insert(name, value);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// A JSON string, whatever is in it. Read as bytes, since serde_json refuses half a surrogate pair in a `str`.
#[derive(PartialEq, Eq, Hash)]
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_bytes<E>(self, value: &'de [u8]) -> Result<Self::Value, E> {
                Ok(Text(String::from_utf8_lossy(value)))
            }

            fn visit_bytes<E>(self, value: &[u8]) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(String::from_utf8_lossy(value).into_owned())))
            }
        }

        deserializer.deserialize_bytes(TextVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_read_alone() {
        let json = r#"{"a":"x","b":7,"c":null,"d":{"e":"y"},"a\u0062":"z","f":"","g":"1","g":"2","\ud800":0}"#;
        let fields = Fields::read(json).unwrap();
        assert_eq!(fields.string("a").as_deref(), Some("x"));
        assert_eq!(fields.string("b"), None);
        assert_eq!(fields.raw("b"), Some("7"));
        assert_eq!(fields.raw("c"), None);
        assert_eq!(fields.object("d").unwrap().string("e").as_deref(), Some("y"));
        assert_eq!(fields.string("ab").as_deref(), Some("z"));
        assert_eq!(fields.string("f").as_deref(), Some(""));
        assert_eq!(fields.non_empty("f"), None);
        assert_eq!(fields.string("g").as_deref(), Some("2"));
    }

    #[test]
    fn half_a_surrogate_pair_is_replaced() {
        assert_eq!(string(r#""a\ud83d b""#).as_deref(), Some("a\u{fffd}\u{fffd}\u{fffd} b"));
        assert_eq!(string(r#""\ud83d\ude21""#).as_deref(), Some("😡"));
        assert_eq!(string("[97]"), None);
    }

    #[test]
    fn depth_does_not_matter() {
        let depth = 100_000;
        let json = format!(r#"{{"a":{}{},"b":"x"}}"#, "[".repeat(depth), "]".repeat(depth));
        assert_eq!(Fields::read(&json).unwrap().string("b").as_deref(), Some("x"));
    }
}
