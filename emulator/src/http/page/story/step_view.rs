//! A step of a story, as the page gets it.

use crate::ids::milliseconds;
use crate::model::callback_record::CallbackRecord;
use crate::model::decision::decision_name;
use crate::model::processor_step::{Attempt, ProcessorStep, Unreachable};
use crate::model::returned::Returned;
use crate::model::scores::Scores;
use crate::model::step_report::{ReportedOutcome, StepReport};
use serde::Serialize;
use std::time::SystemTime;

/// One processor's part in a story.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StepView<'a> {
    processor: &'a str,
    function_arn: &'a str,
    callback_id: &'a str,
    invoked_at: u64,
    attempts: Vec<AttemptView<'a>>,
    callbacks: Vec<CallbackView<'a>>,
    unreachable: Option<UnreachableView<'a>>,
    /// Why and how it was decided or held, as the function returned it, if it did.
    returned: Option<ReturnedView<'a>>,
    /// Until when it was held for a reviewer at the latest, if it was.
    held_until: Option<u64>,
    /// Whether a callback was accepted by the time that Lambda had done all it does.
    finished: Option<bool>,
    /// How many attempts and callbacks are not listed.
    unlisted: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AttemptView<'a> {
    ended_at: u64,
    function_arn: &'a str,
    request_id: &'a str,
    outcome: &'a str,
    success: bool,
    milliseconds: f64,
    cold_start_milliseconds: Option<f64>,
}

/// What the function returned about the message.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReturnedView<'a> {
    /// Why and by whom it was decided, if a fallback action did it in place of the processor.
    fallback: Option<FallbackView<'a>>,
    /// The decision that was not sent, if the function is in a dry run.
    dry_run: Option<&'static str>,
    reasons: &'a [String],
    scores: &'a Scores,
    steps: Vec<ReportView<'a>>,
}

/// That a fallback action decided.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FallbackView<'a> {
    is_rescue: bool,
    /// `None` if the function did not say.
    cause: Option<&'a str>,
    step: Option<&'a str>,
    panicked_at: Option<&'a str>,
}

/// What a step of the function's flow did.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportView<'a> {
    name: &'a str,
    /// `UPDATE`, `DENY`, `NO_CHANGE` or `HOLD`; `None` if the step failed.
    decision: Option<&'static str>,
    reasons: &'a [String],
    failure: Option<&'a str>,
    panicked_at: Option<&'a str>,
    fallback_action: Option<&'a str>,
    shadow: bool,
    scores: &'a Scores,
    milliseconds: f64,
}

/// A callback, and the service's answer to it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallbackView<'a> {
    received_at: u64,
    /// `UPDATE`, `DENY` or `NO_CHANGE`; `None` if the callback was refused.
    decision: Option<&'static str>,
    refusal: Option<RefusalView<'a>>,
    fault: Option<&'a str>,
}

#[derive(Serialize)]
struct RefusalView<'a> {
    status: u16,
    exception: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UnreachableView<'a> {
    reason: &'a str,
    fallback_action: &'a str,
}

impl<'a> StepView<'a> {
    pub(super) fn of(step: &'a ProcessorStep, unlisted: usize) -> Self {
        Self {
            processor: &step.processor,
            function_arn: &step.function_arn,
            callback_id: &step.ids.callback_id,
            invoked_at: time(step.invoked_at),
            attempts: step.attempts.iter().map(AttemptView::of).collect(),
            callbacks: step.callbacks.iter().map(CallbackView::of).collect(),
            unreachable: step.unreachable.as_ref().map(UnreachableView::of),
            returned: step.returned().map(|returned| ReturnedView::of(returned, step.fell_back())),
            held_until: step.held_until().map(time),
            finished: step.finished,
            unlisted,
        }
    }
}

impl<'a> AttemptView<'a> {
    fn of(attempt: &'a Attempt) -> Self {
        Self {
            ended_at: time(attempt.ended_at),
            function_arn: &attempt.function_arn,
            request_id: &attempt.request_id,
            outcome: &attempt.outcome,
            success: attempt.success,
            milliseconds: attempt.milliseconds,
            cold_start_milliseconds: attempt.cold_start_milliseconds,
        }
    }
}

impl<'a> ReturnedView<'a> {
    fn of(returned: &'a Returned, fell_back: Option<&'a Returned>) -> Self {
        let fallback = fell_back.map(FallbackView::of);
        let steps = returned.steps.iter().map(ReportView::of).collect();
        let dry_run = returned.dry_run.map(decision_name);
        Self { fallback, dry_run, reasons: &returned.reasons, scores: &returned.scores, steps }
    }
}

impl<'a> FallbackView<'a> {
    fn of(returned: &'a Returned) -> Self {
        let fallback = returned.fallback.as_ref();
        Self {
            is_rescue: returned.decided_by.as_deref() == Some("RESCUE"),
            cause: fallback.map(|fallback| &*fallback.cause),
            step: fallback.and_then(|fallback| fallback.step.as_deref()),
            panicked_at: fallback.and_then(|fallback| fallback.panicked_at.as_deref()),
        }
    }
}

impl<'a> ReportView<'a> {
    fn of(report: &'a StepReport) -> Self {
        let (failure, panicked_at, fallback_action) = match &report.outcome {
            ReportedOutcome::Decided { .. } => (None, None, None),
            ReportedOutcome::Failed { failure, panicked_at, fallback_action } => {
                (Some(&**failure), panicked_at.as_deref(), fallback_action.as_deref())
            }
        };
        Self {
            name: &report.name,
            decision: report.decision().map(decision_name),
            reasons: report.reasons(),
            failure,
            panicked_at,
            fallback_action,
            shadow: report.shadow,
            scores: &report.scores,
            milliseconds: report.duration_ms,
        }
    }
}

impl<'a> CallbackView<'a> {
    fn of(record: &'a CallbackRecord) -> Self {
        Self {
            received_at: time(record.received_at()),
            decision: record.verdict().ok().map(decision_name),
            refusal: record.verdict().err().map(|refusal| RefusalView {
                status: refusal.status(),
                exception: refusal.exception(),
                reason: refusal.reason(),
            }),
            fault: record.fault(),
        }
    }
}

impl<'a> UnreachableView<'a> {
    fn of(unreachable: &'a Unreachable) -> Self {
        Self { reason: &unreachable.reason, fallback_action: &unreachable.fallback_action }
    }
}

/// Milliseconds since 1970, as the page's clock counts.
pub(in crate::http::page) fn time(at: SystemTime) -> u64 {
    u64::try_from(milliseconds(at)).unwrap_or(u64::MAX)
}
