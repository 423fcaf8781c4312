//! The text that a person reads in a message, and the conversion of edits back into its content.

use std::fmt;
use std::ops::Range;

use super::decoded::Decoded;
use super::lex_envelope::{self, Literal};
use super::{difference, percent_encoding};

/// The text that a person reads in a message.
///
/// Chat clients may percent-encode content, and the answers of a Lex bot arrive in a
/// [`LexEnvelope`](crate::LexEnvelope). This type holds the text inside: see [`as_str`](Self::as_str). It also converts
/// edits back: [`replace_ranges`](Self::replace_ranges) replaces parts of the text and leaves every other byte of the
/// content as it was sent.
///
/// The text depends on the content:
///
/// - If the content can be percent-decoded, it is decoded once, as `decodeURIComponent` does it. A client that shows
///   decoded text does so whether the text was meant to be encoded or not. If the content has a lone `%`, or bytes that
///   are not UTF-8, the text is the content unchanged.
/// - If the content is an envelope, the text is its messages, and the titles, subtitles and buttons of its cards, one
///   per line, in the order in which they occur. It leaves out the values of buttons and the addresses of images, since
///   nobody reads those.
/// - Any other content is text as a whole. JSON with a field that no envelope has, or with a field of an envelope
///   twice, is not an envelope.
///
/// The sender and the content type of the message do not matter: a person can send an envelope, and the events
/// seen on live traffic had no content type.
///
/// Not every client shows content in this way. If a processor must not miss a word that its author tries to hide, check
/// all [`readings`](Self::readings).
///
/// Two texts are equal if they are the same reading of the same content. A `Text` and a `str` are equal if the text is
/// the same.
///
/// `Debug` shows the length and the form, never the text. There is no `Display`, so that no text is printed by accident.
///
/// ```
/// use channel_flow::Text;
///
/// let text = Text::new("What%20the%20heck%3F");
/// assert_eq!(text, "What the heck?");
///
/// let heck = text.as_str().find("heck").unwrap();
/// assert_eq!(text.replace_ranges([(heck..heck + 4, "****")]), "What%20the%20****%3F");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Text {
    content: String,
    /// The text with its positions in `content`; `None` if the text is the content itself.
    decoded: Option<Decoded>,
    form: Form,
    lines: Vec<Line>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Form {
    percent: bool,
    json: Option<Json>,
}

/// Selects the strings of a JSON object that become lines.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Json {
    Envelope,
    All,
}

/// A part of the text that is contiguous in the content.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Line {
    /// The position in the text.
    at: Range<usize>,
    /// The position in the content.
    place: Range<usize>,
    /// Whether the line is percent-encoded separately, inside its JSON string.
    percent: bool,
}

impl Text {
    /// Reads the text in `content`.
    pub fn new(content: impl Into<String>) -> Self {
        let content = content.into();
        let decoded = percent_encoding::decode_mapped(&content);
        match lex_envelope::literals(json_in(&content, decoded.as_ref())) {
            Some(literals) => Self::of_strings(content, decoded.as_ref(), Json::Envelope, literals, false),
            None => Self::whole(content, decoded),
        }
    }

    /// Returns every text that a chat client may show for `content`: the text of [`new`](Self::new), then the texts of
    /// clients that read JSON differently. Most content has only one reading.
    ///
    /// - An envelope is also read as it is, for a client that does not unwrap it: `\f` followed by `oo` is then a word.
    /// - All strings of every JSON object are read, even if the object is not an envelope, for a client that unwraps
    ///   anything that has messages. `\u0066` is then a letter, and if a field occurs twice, the client shows one of
    ///   the two.
    /// - The strings of such an object are also read before the content is percent-decoded and then decoded one by one,
    ///   for a client that works in this order.
    ///
    /// Content that was encoded twice, and JSON in a string of JSON, are not read. Percent-encoded content is not read
    /// as it is either: nobody reads `f%75ck`.
    ///
    /// A replacement in one reading makes new content, which has readings again:
    ///
    /// ```
    /// use channel_flow::Text;
    ///
    /// fn censored(mut content: String) -> String {
    ///     while let Some(text) = Text::readings(&content).into_iter().find(|text| text.as_str().contains("heck")) {
    ///         let hecks = text.as_str().match_indices("heck");
    ///         content = text.replace_ranges(hecks.map(|(at, word)| (at..at + word.len(), "****")));
    ///     }
    ///     content
    /// }
    ///
    /// let content = r#"{"Messages":[{"Content":"\u0068eck"}],"Note":"oh heck"}"#;
    /// assert_eq!(censored(content.to_owned()), r#"{"Messages":[{"Content":"****"}],"Note":"oh ****"}"#);
    /// ```
    pub fn readings(content: &str) -> Vec<Self> {
        let decoded = percent_encoding::decode_mapped(content);
        let json = json_in(content, decoded.as_ref());
        let of_strings = |decoded, json, literals, decode_each| {
            Self::of_strings(content.to_owned(), decoded, json, literals, decode_each)
        };
        let envelope =
            lex_envelope::literals(json).map(|shown| of_strings(decoded.as_ref(), Json::Envelope, shown, false));
        let strings =
            lex_envelope::all_literals(json).map(|strings| of_strings(decoded.as_ref(), Json::All, strings, false));
        let decoded_each = lex_envelope::all_literals(content)
            .filter(|_| content.contains('%'))
            .map(|strings| of_strings(None, Json::All, strings, true));
        let whole = Self::whole(content.to_owned(), decoded);
        [envelope, Some(whole), strings, decoded_each].into_iter().flatten().collect()
    }

