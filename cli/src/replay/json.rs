//! Results for programs: a line of JSON for each step, and one that sums up. The fields are documented in `--help`.

use super::recording::Line;
use super::{Outcome, Replayed, Summary, Verdict};
use crate::json::{body, decision, name, write_line};
use serde_json::{Value, json};
use std::io;

/// Writes the result of a step.
pub(super) fn replayed(replayed: &Replayed<'_>) -> io::Result<()> {
    let now = replayed.now.as_ref().map(|now| {
        let mut verdict = verdict(&Verdict::of(now));
        let outcome = now.invocation.outcome();
        verdict["invocation"] = json!({ "outcome": name(outcome) });
        if !outcome.is_success() {
            verdict["invocation"]["detail"] = outcome.to_string().into();
        }
        verdict
    });
    write_line(&json!({
        "result": result(replayed.outcome),
        "before": replayed.before.as_ref().map(verdict),
        "now": now,
        "event": body(replayed.step.event().json()),
        "source": replayed.line.source,
        "line": replayed.line.number,
    }))
}

/// Writes that a line cannot be used.
pub(super) fn problem(line: &Line, problem: &str) -> io::Result<()> {
    write_line(&json!({ "error": problem, "source": line.source, "line": line.number }))
}

pub(super) fn summary(summary: &Summary) -> io::Result<()> {
    let Summary { same, changed, undecided, decided, skipped, unusable } = *summary;
    write_line(&json!({ "summary": {
        "SAME": same, "CHANGED": changed, "UNDECIDED": undecided, "DECIDED": decided, "SKIPPED": skipped,
        "error": unusable,
    } }))
}

fn verdict(verdict: &Verdict) -> Value {
    json!({ "decision": verdict.decision.map(decision), "message": verdict.released })
}

fn result(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Same => "SAME",
        Outcome::Changed => "CHANGED",
        Outcome::Undecided => "UNDECIDED",
        Outcome::Decided => "DECIDED",
        Outcome::Skipped => "SKIPPED",
    }
}
