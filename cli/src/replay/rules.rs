//! Rules about what a replay has to come to, and whether it does.

use super::step::Outcome;
use super::tally::Tally;
use super::totals::Totals;
use crate::exit::Failure;
use crate::json::decision;
use channel_flow_emulator::Decision;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

/// The rules of a file, at least one.
pub(super) struct Rules(Vec<Rule>);

/// How many messages there have to be of one kind.
pub(super) struct Rule {
    subject: Subject,
    bound: Bound,
}

/// A rule, and whether it holds.
pub(super) struct Judgement<'a> {
    pub(super) rule: &'a Rule,
    /// How many messages there are.
    pub(super) count: u64,
}

/// The kind of messages that are counted.
#[derive(Clone)]
enum Subject {
    Decision(Decision),
    Reason(String),
    /// Those that a shadow step would act on.
    Shadow(String),
    Result(Outcome),
}

enum Bound {
    AtLeast(u64),
    AtMost(u64),
    Exactly(u64),
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RulesFile {
    decisions: Decisions,
    reasons: BTreeMap<String, Bounds>,
    shadows: BTreeMap<String, Bounds>,
    results: Results,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "SCREAMING_SNAKE_CASE")]
struct Decisions {
    update: Bounds,
    deny: Bounds,
    no_change: Bounds,
    hold: Bounds,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "SCREAMING_SNAKE_CASE")]
struct Results {
    same: Bounds,
    changed: Bounds,
    undecided: Bounds,
    decided: Bounds,
    skipped: Bounds,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds {
    at_least: Option<u64>,
    at_most: Option<u64>,
    exactly: Option<u64>,
}

impl Rules {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let text =
            fs::read_to_string(path).map_err(|error| Failure::unusable(format!("cannot read {name}: {error}")))?;
        Self::parse(&text).map_err(|problem| Failure::unusable(format!("{name}: {problem}")))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let file: RulesFile = toml::from_str(text).map_err(|error| {
            let line =
                error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1);
            let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            format!("{line}{}", error.message())
        })?;
        let RulesFile { decisions, reasons, shadows, results } = file;
        let decisions = [
            (Decision::Update, decisions.update),
            (Decision::Deny, decisions.deny),
            (Decision::NoChange, decisions.no_change),
            (Decision::Hold, decisions.hold),
        ];
        let results = [
            (Outcome::Same, results.same),
            (Outcome::Changed, results.changed),
            (Outcome::Undecided, results.undecided),
            (Outcome::Decided, results.decided),
            (Outcome::Skipped, results.skipped),
        ];
        let decisions = decisions.map(|(decision, bounds)| (Subject::Decision(decision), bounds));
        let reasons = reasons.into_iter().map(|(reason, bounds)| (Subject::Reason(reason), bounds));
        let shadows = shadows.into_iter().map(|(shadow, bounds)| (Subject::Shadow(shadow), bounds));
        let results = results.map(|(outcome, bounds)| (Subject::Result(outcome), bounds));
        let mut rules = Vec::new();
        for (subject, bounds) in decisions.into_iter().chain(reasons).chain(shadows).chain(results) {
            if matches!((bounds.at_least, bounds.at_most), (Some(least), Some(most)) if least > most) {
                return Err(format!("{subject}: at_least is more than at_most"));
            }
            if bounds.exactly.is_some() && (bounds.at_least.is_some() || bounds.at_most.is_some()) {
                return Err(format!("{subject}: exactly excludes at_least and at_most"));
            }
            rules.extend(bounds.all().map(|bound| Rule { subject: subject.clone(), bound }));
        }
        if rules.is_empty() {
            return Err("it has no rules".to_owned());
        }
        Ok(Self(rules))
    }

    /// All rules in order, each with whether it holds.
    pub(super) fn judge(&self, totals: &Totals) -> Vec<Judgement<'_>> {
        self.0.iter().map(|rule| Judgement { rule, count: rule.subject.count(totals) }).collect()
    }
}

impl Rule {
    /// How many messages there have to be, in words.
    pub(super) fn bound(&self) -> String {
        let (bound, limit) = (self.bound.name().replace('_', " "), self.limit());
        format!("{bound} {limit}")
    }

    pub(super) fn limit(&self) -> u64 {
        let (Bound::AtLeast(limit) | Bound::AtMost(limit) | Bound::Exactly(limit)) = self.bound;
        limit
    }

    pub(super) fn subject(&self) -> String {
        self.subject.to_string()
    }
}

