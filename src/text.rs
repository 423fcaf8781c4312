//! What a person reads in a message, and the way back into its content.

use std::fmt;
use std::ops::{Deref, Range};

use crate::{lex, percent};

/// What a person reads in a message.
///
/// Chat clients may percent-encode what they send, and the answers of a Lex bot come in a
/// [`LexEnvelope`](crate::LexEnvelope). This is the text inside, as a `&str` by `Deref`, and the way back:
/// [`replace_ranges`](Self::replace_ranges) puts new words in place of old ones and leaves every other byte of the
/// content as it was sent.
///
/// The messages of an envelope stand one a line. Whoever shows decoded text shows it whether it was meant to be encoded
/// or not, so what can be decoded is decoded.
///
/// `Debug` shows the length only.
///
/// ```
/// use channel_flow::Text;
///
/// let text = Text::new("What%20the%20heck%3F");
/// assert_eq!(&*text, "What the heck?");
///
/// let heck = text.find("heck").unwrap();
/// assert_eq!(text.replace_ranges([(heck..heck + 4, "****")]), "What%20the%20****%3F");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    content: String,
    text: String,
    form: Form,
    /// For each byte of `text`, the bytes of `content` it came from; empty where the two are the same.
    sources: Vec<Range<usize>>,
    /// Where in `text` each message of an envelope stands, and where in `content` its first character goes.
    lines: Vec<(Range<usize>, usize)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Form {
    percent: bool,
    lex: bool,
}

