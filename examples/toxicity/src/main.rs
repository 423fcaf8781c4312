//! A channel flow processor that asks an external judge whether a message is toxic. Copy this package to start your own.
//!
//! Amazon Comprehend or a guardrail of Amazon Bedrock scores each message by category, and thresholds decide: to allow it,
//! to deny it, or to hold it for a person. If the judge gives no answer, the message is released: the log line says
//! `decided_by=FallbackAction`. Environment variables:
//!
//! | variable | | default |
//! | --- | --- | --- |
//! | `JUDGE` | `comprehend` or `bedrock` | `comprehend` |
//! | `THRESHOLDS` | from which score a category holds or denies a message: `INSULT=hold:0.6/deny:0.8,*=deny:0.95` | `*=deny:0.9`; for Bedrock `GUARDRAIL=deny:1` |
//! | `GUARDRAIL_ID` | the id or the ARN of the guardrail, if the judge is `bedrock` | |
//! | `GUARDRAIL_VERSION` | the version of the guardrail | `DRAFT` |
//! | `JUDGE_TIMEOUT_MS` | how long to wait for an answer, in milliseconds | `2000` |
//! | `CHANNEL_FLOW_TABLE` | the name of the table of held messages; `send` and `dev` set it | none: `THRESHOLDS` must not have a `hold` |

use std::env;
use std::time::Duration;

use channel_flow::{Adapter, Decision, FallbackAction, Hold, HoldError, Message, Processor, Thresholds, Verdict};
use channel_flow_dynamodb::DynamoDbStore;

use crate::judge::Judge;
use crate::judge::error::JudgeError;
use crate::settings::Settings;

mod judge;
#[cfg(test)]
mod judge_service;
mod settings;

/// How long a message waits for a person. If nobody has decided by then, it is denied.
const HELD: Duration = Duration::from_secs(4 * 60 * 60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::read(|name| Some(env::var_os(name)?.to_string_lossy().into_owned()))?;
    let toxicity = Toxicity::new(settings.judge().await?, settings.thresholds)?;
    // A judge that is away must not silence the chat.
    let mut adapter = Adapter::builder(toxicity).fallback_action(FallbackAction::Continue);
    if settings.has_table {
        adapter = adapter.tickets(DynamoDbStore::from_environment().await?);
    }
    Ok(adapter.run().await?)
}

struct Toxicity {
    judge: Judge,
    thresholds: Thresholds,
    hold: Hold,
}

impl Toxicity {
    fn new(judge: Judge, thresholds: Thresholds) -> Result<Self, HoldError> {
        let hold = Hold::new(HELD)?.fallback_action(FallbackAction::Abort).with_content();
        Ok(Self { judge, thresholds, hold })
    }
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
            Verdict::Hold(reasons) => Decision::hold(self.hold.clone()).because_all(reasons),
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
