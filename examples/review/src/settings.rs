//! The settings of the function.

use std::fmt;
use std::time::Duration;

use channel_flow::Hold;

pub(crate) struct Settings {
    pub(crate) hold: Hold,
    pub(crate) bot_arn: Option<String>,
}

impl Settings {
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSetting> {
        let value = |name| variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let hours =
            value("REVIEW_HOURS").map_or(Ok(4), |hours| hours.parse::<u64>()).map_err(|_| InvalidSetting::Hours)?;
        let hold = Hold::new(Duration::from_secs(hours.saturating_mul(3600))).map_err(|_| InvalidSetting::Hours)?;
        let bot_arn = value("REVIEW_BOT_ARN");
        match &bot_arn {
            Some(arn) if !(arn.starts_with("arn:") && arn.contains(":app-instance/") && arn.contains("/bot/")) => {
                Err(InvalidSetting::BotArn)
            }
            _ => Ok(Self { hold: hold.with_content(), bot_arn }),
        }
    }
}

/// A variable has a value that cannot be.
#[derive(PartialEq)]
pub(crate) enum InvalidSetting {
    Hours,
    BotArn,
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hours => "REVIEW_HOURS must be a whole number from 1 to 47",
            Self::BotArn => {
                "REVIEW_BOT_ARN must be the ARN of an app instance bot: `arn:aws:chime:…:app-instance/…/bot/…`"
            }
        })
    }
}

/// `main` shows the error that it returns by `Debug`.
impl fmt::Debug for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for InvalidSetting {}
