//! Who answers.

use std::fmt;

/// The ARN of an app instance bot or user.
pub(crate) struct AssistantArn(String);

impl AssistantArn {
    pub(crate) fn from_settings(variable: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidAssistantArn> {
        let arn = variable("ASSISTANT_ARN").unwrap_or_default().trim().to_owned();
        let member = arn.split_once(":app-instance/").and_then(|(_, path)| path.split_once('/'));
        let is_bot_or_user = member.is_some_and(|(_, member)| {
            let id = member.strip_prefix("bot/").or(member.strip_prefix("user/"));
            id.is_some_and(|id| !id.is_empty() && !id.contains('/'))
        });
        if arn.starts_with("arn:") && is_bot_or_user { Ok(Self(arn)) } else { Err(InvalidAssistantArn) }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The variable `ASSISTANT_ARN` is not set, or has another value.
pub(crate) struct InvalidAssistantArn;

impl fmt::Display for InvalidAssistantArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "ASSISTANT_ARN must be the ARN of an app instance bot or user: `arn:aws:chime:…:app-instance/…/bot/…`",
        )
    }
}

/// `main` shows the error that it returns by `Debug`.
impl fmt::Debug for InvalidAssistantArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for InvalidAssistantArn {}

#[cfg(test)]
mod tests {
    use super::*;

    const APP_INSTANCE: &str = "arn:aws:chime:us-east-1:123456789012:app-instance/a";

    #[test]
    fn a_bot_or_a_user_answers() {
        for member in ["bot/helper", "user/alice"] {
            let arn = format!("{APP_INSTANCE}/{member}");
            assert_eq!(AssistantArn::from_settings(|_| Some(arn.clone())).unwrap().as_str(), arn);
        }
        for wrong in ["", "helper", APP_INSTANCE, "bot/helper"] {
            assert!(AssistantArn::from_settings(|_| Some(wrong.to_owned())).is_err(), "{wrong}");
        }
        for member in ["bot/", "channel/general", "user/a/b"] {
            let arn = format!("{APP_INSTANCE}/{member}");
            assert!(AssistantArn::from_settings(|_| Some(arn.clone())).is_err(), "{arn}");
        }
        assert!(AssistantArn::from_settings(|_| None).is_err());
    }
}
