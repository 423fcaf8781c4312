//! The envelope in which an Amazon Lex bot's answer arrives as a message.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What a Lex bot answered: `{"Messages":[{"Content":"Hi","ContentType":"PlainText"}]}`.
///
/// The service puts a bot's answer into the content of a message in this form. To change the words and keep the
/// envelope as it is, use [`Message::text`](crate::Message::text); this type is for looking at the single messages, and
/// for making an envelope.
///
/// `Debug` shows the number of messages only.
///
/// ```
/// use channel_flow::LexEnvelope;
///
/// let envelope = LexEnvelope::parse(r#"{"Messages":[{"Content":"Hi","ContentType":"PlainText"}]}"#).unwrap();
/// assert_eq!(envelope.text(), "Hi");
///
/// let envelope = LexEnvelope::from_text("Hello");
/// assert_eq!(envelope.to_content(), r#"{"Messages":[{"Content":"Hello","ContentType":"PlainText"}]}"#);
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct LexEnvelope {
    #[serde(rename = "Messages")]
    messages: Vec<LexMessage>,
}

/// One message in a [`LexEnvelope`].
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct LexMessage {
    #[serde(rename = "Content", skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(rename = "ContentType", skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
}

impl LexEnvelope {
    /// Reads an envelope; `None` where `content` is anything else. An envelope without messages is one too.
    pub fn parse(content: &str) -> Option<Self> {
        let messages = raw_messages(content)?;
        Some(Self { messages: messages.into_iter().map(RawMessage::read).collect() })
    }

    /// An envelope with one message of plain text.
    pub fn from_text(text: impl Into<String>) -> Self {
        let message = LexMessage { content: Some(text.into()), content_type: Some("PlainText".to_owned()) };
        Self { messages: vec![message] }
    }

    /// The messages in the order in which the bot gave them.
    pub fn messages(&self) -> &[LexMessage] {
        &self.messages
    }

    /// The text of all messages, one a line.
    pub fn text(&self) -> String {
        let lines: Vec<&str> = self.messages.iter().filter_map(LexMessage::content).collect();
        lines.join("\n")
    }

    /// The envelope as the content of a message. Of a parsed envelope it holds each message's content and content type;
    /// other fields that the bot may have sent are not kept.
    pub fn to_content(&self) -> String {
        serde_json::to_string(self).expect("strings serialize")
    }
}

impl LexMessage {
    /// The text; absent in a message that carries something else.
    pub fn content(&self) -> Option<&str> {
        self.content.as_deref()
    }

    /// What Lex calls the content: `PlainText`, `SSML`, `CustomPayload` or `ImageResponseCard`.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }
}

impl fmt::Debug for LexEnvelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LexEnvelope").field("messages", &self.messages.len()).finish()
    }
}

impl fmt::Debug for LexMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LexMessage")
            .field("content_bytes", &self.content.as_ref().map(String::len))
            .field("content_type", &self.content_type)
            .finish()
    }
}

/// The text of each message that has one, with where in `content` its string literal stands.
pub(crate) fn literals(content: &str) -> Option<Vec<Literal>> {
    let messages = raw_messages(content)?;
    let literals = messages.iter().filter_map(|message| Literal::new(content, message.content?));
    Some(literals.collect())
}

/// A JSON string inside a larger text.
pub(crate) struct Literal {
    /// Its value.
    pub(crate) text: String,
    /// For each byte of its value, the bytes of the larger text it came from.
    pub(crate) sources: Vec<Range<usize>>,
    /// Where its first character goes: behind the opening quote.
    pub(crate) start: usize,
}

/// `text` as it stands between the quotes of a JSON string.
pub(crate) fn escape(text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("a string serializes");
    quoted[1..quoted.len() - 1].to_owned()
}

#[derive(Deserialize)]
struct RawEnvelope<'a> {
    #[serde(borrow, rename = "Messages")]
    messages: Vec<RawMessage<'a>>,
}

#[derive(Deserialize)]
struct RawMessage<'a> {
    #[serde(borrow, rename = "Content")]
    content: Option<&'a RawValue>,
    #[serde(borrow, rename = "ContentType")]
    content_type: Option<&'a RawValue>,
}

fn raw_messages(content: &str) -> Option<Vec<RawMessage<'_>>> {
    // Nearly no message is an envelope: do not start a parser for the others.
    if !content.trim_start().starts_with('{') {
        return None;
    }
    serde_json::from_str::<RawEnvelope<'_>>(content).ok().map(|envelope| envelope.messages)
}

