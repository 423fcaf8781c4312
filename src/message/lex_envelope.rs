//! The envelope in which the answer of an Amazon Lex bot arrives as a message.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::Serialize;

use super::decoded::Decoded;
use crate::event::lenient_json;

/// Lex's names for the content types of a message.
const CONTENT_TYPES: [&str; 4] = ["CustomPayload", "ImageResponseCard", "PlainText", "SSML"];

/// The fields of an envelope that a person reads.
const SHOWN: [&str; 4] = ["Content", "Title", "Subtitle", "Text"];

/// The answer of a Lex bot: `{"Messages":[{"Content":"Hi","ContentType":"PlainText"}]}`.
///
/// The service puts a bot's answer into the content of a message in this form. To change the text and keep the envelope
/// as it is, use [`Message::to_text`](crate::Message::to_text). Use this type to look at individual messages and to create an
/// envelope.
///
/// Content is an envelope only if it has nothing besides the messages, since nobody would look at anything else in it.
/// `Messages` is the only field of an envelope. `Content`, `ContentType` and `ImageResponseCard` are the fields of a
/// message. `Title`, `Subtitle`, `ImageUrl` and `Buttons` are the fields of a card. `Text` and `Value` are the fields
/// of a button. `Messages` is an array. Each of the other fields is present once, null, or absent. Texts are strings,
/// and a `ContentType` is one that Lex has. Any other content that looks like an envelope is text.
///
/// `Debug` shows only the number of messages.
///
/// ```
/// use channel_flow::LexEnvelope;
///
/// let envelope = LexEnvelope::parse(r#"{"Messages":[{"Content":"Hi","ContentType":"PlainText"}]}"#).unwrap();
/// assert_eq!(envelope.to_text(), "Hi");
///
/// let envelope = LexEnvelope::from_text("Hello");
/// assert_eq!(envelope.to_content(), r#"{"Messages":[{"Content":"Hello","ContentType":"PlainText"}]}"#);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
pub struct LexEnvelope {
    #[serde(rename = "Messages")]
    messages: Vec<LexMessage>,
}

/// One message in a [`LexEnvelope`].
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LexMessage {
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_response_card: Option<LexCard>,
}

/// A card that a Lex bot shows, with a title, an image, and buttons to answer with.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LexCard {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subtitle: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_url: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    buttons: Vec<LexButton>,
}

/// A button on a [`LexCard`].
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LexButton {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

impl LexEnvelope {
    /// Parses an envelope. Returns `None` if `content` is anything else. An envelope without messages is an envelope
    /// too.
    pub fn parse(content: &str) -> Option<Self> {
        if !is_like_object(content) {
            return None;
        }
        let [messages] = fields(content, ["Messages"])?;
        Some(Self { messages: lenient_json::elements(messages?)?.map(LexMessage::parse).collect::<Option<_>>()? })
    }

    /// Creates an envelope with one plain-text message.
    pub fn from_text(text: impl Into<String>) -> Self {
        let message = LexMessage {
            content: Some(text.into()),
            content_type: Some("PlainText".to_owned()),
            image_response_card: None,
        };
        Self { messages: vec![message] }
    }

    /// Returns the messages in the order in which the bot gave them.
    pub fn messages(&self) -> &[LexMessage] {
        &self.messages
    }

    /// Returns the text that a person reads in all messages, one item per line: the contents, and the titles, subtitles
    /// and buttons of cards.
    pub fn to_text(&self) -> String {
        let lines: Vec<&str> = self.messages.iter().flat_map(LexMessage::lines).collect();
        lines.join("\n")
    }

    /// Returns the envelope as the content of a message.
    pub fn to_content(&self) -> String {
        serde_json::to_string(self).expect("strings serialize")
    }
}

impl LexMessage {
    fn parse(json: &str) -> Option<Self> {
        let [content, content_type, card] = fields(json, ["Content", "ContentType", "ImageResponseCard"])?;
        let content_type = text(content_type)?;
        let is_known = content_type.as_deref().is_none_or(|content_type| CONTENT_TYPES.contains(&content_type));
        is_known.then_some(Self {
            content: text(content)?,
            content_type,
            image_response_card: optional(card, LexCard::parse)?,
        })
    }

    /// Returns the text, or `None` if the message is only a card.
    pub fn content(&self) -> Option<&str> {
        self.content.as_deref()
    }

    /// Returns Lex's name for the content type: `PlainText`, `SSML`, `CustomPayload` or `ImageResponseCard`.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// Returns the card.
    pub fn image_response_card(&self) -> Option<&LexCard> {
        self.image_response_card.as_ref()
    }

    fn lines(&self) -> impl Iterator<Item = &str> {
        let card = self.image_response_card.iter();
        self.content().into_iter().chain(card.flat_map(|card| {
            let buttons = card.buttons.iter().filter_map(LexButton::text);
            card.title().into_iter().chain(card.subtitle()).chain(buttons)
        }))
    }
}

impl LexCard {
    fn parse(json: &str) -> Option<Self> {
        let [title, subtitle, image_url, buttons] = fields(json, ["Title", "Subtitle", "ImageUrl", "Buttons"])?;
        let parse_all = |buttons| lenient_json::elements(buttons)?.map(LexButton::parse).collect();
        Some(Self {
            title: text(title)?,
            subtitle: text(subtitle)?,
            image_url: text(image_url)?,
            buttons: optional(buttons, parse_all)?.unwrap_or_default(),
        })
    }

    /// Returns the title.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Returns the subtitle.
    pub fn subtitle(&self) -> Option<&str> {
        self.subtitle.as_deref()
    }

    /// Returns the URL of the image.
    pub fn image_url(&self) -> Option<&str> {
        self.image_url.as_deref()
    }

    /// Returns the buttons.
    pub fn buttons(&self) -> &[LexButton] {
        &self.buttons
    }
}

impl LexButton {
    fn parse(json: &str) -> Option<Self> {
        let [label, value] = fields(json, ["Text", "Value"])?;
        Some(Self { text: text(label)?, value: text(value)? })
    }

    /// Returns the label of the button.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Returns the value that the bot receives when a user presses the button.
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
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
            .field("image_response_card", &self.image_response_card)
            .finish()
    }
}

