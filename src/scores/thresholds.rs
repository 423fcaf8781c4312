//! The score from which a category counts.

mod setting;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use super::Scores;
use super::score::Score;
use crate::decision::reason::Reason;

/// The scores from which a message is held or denied, by category.
///
/// They are data, so that a person who deploys the function sets them and nobody changes code. As a setting:
///
/// ```text
/// PROFANITY=deny:0.9, INSULT=hold:0.6/deny:0.9, GRAPHIC=allow, *=deny:0.95
/// ```
///
/// - Entries are separated by commas. Each is a category, `=`, and `hold:SCORE`, `deny:SCORE`, both with `/` between them,
///   or `allow`.
/// - A category is a [`Reason`]. `*` stands for all categories that have no entry; without it, these are allowed.
/// - A score is a number from 0 to 1. The entry applies from this score on, and `hold` must not be above `deny`.
/// - Spaces around each part do not matter, and no category occurs twice.
///
/// ```
/// use std::time::Duration;
///
/// use channel_flow::{Decision, Hold, Score, Scores, Thresholds, Verdict};
///
/// // When the function starts:
/// let hold = Hold::new(Duration::from_secs(4 * 3600))?;
/// let thresholds: Thresholds = "PROFANITY=deny:0.9,INSULT=hold:0.6/deny:0.9".parse()?;
///
/// // For each message:
/// let scores: Scores = [("PROFANITY", Score::new(0.4)?), ("INSULT", Score::new(0.93)?)].into_iter().collect();
/// let decision = match thresholds.judge(&scores) {
///     Verdict::Deny(reasons) => Decision::deny().because_all(reasons),
///     // A person decides: the adapter needs a store for tickets (`AdapterBuilder::tickets`).
///     Verdict::Hold(reasons) => Decision::hold(hold.clone()).because_all(reasons),
///     _ => Decision::no_change(),
/// };
/// assert_eq!(decision, Decision::deny().because("INSULT"));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct Thresholds {
    categories: BTreeMap<Reason, Threshold>,
    others: Threshold,
}

/// The scores of one category from which a message is held or denied. By default, neither happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct Threshold {
    /// Not above `deny`.
    hold: Option<Score>,
    deny: Option<Score>,
}

impl Threshold {
    /// Allows every score.
    pub const ALLOW: Self = Self { hold: None, deny: None };

    /// Holds a message from this score on.
    pub const fn hold(score: Score) -> Self {
        Self { hold: Some(score), deny: None }
    }

    /// Denies a message from this score on.
    pub const fn deny(score: Score) -> Self {
        Self { hold: None, deny: Some(score) }
    }

    /// Holds a message from one score on, and denies it from another one on.
    ///
    /// # Errors
    ///
    /// Returns an error if `hold` is above `deny`.
    pub fn hold_and_deny(hold: Score, deny: Score) -> Result<Self, ThresholdsError> {
        match hold <= deny {
            true => Ok(Self { hold: Some(hold), deny: Some(deny) }),
            false => Err(ThresholdsError::new("hold must not be above deny")),
        }
    }
}

impl Thresholds {
    /// Creates thresholds that allow everything.
    pub const fn new() -> Self {
        Self { categories: BTreeMap::new(), others: Threshold::ALLOW }
    }

    /// Sets the threshold of a category.
    ///
    /// ```
    /// use channel_flow::{Score, Threshold, Thresholds};
    ///
    /// let thresholds = Thresholds::new()
    ///     .category("INSULT", Threshold::hold_and_deny(Score::new(0.6)?, Score::new(0.9)?)?)
    ///     .others(Threshold::deny(Score::new(0.95)?));
    /// assert_eq!(thresholds, "INSULT=hold:0.6/deny:0.9,*=deny:0.95".parse()?);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn category(mut self, category: impl Into<Reason>, threshold: Threshold) -> Self {
        self.categories.insert(category.into(), threshold);
        self
    }

    /// Sets the threshold of all categories that have none of their own.
    pub fn others(mut self, threshold: Threshold) -> Self {
        self.others = threshold;
        self
    }

    /// Returns the categories that have a threshold of their own, so that a function can refuse to start with one that
    /// its judge does not know.
    pub fn categories(&self) -> impl Iterator<Item = &Reason> {
        self.categories.keys()
    }

    /// Returns whether a category has a `hold`, so that a function without a store for tickets can refuse to start with
    /// these thresholds.
    ///
    /// ```
    /// use channel_flow::Thresholds;
    ///
    /// assert!("INSULT=hold:0.6/deny:0.9,*=deny:0.95".parse::<Thresholds>()?.can_hold());
    /// assert!(!"INSULT=deny:0.9,*=deny:0.95".parse::<Thresholds>()?.can_hold());
    /// # Ok::<_, channel_flow::ThresholdsError>(())
    /// ```
    pub fn can_hold(&self) -> bool {
        self.categories.values().chain([&self.others]).any(|threshold| threshold.hold.is_some())
    }

    /// Returns what happens to a message with these scores: the strictest of what its categories ask for.
    pub fn judge(&self, scores: &Scores) -> Verdict {
        let denied = self.reached(scores, |threshold| threshold.deny);
        if !denied.is_empty() {
            return Verdict::Deny(denied);
        }
        let held = self.reached(scores, |threshold| threshold.hold);
        if held.is_empty() { Verdict::Allow } else { Verdict::Hold(held) }
    }

    /// Returns the categories whose scores reach the threshold, the highest score first.
    fn reached(&self, scores: &Scores, threshold: impl Fn(&Threshold) -> Option<Score>) -> Vec<Reason> {
        let from = |category: &Reason| threshold(self.categories.get(category).unwrap_or(&self.others));
        let reached = scores.iter().filter(|(category, score)| from(category).is_some_and(|from| *score >= from));
        let mut reached: Vec<_> = reached.collect();
        reached.sort_by_key(|(_, score)| Reverse(*score));
        reached.into_iter().map(|(category, _)| category.clone()).collect()
    }
}

