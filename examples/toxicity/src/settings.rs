//! The environment variables that the function reads when it starts.

use std::fmt;
use std::time::Duration;

use channel_flow::Thresholds;

use crate::judge::bedrock::Guardrail;
use crate::judge::{Judge, client, comprehend};

/// What the function is set to.
pub(crate) struct Settings {
    judge: JudgeSetting,
    timeout: Duration,
    pub(crate) thresholds: Thresholds,
    /// Whether there is a table for held messages.
    pub(crate) has_table: bool,
}

enum JudgeSetting {
    Comprehend,
    Bedrock(Guardrail),
}

impl Settings {
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSetting> {
        let setting = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let judge = match setting("JUDGE").as_deref() {
            None | Some("comprehend") => JudgeSetting::Comprehend,
            Some("bedrock") => JudgeSetting::Bedrock(Guardrail {
                id: setting("GUARDRAIL_ID").ok_or("GUARDRAIL_ID must be the id or the ARN of a guardrail")?,
                version: setting("GUARDRAIL_VERSION").unwrap_or("DRAFT".to_owned()),
            }),
            Some(_) => return Err("JUDGE must be `comprehend` or `bedrock`".into()),
        };
        let (default, categories) = match judge {
            JudgeSetting::Comprehend => ("*=deny:0.9", Some(comprehend::CATEGORIES)),
            // The names of topics and patterns are the guardrail's own.
            JudgeSetting::Bedrock(_) => ("GUARDRAIL=deny:1", None),
        };
        let thresholds: Thresholds = setting("THRESHOLDS")
            .unwrap_or(default.to_owned())
            .parse()
            .map_err(|error| InvalidSetting(format!("THRESHOLDS: {error}")))?;
        if let Some(categories) = categories {
            let unknown = thresholds.categories().find(|category| !categories.contains(&category.as_str()));
            if let Some(unknown) = unknown {
                let known = categories.join(", ");
                return Err(InvalidSetting(format!("THRESHOLDS: {unknown} is not a category of the judge: {known}")));
            }
        }
        let has_table = setting("CHANNEL_FLOW_TABLE").is_some();
        if thresholds.can_hold() && !has_table {
            return Err("THRESHOLDS: to hold messages, set CHANNEL_FLOW_TABLE to the name of their table".into());
        }
        let timeout = match setting("JUDGE_TIMEOUT_MS") {
            None => Duration::from_secs(2),
            Some(value) => match value.parse() {
                Ok(milliseconds @ 1..) => Duration::from_millis(milliseconds),
                _ => return Err("JUDGE_TIMEOUT_MS must be a number of milliseconds".into()),
            },
        };
        Ok(Self { judge, timeout, thresholds, has_table })
    }

    /// Creates the judge, with the credentials and the region of the environment.
    pub(crate) async fn judge(&self) -> Result<Judge, InvalidSetting> {
        let config = client::config(self.timeout).load().await;
        let region = config.region().ok_or("AWS_REGION must be the region of the judge")?.to_string();
        Ok(match &self.judge {
            JudgeSetting::Comprehend => Judge::comprehend(&config, region),
            JudgeSetting::Bedrock(guardrail) => Judge::bedrock(&config, region, guardrail.clone()),
        })
    }
}

/// The name of an environment variable and what it has to be.
pub(crate) struct InvalidSetting(String);

impl From<&str> for InvalidSetting {
    fn from(problem: &str) -> Self {
        Self(problem.to_owned())
    }
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What `main` returns is shown by `Debug`.
impl fmt::Debug for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for InvalidSetting {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<Settings, InvalidSetting> {
        Settings::read(|name| settings.iter().find(|setting| setting.0 == name).map(|setting| setting.1.to_owned()))
    }

    #[test]
    fn comprehend_denies_what_it_is_sure_of_by_default() {
        let settings = read(&[("JUDGE", ""), ("THRESHOLDS", " ")]).unwrap();
        assert!(matches!(settings.judge, JudgeSetting::Comprehend));
        assert_eq!(settings.thresholds, "*=deny:0.9".parse().unwrap());
        assert_eq!(settings.timeout, Duration::from_secs(2));
    }

    #[test]
    fn bedrock_does_as_the_guardrail_says_by_default() {
        let settings = read(&[("JUDGE", "bedrock"), ("GUARDRAIL_ID", "abc123")]).unwrap();
        let JudgeSetting::Bedrock(guardrail) = settings.judge else { panic!("it is set to Bedrock") };
        assert_eq!((&*guardrail.id, &*guardrail.version), ("abc123", "DRAFT"));
        assert_eq!(settings.thresholds, "GUARDRAIL=deny:1".parse().unwrap());
    }

    #[test]
    fn messages_can_be_held_if_there_is_a_table() {
        let table = ("CHANNEL_FLOW_TABLE", "channel-flow");
        assert!(read(&[("THRESHOLDS", "INSULT=hold:0.6"), table]).unwrap().has_table);
        assert!(!read(&[("THRESHOLDS", "INSULT=deny:0.6"), ("CHANNEL_FLOW_TABLE", " ")]).unwrap().has_table);
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        for (settings, error) in [
            (&[("JUDGE", "oracle")][..], "JUDGE must be `comprehend` or `bedrock`"),
            (&[("JUDGE", "bedrock")], "GUARDRAIL_ID must be the id or the ARN of a guardrail"),
            (&[("JUDGE_TIMEOUT_MS", "0")], "JUDGE_TIMEOUT_MS must be a number of milliseconds"),
            (&[("JUDGE_TIMEOUT_MS", "2s")], "JUDGE_TIMEOUT_MS must be a number of milliseconds"),
            (
                &[("THRESHOLDS", "INSULT=deny:2")],
                "THRESHOLDS: threshold 1, INSULT: a score must be a number from 0 to 1",
            ),
            (
                &[("THRESHOLDS", "INSULT=hold:0.6/deny:0.9")],
                "THRESHOLDS: to hold messages, set CHANNEL_FLOW_TABLE to the name of their table",
            ),
            (
                &[("THRESHOLDS", "INSLUT=deny:0.9")],
                "THRESHOLDS: INSLUT is not a category of the judge: GRAPHIC, HARASSMENT_OR_ABUSE, HATE_SPEECH, INSULT, \
                 PROFANITY, SEXUAL, VIOLENCE_OR_THREAT, TOXICITY",
            ),
        ] {
            assert_eq!(read(settings).err().map(|error| error.to_string()).as_deref(), Some(error));
        }
    }
}