impl Judgement<'_> {
    pub(super) fn is_met(&self) -> bool {
        match self.rule.bound {
            Bound::AtLeast(least) => self.count >= least,
            Bound::AtMost(most) => self.count <= most,
            Bound::Exactly(limit) => self.count == limit,
        }
    }
}

impl Subject {
    fn count(&self, totals: &Totals) -> u64 {
        let Totals { summary, tallies, shadows, .. } = totals;
        let count = |tally: Option<&Tally>| tally.map_or(0, |tally| tally.now.count);
        match self {
            Self::Decision(of) => count(tallies.decisions.get(decision(*of))),
            Self::Reason(reason) => count(tallies.reasons.get(reason)),
            Self::Shadow(name) => shadows.get(name).map_or(0, |shadow| shadow.now.acts()),
            Self::Result(outcome) => summary.of(*outcome),
        }
    }
}

impl Bound {
    fn name(&self) -> &'static str {
        match self {
            Self::AtLeast(_) => "at_least",
            Self::AtMost(_) => "at_most",
            Self::Exactly(_) => "exactly",
        }
    }
}

impl Bounds {
    fn all(self) -> impl Iterator<Item = Bound> {
        let Self { at_least, at_most, exactly } = self;
        let bounds = [at_least.map(Bound::AtLeast), at_most.map(Bound::AtMost), exactly.map(Bound::Exactly)];
        bounds.into_iter().flatten()
    }
}

/// As it stands in the file, such as `reasons.links`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decision(of) => write!(f, "decisions.{}", decision(*of)),
            Self::Reason(reason) => write!(f, "reasons.{reason}"),
            Self::Shadow(name) => write!(f, "shadows.{name}"),
            Self::Result(outcome) => write!(f, "results.{}", outcome.name()),
        }
    }
}

/// As it stands in the file, such as `reasons.links.at_least`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.subject, self.bound.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Rules::parse(text).err().expect(text)
    }

    #[test]
    fn rules_are_read_in_each_way_that_toml_has() {
        let text = "
            # As many as the recording has.
            reasons.links.exactly = 3
            decisions.DENY = { at_least = 1, at_most = 3 }
            shadows.\"too long\".at_most = 9

            [results]
            CHANGED.at_most = 0
        ";
        let Rules(rules) = Rules::parse(text).ok().unwrap();
        let rules: Vec<_> = rules.iter().map(|rule| (rule.to_string(), rule.bound())).collect();
        let expected = [
            ("decisions.DENY.at_least", "at least 1"),
            ("decisions.DENY.at_most", "at most 3"),
            ("reasons.links.exactly", "exactly 3"),
            ("shadows.too long.at_most", "at most 9"),
            ("results.CHANGED.at_most", "at most 0"),
        ];
        assert_eq!(rules, expected.map(|(rule, bound)| (rule.to_owned(), bound.to_owned())));
    }

    #[test]
    fn rules_that_cannot_be_meant_are_refused() {
        for (text, expected) in [
            ("", "it has no rules"),
            ("[reasons.links]", "it has no rules"),
            ("\n\nreasons.links.at_lest = 1", "line 3: unknown field `at_lest`"),
            ("decisions.deny.at_least = 1", "line 1: unknown field `deny`, expected one of `UPDATE`"),
            ("reasons.links.exactly = -1", "line 1: invalid value: integer `-1`"),
            ("reasons.links = 1", "line 1: invalid type: integer `1`"),
            ("reason.links.exactly = 1", "line 1: unknown field `reason`"),
            ("reasons.links = { at_least = 2, at_most = 1 }", "reasons.links: at_least is more than at_most"),
            ("reasons.links = { at_least = 2, exactly = 2 }", "reasons.links: exactly excludes"),
            ("{}", "line 1: "),
        ] {
            let problem = problem(text);
            assert!(problem.starts_with(expected), "{text}: {problem}");
        }
    }

    #[test]
    fn a_bound_includes_its_limit() {
        let met = |bound, count| {
            let rule = Rule { subject: Subject::Reason("links".to_owned()), bound };
            Judgement { rule: &rule, count }.is_met()
        };
        let all = |bound: fn(u64) -> Bound| [1, 2, 3].map(|count| met(bound(2), count));
        assert_eq!(all(Bound::AtLeast), [false, true, true]);
        assert_eq!(all(Bound::AtMost), [true, true, false]);
        assert_eq!(all(Bound::Exactly), [false, true, false]);
    }
}