impl fmt::Debug for LexCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LexCard").field("buttons", &self.buttons.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for LexButton {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LexButton").finish_non_exhaustive()
    }
}

/// Returns the strings that a person reads in the envelope in `content`, in the order in which they occur there.
pub(crate) fn literals(content: &str) -> Option<Vec<Literal>> {
    LexEnvelope::parse(content)?;
    let mut is_shown = false;
    let mut shown = Vec::new();
    for place in strings(content) {
        if is_name(content, &place) {
            is_shown = SHOWN.contains(&&*name(content, place));
        } else if is_shown {
            shown.push(Literal::read(content, place));
        }
    }
    Some(shown)
}

/// Returns every string in the JSON object in `content`, including names of fields, or `None` if `content` is anything
/// else.
pub(crate) fn all_literals(content: &str) -> Option<Vec<Literal>> {
    let is_object = is_like_object(content) && lenient_json::is_json(content);
    is_object.then(|| strings(content).map(|place| Literal::read(content, place)).collect())
}

/// Returns the place of every string in `content`, which is JSON, without the quotes.
fn strings(content: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + content[at..].find('"')? + 1;
        let mut end = start;
        while content.as_bytes()[end] != b'"' {
            end += if content.as_bytes()[end] == b'\\' { 2 } else { 1 };
        }
        at = end + 1;
        Some(start..end)
    })
}

/// Returns whether the string in this place is the name of a field.
fn is_name(content: &str, place: &Range<usize>) -> bool {
    content[place.end + 1..].trim_start().starts_with(':')
}

fn name(content: &str, place: Range<usize>) -> Cow<'_, str> {
    match &content[place.clone()] {
        escaped if escaped.contains('\\') => Cow::Owned(Literal::read(content, place).value.text),
        name => Cow::Borrowed(name),
    }
}

/// A JSON string inside a larger text.
pub(crate) struct Literal {
    /// The value of the string, with its positions in the larger text.
    pub(crate) value: Decoded,
    /// The position in the larger text, without the quotes.
    pub(crate) place: Range<usize>,
}

/// Returns `text` as it is written between the quotes of a JSON string.
pub(crate) fn escape(text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("a string serializes");
    quoted[1..quoted.len() - 1].to_owned()
}

/// Almost no content is an object, so the parser does not start for the rest.
fn is_like_object(content: &str) -> bool {
    content.trim_start().starts_with('{')
}