    fn whole(content: String, decoded: Option<Decoded>) -> Self {
        let form = Form { percent: decoded.is_some(), json: None };
        let length = decoded.as_ref().map_or(content.len(), |decoded| decoded.text.len());
        let line = Line { at: 0..length, place: 0..content.len(), percent: false };
        Self { content, decoded, form, lines: vec![line] }
    }

    /// Reads the strings of the JSON in `content`, or in `decoded` if the content is percent-encoded. If `decode_each`
    /// is set, each string is percent-decoded separately.
    fn of_strings(
        content: String,
        decoded: Option<&Decoded>,
        json: Json,
        literals: Vec<Literal>,
        decode_each: bool,
    ) -> Self {
        let form = Form { percent: decoded.is_some(), json: Some(json) };
        // Maps a position in the JSON to a position in `content`.
        let outward = |at: usize| match decoded {
            Some(decoded) => decoded.starts.get(at).copied().unwrap_or(content.len()),
            None => at,
        };
        let (mut read, mut lines) = (Decoded::default(), Vec::new());
        for Literal { value, place } in literals {
            if !lines.is_empty() {
                read.text.push('\n');
                read.starts.push(outward(place.start));
            }
            let start = read.text.len();
            let itself = if decode_each { percent_encoding::decode_mapped(&value.text) } else { None };
            let percent = itself.is_some();
            match itself {
                Some(itself) => {
                    read.text.push_str(&itself.text);
                    read.starts.extend(itself.starts.into_iter().map(|at| outward(value.starts[at])));
                }
                None => {
                    read.text.push_str(&value.text);
                    read.starts.extend(value.starts.into_iter().map(outward));
                }
            }
            lines.push(Line { at: start..read.text.len(), place: outward(place.start)..outward(place.end), percent });
        }
        Self { content, decoded: Some(read), form, lines }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        self.decoded.as_ref().map_or(&self.content, |decoded| &decoded.text)
    }

    /// Returns whether the content is a Lex envelope.
    pub fn is_lex_envelope(&self) -> bool {
        self.form.json == Some(Json::Envelope)
    }

    /// Returns whether the content is percent-encoded.
    pub fn is_percent_encoded(&self) -> bool {
        self.form.percent
    }

    /// Returns the whole content with these ranges of the text replaced, in the form in which the content came.
    ///
    /// If a range spans several messages of an envelope, its replacement goes into the first of them.
    ///
    /// # Panics
    ///
    /// Panics if a range does not lie on character boundaries of the text, or starts before the previous range ends.
    pub fn replace_ranges<R: AsRef<str>>(&self, edits: impl IntoIterator<Item = (Range<usize>, R)>) -> String {
        let mut content = String::with_capacity(self.content.len());
        let (mut copied, mut last) = (0, 0);
        for (range, replacement) in edits {
            assert!(last <= range.start, "ranges are in order and do not overlap");
            assert!(self.as_str().get(range.clone()).is_some(), "ranges lie on character boundaries");
            last = range.end;
            let mut replacement = Some(replacement);
            for line in &self.lines {
                let within = range.start.max(line.at.start)..range.end.min(line.at.end);
                if within.start > within.end {
                    continue;
                }
                let place = self.place(&within, line);
                content.push_str(&self.content[copied..place.start]);
                if let Some(replacement) = replacement.take() {
                    content.push_str(&self.encoded(replacement.as_ref(), line));
                }
                copied = place.end;
            }
        }
        content.push_str(&self.content[copied..]);
        content
    }

