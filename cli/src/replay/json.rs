//! Results for programs: a line of JSON for each step, and one that sums up. The fields are documented in `--help`.

use super::recording::Line;
use super::rules::Judgement;
use super::shadow::{Overlap, Shadow, ShadowSide};
use super::step::{Outcome, Replayed, Verdict};
use super::tally::{Side, Tally};
use super::threshold::{Category, Threshold};
use super::totals::Totals;
use crate::json::{body, decision, name, write_line};
use channel_flow_emulator::{Fallback, Scores, StepReport};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io;

/// Writes the result of a step.
pub(super) fn replayed(replayed: &Replayed<'_>) -> io::Result<()> {
    let now = replayed.now.as_ref().map(|now| {
        let returned = now.invocation.outcome().returned();
        let mut verdict = verdict(&Verdict::of(now), &replayed.reasons(), &returned.scores, &returned.steps);
        let outcome = now.invocation.outcome();
        who(&mut verdict, returned.decided_by.as_deref(), returned.fallback.as_ref());
        verdict["invocation"] = json!({ "outcome": name(outcome) });
        if !outcome.is_success() {
            verdict["invocation"]["detail"] = outcome.to_string().into();
        }
        verdict
    });
    let step = replayed.step;
    let before = replayed.before.as_ref();
    let before = before.map(|before| {
        let mut verdict = verdict(before, replayed.recorded_reasons(), &step.scores, &step.steps);
        who(&mut verdict, step.decided_by.as_deref(), step.fallback.as_ref());
        verdict
    });
    write_line(&json!({
        "result": replayed.outcome.name(),
        "before": before,
        "now": now,
        "label": step.label,
        "event": body(step.event().json()),
        "source": replayed.line.source,
        "line": replayed.line.number,
    }))
}

/// Writes that a line cannot be used.
pub(super) fn problem(line: &Line, problem: &str) -> io::Result<()> {
    write_line(&json!({ "error": problem, "source": line.source, "line": line.number }))
}

/// Writes the summary, and what is measured.
pub(super) fn totals(totals: &Totals, judgements: Option<&[Judgement<'_>]>) -> io::Result<()> {
    let Totals { summary, tallies, shadows, categories } = totals;
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
        "shadows": shadows.iter().map(|(name, shadow)| (name.clone(), self::shadow(shadow))).collect::<Map<_, _>>(),
        "scores": categories.iter().map(category).collect::<Vec<_>>(),
        "rules": rules,
    }))
}

fn verdict(verdict: &Verdict, reasons: &[String], scores: &Scores, steps: &[StepReport]) -> Value {
    json!({
        "decision": verdict.decision.map(decision),
        "reasons": reasons,
        "scores": scores,
        "steps": steps,
        "message": verdict.released,
    })
}

/// Adds who decided and why, as far as the function said it.
fn who(verdict: &mut Value, decided_by: Option<&str>, fallback: Option<&Fallback>) {
    verdict["decided_by"] = decided_by.into();
    if let Some(fallback) = fallback {
        verdict["fallback"] = json!(fallback);
    }
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

fn shadow(shadow: &Shadow) -> Value {
    json!({
        "now": shadow_side(&shadow.now),
        "recorded": shadow_side(&shadow.recorded),
        "gained": shadow.gained,
        "lost": shadow.lost,
        "reasons": all(&shadow.reasons),
    })
}

fn shadow_side(side: &ShadowSide) -> Value {
    let overlap = |overlap: Overlap| {
        let Overlap { denied_anyway, updated_anyway, held_anyway, alone } = overlap;
        json!({
            "denied_anyway": denied_anyway, "updated_anyway": updated_anyway, "held_anyway": held_anyway, "alone": alone,
        })
    };
    json!({
        "ran": side.ran,
        "failed": side.failed,
        "acts": side.acts(),
        "denies": overlap(side.denies),
        "updates": overlap(side.updates),
        "holds": overlap(side.holds),
        "with": side.with,
        "differ": side.differ.iter().map(|differing| &differing.id).collect::<Vec<_>>(),
    })
}

fn category(category: &Category) -> Value {
    let threshold = |threshold: &Threshold| {
        let Threshold { score, now, recorded } = threshold;
        json!({ "threshold": score, "now": now.as_ref().map(side), "recorded": recorded.as_ref().map(side) })
    };
    json!({
        "step": category.step,
        "category": category.name,
        "thresholds": category.thresholds.iter().map(threshold).collect::<Vec<_>>(),
    })
}

fn judgement(judgement: &Judgement<'_>) -> Value {
    let rule = judgement.rule;
    json!({ "rule": rule.to_string(), "limit": rule.limit(), "count": judgement.count, "met": judgement.is_met() })
}