/// Returns the values of the fields with these names, or `None` if `json` is not an object, or has another field or one
/// of them twice.
fn fields<'a, const N: usize>(json: &'a str, names: [&str; N]) -> Option<[Option<&'a str>; N]> {
    let mut values = [None; N];
    for (name, value) in lenient_json::entries(json)? {
        let field = &mut values[names.iter().position(|known| *known == name)?];
        if field.replace(value).is_some() {
            return None;
        }
    }
    Some(values)
}

/// Parses a field that may be absent or null. Returns `None` if it has another value that `parse` does not take.
fn optional<'a, T>(json: Option<&'a str>, parse: impl FnOnce(&'a str) -> Option<T>) -> Option<Option<T>> {
    match json.filter(|json| *json != "null") {
        Some(json) => parse(json).map(Some),
        None => Some(None),
    }
}

fn text(json: Option<&str>) -> Option<Option<String>> {
    optional(json, |json| lenient_json::string(json).map(Cow::into_owned))
}

impl Literal {
    /// Reads the string in this place of `content`.
    fn read(content: &str, place: Range<usize>) -> Self {
        let (mut text, mut starts) = (String::new(), Vec::new());
        let mut at = place.start;
        while let Some(c) = content[at..place.end].chars().next() {
            let (value, length) = if c == '\\' { unescape(&content[at..place.end]) } else { (c, c.len_utf8()) };
            text.push(value);
            starts.extend(std::iter::repeat_n(at, value.len_utf8()));
            at += length;
        }
        Self { value: Decoded { text, starts }, place }
    }
}