    /// Returns the content with each string of the text passed through `map`, in the form in which the content came, or
    /// `None` if `map` changes none of them.
    ///
    /// An envelope has a string for each message, title, subtitle and button; any other content is one string. Where
    /// `map` leaves the characters of a string as they are, the bytes of the content stay as they were sent.
    ///
    /// ```
    /// use channel_flow::Text;
    ///
    /// let text = Text::new(r#"{"Messages":[{"Content":"Good \u004Dorning"},{"Content":"GOOD"}]}"#);
    /// let mapped = text.map(|string| string.replace("GOOD", "good"));
    /// assert_eq!(mapped.as_deref(), Some(r#"{"Messages":[{"Content":"Good \u004Dorning"},{"Content":"good"}]}"#));
    /// ```
    pub fn map(&self, mut map: impl FnMut(&str) -> String) -> Option<String> {
        let mut edits = Vec::new();
        for line in &self.lines {
            let old = &self.as_str()[line.at.clone()];
            let new = map(old);
            edits.extend(difference::edits(old, &new).map(|(range, replacement)| {
                (line.at.start + range.start..line.at.start + range.end, replacement.to_owned())
            }));
        }
        (!edits.is_empty()).then(|| self.replace_ranges(edits))
    }

    /// Returns the content with `text` in place of the whole text, in the form in which the content came.
    ///
    /// ```
    /// use channel_flow::Text;
    ///
    /// let text = Text::new(r#"{"Messages":[{"Content":"Hi","ContentType":"PlainText"}]}"#);
    /// assert_eq!(text.rewrite("Hello"), r#"{"Messages":[{"Content":"Hello","ContentType":"PlainText"}]}"#);
    /// ```
    pub fn rewrite(&self, text: &str) -> String {
        if self.lines.is_empty() {
            // An envelope without messages.
            let content = lex_envelope::LexEnvelope::from_text(text).to_content();
            return if self.form.percent { percent_encoding::encode(&content) } else { content };
        }
        self.replace_ranges([(0..self.as_str().len(), text)])
    }

    /// Returns the position in the content of a range of one line.
    fn place(&self, within: &Range<usize>, line: &Line) -> Range<usize> {
        let place = |at: usize| match &self.decoded {
            _ if at == line.at.end => line.place.end,
            Some(decoded) => decoded.starts[at],
            None => at,
        };
        place(within.start)..place(within.end)
    }

    fn encoded(&self, replacement: &str, line: &Line) -> String {
        let itself = if line.percent { percent_encoding::encode(replacement) } else { replacement.to_owned() };
        let escaped = if self.form.json.is_some() { lex_envelope::escape(&itself) } else { itself };
        if self.form.percent { percent_encoding::encode(&escaped) } else { escaped }
    }
}

