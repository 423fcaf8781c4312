//! The steps that have no effect on the message.

use profanity_filter::InvalidSetting;

use crate::step_names::{LINKS, PERSONAL_DATA, PROFANITY};

/// The steps that the variable `SHADOW` names: they run after the callback, are logged, and change nothing.
pub(crate) struct Shadows(Vec<String>);

impl Shadows {
    pub(crate) fn from_settings(variable: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSetting> {
        let names = variable("SHADOW").filter(|names| !names.trim().is_empty());
        let names: Vec<String> =
            names.iter().flat_map(|names| names.split(',')).map(|name| name.trim().to_owned()).collect();
        let is_step = |name: &String| [PROFANITY, PERSONAL_DATA, LINKS].contains(&name.as_str());
        match names.iter().all(is_step) {
            true => Ok(Self(names)),
            false => Err(InvalidSetting::new(
                "SHADOW",
                "names of steps, with commas between them: `profanity`, `personal-data`, `links`",
            )),
        }
    }

    pub(crate) fn contain(&self, step: &str) -> bool {
        self.0.iter().any(|name| name == step)
    }
}
