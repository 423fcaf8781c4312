//! Reads JSON leniently: a field that cannot be read does not affect any other field.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The requested fields of a JSON object, each still unread. All other fields are skipped, whatever their size. If a
/// field occurs twice, the last one counts, as in most parsers.
#[derive(Default)]
pub(crate) struct Fields<'a>(Vec<(&'static str, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Returns the fields of `json` with these names, or `None` if `json` is not an object.
    pub(crate) fn read(json: &'a str, names: &'static [&'static str]) -> Option<Self> {
        FieldsNamed(names).deserialize(&mut serde_json::Deserializer::from_str(json)).ok()
    }

    /// Returns a field that is present and not null.
    pub(crate) fn raw(&self, name: &'static str) -> Option<&'a str> {
        let (_, raw) = self.0.iter().find(|field| field.0 == name)?;
        (raw.get() != "null").then_some(raw.get())
    }

    /// Returns a string. A lone surrogate, which JSON can carry and Rust cannot, becomes U+FFFD.
    pub(crate) fn string(&self, name: &'static str) -> Option<Cow<'a, str>> {
        self.raw(name).and_then(string)
    }

    /// Returns a string that is not empty.
    pub(crate) fn non_empty(&self, name: &'static str) -> Option<Cow<'a, str>> {
        self.string(name).filter(|value| !value.is_empty())
    }

    /// Returns the fields with these names of an object.
    pub(crate) fn object(&self, name: &'static str, names: &'static [&'static str]) -> Option<Self> {
        Self::read(self.raw(name)?, names)
    }
}

/// Returns `json` as a string, copied only if it has an escape or a lone surrogate.
pub(crate) fn string(json: &str) -> Option<Cow<'_, str>> {
    let text: Text<'_> = serde_json::from_str(json).ok()?;
    Some(text.0)
}

/// Returns the elements of `json`, each still unread, or `None` if it is not an array.
pub(crate) fn elements(json: &str) -> Option<impl Iterator<Item = &str>> {
    let raw: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    Some(raw.into_iter().map(RawValue::get))
}

/// Returns all names and values of `json` in order, each value still unread, or `None` if it is not an object.
pub(crate) fn entries(json: &str) -> Option<impl Iterator<Item = (Cow<'_, str>, &str)>> {
    let entries: Entries<'_> = serde_json::from_str(json).ok()?;
    Some(entries.0.into_iter().map(|(name, raw)| (name.0, raw.get())))
}

/// Returns whether `text` is JSON.
pub(crate) fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

struct FieldsNamed(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for FieldsNamed {
    type Value = Fields<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FieldsNamed {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Fields(Vec::with_capacity(self.0.len()));
        while let Some(name) = map.next_key_seed(Name(self.0))? {
            let Some(name) = name else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = map.next_value()?;
            match fields.0.iter_mut().find(|field| field.0 == name) {
                Some(field) => field.1 = value,
                None => fields.0.push((name, value)),
            }
        }
        Ok(fields)
    }
}

/// Matches the name of a field against these names.
struct Name(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<&'static str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<&'static str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, written: &[u8]) -> Result<Self::Value, E> {
        Ok(self.0.iter().copied().find(|name| name.as_bytes() == written))
    }
}

struct Entries<'a>(Vec<(Text<'a>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;

        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(EntriesVisitor)
    }
}

/// A JSON string with any content. It is read as bytes, since serde_json rejects a lone surrogate in a `str`.
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
        let fields = Fields::read(json, &["a", "b", "c", "d", "ab", "f", "g"]).unwrap();
        assert_eq!(fields.string("a").as_deref(), Some("x"));
        assert_eq!(fields.string("b"), None);
        assert_eq!(fields.raw("b"), Some("7"));
        assert_eq!(fields.raw("c"), None);
        assert_eq!(fields.object("d", &["e"]).unwrap().string("e").as_deref(), Some("y"));
        assert_eq!(fields.string("ab").as_deref(), Some("z"));
        assert_eq!(fields.string("f").as_deref(), Some(""));
        assert_eq!(fields.non_empty("f"), None);
        assert_eq!(fields.string("g").as_deref(), Some("2"));
    }

    #[test]
    fn all_entries_come_in_order() {
        let entries = |json| entries(json).map(Iterator::collect::<Vec<_>>);
        let three = [("b".into(), "1"), ("a".into(), "[]"), ("b".into(), "2")];
        assert_eq!(entries(r#"{"b":1,"\u0061":[],"b":2}"#).unwrap(), three);
        assert_eq!(entries("[1]"), None);
    }

    #[test]
    fn all_elements_come_in_order() {
        let elements = |json| elements(json).map(Iterator::collect::<Vec<_>>);
        assert_eq!(elements(r#"[1, "\ud800", {"a":[]}]"#).unwrap(), ["1", r#""\ud800""#, r#"{"a":[]}"#]);
        assert_eq!(elements("[]").unwrap(), <[&str; 0]>::default());
        assert_eq!(elements(r#"{"a":1}"#), None);
    }

    #[test]
    fn only_an_escape_or_half_a_surrogate_pair_costs_a_copy() {
        assert!(matches!(string(r#""caf\u00e9""#), Some(Cow::Owned(text)) if text == "café"));
        assert!(matches!(string(r#""café""#), Some(Cow::Borrowed("café"))));
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
        assert!(is_json(&json) && !is_json(&json[1..]));
        assert_eq!(Fields::read(&json, &["b"]).unwrap().string("b").as_deref(), Some("x"));
    }
}
