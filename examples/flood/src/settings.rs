//! The settings of the function.

use std::fmt;
use std::time::Duration;

/// The settings, from environment variables.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) limit: u64,
    pub(crate) window: Duration,
    pub(crate) mute: Option<Duration>,
    pub(crate) moderator_arn: Option<String>,
    pub(crate) warn_at: u64,
    pub(crate) ban_at: u64,
}

impl Settings {
    /// `variable` returns the value of an environment variable.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSetting> {
        let value = |name| variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let number = |name, default, least| match value(name) {
            None => Ok(default),
            Some(value) => match value.parse() {
                Ok(number) if number >= least => Ok(number),
                _ => Err(InvalidSetting { name, form: format!("a whole number, {least} or more") }),
            },
        };
        let mute = number("FLOOD_MUTE_SECONDS", 60, 0)?;
        let (warn_at, ban_at) = (number("WARN_AT", 2, 1)?, number("BAN_AT", 3, 1)?);
        if ban_at <= warn_at {
            return Err(InvalidSetting { name: "BAN_AT", form: "higher than WARN_AT".to_owned() });
        }
        let moderator_arn = value("MODERATOR_ARN");
        if moderator_arn.as_ref().is_some_and(|arn| !(arn.starts_with("arn:") && arn.contains(":app-instance/"))) {
            let form = "the ARN of an app instance bot or user: `arn:aws:chime:…:app-instance/…/bot/…`".to_owned();
            return Err(InvalidSetting { name: "MODERATOR_ARN", form });
        }
        Ok(Self {
            limit: number("FLOOD_LIMIT", 5, 0)?,
            window: Duration::from_secs(number("FLOOD_WINDOW_SECONDS", 10, 1)?),
            mute: (mute > 0).then(|| Duration::from_secs(mute)),
            moderator_arn,
            warn_at,
            ban_at,
        })
    }
}

/// A variable has a value that it cannot have.
pub(crate) struct InvalidSetting {
    name: &'static str,
    form: String,
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} must be {}", self.name, self.form)
    }
}

/// `main` shows the error that it returns by `Debug`.
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
        let value = |name: &str| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Settings::read(value)
    }

    #[test]
    fn every_setting_has_a_default() {
        let default = read(&[("FLOOD_LIMIT", " ")]).unwrap();
        assert_eq!((default.limit, default.window), (5, Duration::from_secs(10)));
        assert_eq!((default.mute, default.moderator_arn), (Some(Duration::from_secs(60)), None));
        assert_eq!((default.warn_at, default.ban_at), (2, 3));
        assert_eq!(read(&[("FLOOD_MUTE_SECONDS", "0")]).unwrap().mute, None);
    }

    #[test]
    fn a_value_that_makes_no_sense_is_refused() {
        for (name, value, error) in [
            ("FLOOD_LIMIT", "-1", "FLOOD_LIMIT must be a whole number, 0 or more"),
            ("FLOOD_WINDOW_SECONDS", "0", "FLOOD_WINDOW_SECONDS must be a whole number, 1 or more"),
            ("BAN_AT", "2", "BAN_AT must be higher than WARN_AT"),
            ("WARN_AT", "0", "WARN_AT must be a whole number, 1 or more"),
        ] {
            assert_eq!(read(&[(name, value)]).unwrap_err().to_string(), error);
        }
        let error = read(&[("MODERATOR_ARN", "helper")]).unwrap_err().to_string();
        assert!(error.starts_with("MODERATOR_ARN must be the ARN of"), "{error}");
    }
}
