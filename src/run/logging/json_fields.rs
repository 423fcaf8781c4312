//! The fields of spans and events as JSON.

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Write as _};

use serde::Serialize;
use serde_json::value::RawValue;
use tracing::field::{Field, Visit};

/// The fields of the framework's spans fit in about this many bytes, so that they are written without growing the memory.
const SPAN_BYTES: usize = 384;

/// Appends fields to an object in JSON, after its `{` or after other fields.
pub(super) struct JsonFields<'a> {
    json: &'a mut Vec<u8>,
    /// A bit for each field that was appended, by its position.
    appended: u64,
}

impl<'a> JsonFields<'a> {
    pub(super) fn new(json: &'a mut Vec<u8>) -> Self {
        Self { json, appended: 0 }
    }

    fn name(&mut self, field: &Field) {
        self.appended |= bit(field);
        if !matches!(self.json.last(), None | Some(b'{')) {
            self.json.push(b',');
        }
        let name = field.name();
        push_string(self.json, name.strip_prefix("r#").unwrap_or(name));
        self.json.push(b':');
    }

    fn number(&mut self, field: &Field, value: impl Serialize) {
        self.name(field);
        // Neither a number nor a vector refuses.
        let _ = serde_json::to_writer(&mut *self.json, &value);
    }
}

/// Positions from the last bit on share it.
fn bit(field: &Field) -> u64 {
    1 << field.index().min(63)
}

impl Visit for JsonFields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.number(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.name(field);
        self.json.extend_from_slice(if value { b"true" } else { b"false" });
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        push_string(self.json, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.name(field);
        self.json.push(b'"');
        // A value that fails to show itself shows what it has written so far.
        let _ = write!(Contents(self.json), "{value:?}");
        self.json.push(b'"');
    }
}

/// The fields of a span.
#[derive(Default)]
pub(super) struct SpanFields {
    /// They are separated by commas.
    json: Vec<u8>,
    appended: u64,
}

impl SpanFields {
    /// Returns the fields that `record` passes to a visitor.
    pub(super) fn of(record: impl FnOnce(&mut dyn Visit)) -> Self {
        let mut json = Vec::with_capacity(SPAN_BYTES);
        let mut fields = JsonFields::new(&mut json);
        record(&mut fields);
        let appended = fields.appended;
        Self { json, appended }
    }

    /// Adds fields, which take the place of those that have the same names.
    pub(super) fn add(&mut self, added: Self) {
        if added.json.is_empty() {
            return;
        }
        if !self.json.is_empty() {
            self.json.push(b',');
        }
        self.json.extend_from_slice(&added.json);
        if self.appended & added.appended != 0 {
            self.keep_the_last();
        }
        self.appended |= added.appended;
    }

    /// Removes fields that come again.
    fn keep_the_last(&mut self) {
        let object = [b"{", &*self.json, b"}"].concat();
        let Ok(fields) = serde_json::from_slice::<BTreeMap<String, &RawValue>>(&object) else { return };
        if let Ok(object) = serde_json::to_vec(&fields) {
            self.json = object[1..object.len() - 1].to_owned();
        }
    }

    /// Writes the fields, with a comma after each.
    pub(super) fn write(&self, line: &mut Vec<u8>) {
        if !self.json.is_empty() {
            line.extend_from_slice(&self.json);
            line.push(b',');
        }
    }
}

/// Appends a string with its quotation marks.
pub(super) fn push_string(json: &mut Vec<u8>, text: &str) {
    json.push(b'"');
    push_contents(json, text);
    json.push(b'"');
}

/// Appends what is between the quotation marks of a string.
fn push_contents(json: &mut Vec<u8>, text: &str) {
    if text.bytes().fold(false, |escape, byte| escape | needs_escape(byte)) {
        let start = json.len();
        // Neither a string nor a vector refuses.
        let _ = serde_json::to_writer(&mut *json, text);
        json.remove(start);
        json.pop();
    } else {
        json.extend_from_slice(text.as_bytes());
    }
}

fn needs_escape(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

/// Appends what is between the quotation marks of a string.
pub(super) struct Contents<'a>(pub(super) &'a mut Vec<u8>);

impl fmt::Write for Contents<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        push_contents(self.0, text);
        Ok(())
    }
}
