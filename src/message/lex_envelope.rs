//! The envelope in which the answer of an Amazon Lex bot arrives as a message.

use std::fmt;
use std::ops::Range;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::event::lenient_json;

/// Lex's names for the content types of a message.
const CONTENT_TYPES: [&str; 4] = ["CustomPayload", "ImageResponseCard", "PlainText", "SSML"];

/// The answer of a Lex bot: `{"Messages":[{"Content":"Hi","ContentType":"PlainText"}]}`.
///
/// The service puts a bot's answer into the content of a message in this form. To change the text and keep the envelope
/// as it is, use [`Message::text`](crate::Message::text). Use this type to look at individual messages and to create an
/// envelope.
///
/// Content is an envelope only if it has nothing besides the messages, since nobody would look at anything else in it.
/// `Messages` is the only field of an envelope. `Content`, `ContentType` and `ImageResponseCard` are the fields of a
/// message. `Title`, `Subtitle`, `ImageUrl` and `Buttons` are the fields of a card. `Text` and `Value` are the fields
/// of a button. `Messages` is an array. Each of the other fields is present once, null, or absent. Texts are strings, and a `ContentType` is one that Lex
/// has. Any other content that looks like an envelope is text.
///
/// `Debug` shows only the number of messages.
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
#[derive(Clone, PartialEq, Eq, Serialize)]
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
#[derive(Clone, PartialEq, Eq, Serialize)]
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
#[derive(Clone, PartialEq, Eq, Serialize)]
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
        Some(Self { messages: raw_messages(content)?.iter().map(RawMessage::read).collect() })
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
    pub fn text(&self) -> String {
        let lines: Vec<&str> = self.messages.iter().flat_map(LexMessage::lines).collect();
        lines.join("\n")
    }

    /// Returns the envelope as the content of a message.
    pub fn to_content(&self) -> String {
        serde_json::to_string(self).expect("strings serialize")
    }
}

impl LexMessage {
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
    let messages = raw_messages(content)?;
    let mut places: Vec<&RawValue> = messages.iter().flat_map(RawMessage::shown).collect();
    places.sort_unstable_by_key(|raw| raw.get().as_ptr());
    // A raw value is a slice of `content`, so the difference of the two addresses is its position there.
    let start = |raw: &RawValue| raw.get().as_ptr() as usize - content.as_ptr() as usize;
    Some(places.into_iter().map(|raw| Literal::read(content, start(raw)..start(raw) + raw.get().len())).collect())
}

/// Returns every string in the JSON object in `content`, including names of fields, or `None` if `content` is anything
/// else.
pub(crate) fn all_literals(content: &str) -> Option<Vec<Literal>> {
    if !is_like_object(content) {
        return None;
    }
    serde_json::from_str::<IgnoredAny>(content).ok()?;
    let mut literals = Vec::new();
    let mut at = 0;
    while let Some(offset) = content[at..].find('"') {
        let start = at + offset;
        let mut end = start + 1;
        while content.as_bytes()[end] != b'"' {
            end += if content.as_bytes()[end] == b'\\' { 2 } else { 1 };
        }
        literals.push(Literal::read(content, start..end + 1));
        at = end + 1;
    }
    Some(literals)
}

/// A JSON string inside a larger text.
pub(crate) struct Literal {
    /// The value of the string.
    pub(crate) text: String,
    /// For each byte of the value, its position in the larger text.
    pub(crate) starts: Vec<usize>,
    /// The position in the larger text, without the quotes.
    pub(crate) place: Range<usize>,
}

/// Returns `text` as it is written between the quotes of a JSON string.
pub(crate) fn escape(text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("a string serializes");
    quoted[1..quoted.len() - 1].to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct RawEnvelope<'a> {
    #[serde(borrow)]
    messages: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct RawMessage<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    content_type: Option<&'a RawValue>,
    #[serde(borrow)]
    image_response_card: Option<&'a RawValue>,
    #[serde(skip)]
    card: Option<RawCard<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct RawCard<'a> {
    #[serde(borrow)]
    title: Option<&'a RawValue>,
    #[serde(borrow)]
    subtitle: Option<&'a RawValue>,
    #[serde(borrow)]
    image_url: Option<&'a RawValue>,
    #[serde(borrow, rename = "Buttons")]
    raw_buttons: Option<Vec<&'a RawValue>>,
    #[serde(skip)]
    buttons: Vec<RawButton<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct RawButton<'a> {
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
}

