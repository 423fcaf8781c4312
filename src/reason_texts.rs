//! What to tell a sender about a reason.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use crate::Reason;

/// Texts that tell a sender why, by [`Reason`] and language: for the work [after the
/// callback](crate::Processor::after_callback).
///
/// They are data: built in code, or read from JSON when the function starts.
///
/// ```
/// use channel_flow::{Reason, ReasonTexts};
///
/// let texts = ReasonTexts::from_json(
///     r#"{
///         "default": "en",
///         "texts": {
///             "links": {
///                 "en": "Links are not allowed in this channel.",
///                 "de": "Links sind in diesem Kanal nicht erlaubt.",
///                 "pt-BR": "Links não são permitidos neste canal."
///             }
///         }
///     }"#,
/// )?;
///
/// let links = Reason::new("links");
/// assert_eq!(texts.text(&links, "de-CH"), Some("Links sind in diesem Kanal nicht erlaubt."));
/// assert_eq!(texts.text(&links, "fr"), Some("Links are not allowed in this channel."));
/// assert_eq!(texts.text(&Reason::new("spam"), "de"), None);
/// # Ok::<_, channel_flow::ReasonTextsError>(())
/// ```
///
/// # Languages
///
/// A language is a BCP 47 tag such as `de`, `pt-BR` or `zh-Hant-TW`. A tag is looked up as it is, then without its last
/// part, and so on; upper and lower case are the same. The last choice is the default language, which is looked up in
/// the same way. This is the lookup of RFC 4647 for a single tag: `de-CH` finds `de`, and `de` does not find `de-CH`.
///
/// The service does not know the language of a sender. Take it from a source that you trust, such as the user's profile
/// in your own database, or from the metadata of the message, which the sender's client writes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ReasonTexts {
    default_language: String,
    texts: BTreeMap<Reason, BTreeMap<String, String>>,
}

impl ReasonTexts {
    /// Creates texts without any, with the language that a sender gets if there is no text in the sender's own.
    pub fn new(default_language: impl Into<String>) -> Self {
        Self { default_language: default_language.into().to_ascii_lowercase(), texts: BTreeMap::new() }
    }

    /// Adds the text of a reason in a language, or replaces it.
    ///
    /// ```
    /// use channel_flow::{Reason, ReasonTexts};
    ///
    /// let texts = ReasonTexts::new("en")
    ///     .with_text("links", "en", "Links are not allowed here.")
    ///     .with_text("links", "de", "Links sind hier nicht erlaubt.");
    /// assert_eq!(texts.text(&Reason::new("links"), "DE-AT"), Some("Links sind hier nicht erlaubt."));
    /// ```
    pub fn with_text(
        mut self,
        reason: impl Into<Reason>,
        language: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        let language = language.into().to_ascii_lowercase();
        self.texts.entry(reason.into()).or_default().insert(language, text.into());
        self
    }

    /// Reads texts from JSON: an object with the language `default`, and with `texts`, an object of reasons, each an
    /// object of language to text.
    ///
    /// # Errors
    ///
    /// Returns an error if the JSON has another form, if a reason or a language is not one, or if a reason has no text
    /// in the default language.
    pub fn from_json(json: &str) -> Result<Self, ReasonTextsError> {
        let File { default, texts } = serde_json::from_str(json).map_err(|error| ReasonTextsError::new(error, None))?;
        if !is_language(&default) {
            return Err(ReasonTextsError::new(
                "the default language must be a BCP 47 tag such as `de` or `pt-BR`",
                None,
            ));
        }
        let mut all = Self::new(default);
        for (reason, texts) in texts {
            let reason = Reason::from_setting(&reason).map_err(|error| ReasonTextsError::new(error, None))?;
            for (language, text) in texts {
                if !is_language(&language) {
                    let problem = "a language must be a BCP 47 tag such as `de` or `pt-BR`";
                    return Err(ReasonTextsError::new(problem, Some(reason)));
                }
                all = all.with_text(reason.clone(), language, text);
            }
            if all.find(&reason, &all.default_language).is_none() {
                return Err(ReasonTextsError::new("there is no text in the default language", Some(reason)));
            }
        }
        Ok(all)
    }