/// Returns the JSON in `content`, if there is any.
fn json_in<'a>(content: &'a str, decoded: Option<&'a Decoded>) -> &'a str {
    decoded.map_or(content, |decoded| &decoded.text)
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, text: &str) -> bool {
        self.as_str() == text
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, text: &&str) -> bool {
        self.as_str() == *text
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.decoded.map_or(text.content, |decoded| decoded.text)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Text")
            .field("bytes", &self.as_str().len())
            .field("lex_envelope", &self.is_lex_envelope())
            .field("percent_encoded", &self.form.percent)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn censored(content: &str, word: &str) -> String {
        let text = Text::new(content);
        let edits = text
            .as_str()
            .match_indices(word)
            .map(|(at, found)| (at..at + found.len(), "*".repeat(found.chars().count())));
        text.replace_ranges(edits)
    }

    #[test]
    fn plain_text_is_itself() {
        assert_eq!(censored("a hell of a hell", "hell"), "a **** of a ****");
        assert_eq!(censored("100% hell, 5 %", "hell"), "100% ****, 5 %");
        assert_eq!(Text::new("a").rewrite("b\"%"), "b\"%");
        assert_eq!(Text::new("").rewrite("b"), "b");
    }

    #[test]
    fn plain_text_is_kept_once() {
        for plain in ["", "a hell", "100 %", "{hell}"] {
            assert!(Text::new(plain).decoded.is_none(), "{plain}");
        }
        assert!(Text::new("a%20hell").decoded.is_some());
    }

    #[test]
    fn a_text_equals_a_str_by_what_is_read_and_a_text_by_its_content_too() {
        let (plain, encoded) = (Text::new("a hell"), Text::new("a%20hell"));
        assert!(plain == "a hell" && encoded == *"a hell");
        assert!(plain == Text::new("a hell") && plain != encoded);
        assert_eq!(String::from(encoded), String::from(plain));
    }

    #[test]
    fn bytes_beside_the_words_stay() {
        assert_eq!(censored("%68ell,%20caf%c3%a9%2", "hell"), "%68ell,%20caf%c3%a9%2");
        assert_eq!(censored("%68ell,%20caf%c3%a9", "hell"), "****,%20caf%c3%a9");
        assert_eq!(
            censored(
                r#"{ "Messages" :[{"Content":"\u0068ell\u0021 é","ContentType":"SSML"}, {"Content":"hell"}]}"#,
                "hell"
            ),
            r#"{ "Messages" :[{"Content":"****\u0021 é","ContentType":"SSML"}, {"Content":"****"}]}"#,
        );
    }

    #[test]
    fn an_envelope_may_be_percent_encoded() {
        let content = percent_encoding::encode(r#"{"Messages":[{"Content":"oh hell"}]}"#);
        let text = Text::new(&*content);
        assert!(text.is_percent_encoded() && text.is_lex_envelope());
        assert_eq!(percent_encoding::decode(&censored(&content, "hell")), r#"{"Messages":[{"Content":"oh ****"}]}"#);
        assert_eq!(percent_encoding::decode(&text.rewrite("\"")), r#"{"Messages":[{"Content":"\""}]}"#);
    }

    #[test]
    fn a_range_over_two_messages_goes_to_the_first() {
        let content = r#"{"Messages":[{"Content":"ab"},{"Content":""},{"Content":"cd"}]}"#;
        let text = Text::new(content);
        assert_eq!(text, "ab\n\ncd");
        let replaced = text.replace_ranges([(1..5, "X")]);
        assert_eq!(replaced, r#"{"Messages":[{"Content":"aX"},{"Content":""},{"Content":"d"}]}"#);
        let inserted = text.replace_ranges([(0..0, "<"), (3..3, "="), (6..6, ">")]);
        assert_eq!(inserted, r#"{"Messages":[{"Content":"<ab"},{"Content":"="},{"Content":"cd>"}]}"#);
        assert_eq!(text.rewrite("new"), r#"{"Messages":[{"Content":"new"},{"Content":""},{"Content":""}]}"#);
    }

    #[test]
    fn an_empty_envelope_reads_empty_and_can_be_filled() {
        let text = Text::new(r#"{"Messages":[]}"#);
        assert!(text == "" && text.is_lex_envelope());
        assert_eq!(Text::new(text.rewrite("Hi")).as_str(), "Hi");
    }

    #[test]
    #[should_panic(expected = "in order")]
    fn ranges_out_of_order_are_refused() {
        Text::new("abc").replace_ranges([(1..2, ""), (0..1, "")]);
    }

    fn readings(content: &str) -> Vec<String> {
        Text::readings(content).into_iter().map(String::from).collect()
    }

    #[test]
    fn what_has_more_than_an_envelope_is_text_as_a_whole() {
        for content in [
            r#"{"Messages":[],"t":"fuck you all"}"#,
            r#"{"Messages":[{"Content":"hi","Note":"fuck you"}]}"#,
            r#"{"Messages":[{"Content":"fuck"},{"Content":7}]}"#,
        ] {
            let text = Text::new(content);
            assert!(!text.is_lex_envelope());
            assert_eq!(text, content);
            assert_eq!(Text::new(percent_encoding::encode(content)).as_str(), content);
        }
    }

    #[test]
    fn a_card_is_text_too() {
        let content = r#"{"Messages":[{"ImageResponseCard":{"Buttons":[{"Value":"hell","Text":"hell"}],"Title":"oh hell"},"Content":"hell"}]}"#;
        let text = Text::new(content);
        assert_eq!(text, "hell\noh hell\nhell");
        assert_eq!(
            censored(content, "hell"),
            r#"{"Messages":[{"ImageResponseCard":{"Buttons":[{"Value":"hell","Text":"****"}],"Title":"oh ****"},"Content":"****"}]}"#
        );
    }

    #[test]
    fn most_content_has_one_reading() {
        for content in ["", "a hell", "What%20the", "100 %", "{hell}", "[\"hell\"]", "{\"Messages\":[", "%7Bhell"] {
            assert_eq!(readings(content), [Text::new(content).as_str()], "{content}");
        }
    }

    #[test]
    fn json_is_read_as_every_client_shows_it() {
        let envelope = r#"{"Messages":[{"Content":"\foo"}]}"#;
        let strings = "Messages\nContent\n\u{c}oo";
        assert_eq!(readings(envelope), ["\u{c}oo", envelope, strings]);
        assert_eq!(readings(&percent_encoding::encode(envelope)), ["\u{c}oo", envelope, strings]);

        let twice = r#"{"Messages":[{"Content":"\u0061","Content":"b"}],"c":["d"]}"#;
        assert_eq!(readings(twice), [twice, "Messages\nContent\na\nContent\nb\nc\nd"]);

        // Decoded as a whole, this is no longer JSON.
        let quote = r#"{"Messages":[{"Content":"\u0061%22"}]}"#;
        assert_eq!(readings(quote), [r#"{"Messages":[{"Content":"\u0061""}]}"#, "Messages\nContent\na\""]);
        // One lone `%` keeps the whole content encoded, but not each string.
        let lone = r#"{"Messages":[{"Content":"%61"},{"Content":"%"}]}"#;
        let undecoded = "Messages\nContent\n%61\nContent\n%";
        assert_eq!(readings(lone), ["%61\n%", lone, undecoded, "Messages\nContent\na\nContent\n%"]);
    }

    #[test]
    fn every_reading_has_its_way_back() {
        let content = r#"{"Messages":[{"Content":"%61\u0062"},{"Content":"%"}]}"#;
        let text = Text::readings(content).pop().unwrap();
        assert_eq!(&text.as_str()[17..19], "ab");
        assert_eq!(
            text.replace_ranges([(0..8, "M\""), (17..18, "é\""), (18..19, "b")]),
            r#"{"M\"":[{"Content":"%C3%A9%22b"},{"Content":"%"}]}"#
        );
    }

    fn contents() -> impl Strategy<Value = String> {
        let plain = prop_oneof![any::<String>(), "(%[0-9A-Fa-f]{2}|[a-z é😡\"\\\\%]){0,20}"];
        let envelope = prop::collection::vec(any::<String>(), 0..4).prop_map(|texts| {
            let messages: Vec<_> =
                texts.into_iter().map(|text| serde_json::json!({ "Content": text, "ContentType": "SSML" })).collect();
            serde_json::json!({ "Messages": messages }).to_string()
        });
        let inner = prop_oneof![plain, envelope];
        (inner, any::<bool>())
            .prop_map(|(content, encode)| if encode { percent_encoding::encode(&content) } else { content })
    }

    proptest! {
        #[test]
        fn no_edit_no_change(content in contents()) {
            let text = Text::new(&*content);
            prop_assert_eq!(text.replace_ranges(None::<(Range<usize>, &str)>), &*content);
            for reading in Text::readings(&content) {
                prop_assert_eq!(reading.replace_ranges(None::<(Range<usize>, &str)>), &*content);
            }
        }

        /// In every reading, replacing each character with itself does not change the text.
        #[test]
        fn every_place_of_every_reading_is_found(content in contents()) {
            for (number, reading) in Text::readings(&content).into_iter().enumerate() {
                let edits: Vec<_> = reading
                    .lines
                    .iter()
                    .flat_map(|line| reading.as_str()[line.at.clone()].char_indices().map(|(at, c)| (line.at.start + at, c)))
                    .map(|(at, c)| (at..at + c.len_utf8(), c.to_string()))
                    .collect();
                let again = Text::readings(&reading.replace_ranges(edits));
                let again = again.get(number).filter(|again| again.form == reading.form);
                prop_assert!(again.is_none_or(|again| again.as_str() == reading.as_str()));
            }
        }

        /// Editing in place gives the same text as editing the text itself.
        #[test]
        fn an_edit_reads_as_it_was_meant(content in contents(), pick in any::<prop::sample::Index>(), new in "[a-z*\"\\\\é😡 ]{1,5}") {
            let text = Text::new(&*content);
            let read = text.as_str();
            let boundaries: Vec<usize> = read.char_indices().map(|(at, _)| at).collect();
            prop_assume!(!boundaries.is_empty());
            let start = boundaries[pick.index(boundaries.len())];
            let end = start + read[start..].chars().next().map_or(0, char::len_utf8);
            prop_assume!(!text.is_lex_envelope() || &read[start..end] != "\n");
            let edited = Text::new(text.replace_ranges([(start..end, &new)]));
            // An edit can give plain content a form or take its form away. Content with a form keeps it.
            prop_assume!(edited.form == text.form);
            prop_assert_eq!(edited.as_str(), format!("{}{new}{}", &read[..start], &read[end..]));
        }

        #[test]
        fn a_rewrite_reads_as_it_was_meant(content in contents(), new in "[a-z\"\\\\é😡 ]{1,9}") {
            let text = Text::new(&*content);
            let rewritten = Text::new(text.rewrite(&new));
            prop_assert_eq!(rewritten.as_str().trim_end_matches('\n'), new);
        }
    }
}