impl Text {
    /// The text in `content`.
    pub fn new(content: impl Into<String>) -> Self {
        let content = content.into();
        let decoded = percent::decode_mapped(&content);
        let inner = decoded.as_ref().map_or(content.as_str(), |(inner, _)| inner);
        let literals = lex::literals(inner);
        let form = Form { percent: decoded.is_some(), lex: literals.is_some() };

        // Places in `inner`, which is `content` without its percent-encoding, become places in `content`.
        let outward = |place: Range<usize>| match &decoded {
            Some((_, sources)) if !place.is_empty() => sources[place.start].start..sources[place.end - 1].end,
            Some((_, sources)) => {
                let at = sources.get(place.start).map_or(content.len(), |source| source.start);
                at..at
            }
            None => place,
        };
        let Some(literals) = literals else {
            let (text, sources) = decoded.unwrap_or_else(|| (content.clone(), Vec::new()));
            return Self { lines: vec![(0..text.len(), 0)], content, text, form, sources };
        };
        let (mut text, mut sources, mut lines) = (String::new(), Vec::new(), Vec::new());
        for literal in literals {
            if !lines.is_empty() {
                text.push('\n');
                sources.push(0..0);
            }
            let start = text.len();
            text.push_str(&literal.text);
            sources.extend(literal.sources.into_iter().map(outward));
            lines.push((start..text.len(), outward(literal.start..literal.start).start));
        }
        Self { content, text, form, sources, lines }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the content is a Lex envelope.
    pub fn is_lex_envelope(&self) -> bool {
        self.form.lex
    }

    /// Whether the content is percent-encoded.
    pub fn is_percent_encoded(&self) -> bool {
        self.form.percent
    }

    /// The whole content with these ranges of the text replaced, in the form in which it came.
    ///
    /// A range that reaches over several messages of an envelope leaves its replacement in the first of them.
    ///
    /// # Panics
    ///
    /// Where a range does not lie on character boundaries of the text, or starts before the one in front of it ends.
    pub fn replace_ranges<R: AsRef<str>>(&self, edits: impl IntoIterator<Item = (Range<usize>, R)>) -> String {
        let mut content = String::with_capacity(self.content.len());
        let (mut copied, mut last) = (0, 0);
        for (range, replacement) in edits {
            assert!(last <= range.start, "ranges are in order and do not overlap");
            assert!(self.text.get(range.clone()).is_some(), "ranges lie on character boundaries");
            last = range.end;
            let mut replacement = Some(self.encoded(replacement.as_ref()));
            for (line, line_start) in &self.lines {
                let within = range.start.max(line.start)..range.end.min(line.end);
                if within.start > within.end {
                    continue;
                }
                let place = self.place(within, line, *line_start);
                content.push_str(&self.content[copied..place.start]);
                content.push_str(&replacement.take().unwrap_or_default());
                copied = place.end;
            }
        }
        content.push_str(&self.content[copied..]);
        content
    }

    /// `text` in place of the whole text, in the form in which the content came.
    ///
    /// ```
    /// use channel_flow::Text;
    ///
    /// let text = Text::new(r#"{"Messages":[{"Content":"Hi","ContentType":"PlainText"}]}"#);
    /// assert_eq!(text.rewrite("Hello"), r#"{"Messages":[{"Content":"Hello","ContentType":"PlainText"}]}"#);
    /// ```
    pub fn rewrite(&self, text: &str) -> String {
        if self.lines.is_empty() {
            let content = lex::LexEnvelope::from_text(text).to_content();
            return if self.form.percent { percent::encode(&content) } else { content };
        }
        self.replace_ranges([(0..self.text.len(), text)])
    }

    /// Where in the content a range of one line stands.
    fn place(&self, within: Range<usize>, line: &Range<usize>, line_start: usize) -> Range<usize> {
        if self.sources.is_empty() && !self.form.lex {
            return within;
        }
        if within.is_empty() {
            let at = if within.start > line.start { self.sources[within.start - 1].end } else { line_start };
            return at..at;
        }
        self.sources[within.start].start..self.sources[within.end - 1].end
    }

    fn encoded(&self, replacement: &str) -> String {
        let escaped = if self.form.lex { lex::escape(replacement) } else { replacement.to_owned() };
        if self.form.percent { percent::encode(&escaped) } else { escaped }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.text
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Text")
            .field("bytes", &self.text.len())
            .field("lex_envelope", &self.form.lex)
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
        let edits =
            text.match_indices(word).map(|(at, found)| (at..at + found.len(), "*".repeat(found.chars().count())));
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
    fn bytes_beside_the_words_stay() {
        assert_eq!(censored("%68ell,%20caf%c3%a9%2", "hell"), "%68ell,%20caf%c3%a9%2");
        assert_eq!(censored("%68ell,%20caf%c3%a9", "hell"), "****,%20caf%c3%a9");
        assert_eq!(
            censored(r#"{ "Messages" :[{"Content":"\u0068ell\u0021 é","x":1.0}, {"Content":"hell"}]}"#, "hell"),
            r#"{ "Messages" :[{"Content":"****\u0021 é","x":1.0}, {"Content":"****"}]}"#,
        );
    }

    #[test]
    fn an_envelope_may_be_percent_encoded() {
        let content = percent::encode(r#"{"Messages":[{"Content":"oh hell"}]}"#);
        let text = Text::new(&*content);
        assert!(text.is_percent_encoded() && text.is_lex_envelope());
        assert_eq!(percent::decode(&censored(&content, "hell")), r#"{"Messages":[{"Content":"oh ****"}]}"#);
        assert_eq!(percent::decode(&text.rewrite("\"")), r#"{"Messages":[{"Content":"\""}]}"#);
    }

    #[test]
    fn a_range_over_two_messages_goes_to_the_first() {
        let content = r#"{"Messages":[{"Content":"ab"},{"Content":""},{"Content":"cd"}]}"#;
        let text = Text::new(content);
        assert_eq!(&*text, "ab\n\ncd");
        let replaced = text.replace_ranges([(1..5, "X")]);
        assert_eq!(replaced, r#"{"Messages":[{"Content":"aX"},{"Content":""},{"Content":"d"}]}"#);
        let inserted = text.replace_ranges([(0..0, "<"), (3..3, "="), (6..6, ">")]);
        assert_eq!(inserted, r#"{"Messages":[{"Content":"<ab"},{"Content":"="},{"Content":"cd>"}]}"#);
        assert_eq!(text.rewrite("new"), r#"{"Messages":[{"Content":"new"},{"Content":""},{"Content":""}]}"#);
    }

    #[test]
    fn an_empty_envelope_reads_empty_and_can_be_filled() {
        let text = Text::new(r#"{"Messages":[]}"#);
        assert!(text.is_empty() && text.is_lex_envelope());
        assert_eq!(Text::new(text.rewrite("Hi")).as_str(), "Hi");
    }

    #[test]
    #[should_panic(expected = "in order")]
    fn ranges_out_of_order_are_refused() {
        Text::new("abc").replace_ranges([(1..2, ""), (0..1, "")]);
    }

    fn contents() -> impl Strategy<Value = String> {
        let plain = prop_oneof![any::<String>(), "(%[0-9A-Fa-f]{2}|[a-z é😡\"\\\\%]){0,20}"];
        let envelope = prop::collection::vec(any::<String>(), 0..4).prop_map(|texts| {
            let messages: Vec<_> =
                texts.into_iter().map(|text| serde_json::json!({ "Content": text, "K": [1.50] })).collect();
            serde_json::json!({ "Messages": messages }).to_string()
        });
        let inner = prop_oneof![plain, envelope];
        (inner, any::<bool>()).prop_map(|(content, encode)| if encode { percent::encode(&content) } else { content })
    }

    proptest! {
        #[test]
        fn no_edit_no_change(content in contents()) {
            let text = Text::new(&*content);
            prop_assert_eq!(text.replace_ranges(None::<(Range<usize>, &str)>), &*content);
        }

        /// Editing in place gives the text that editing the text itself gives.
        #[test]
        fn an_edit_reads_as_it_was_meant(content in contents(), pick in any::<prop::sample::Index>(), new in "[a-z*\"\\\\é😡 ]{1,5}") {
            let text = Text::new(&*content);
            let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            prop_assume!(!boundaries.is_empty());
            let start = boundaries[pick.index(boundaries.len())];
            let end = start + text[start..].chars().next().map_or(0, char::len_utf8);
            prop_assume!(!text.is_lex_envelope() || &text[start..end] != "\n");
            let edited = Text::new(text.replace_ranges([(start..end, &new)]));
            // Plain content can turn into a form by an edit, or stop to be one; a form stays what it is.
            prop_assume!(edited.form == text.form);
            prop_assert_eq!(edited.as_str(), format!("{}{new}{}", &text[..start], &text[end..]));
        }

        #[test]
        fn a_rewrite_reads_as_it_was_meant(content in contents(), new in "[a-z\"\\\\é😡 ]{1,9}") {
            let text = Text::new(&*content);
            let rewritten = Text::new(text.rewrite(&new));
            prop_assert_eq!(rewritten.as_str().trim_end_matches('\n'), new);
        }
    }
}
