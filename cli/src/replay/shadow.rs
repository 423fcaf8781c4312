//! What shadow steps would do if they counted.

use super::sample::{Observed, Sample};
use super::tally::{Message, Tally};
use channel_flow_emulator::{Decision, ReportedOutcome, StepReport};
use std::collections::{BTreeMap, BTreeSet};

/// A step that is a shadow, now or as recorded.
#[derive(Default)]
pub(super) struct Shadow {
    pub(super) now: ShadowSide,
    pub(super) recorded: ShadowSide,
    /// The messages that it would act on now, and would not have when they were recorded.
    pub(super) gained: Vec<String>,
    /// The messages that it would have acted on when they were recorded, and no longer would.
    pub(super) lost: Vec<String>,
    /// Its reasons, by code, each with how it compares with the labels.
    pub(super) reasons: BTreeMap<String, Tally>,
}

/// The processor that is replayed, or the one that was recorded.
#[derive(Default)]
pub(super) struct ShadowSide {
    /// How many messages it ran on.
    pub(super) ran: u64,
    /// How often it failed, by failure.
    pub(super) failed: BTreeMap<String, u64>,
    /// How many messages it would deny.
    pub(super) denies: Overlap,
    /// How many messages it would hold for a reviewer.
    pub(super) holds: Overlap,
    /// How many messages it would update.
    pub(super) updates: Overlap,
    /// How many of the messages that it would act on another step acted on, or would act on if it is a shadow too.
    pub(super) with: BTreeMap<String, u64>,
    /// The messages that would be decided differently.
    pub(super) differ: Vec<Differing>,
}

/// Messages that a shadow would act on, by the decision that they have without it.
#[derive(Clone, Copy, Default)]
pub(super) struct Overlap {
    pub(super) denied_anyway: u64,
    pub(super) updated_anyway: u64,
    pub(super) held_anyway: u64,
    /// Nothing else acts on them.
    pub(super) alone: u64,
}

/// A message that would be decided differently if the shadow counted.
pub(super) struct Differing {
    pub(super) id: String,
    pub(super) line: usize,
    pub(super) content: Option<String>,
}

/// All shadows, by name.
pub(super) fn shadows(samples: &[Sample]) -> BTreeMap<String, Shadow> {
    let observed = samples.iter().flat_map(|sample| sample.now.iter().chain(&sample.recorded));
    let reports = observed.flat_map(|observed| &observed.steps).filter(|report| report.shadow);
    let names: BTreeSet<_> = reports.map(|report| report.name.as_str()).collect();
    names.into_iter().map(|name| (name.to_owned(), Shadow::of(name, samples))).collect()
}

impl Shadow {
    fn of(name: &str, samples: &[Sample]) -> Self {
        let mut shadow = Self::default();
        for sample in samples {
            let now = sample.now.as_ref().and_then(|observed| shadow.now.count(name, sample, observed));
            let was = sample.recorded.as_ref().and_then(|observed| shadow.recorded.count(name, sample, observed));
            match (was, now) {
                (Some(false), Some(true)) => shadow.gained.push(sample.id.clone()),
                (Some(true), Some(false)) => shadow.lost.push(sample.id.clone()),
                _ => {}
            }
            let message = Message {
                id: &sample.id,
                now: reasons(sample.now.as_ref(), name),
                recorded: reasons(sample.recorded.as_ref(), name),
                label: sample.label.as_ref().map(|label| label.iter().map(String::as_str).collect()),
            };
            message.count(&mut shadow.reasons);
        }
        // The labels name the reasons of all steps.
        shadow.reasons.retain(|_, tally| tally.now.count + tally.recorded.count > 0);
        shadow
    }
}

impl ShadowSide {
    /// Takes in what the step did to a message. Returns whether it would act; `None` if it did not run as a shadow.
    fn count(&mut self, name: &str, sample: &Sample, observed: &Observed) -> Option<bool> {
        let report = observed.step(name).filter(|report| report.shadow)?;
        self.ran += 1;
        if let ReportedOutcome::Failed { failure, .. } = &report.outcome {
            *self.failed.entry(failure.clone()).or_default() += 1;
        }
        let overlap = match report.decision() {
            Some(Decision::Deny) => &mut self.denies,
            Some(Decision::Hold) => &mut self.holds,
            Some(Decision::Update) => &mut self.updates,
            _ => return Some(false),
        };
        match observed.decision {
            Decision::Deny => overlap.denied_anyway += 1,
            Decision::Update => overlap.updated_anyway += 1,
            Decision::Hold => overlap.held_anyway += 1,
            _ => overlap.alone += 1,
        }
        for other in observed.steps.iter().filter(|other| other.name != name && acts(other)) {
            *self.with.entry(other.name.clone()).or_default() += 1;
        }
        let stays = observed.decision == Decision::Deny || report.decision() == Some(observed.decision);
        if !stays {
            self.differ.push(Differing { id: sample.id.clone(), line: sample.line, content: sample.content.clone() });
        }
        Some(true)
    }

