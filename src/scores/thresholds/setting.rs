//! Thresholds as a setting.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::{Threshold, Thresholds, ThresholdsError};
use crate::decision::reason::Reason;
use crate::scores::score::Score;

const FORM: &str =
    "an entry must be a category, `=`, and `hold:SCORE`, `deny:SCORE`, `hold:SCORE/deny:SCORE` or `allow`";

impl FromStr for Thresholds {
    type Err = ThresholdsError;

    fn from_str(setting: &str) -> Result<Self, ThresholdsError> {
        let mut categories = BTreeMap::new();
        let mut others = None;
        for (position, entry) in (1..).zip(setting.split(',')) {
            let at = |category: Option<&Reason>| {
                let category = category.cloned();
                move |error: ThresholdsError| ThresholdsError { entry: Some((position, category)), ..error }
            };
            let Some((name, threshold)) = entry.split_once('=') else {
                return Err(at(None)(ThresholdsError::new(FORM)));
            };
            let (category, earlier) = match name.trim() {
                "*" => (Reason::new("*"), others.replace(read(threshold).map_err(at(Some(&Reason::new("*"))))?)),
                name => {
                    let problem =
                        "a category must have 1 to 64 ASCII letters, digits, `-`, `_`, `.` and `:`, or be `*`";
                    let category = Reason::from_setting(name).map_err(|_| at(None)(ThresholdsError::new(problem)))?;
                    let threshold = read(threshold).map_err(at(Some(&category)))?;
                    let earlier = categories.insert(category.clone(), threshold);
                    (category, earlier)
                }
            };
            if earlier.is_some() {
                return Err(at(Some(&category))(ThresholdsError::new("the category has an entry already")));
            }
        }
        Ok(Self { categories, others: others.unwrap_or_default() })
    }
}

/// Reads what follows the `=` of an entry.
fn read(threshold: &str) -> Result<Threshold, ThresholdsError> {
    if threshold.trim() == "allow" {
        return Ok(Threshold::ALLOW);
    }
    let (mut hold, mut deny) = (None, None);
    for level in threshold.split('/') {
        let (name, score) = level.split_once(':').ok_or(ThresholdsError::new(FORM))?;
        let score = score.trim().parse().ok().and_then(|score| Score::new(score).ok());
        let score = score.ok_or(ThresholdsError::new("a score must be a number from 0 to 1"))?;
        let earlier = match name.trim() {
            "hold" => hold.replace(score),
            "deny" => deny.replace(score),
            _ => return Err(ThresholdsError::new(FORM)),
        };
        if earlier.is_some() {
            return Err(ThresholdsError::new("`hold` and `deny` can each be set once"));
        }
    }
    match (hold, deny) {
        (Some(hold), Some(deny)) => Threshold::hold_and_deny(hold, deny),
        (hold, deny) => Ok(Threshold { hold, deny }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(value: f64) -> Score {
        Score::new(value).unwrap()
    }

    #[test]
    fn a_setting_is_what_a_builder_makes() {
        let built = Thresholds::new()
            .category("PROFANITY", Threshold::deny(score(0.9)))
            .category("INSULT", Threshold::hold_and_deny(score(0.6), score(0.9)).unwrap())
            .category("GRAPHIC", Threshold::ALLOW)
            .category("SEXUAL", Threshold::hold(score(1.0)))
            .others(Threshold::deny(score(0.95)));
        let setting = " PROFANITY = deny : .9 , INSULT=hold:0.6/deny:0.9,GRAPHIC=allow,SEXUAL=hold:1,*=deny:0.95 ";
        assert_eq!(setting.parse(), Ok(built.clone()));
        assert_eq!("INSULT=deny:0.9/hold:0.6".parse::<Thresholds>().unwrap().categories().count(), 1);
        let categories: Vec<_> = built.categories().map(Reason::as_str).collect();
        assert_eq!(categories, ["GRAPHIC", "INSULT", "PROFANITY", "SEXUAL"]);
    }

    #[test]
    fn a_wrong_setting_is_an_error_that_says_which_entry() {
        for (setting, error) in [
            ("", "threshold 1: an entry must be"),
            ("A=deny:0.9,", "threshold 2: an entry must be"),
            ("A", "threshold 1: an entry must be"),
            ("A=0.9", "threshold 1, A: an entry must be"),
            ("A=", "threshold 1, A: an entry must be"),
            ("A=drop:0.9", "threshold 1, A: an entry must be"),
            ("A=allow/deny:0.9", "threshold 1, A: an entry must be"),
            ("*=deny", "threshold 1, *: an entry must be"),
            ("=deny:0.9", "threshold 1: a category must have"),
            ("two words=deny:0.9", "threshold 1: a category must have"),
            ("A=deny:1.1", "threshold 1, A: a score must be a number from 0 to 1"),
            ("A=deny:NaN", "threshold 1, A: a score must be a number from 0 to 1"),
            ("A=deny:-1", "threshold 1, A: a score must be a number from 0 to 1"),
            ("A=deny:90%", "threshold 1, A: a score must be a number from 0 to 1"),
            ("A=deny:0.9/deny:0.8", "threshold 1, A: `hold` and `deny` can each be set once"),
            ("B=allow,A=hold:0.91/deny:0.9", "threshold 2, A: hold must not be above deny"),
            ("A=deny:0.9,A=allow", "threshold 2, A: the category has an entry already"),
            ("*=deny:0.9,*=allow", "threshold 2, *: the category has an entry already"),
        ] {
            let told = setting.parse::<Thresholds>().unwrap_err().to_string();
            assert!(told.starts_with(error), "{setting}: {told}");
        }
    }
}
