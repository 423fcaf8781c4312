//! A channel flow processor that asks an external judge whether a message is toxic. Copy this package to start your own.
//!
//! Amazon Comprehend or a guardrail of Amazon Bedrock scores each message by category, and thresholds decide. If the
//! judge gives no answer, the message is released: the log line says `decided_by=FallbackAction`. Environment variables:
//!
//! | variable | | default |
//! | --- | --- | --- |
//! | `JUDGE` | `comprehend` or `bedrock` | `comprehend` |
//! | `THRESHOLDS` | from which score a category denies a message: `INSULT=deny:0.8,*=deny:0.95` | `*=deny:0.9`; for Bedrock `GUARDRAIL=deny:1` |
//! | `GUARDRAIL_ID` | the id or the ARN of the guardrail, if the judge is `bedrock` | |
//! | `GUARDRAIL_VERSION` | the version of the guardrail | `DRAFT` |
//! | `JUDGE_TIMEOUT_MS` | how long to wait for an answer, in milliseconds | `2000` |

use std::env;
use std::time::Duration;

use channel_flow::{Adapter, Decision, FallbackAction, Message, Processor, Thresholds, Verdict};

use crate::judge::Judge;
use crate::judge::error::JudgeError;
use crate::settings::Settings;

mod judge;
#[cfg(test)]
mod judge_service;
mod settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::read(|name| Some(env::var_os(name)?.to_string_lossy().into_owned()))?;
    let toxicity = Toxicity { judge: settings.judge().await?, thresholds: settings.thresholds };
    // A judge that is away must not silence the chat.
    Ok(Adapter::builder(toxicity).fallback_action(FallbackAction::Continue).run().await?)
}

struct Toxicity {
    judge: Judge,
    thresholds: Thresholds,
}

impl Processor for Toxicity {
    type Error = JudgeError;

    async fn process(&self, message: &Message) -> Result<Decision, JudgeError> {
        if message.sender().is_bot() {
            return Ok(Decision::no_change());
        }
        let scores = self.judge.score(&texts(message)).await?;
        let decision = match self.thresholds.judge(&scores) {
            Verdict::Deny(reasons) => Decision::deny().because_all(reasons),
            // The framework cannot hold a message for a person yet: everyone sees it, and its reasons mark it.
            Verdict::Hold(reasons) => Decision::no_change().because_all(reasons),
            _ => Decision::no_change(),
        };
        Ok(decision.with_scores(scores))
    }

    fn retry_after(&self, error: &JudgeError, attempt: u32) -> Option<Duration> {
        // Nobody sees the message meanwhile: a judge that is slow or away is asked twice, and a busy one four times.
        let attempts = if error.is_throttled() { 4 } else { 2 };
        (error.is_transient() && attempt < attempts).then(|| Duration::from_millis(100) * 2_u32.pow(attempt - 1))
    }
}

/// Returns every text that a chat client may show: what is in a Lex envelope, decoded, and in the push notification.
fn texts(message: &Message) -> Vec<String> {
    let mut texts = Vec::<String>::new();
    message.any_text(|text| {
        if !text.trim().is_empty() && !texts.iter().any(|known| known == text) {
            texts.push(text.to_owned());
        }
        false
    });
    texts
}

#[cfg(test)]
mod tests;
