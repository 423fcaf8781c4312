//! The line in the log that says how an event was settled.

use tracing::Level;

use super::Record;
use crate::decision::reason;
use crate::decision::step_report::milliseconds;
use crate::decision::trace::Trace;
use crate::response::Outcome;
use crate::run::logging::filter::SETTLED;
use crate::{FallbackAction, Settled};

pub(super) fn log(record: &Record<'_>, settled: &Settled) {
    let Settled { decision, decided_by, fallback, outcome, doubt, attempts, dry_run, reasons, scores, .. } = settled;
    // The metrics may say it instead, or the level leave it out. Nothing is put together then.
    if doubt.is_none() && !tracing::enabled!(target: SETTLED, Level::INFO) {
        return;
    }
    let (reasons, scores) = (reason::joined(reasons), scores.joined());
    let steps = record.trace.and_then(Trace::steps_text);
    let decision = decision.as_str();
    let dry_run = dry_run.map(|decision| decision.as_str());
    // Another callback decided a message that was decided before.
    let fallback_action = record.fallback_action.filter(|_| *outcome == Outcome::Accepted).map(FallbackAction::as_str);
    // The action of a processor that failed is in the line about the failure, which alarms count.
    let fallback_cause = fallback.as_ref().map(|fallback| fallback.cause.as_str());
    let fallback_step = fallback.as_ref().and_then(|fallback| fallback.step);
    let panicked_at = fallback.as_ref().and_then(|fallback| fallback.panicked_at.as_deref());
    let process_ms = milliseconds(record.processor_time);
    let duration_ms = milliseconds(record.duration);
    let told = match (outcome, doubt) {
        (Outcome::Held, _) => "message held",
        (Outcome::Accepted, _) => "message settled",
        (Outcome::DecidedBefore, None) => "message was decided before",
        (Outcome::DecidedBefore, Some(doubt)) => {
            let doubt = doubt.as_str();
            let told = "message was decided before, unless a grant is missing";
            tracing::warn!(
                decision,
                dry_run,
                reasons,
                scores,
                steps,
                ?decided_by,
                fallback_cause,
                fallback_step,
                panicked_at,
                ?outcome,
                doubt,
                attempts,
                process_ms,
                duration_ms,
                "{told}"
            );
            return;
        }
    };
    tracing::info!(
        target: SETTLED,
        decision,
        dry_run,
        reasons,
        scores,
        steps,
        ?decided_by,
        fallback_cause,
        fallback_step,
        panicked_at,
        ?outcome,
        fallback_action,
        attempts,
        process_ms,
        duration_ms,
        "{told}"
    );
}