/// Returns the character that the escape at the start of `rest` stands for, and the escape's length. `rest` comes from
/// a document that parsed, so the only possible error in it is a lone surrogate.
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

    /// The card that AWS shows in its guide, with everything else that Lex documents.
    const CARD: &str = r#"{"Messages":[{"Content":"Hello!","ContentType":"PlainText"},{"ContentType":"ImageResponseCard",
        "ImageResponseCard":{"Buttons":[{"Value":"Check balance","Text":"Check\u0020it"},{"Text":"Escalate","Value":null}],
        "Title":"I'm BB","Subtitle":"I can \"help\"","ImageUrl":"https://example.com/bb.png"},"Content":null}]}"#;

    #[test]
    fn only_an_envelope_is_one() {
        for envelope in [
            r#" {"Messages":[]} "#,
            r#"{"Messages":[{}]}"#,
            r#"{"Messages":[{"Content":null,"ContentType":null,"ImageResponseCard":null}]}"#,
            r#"{"M\u0065ssages":[{"ContentType":"SSML","Content":""},{"ImageResponseCard":{}}]}"#,
            r#"{"Messages":[{"ContentType":"CustomPayload","ImageResponseCard":{"Buttons":[{}]}}]}"#,
            CARD,
        ] {
            assert!(LexEnvelope::parse(envelope).is_some(), "{envelope}");
        }
        for other in [
            "",
            "Hi",
            "{",
            "{}",
            "[]",
            r#"{"Messages":null}"#,
            r#"{"Messages":{}}"#,
            r#"{"Messages":[1]}"#,
            r#"{"Messages":[null]}"#,
            r#""{\"Messages\":[]}""#,
            r#"[[{"Content":"Hi"}]]"#,
            r#"{"messages":[]}"#,
            // More than an envelope has.
            r#"{"Messages":[],"t":"fuck"}"#,
            r#"{"Messages":[{"Content":"hi"}],"Messages":[]}"#,
            r#"{"Messages":[],"\u004dessages":[]}"#,
            r#"{"Messages":[]} fuck"#,
            r#"{"Messages":[{"Content":"hi","Note":"fuck"}]}"#,
            r#"{"Messages":[{"content":"fuck"}]}"#,
            r#"{"Messages":[{"Content":"fuck","Content":"hi"}]}"#,
            r#"{"Messages":[{"Content":"fuck","\u0043ontent":"hi"}]}"#,
            r#"{"Messages":[{"ContentType":"fuck"}]}"#,
            // Types that an envelope does not have.
            r#"{"Messages":[["hi","PlainText",null]]}"#,
            r#"{"Messages":[{"Content":7}]}"#,
            r#"{"Messages":[{"Content":["fuck"]}]}"#,
            r#"{"Messages":[{"Content":{"fuck":1}}]}"#,
            r#"{"Messages":[{"ImageResponseCard":"fuck"}]}"#,
            r#"{"Messages":[{"ImageResponseCard":["fuck"]}]}"#,
            r#"{"Messages":[{"ImageResponseCard":{"Title":"hi","Footer":"fuck"}}]}"#,
            r#"{"Messages":[{"ImageResponseCard":{"Title":["fuck"]}}]}"#,
            r#"{"Messages":[{"ImageResponseCard":{"Buttons":["fuck"]}}]}"#,
            r#"{"Messages":[{"ImageResponseCard":{"Buttons":[["fuck"]]}}]}"#,
            r#"{"Messages":[{"ImageResponseCard":{"Buttons":[{"Text":{"fuck":0}}]}}]}"#,
            r#"{"Messages":[{"ImageResponseCard":{"Buttons":[{"Text":"hi","Label":"fuck"}]}}]}"#,
        ] {
            assert_eq!(LexEnvelope::parse(other), None, "{other}");
            assert!(literals(other).is_none(), "{other}");
        }
    }

    #[test]
    fn text_is_what_a_person_reads() {
        let envelope = LexEnvelope::parse(CARD).unwrap();
        assert_eq!(envelope.to_text(), "Hello!\nI'm BB\nI can \"help\"\nCheck it\nEscalate");
        let [text, card] = envelope.messages() else { panic!("two") };
        assert_eq!((text.content(), text.content_type()), (Some("Hello!"), Some("PlainText")));
        assert_eq!((card.content(), card.content_type()), (None, Some("ImageResponseCard")));
        let card = card.image_response_card().unwrap();
        assert_eq!((card.title(), card.subtitle()), (Some("I'm BB"), Some("I can \"help\"")));
        assert_eq!(card.image_url(), Some("https://example.com/bb.png"));
        assert_eq!((card.buttons()[0].text(), card.buttons()[0].value()), (Some("Check it"), Some("Check balance")));
        assert_eq!(LexEnvelope::parse(&envelope.to_content()), Some(envelope));
    }

    #[test]
    fn literals_come_as_they_stand() {
        let texts = |literals: Option<Vec<Literal>>| -> Vec<_> {
            literals.unwrap().into_iter().map(|literal| (literal.value.text, CARD[literal.place].to_owned())).collect()
        };
        let shown: Vec<_> = texts(literals(CARD)).into_iter().map(|(text, _)| text).collect();
        assert_eq!(shown, ["Hello!", "Check it", "Escalate", "I'm BB", "I can \"help\""]);
        let all = texts(all_literals(CARD));
        assert_eq!(all.len(), 23);
        assert!(all.contains(&("Check it".to_owned(), r"Check\u0020it".to_owned())), "{all:?}");
        assert!(all.contains(&("Value".to_owned(), "Value".to_owned())));
        for none in ["", "text", "[\"a\"]", "{\"a\"", "{\"a\":\"b\"} c"] {
            assert!(all_literals(none).is_none(), "{none}");
        }
    }

    #[test]
    fn every_escape_is_read() {
        let content =
            r#"{"Messages":[{"Content":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude21 \ud83d. \ude21\ud83d\ud83d\ude21\u0000"}]}"#;
        let literal = &literals(content).unwrap()[0];
        assert_eq!(literal.value.text, "\"\\/\u{8}\u{c}\n\r\té😡 \u{fffd}. \u{fffd}\u{fffd}😡\0");
        assert_eq!(&content[literal.place.start - 1..literal.place.start], "\"");
        assert_eq!(all_literals(content).unwrap()[2].value.text, literal.value.text);
    }

    #[test]
    fn debug_shows_no_text() {
        let envelope = LexEnvelope::parse(&CARD.replace("BB", "secret").replace("Escalate", "secret")).unwrap();
        let card = envelope.messages()[1].image_response_card().unwrap();
        let shown = format!("{envelope:?} {:?} {:?}", envelope.messages(), card.buttons());
        assert!(!shown.contains("secret") && !shown.contains("Hello"), "{shown}");
    }

    proptest! {
        #[test]
        fn an_envelope_survives_the_round_trip(text in any::<String>()) {
            let content = LexEnvelope::from_text(text.clone()).to_content();
            prop_assert_eq!(LexEnvelope::parse(&content).unwrap().to_text(), &*text);
            let literal = &literals(&content).unwrap()[0];
            prop_assert_eq!(&literal.value.text, &text);
            prop_assert_eq!(literal.value.text.len(), literal.value.starts.len());
        }
    }
}
