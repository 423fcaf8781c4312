//! Who judges a message.

pub(crate) mod bedrock;
pub(crate) mod client;
pub(crate) mod comprehend;
pub(crate) mod error;
mod segments;

use aws_config::SdkConfig;
use channel_flow::Scores;

use self::bedrock::Guardrail;
use self::error::{JudgeError, Service};

/// A service that scores texts, in a region.
pub(crate) enum Judge {
    Comprehend(aws_sdk_comprehend::Client, Service),
    Bedrock(aws_sdk_bedrockruntime::Client, Guardrail, Service),
}

impl Judge {
    pub(crate) fn comprehend(config: &SdkConfig, region: String) -> Self {
        let service = Service { name: "Amazon Comprehend", grant: "comprehend:DetectToxicContent", region };
        Self::Comprehend(aws_sdk_comprehend::Client::new(config), service)
    }

    pub(crate) fn bedrock(config: &SdkConfig, region: String, guardrail: Guardrail) -> Self {
        let service = Service { name: "Amazon Bedrock", grant: "bedrock:ApplyGuardrail", region };
        Self::Bedrock(aws_sdk_bedrockruntime::Client::new(config), guardrail, service)
    }

    /// Returns the highest score that any of the texts has in each category. Texts that are blank are not judged.
    pub(crate) async fn score(&self, texts: &[String]) -> Result<Scores, JudgeError> {
        match self {
            Self::Comprehend(client, service) => comprehend::score(client, service, texts).await,
            Self::Bedrock(client, guardrail, service) => bedrock::score(client, guardrail, service, texts).await,
        }
    }
}