/// Returns the messages if `content` is an envelope: every value in them has the type that Lex gives it.
fn raw_messages(content: &str) -> Option<Vec<RawMessage<'_>>> {
    let envelope: RawEnvelope<'_> = object(content)?;
    envelope.messages.into_iter().map(|raw| RawMessage::checked(raw.get())).collect()
}

/// Almost no message is an envelope, so the parser does not start for the others.
fn is_like_object(content: &str) -> bool {
    content.trim_start().starts_with('{')
}

/// Parses an object. serde would accept the elements of an array as its fields as well.
fn object<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
    is_like_object(json).then(|| serde_json::from_str(json).ok())?
}

fn all_strings<'a>(values: impl IntoIterator<Item = Option<&'a RawValue>>) -> bool {
    values.into_iter().flatten().all(|raw| raw.get().starts_with('"'))
}

fn read(raw: Option<&RawValue>) -> Option<String> {
    raw.and_then(|raw| Some(lenient_json::string(raw.get())?.into_owned()))
}

impl<'a> RawMessage<'a> {
    fn checked(json: &'a str) -> Option<Self> {
        let mut message: Self = object(json)?;
        if let Some(card) = message.image_response_card {
            message.card = Some(RawCard::checked(card.get())?);
        }
        let content_type = read(message.content_type);
        let known = content_type.is_none_or(|content_type| CONTENT_TYPES.contains(&&*content_type));
        (known && all_strings([message.content, message.content_type])).then_some(message)
    }

    fn read(&self) -> LexMessage {
        LexMessage {
            content: read(self.content),
            content_type: read(self.content_type),
            image_response_card: self.card.as_ref().map(RawCard::read),
        }
    }

    /// Returns the strings that a person reads.
    fn shown(&self) -> impl Iterator<Item = &'a RawValue> {
        let card = self.card.iter().flat_map(|card| {
            let buttons = card.buttons.iter().filter_map(|button| button.text);
            card.title.into_iter().chain(card.subtitle).chain(buttons)
        });
        self.content.into_iter().chain(card)
    }
}

impl<'a> RawCard<'a> {
    fn checked(json: &'a str) -> Option<Self> {
        let mut card: Self = object(json)?;
        for raw in card.raw_buttons.take().unwrap_or_default() {
            let button: RawButton<'_> = object(raw.get())?;
            card.buttons.push(Some(button).filter(|button| all_strings([button.text, button.value]))?);
        }
        all_strings([card.title, card.subtitle, card.image_url]).then_some(card)
    }

    fn read(&self) -> LexCard {
        let button = |button: &RawButton<'_>| LexButton { text: read(button.text), value: read(button.value) };
        LexCard {
            title: read(self.title),
            subtitle: read(self.subtitle),
            image_url: read(self.image_url),
            buttons: self.buttons.iter().map(button).collect(),
        }
    }
}

impl Literal {
    /// Reads the string in these bytes of `content`, quotes included.
    fn read(content: &str, quoted: Range<usize>) -> Self {
        let place = quoted.start + 1..quoted.end - 1;
        let (mut text, mut starts) = (String::new(), Vec::new());
        let mut at = place.start;
        while let Some(c) = content[at..place.end].chars().next() {
            let (value, length) = if c == '\\' { unescape(&content[at..place.end]) } else { (c, c.len_utf8()) };
            text.push(value);
            starts.extend(std::iter::repeat_n(at, value.len_utf8()));
            at += length;
        }
        Self { text, starts, place }
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
        assert_eq!(envelope.text(), "Hello!\nI'm BB\nI can \"help\"\nCheck it\nEscalate");
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
            literals.unwrap().into_iter().map(|literal| (literal.text, CARD[literal.place].to_owned())).collect()
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
        assert_eq!(literal.text, "\"\\/\u{8}\u{c}\n\r\té😡 \u{fffd}. \u{fffd}\u{fffd}😡\0");
        assert_eq!(&content[literal.place.start - 1..literal.place.start], "\"");
        assert_eq!(all_literals(content).unwrap()[2].text, literal.text);
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
            prop_assert_eq!(LexEnvelope::parse(&content).unwrap().text(), &*text);
            let literal = &literals(&content).unwrap()[0];
            prop_assert_eq!(&literal.text, &text);
            prop_assert_eq!(literal.text.len(), literal.starts.len());
        }
    }
}
