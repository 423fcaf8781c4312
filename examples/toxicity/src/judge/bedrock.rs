//! Amazon Bedrock's `ApplyGuardrail`.

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::operation::apply_guardrail::ApplyGuardrailOutput;
use aws_sdk_bedrockruntime::types::{
    GuardrailAction, GuardrailAssessment, GuardrailContentBlock, GuardrailContentFilterConfidence,
    GuardrailContentSource, GuardrailOutputScope, GuardrailTextBlock,
};
use channel_flow::{Reason, Score, Scores};

use super::error::{JudgeError, Service};

/// A guardrail of the account.
#[derive(Clone)]
pub(crate) struct Guardrail {
    pub(crate) id: String,
    pub(crate) version: String,
}

/// Asks about all texts in one request. The API's reference gives no limit for them:
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ApplyGuardrail.html>.
pub(crate) async fn score(
    client: &Client,
    guardrail: &Guardrail,
    service: &Service,
    texts: &[String],
) -> Result<Scores, JudgeError> {
    if texts.is_empty() {
        return Ok(Scores::new());
    }
    let blocks =
        texts.iter().map(|text| GuardrailTextBlock::builder().text(text).build().map(GuardrailContentBlock::Text));
    let answer = client
        .apply_guardrail()
        .guardrail_identifier(&guardrail.id)
        .guardrail_version(&guardrail.version)
        .source(GuardrailContentSource::Input)
        // With what is below the strengths that the guardrail is set to: the thresholds decide.
        .output_scope(GuardrailOutputScope::Full)
        .set_content(Some(blocks.collect::<Result<_, _>>().map_err(|_| service.unreadable())?))
        .send()
        .await
        .map_err(|error| service.error(error))?;
    Ok(scores(&answer))
}

fn scores(answer: &ApplyGuardrailOutput) -> Scores {
    let mut scores = Scores::new();
    scores.add("GUARDRAIL", certain(*answer.action() == GuardrailAction::GuardrailIntervened));
    answer.assessments().iter().for_each(|assessment| add(&mut scores, assessment));
    scores
}

/// Adds the scores of an assessment. The matches in it are parts of the message, and are not read.
fn add(scores: &mut Scores, assessment: &GuardrailAssessment) {
    for filter in assessment.content_policy().iter().flat_map(|policy| policy.filters()) {
        if let Some(score) = confidence(filter.confidence()) {
            scores.add(category(filter.r#type().as_str()), score);
        }
    }
    // What follows is found or not. An answer that does not say which has only what was found.
    for topic in assessment.topic_policy().iter().flat_map(|policy| policy.topics()) {
        scores.add(category(topic.name()), certain(topic.detected().unwrap_or(true)));
    }
    if let Some(policy) = assessment.word_policy() {
        for word in policy.custom_words() {
            scores.add("WORD", certain(word.detected().unwrap_or(true)));
        }
        for word in policy.managed_word_lists() {
            scores.add(category(word.r#type().as_str()), certain(word.detected().unwrap_or(true)));
        }
    }
    if let Some(policy) = assessment.sensitive_information_policy() {
        for entity in policy.pii_entities() {
            scores.add(category(entity.r#type().as_str()), certain(entity.detected().unwrap_or(true)));
        }
        for pattern in policy.regexes() {
            scores.add(category(pattern.name().unwrap_or("REGEX")), certain(pattern.detected().unwrap_or(true)));
        }
    }
}

/// Returns a level of confidence as a score, or `None` for a level that the SDK does not know.
fn confidence(level: &GuardrailContentFilterConfidence) -> Option<Score> {
    match level {
        GuardrailContentFilterConfidence::None => Some(Score::MIN),
        GuardrailContentFilterConfidence::Low => Score::new(0.3).ok(),
        GuardrailContentFilterConfidence::Medium => Score::new(0.6).ok(),
        GuardrailContentFilterConfidence::High => Score::new(0.9).ok(),
        _ => None,
    }
}

fn certain(found: bool) -> Score {
    if found { Score::MAX } else { Score::MIN }
}

/// Returns a name of the guardrail's configuration as a category: `Investment Advice` is `Investment-Advice`.
fn category(name: &str) -> Reason {
    let code: String =
        name.chars().take(64).map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
    Reason::from_setting(&code).unwrap_or(Reason::new("OTHER"))
}