    /// How many messages it would act on.
    pub(super) fn acts(&self) -> u64 {
        self.denies.sum() + self.holds.sum() + self.updates.sum()
    }
}

impl Overlap {
    pub(super) fn sum(self) -> u64 {
        self.denied_anyway + self.updated_anyway + self.held_anyway + self.alone
    }
}

fn acts(report: &StepReport) -> bool {
    matches!(report.decision(), Some(Decision::Deny | Decision::Update | Decision::Hold))
}

/// The reasons that the shadow gave; `None` if the message tells nothing about it.
fn reasons<'a>(observed: Option<&'a Observed>, name: &str) -> Option<BTreeSet<&'a str>> {
    let observed = observed.filter(|observed| observed.tells_of(name))?;
    let report = observed.step(name).filter(|report| report.shadow);
    Some(report.map(|report| report.reasons().iter().map(String::as_str).collect()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn observed(decision: Decision, steps: Value) -> Option<Observed> {
        let steps = serde_json::from_value(steps).unwrap();
        Some(Observed { decision, scores: Default::default(), steps })
    }

    fn sample(id: &str, now: Option<Observed>, recorded: Option<Observed>, label: Option<&[&str]>) -> Sample {
        let label = label.map(|label| label.iter().map(|&code| code.to_owned()).collect());
        Sample { id: id.to_owned(), line: 1, content: None, now, recorded, label }
    }

    /// What a shadow `long` did, after a step `links`.
    fn steps(links: &str, long: &str) -> Value {
        let reasons = if long == "NO_CHANGE" { json!([]) } else { json!(["long"]) };
        json!([
            { "name": "links", "decision": links },
            { "name": "long", "decision": long, "reasons": reasons, "shadow": true },
        ])
    }

    #[test]
    fn a_shadow_is_judged_by_what_it_would_do_beside_the_others() {
        use Decision::{Deny, NoChange, Update};
        let was = || observed(NoChange, steps("NO_CHANGE", "NO_CHANGE"));
        let samples = [
            sample("alone", observed(NoChange, steps("NO_CHANGE", "DENY")), was(), Some(&["long"])),
            sample("stricter", observed(Update, steps("UPDATE", "DENY")), was(), Some(&["links"])),
            sample("anyway", observed(Deny, steps("DENY", "UPDATE")), was(), None),
            sample("same", observed(Update, steps("UPDATE", "UPDATE")), was(), None),
            sample("passes", observed(NoChange, steps("NO_CHANGE", "NO_CHANGE")), None, Some(&["long"])),
            // Its condition was not met.
            sample(
                "skipped",
                observed(NoChange, json!([{ "name": "links", "decision": "NO_CHANGE" }])),
                None,
                Some(&["long"]),
            ),
            // It was denied before the shadow's turn.
            sample("denied", observed(Deny, json!([{ "name": "links", "decision": "DENY" }])), None, Some(&["long"])),
            sample("masked", None, observed(NoChange, steps("NO_CHANGE", "UPDATE")), None),
            sample("old", None, observed(NoChange, json!([])), Some(&["long"])),
            sample(
                "failed",
                observed(NoChange, json!([{ "name": "long", "failure": "PANIC", "shadow": true }])),
                None,
                None,
            ),
        ];
        let shadows = shadows(&samples);
        let [(name, Shadow { now, recorded, gained, lost, reasons })] = &shadows.iter().collect::<Vec<_>>()[..] else {
            panic!("one shadow")
        };
        assert_eq!((name.as_str(), now.ran, now.acts(), recorded.ran, recorded.acts()), ("long", 6, 4, 5, 1));
        let all = |overlap: Overlap| (overlap.denied_anyway, overlap.updated_anyway, overlap.alone);
        assert_eq!((all(now.denies), all(now.updates)), ((0, 1, 1), (1, 1, 0)));
        assert_eq!(now.with, BTreeMap::from([("links".to_owned(), 3)]));
        assert_eq!(now.failed, BTreeMap::from([("PANIC".to_owned(), 1)]));
        let differ: Vec<_> = now.differ.iter().map(|differing| differing.id.as_str()).collect();
        assert_eq!(differ, ["alone", "stricter"]);
        assert_eq!((&gained[..], lost.len()), (&["alone", "stricter", "anyway", "same"].map(str::to_owned)[..], 0));
        assert_eq!(reasons.keys().collect::<Vec<_>>(), ["long"]);
        let long = &reasons["long"].now;
        assert_eq!((long.right, &long.wrong[..]), (1, &["stricter".to_owned()][..]));
        assert_eq!(long.missed, ["passes", "skipped"]);
    }
}
