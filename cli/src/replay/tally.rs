//! How often each decision was made and each reason given: now, as recorded, and as the labels have it.

use super::step::Replayed;
use crate::json::decision;
use std::collections::{BTreeMap, BTreeSet};

/// A tally of each decision and each reason that was recorded, is given now, or stands in a label.
///
/// Masked steps count as recorded only: on masked text a processor decides nothing that could be compared. Skipped steps do
/// not count at all.
#[derive(Default)]
pub(super) struct Tallies {
    /// By `UPDATE`, `DENY` or `NO_CHANGE`.
    pub(super) decisions: BTreeMap<String, Tally>,
    /// By code.
    pub(super) reasons: BTreeMap<String, Tally>,
}

/// Of one decision or one reason. Messages are named by their ids.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) now: Side,
    pub(super) recorded: Side,
    /// The messages that have it now, and did not when they were recorded.
    pub(super) gained: Vec<String>,
    /// The messages that had it when they were recorded, and no longer do.
    pub(super) lost: Vec<String>,
    /// How many messages have this other reason as well.
    pub(super) with: BTreeMap<String, u64>,
}

/// The processor that is replayed, or the one that was recorded.
#[derive(Default)]
pub(super) struct Side {
    /// How many messages have it.
    pub(super) count: u64,
    /// How many of them have it in their labels too.
    pub(super) right: u64,
    /// The messages that have it and whose labels lack it.
    pub(super) wrong: Vec<String>,
    /// The messages that lack it and whose labels have it.
    pub(super) missed: Vec<String>,
}

/// The decisions, or the reasons, of one message.
pub(super) struct Message<'a> {
    pub(super) id: &'a str,
    /// `None` if it cannot be compared.
    pub(super) now: Option<BTreeSet<&'a str>>,
    /// `None` if it was not recorded.
    pub(super) recorded: Option<BTreeSet<&'a str>>,
    /// `None` if no label tells.
    pub(super) label: Option<BTreeSet<&'a str>>,
}

impl Tallies {
    pub(super) fn count(&mut self, replayed: &Replayed<'_>) {
        let Some(now) = &replayed.now else { return };
        let (id, step) = (replayed.message_id(), replayed.step);
        let label = step.label.as_ref();
        let is_comparable = !step.masked;
        let message = Message {
            id: &id,
            now: is_comparable.then(|| now.decision().map(decision).into_iter().collect()),
            recorded: Some(step.decision().map(decision).into_iter().collect()),
            label: label.and_then(|label| label.decision()).map(|labelled| BTreeSet::from([decision(labelled)])),
        };
        message.count(&mut self.decisions);
        let reasons = replayed.reasons();
        let message = Message {
            id: &id,
            now: is_comparable.then(|| set(&reasons)),
            recorded: Some(set(replayed.recorded_reasons())),
            label: label.and_then(|label| label.reasons.as_deref()).map(set),
        };
        message.count(&mut self.reasons);
    }
}

impl Message<'_> {
    pub(super) fn count(&self, tallies: &mut BTreeMap<String, Tally>) {
        let given = self.now.iter().chain(&self.recorded).chain(&self.label).flatten();
        for &code in given.collect::<BTreeSet<_>>() {
            let tally = tallies.entry(code.to_owned()).or_default();
            let label = self.label.as_ref().map(|label| label.contains(code));
            let was = self.recorded.as_ref().map(|recorded| recorded.contains(code));
            if let Some(was) = was {
                tally.recorded.count(self.id, was, label);
            }
            let Some(now) = &self.now else { continue };
            let is = now.contains(code);
            tally.now.count(self.id, is, label);
            match (was, is) {
                (Some(false), true) => tally.gained.push(self.id.to_owned()),
                (Some(true), false) => tally.lost.push(self.id.to_owned()),
                _ => {}
            }
            for &other in now.iter().filter(|&&other| is && other != code) {
                *tally.with.entry(other.to_owned()).or_default() += 1;
            }
        }
    }
}

impl Side {
    pub(super) fn count(&mut self, id: &str, has_it: bool, label: Option<bool>) {
        self.count += u64::from(has_it);
        match (has_it, label) {
            (true, Some(true)) => self.right += 1,
            (true, Some(false)) => self.wrong.push(id.to_owned()),
            (false, Some(true)) => self.missed.push(id.to_owned()),
            (false, Some(false)) | (_, None) => {}
        }
    }

    /// Whether a label says something about it.
    pub(super) fn is_labelled(&self) -> bool {
        self.right > 0 || !self.wrong.is_empty() || !self.missed.is_empty()
    }

    /// The part of the labelled messages that have it rightly; `None` if none has it.
    pub(super) fn precision(&self) -> Option<f64> {
        ratio(self.right, &self.wrong)
    }

    /// The part of the messages that should have it that do; `None` if none should.
    pub(super) fn recall(&self) -> Option<f64> {
        ratio(self.right, &self.missed)
    }
}

fn set(reasons: &[String]) -> BTreeSet<&str> {
    reasons.iter().map(String::as_str).collect()
}

fn ratio(right: u64, others: &[String]) -> Option<f64> {
    let all = right as f64 + others.len() as f64;
    (all > 0.0).then(|| right as f64 / all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes<'a>(codes: &[&'a str]) -> BTreeSet<&'a str> {
        codes.iter().copied().collect()
    }

    #[test]
    fn messages_are_counted_by_what_they_have_had_and_should_have() {
        let mut tallies = BTreeMap::new();
        for (id, now, recorded, label) in [
            ("m1", Some(codes(&["links", "spam"])), codes(&["links"]), Some(codes(&["links"]))),
            ("m2", Some(codes(&[])), codes(&["links"]), Some(codes(&["links", "spam"]))),
            ("m3", Some(codes(&["links"])), codes(&[]), Some(codes(&[]))),
            ("m4", Some(codes(&["links"])), codes(&["links"]), None),
            // Masked.
            ("m5", None, codes(&["links"]), Some(codes(&[]))),
        ] {
            Message { id, now, recorded: Some(recorded), label }.count(&mut tallies);
        }
        let links = &tallies["links"];
        assert_eq!((links.now.count, links.recorded.count), (3, 4));
        assert_eq!((&links.gained[..], &links.lost[..]), (&["m3".to_owned()][..], &["m2".to_owned()][..]));
        assert_eq!(
            (links.now.right, &*links.now.wrong, &*links.now.missed),
            (1, &["m3".into()][..], &["m2".into()][..])
        );
        assert_eq!((links.now.precision(), links.now.recall()), (Some(0.5), Some(0.5)));
        assert_eq!((links.recorded.precision(), links.recorded.recall()), (Some(2.0 / 3.0), Some(1.0)));
        assert_eq!(links.with, BTreeMap::from([("spam".to_owned(), 1)]));
        let spam = &tallies["spam"];
        assert_eq!((spam.now.precision(), spam.now.recall()), (Some(0.0), Some(0.0)));
        assert_eq!((spam.recorded.precision(), spam.recorded.recall()), (None, Some(0.0)));
        assert!(!Side::default().is_labelled() && spam.recorded.is_labelled());
    }
}