/// What happens to a message by its scores, with the categories that caused it as reasons, the highest score first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// No category reaches a threshold.
    Allow,
    /// A person should see the message first: these categories reach their `hold`, and none reaches its `deny`.
    ///
    /// Return [`Decision::hold`](crate::Decision::hold) with these reasons. The adapter needs a store for tickets
    /// ([`AdapterBuilder::tickets`](crate::AdapterBuilder::tickets)); without one, the fallback action decides.
    Hold(Vec<Reason>),
    /// These categories reach their `deny`.
    Deny(Vec<Reason>),
}

/// The error for a setting that cannot be [`Thresholds`]. It names the entry and its category, and not the value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ThresholdsError {
    /// The position of the entry, from 1, and its category, if it has a valid one.
    entry: Option<(usize, Option<Reason>)>,
    problem: &'static str,
}

impl ThresholdsError {
    const fn new(problem: &'static str) -> Self {
        Self { entry: None, problem }
    }
}

impl fmt::Display for ThresholdsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.entry {
            Some((position, Some(category))) => write!(f, "threshold {position}, {category}: ")?,
            Some((position, None)) => write!(f, "threshold {position}: ")?,
            None => {}
        }
        f.write_str(self.problem)
    }
}

impl std::error::Error for ThresholdsError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(thresholds: &str, scores: &[(&'static str, f64)]) -> Verdict {
        let scores = scores.iter().map(|&(category, score)| (category, Score::new(score).unwrap())).collect();
        thresholds.parse::<Thresholds>().unwrap().judge(&scores)
    }

    fn reasons(codes: &[&'static str]) -> Vec<Reason> {
        codes.iter().map(|&code| Reason::new(code)).collect()
    }

    #[test]
    fn a_score_counts_from_its_threshold_on() {
        let insult = "INSULT=hold:0.6/deny:0.9";
        assert_eq!(judge(insult, &[("INSULT", 0.5999)]), Verdict::Allow);
        assert_eq!(judge(insult, &[("INSULT", 0.6)]), Verdict::Hold(reasons(&["INSULT"])));
        assert_eq!(judge(insult, &[("INSULT", 0.8999)]), Verdict::Hold(reasons(&["INSULT"])));
        assert_eq!(judge(insult, &[("INSULT", 0.9)]), Verdict::Deny(reasons(&["INSULT"])));
        assert_eq!(judge("INSULT=hold:0.9/deny:0.9", &[("INSULT", 0.9)]), Verdict::Deny(reasons(&["INSULT"])));
        assert_eq!(judge(insult, &[]), Verdict::Allow);
    }

    #[test]
    fn a_category_without_an_entry_has_the_threshold_of_the_others() {
        assert_eq!(judge("INSULT=deny:0.5", &[("NEW", 1.0)]), Verdict::Allow);
        assert_eq!(judge("INSULT=deny:0.5,*=deny:0.95", &[("NEW", 0.95)]), Verdict::Deny(reasons(&["NEW"])));
        assert_eq!(judge("INSULT=allow,*=deny:0", &[("INSULT", 1.0)]), Verdict::Allow);
    }

    #[test]
    fn a_hold_of_any_category_can_hold() {
        let can_hold = |thresholds: &str| thresholds.parse::<Thresholds>().unwrap().can_hold();
        assert!(can_hold("A=allow,B=hold:0.5") && can_hold("A=deny:0.5,*=hold:0.5/deny:0.9"));
        assert!(!can_hold("A=allow,*=deny:0.5") && !Thresholds::new().can_hold());
    }

    #[test]
    fn the_strictest_category_decides_and_the_surest_comes_first() {
        let scores = [("A", 0.7), ("B", 0.95), ("C", 0.91), ("D", 0.1)];
        assert_eq!(judge("*=hold:0.5/deny:0.9", &scores), Verdict::Deny(reasons(&["B", "C"])));
        assert_eq!(judge("*=hold:0.5", &scores), Verdict::Hold(reasons(&["B", "C", "A"])));
    }
}
