//! What each threshold for a score would give.

use super::sample::{Observed, Sample};
use super::tally::Side;
use channel_flow_emulator::Scores;
use std::collections::BTreeSet;

/// A category that a step of a flow, or a function without steps, has given a score.
pub(super) struct Category {
    /// `None` if the scores are those of the decision itself.
    pub(super) step: Option<String>,
    pub(super) name: String,
    /// From low to high.
    pub(super) thresholds: Vec<Threshold>,
}

/// How many messages have the score or a higher one.
pub(super) struct Threshold {
    pub(super) score: f64,
    /// `None` if there are no scores now.
    pub(super) now: Option<Side>,
    /// `None` if no scores were recorded.
    pub(super) recorded: Option<Side>,
}

/// All categories, in order of their steps and names.
pub(super) fn categories(samples: &[Sample]) -> Vec<Category> {
    let mut found = BTreeSet::new();
    for observed in samples.iter().flat_map(|sample| sample.now.iter().chain(&sample.recorded)) {
        found.extend(observed.scores.keys().map(|category| (None, category.as_str())));
        for report in &observed.steps {
            found.extend(report.scores.keys().map(|category| (Some(report.name.as_str()), category.as_str())));
        }
    }
    let category = |(step, name): (Option<&str>, &str)| Category {
        step: step.map(str::to_owned),
        name: name.to_owned(),
        thresholds: (1..=9).map(|tenths| Threshold::of(f64::from(tenths) / 10.0, step, name, samples)).collect(),
    };
    found.into_iter().map(category).collect()
}

impl Category {
    /// Whether a label says something about it.
    pub(super) fn is_labelled(&self) -> bool {
        let sides = self.thresholds.iter().flat_map(|threshold| threshold.now.iter().chain(&threshold.recorded));
        sides.into_iter().any(Side::is_labelled)
    }
}

impl Threshold {
    fn of(score: f64, step: Option<&str>, category: &str, samples: &[Sample]) -> Self {
        let side = |observed: fn(&Sample) -> Option<&Observed>| {
            let has_scores = |sample: &Sample| {
                observed(sample).and_then(|observed| scores(observed, step)).is_some_and(|scores| !scores.is_empty())
            };
            // A recording can be older than scores.
            samples.iter().any(has_scores).then(|| {
                let mut side = Side::default();
                for sample in samples {
                    let Some(observed) = observed(sample) else { continue };
                    if step.is_some_and(|step| !observed.tells_of(step)) {
                        continue;
                    }
                    // A category that a judge leaves out has no score to act on.
                    let is = scores(observed, step).and_then(|scores| scores.get(category));
                    let label = sample.label.as_ref();
                    let label = label.map(|label| label.iter().any(|reason| is_same(reason, category)));
                    side.count(&sample.id, is.is_some_and(|is| *is >= score), label);
                }
                side
            })
        };
        Self { score, now: side(|sample| sample.now.as_ref()), recorded: side(|sample| sample.recorded.as_ref()) }
    }
}

fn scores<'a>(observed: &'a Observed, step: Option<&str>) -> Option<&'a Scores> {
    match step {
        None => Some(&observed.scores),
        Some(step) => observed.step(step).map(|report| &report.scores),
    }
}

/// Whether a reason of a label means the category: `hate-speech` is `HATE_SPEECH`.
fn is_same(reason: &str, category: &str) -> bool {
    let letter = |byte: u8| if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    reason.bytes().map(letter).eq(category.bytes().map(letter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use channel_flow_emulator::Decision;
    use serde_json::json;

    fn observed(scores: &[(&str, f64)]) -> Option<Observed> {
        let scores: Scores = scores.iter().map(|&(category, score)| (category.to_owned(), score)).collect();
        let steps = json!([{ "name": "judge", "decision": "NO_CHANGE", "scores": scores }]);
        let steps = serde_json::from_value(steps).unwrap();
        Some(Observed { decision: Decision::NoChange, scores: Scores::new(), steps })
    }

    #[test]
    fn a_threshold_is_measured_by_the_labels() {
        let sample = |id: &str, now, label: Option<&[&str]>| {
            let label = label.map(|label| label.iter().map(|&code| code.to_owned()).collect());
            Sample { id: id.to_owned(), line: 1, content: None, now, recorded: None, label }
        };
        let samples = [
            sample("m1", observed(&[("HATE_SPEECH", 0.9), ("SPAM", 0.1)]), Some(&["hate-speech"])),
            sample("m2", observed(&[("HATE_SPEECH", 0.5)]), Some(&[])),
            // The judge gave no score at all.
            sample("m3", observed(&[]), Some(&["Hate_Speech"])),
            sample("m4", observed(&[("HATE_SPEECH", 0.45)]), None),
            sample("undecided", None, Some(&["hate-speech"])),
        ];
        let categories = categories(&samples);
        let [hate, spam] = &categories[..] else { panic!("two categories") };
        assert_eq!((hate.step.as_deref(), &*hate.name, &*spam.name), (Some("judge"), "HATE_SPEECH", "SPAM"));
        let counts: Vec<_> = hate.thresholds.iter().map(|threshold| threshold.now.as_ref().unwrap().count).collect();
        assert_eq!(counts, [3, 3, 3, 3, 2, 1, 1, 1, 1]);
        let [.., at_half, _, _, _, _] = &hate.thresholds[..] else { panic!("nine") };
        let now = at_half.now.as_ref().unwrap();
        assert_eq!((at_half.score, now.precision(), now.recall()), (0.5, Some(0.5), Some(0.5)));
        assert!(at_half.recorded.is_none() && hate.is_labelled());
    }
}