impl RawMessage<'_> {
    fn read(self) -> LexMessage {
        let string = |raw: Option<&RawValue>| raw.and_then(|raw| serde_json::from_str(raw.get()).ok());
        LexMessage { content: string(self.content), content_type: string(self.content_type) }
    }
}

impl Literal {
    fn new(content: &str, raw: &RawValue) -> Option<Self> {
        let literal = raw.get();
        if !literal.starts_with('"') {
            return None;
        }
        // The raw value is a slice of `content`, so the difference of the two addresses is its place there.
        let start = literal.as_ptr() as usize - content.as_ptr() as usize + 1;
        let mut this = Self { text: String::new(), sources: Vec::new(), start };
        let inner = &literal[1..literal.len() - 1];
        let mut at = 0;
        while let Some(c) = inner[at..].chars().next() {
            let (value, length) = if c == '\\' { unescape(&inner[at..]) } else { (c, c.len_utf8()) };
            this.text.push(value);
            let source = start + at..start + at + length;
            if value.len_utf8() == length && c != '\\' {
                this.sources.extend(source.map(|byte| byte..byte + 1));
            } else {
                this.sources.extend(std::iter::repeat_n(source, value.len_utf8()));
            }
            at += length;
        }
        Some(this)
    }
}

/// The character that the escape at the start of `rest` stands for, and the escape's length. `rest` comes from a
/// document that parsed, so only a surrogate without its other half can be wrong in it.
fn unescape(rest: &str) -> (char, usize) {
    let unit = |rest: &str| {
        let digits = rest.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    match rest.as_bytes().get(1) {
        Some(b'n') => ('\n', 2),
        Some(b't') => ('\t', 2),
        Some(b'r') => ('\r', 2),
        Some(b'b') => ('\u{8}', 2),
        Some(b'f') => ('\u{c}', 2),
        Some(b'u') => {
            let first = unit(rest).unwrap_or(0xFFFD);
            let pair = rest.get(6..).and_then(unit).map(|second| [first, second]);
            match pair.and_then(|pair| char::decode_utf16(pair).next()?.ok()) {
                Some(c) if c.len_utf16() == 2 => (c, 12),
                _ => (char::from_u32(first.into()).unwrap_or(char::REPLACEMENT_CHARACTER), 6),
            }
        }
        Some(&other) => (other.into(), 2),
        None => ('\\', 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_an_envelope_is_one() {
        assert!(LexEnvelope::parse(r#" {"Messages":[]}"#).unwrap().messages().is_empty());
        assert!(LexEnvelope::parse(r#"{"Messages":[{}], "More":1}"#).is_some());
        for other in
            ["", "Hi", "{", "{}", "[]", r#"{"Messages":null}"#, r#"{"Messages":[1]}"#, r#""{\"Messages\":[]}""#]
        {
            assert_eq!(LexEnvelope::parse(other), None, "{other}");
        }
    }

    #[test]
    fn text_is_what_a_person_reads() {
        let content = r#"{"Messages":[{"Content":"One","ContentType":"PlainText"},{"ContentType":"ImageResponseCard"},
            {"Content":7},{"Content":"Two\n\u00e9"}]}"#;
        let envelope = LexEnvelope::parse(content).unwrap();
        assert_eq!(envelope.text(), "One\nTwo\né");
        assert_eq!(envelope.messages()[0].content_type(), Some("PlainText"));
        assert_eq!(envelope.messages()[1].content(), None);
    }

    #[test]
    fn every_escape_is_read() {
        let content =
            r#"{"Messages":[{"Content":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude21 \ud83d. \ude21\ud83d\ud83d\ude21"}]}"#;
        let literal = &literals(content).unwrap()[0];
        assert_eq!(literal.text, "\"\\/\u{8}\u{c}\n\r\té😡 \u{fffd}. \u{fffd}\u{fffd}😡");
        assert_eq!(&content[literal.start - 1..literal.start], "\"");
    }

    #[test]
    fn debug_shows_no_text() {
        let envelope = LexEnvelope::from_text("secret");
        assert!(!format!("{envelope:?} {:?}", envelope.messages()).contains("secret"));
    }

    proptest! {
        #[test]
        fn an_envelope_survives_the_round_trip(text in any::<String>()) {
            let content = LexEnvelope::from_text(text.clone()).to_content();
            prop_assert_eq!(LexEnvelope::parse(&content).unwrap().text(), &*text);
            let literal = &literals(&content).unwrap()[0];
            prop_assert_eq!(&literal.text, &text);
            prop_assert_eq!(literal.text.len(), literal.sources.len());
        }
    }
}
