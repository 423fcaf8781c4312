//! What a judge of messages finds, by category.

pub(crate) mod score;
pub(crate) mod thresholds;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::Serialize;

use self::score::Score;
use crate::decision::reason::Reason;

/// The verdict of a judge, such as a model, by category: how sure the judge is that a message belongs to each category.
///
/// A category is a [`Reason`]: a code such as `INSULT`, and never a part of a message. [`Thresholds`](crate::Thresholds)
/// turn scores into a decision, and [`Decision::with_scores`](crate::Decision::with_scores) makes them visible in the
/// log, in what the function returns to Lambda, and in the reports of a flow's steps.
///
/// ```
/// use channel_flow::{Score, Scores};
///
/// let mut scores = Scores::new();
/// scores.add("INSULT", Score::new(0.62)?);
/// scores.add("PROFANITY", Score::new(0.1)?);
/// // A long text is judged in parts: the highest score counts.
/// scores.add("INSULT", Score::new(0.83)?);
/// assert_eq!(scores.to_string(), "INSULT=0.83,PROFANITY=0.1");
/// # Ok::<_, channel_flow::ScoreError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Scores(BTreeMap<Reason, Score>);

impl Scores {
    /// Creates scores without a category.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds the score of a category. If the category has a score already, the higher one counts.
    pub fn add(&mut self, category: impl Into<Reason>, score: Score) {
        match self.0.entry(category.into()) {
            Entry::Vacant(entry) => {
                entry.insert(score);
            }
            Entry::Occupied(mut entry) => {
                let highest = score.max(*entry.get());
                entry.insert(highest);
            }
        }
    }

    /// Returns the score of a category.
    pub fn get(&self, category: &str) -> Option<Score> {
        self.0.get(category).copied()
    }

    /// Returns the categories with their scores, in the alphabetical order of the categories.
    pub fn iter(&self) -> impl Iterator<Item = (&Reason, Score)> {
        self.0.iter().map(|(category, score)| (category, *score))
    }

    /// Returns whether no category has a score.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the scores as one field of a log line, or `None` if there are none.
    pub(crate) fn joined(&self) -> Option<String> {
        (!self.is_empty()).then(|| self.to_string())
    }
}

impl<C: Into<Reason>> Extend<(C, Score)> for Scores {
    fn extend<I: IntoIterator<Item = (C, Score)>>(&mut self, scores: I) {
        scores.into_iter().for_each(|(category, score)| self.add(category, score));
    }
}

impl<C: Into<Reason>> FromIterator<(C, Score)> for Scores {
    fn from_iter<I: IntoIterator<Item = (C, Score)>>(scores: I) -> Self {
        let mut all = Self::new();
        all.extend(scores);
        all
    }
}

/// Shows the scores as the log does: `HATE_SPEECH=0.02,INSULT=0.83`.
impl fmt::Display for Scores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (category, score)) in self.iter().enumerate() {
            let comma = if position == 0 { "" } else { "," };
            write!(f, "{comma}{category}={score}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scores({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_score_of_a_category_counts() {
        let score = |value| Score::new(value).unwrap();
        let mut scores: Scores =
            [("INSULT", score(0.2)), ("GRAPHIC", score(0.0)), ("INSULT", score(0.83))].into_iter().collect();
        scores.add("INSULT", score(0.5));
        assert_eq!((scores.get("INSULT"), scores.get("SEXUAL")), (Some(score(0.83)), None));
        assert_eq!(scores.joined().as_deref(), Some("GRAPHIC=0,INSULT=0.83"));
        assert_eq!(serde_json::to_string(&scores).unwrap(), r#"{"GRAPHIC":0.0,"INSULT":0.83}"#);
        assert_eq!(Scores::new().joined(), None);
    }
}
