//! Amazon Comprehend's `DetectToxicContent`.

use aws_sdk_comprehend::Client;
use aws_sdk_comprehend::types::{LanguageCode, TextSegment, ToxicContentType, ToxicLabels};
use channel_flow::{Reason, Score, Scores};

use super::error::{JudgeError, Service};
use super::segments::segments;

/// The categories of toxic content, and the score of the text as a whole.
pub(crate) const CATEGORIES: [&str; 8] =
    ["GRAPHIC", "HARASSMENT_OR_ABUSE", "HATE_SPEECH", "INSULT", "PROFANITY", "SEXUAL", "VIOLENCE_OR_THREAT", TOXICITY];

const TOXICITY: &str = "TOXICITY";

/// A request takes up to 10 segments of 1 KB each:
/// <https://docs.aws.amazon.com/comprehend/latest/APIReference/API_DetectToxicContent.html>.
const SEGMENTS_A_REQUEST: usize = 10;

/// Asks about the texts in as few requests as possible, one after the other: most messages need one.
pub(crate) async fn score(client: &Client, service: &Service, texts: &[String]) -> Result<Scores, JudgeError> {
    let segments: Vec<_> = texts.iter().flat_map(|text| segments(text)).collect();
    let mut scores = Scores::new();
    for segments in segments.chunks(SEGMENTS_A_REQUEST) {
        let segments = segments.iter().map(|text| TextSegment::builder().text(*text).build());
        let answer = client
            .detect_toxic_content()
            // The only language that it knows.
            .language_code(LanguageCode::En)
            .set_text_segments(Some(segments.collect::<Result<_, _>>().map_err(|_| service.unreadable())?))
            .send()
            .await
            .map_err(|error| service.error(error))?;
        for labels in answer.result_list() {
            add(&mut scores, labels).ok_or_else(|| service.unreadable())?;
        }
    }
    Ok(scores)
}

/// Adds the scores of a segment. Returns `None` if one of them is not a score.
fn add(scores: &mut Scores, labels: &ToxicLabels) -> Option<()> {
    if let Some(toxicity) = labels.toxicity() {
        scores.add(TOXICITY, score_of(toxicity)?);
    }
    for label in labels.labels() {
        if let (Some(name), Some(score)) = (label.name(), label.score()) {
            scores.add(category(name), score_of(score)?);
        }
    }
    Some(())
}

/// Rounding in the service may put a score beside the range.
fn score_of(value: f32) -> Option<Score> {
    Score::try_from(value.clamp(0.0, 1.0)).ok()
}

/// Returns the category. The service may have a new one that the SDK does not know.
fn category(name: &ToxicContentType) -> Reason {
    let known = CATEGORIES.into_iter().find(|category| *category == name.as_str());
    known.map(Reason::new).or_else(|| Reason::from_setting(name.as_str()).ok()).unwrap_or(Reason::new("OTHER"))
}