    /// Returns the text of a reason in `language`, or in the default language, or `None` if there is neither.
    pub fn text(&self, reason: &Reason, language: &str) -> Option<&str> {
        self.find(reason, language).or_else(|| self.find(reason, &self.default_language))
    }

    /// Looks up a tag, and then what is left of it without its last part. Allocates nothing.
    fn find(&self, reason: &Reason, language: &str) -> Option<&str> {
        let texts = self.texts.get(reason)?;
        let mut tag = language;
        loop {
            if let Some((_, text)) = texts.iter().find(|(language, _)| language.eq_ignore_ascii_case(tag)) {
                return Some(text);
            }
            (tag, _) = tag.rsplit_once('-')?;
        }
    }
}

/// Texts as they stand in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    default: String,
    texts: BTreeMap<String, BTreeMap<String, String>>,
}

/// Returns whether `tag` has the form of a BCP 47 tag: parts of 1 to 8 letters and digits, separated by `-`, of which the
/// first has letters only.
fn is_language(tag: &str) -> bool {
    let is_part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    tag.split('-').all(is_part) && tag.bytes().take_while(|byte| *byte != b'-').all(|byte| byte.is_ascii_alphabetic())
}

/// The error for JSON that cannot be [`ReasonTexts`].
#[derive(Debug)]
pub struct ReasonTextsError {
    reason: Option<Reason>,
    problem: String,
}

impl ReasonTextsError {
    fn new(problem: impl ToString, reason: Option<Reason>) -> Self {
        Self { reason, problem: problem.to_string() }
    }
}

impl fmt::Display for ReasonTextsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("texts of reasons: ")?;
        if let Some(reason) = &self.reason {
            write!(f, "{reason}: ")?;
        }
        f.write_str(&self.problem)
    }
}

impl std::error::Error for ReasonTextsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_language_is_found() {
        let texts = ReasonTexts::new("pt-BR")
            .with_text("links", "en", "en")
            .with_text("links", "zh-Hant", "zh-Hant")
            .with_text("links", "zh", "zh")
            .with_text("links", "pt", "pt");
        let links = Reason::new("links");
        for (language, expected) in [
            ("en", "en"),
            ("EN-us", "en"),
            ("zh-Hant-TW", "zh-Hant"),
            ("zh-TW", "zh"),
            ("fr", "pt"),
            ("e", "pt"),
            ("en_US", "pt"),
            ("eng", "pt"),
            ("", "pt"),
            ("-", "pt"),
        ] {
            assert_eq!(texts.text(&links, language), Some(expected), "{language}");
        }
        assert_eq!(texts.text(&Reason::new("spam"), "en"), None);
        assert_eq!(ReasonTexts::new("de").with_text("links", "en", "en").text(&links, "fr"), None);
    }

    #[test]
    fn json_of_another_form_is_an_error_that_says_where() {
        for (json, error) in [
            ("", "texts of reasons: EOF"),
            (r#"{"default":"en"}"#, "texts of reasons: missing field `texts`"),
            (r#"{"default":"en","texts":{},"text":{}}"#, "texts of reasons: unknown field `text`"),
            (r#"{"default":"de_CH","texts":{}}"#, "texts of reasons: the default language must be"),
            (r#"{"default":"en","texts":{"two words":{"en":"x"}}}"#, "texts of reasons: a reason must have"),
            (
                r#"{"default":"en","texts":{"links":{"en":"x","the English":"x"}}}"#,
                "texts of reasons: links: a language",
            ),
            (
                r#"{"default":"en","texts":{"links":{"de":"x"}}}"#,
                "texts of reasons: links: there is no text in the default",
            ),
        ] {
            let told = ReasonTexts::from_json(json).unwrap_err().to_string();
            assert!(told.starts_with(error), "{json}: {told}");
        }
        assert!(ReasonTexts::from_json(r#"{"default":"pt-BR","texts":{"links":{"pt":"x"}}}"#).is_ok());
    }
}
