//! How sure a judge is.

use std::fmt;

use serde::{Serialize, Serializer};

/// How sure a judge is that a message belongs to a category: a number from 0 to 1, to a ten-thousandth.
///
/// A score is rounded when it is made. What the log shows is therefore what [`Thresholds`](crate::Thresholds) compare:
/// 0.9 as a 32-bit and as a 64-bit number reach the same threshold.
///
/// ```
/// use channel_flow::Score;
///
/// assert_eq!(Score::new(0.9)?, Score::try_from(0.9_f32)?);
/// assert_eq!(Score::new(0.123_456)?.to_string(), "0.1235");
/// assert!(Score::new(1.1).is_err() && Score::new(f64::NAN).is_err());
/// # Ok::<_, channel_flow::ScoreError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Score(u16);

/// The parts of a whole in which scores are counted.
const WHOLE: f64 = 10_000.0;

impl Score {
    /// The lowest score: 0.
    pub const MIN: Self = Self(0);
    /// The highest score: 1.
    pub const MAX: Self = Self(WHOLE as u16);

    /// Creates a score.
    ///
    /// # Errors
    ///
    /// Returns a [`ScoreError`] if `value` is not a number from 0 to 1.
    pub const fn new(value: f64) -> Result<Self, ScoreError> {
        match value >= 0.0 && value <= 1.0 {
            true => Ok(Self((value * WHOLE).round() as u16)),
            false => Err(ScoreError(())),
        }
    }

    /// Returns the number.
    pub fn get(self) -> f64 {
        f64::from(self.0) / WHOLE
    }
}

impl TryFrom<f64> for Score {
    type Error = ScoreError;

    fn try_from(value: f64) -> Result<Self, ScoreError> {
        Self::new(value)
    }
}

impl TryFrom<f32> for Score {
    type Error = ScoreError;

    fn try_from(value: f32) -> Result<Self, ScoreError> {
        Self::new(value.into())
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.get(), f)
    }
}

impl fmt::Debug for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Score({self})")
    }
}

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.get())
    }
}

/// The error for a number that cannot be a [`Score`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScoreError(());

impl fmt::Display for ScoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a score must be a number from 0 to 1")
    }
}

impl std::error::Error for ScoreError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_a_number_from_0_to_1() {
        assert_eq!((Score::new(0.0), Score::new(1.0)), (Ok(Score::MIN), Ok(Score::MAX)));
        assert_eq!(Score::new(-0.0).unwrap().to_string(), "0");
        for wrong in [-0.1, 1.000_1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(Score::new(wrong).is_err(), "{wrong}");
        }
        assert!(Score::try_from(f32::NAN).is_err());
    }

    /// What is shown is what is compared.
    #[test]
    fn each_score_is_shown_as_it_is() {
        for parts in 0..=10_000 {
            let score = Score(parts);
            assert_eq!(score.to_string().parse().map(Score::new), Ok(Ok(score)));
            assert_eq!(serde_json::to_value(score).unwrap().as_f64().map(Score::new), Some(Ok(score)));
        }
    }
}
