//! Results for programs: a line of JSON for each step, and one that sums up. The fields are documented in `--help`.

use super::recording::Line;
use super::rules::Judgement;
use super::step::{Outcome, Replayed, Verdict};
use super::summary::Summary;
use super::tally::{Side, Tallies, Tally};
use crate::json::{body, decision, name, write_line};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io;

/// Writes the result of a step.
pub(super) fn replayed(replayed: &Replayed<'_>) -> io::Result<()> {
    let now = replayed.now.as_ref().map(|now| {
        let mut verdict = verdict(&Verdict::of(now), &replayed.reasons());
        let outcome = now.invocation.outcome();
        verdict["invocation"] = json!({ "outcome": name(outcome) });
        if !outcome.is_success() {
            verdict["invocation"]["detail"] = outcome.to_string().into();
        }
        verdict
    });
    let before = replayed.before.as_ref().map(|before| verdict(before, replayed.recorded_reasons()));
    write_line(&json!({
        "result": replayed.outcome.name(),
        "before": before,
        "now": now,
        "label": replayed.step.label,
        "event": body(replayed.step.event().json()),
        "source": replayed.line.source,
        "line": replayed.line.number,
    }))
}

/// Writes that a line cannot be used.
pub(super) fn problem(line: &Line, problem: &str) -> io::Result<()> {
    write_line(&json!({ "error": problem, "source": line.source, "line": line.number }))
}

pub(super) fn summary(summary: &Summary, tallies: &Tallies, judgements: Option<&[Judgement<'_>]>) -> io::Result<()> {
    let mut counts = Map::new();
    for outcome in [Outcome::Same, Outcome::Changed, Outcome::Undecided, Outcome::Decided, Outcome::Skipped] {
        counts.insert(outcome.name().to_owned(), summary.of(outcome).into());
    }
    counts.insert("error".to_owned(), summary.unusable.into());
    let rules: Option<Vec<_>> = judgements.map(|judgements| judgements.iter().map(judgement).collect());
    write_line(&json!({
        "summary": counts,
        "decisions": all(&tallies.decisions),
        "reasons": all(&tallies.reasons),
        "rules": rules,
    }))
}

fn verdict(verdict: &Verdict, reasons: &[String]) -> Value {
    json!({ "decision": verdict.decision.map(decision), "reasons": reasons, "message": verdict.released })
}

fn all(tallies: &BTreeMap<String, Tally>) -> Map<String, Value> {
    tallies.iter().map(|(code, tally)| (code.clone(), self::tally(tally))).collect()
}

fn tally(tally: &Tally) -> Value {
    json!({
        "now": side(&tally.now),
        "recorded": side(&tally.recorded),
        "gained": tally.gained,
        "lost": tally.lost,
        "with": tally.with,
    })
}

fn side(side: &Side) -> Value {
    json!({
        "count": side.count,
        "right": side.right,
        "wrong": side.wrong,
        "missed": side.missed,
        "precision": side.precision(),
        "recall": side.recall(),
    })
}

fn judgement(judgement: &Judgement<'_>) -> Value {
    let rule = judgement.rule;
    json!({ "rule": rule.to_string(), "limit": rule.limit(), "count": judgement.count, "met": judgement.is_met() })
}
