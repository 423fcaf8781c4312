//! Results for programs: a line of JSON for each message. The fields are documented in `--help`.

use crate::events::Input;
use crate::exit::Exit;
use channel_flow_emulator::{
    CallbackRecord, Decision, Delivered, Fallback, InvocationOutcome, MessageFields, MessageState, MessageStatus,
    Scores, StepReport,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Writes the result of a delivery, with the function's log lines unless all went well.
pub(crate) fn delivered(delivered: &Delivered, exit: Exit) -> io::Result<()> {
    let invocation = &delivered.invocation;
    let outcome = invocation.outcome();
    let returned = outcome.returned();
    write_line(&Line {
        status: delivered.message.as_ref().map(MessageState::status),
        decision: delivered.decision().map(decision),
        decided_by: returned.decided_by.as_deref(),
        fallback: returned.fallback.as_ref(),
        held_until: delivered.held_until().map(since_1970),
        dry_run: returned.dry_run.map(decision),
        reasons: &returned.reasons,
        scores: &returned.scores,
        steps: &returned.steps,
        message: delivered.message.as_ref().and_then(MessageState::seen_by_everyone),
        event: body(delivered.event.json()),
        callbacks: delivered.callbacks.iter().map(|callback| self::callback(delivered, callback)).collect(),
        invocation: Invocation {
            request_id: invocation.request_id(),
            outcome: name(outcome),
            detail: (!outcome.is_success()).then(|| outcome.to_string()),
        },
        logs: (exit != Exit::Decided).then(|| delivered.logs.iter().map(|line| &*line.text).collect()),
        timing: Timing {
            cold_start_ms: invocation.cold_start().map(milliseconds),
            decided_ms: delivered.decided_after().map(milliseconds),
            invocation_ms: milliseconds(invocation.duration()),
            total_ms: milliseconds(delivered.elapsed),
        },
    })
}

/// Writes that there was no event to deliver.
pub(crate) fn problem(input: &Input, problem: &str) -> io::Result<()> {
    write_line(&json!({ "error": problem, "line": input.line, "source": input.source }))
}

#[derive(Serialize)]
struct Line<'a> {
    status: Option<MessageStatus>,
    decision: Option<&'static str>,
    decided_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fallback: Option<&'a Fallback>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_until: Option<u64>,
    dry_run: Option<&'static str>,
    reasons: &'a [String],
    scores: &'a Scores,
    steps: &'a [StepReport],
    message: Option<&'a MessageFields>,
    event: Value,
    callbacks: Vec<Callback<'a>>,
    invocation: Invocation<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logs: Option<Vec<&'a str>>,
    timing: Timing,
}

#[derive(Serialize)]
struct Callback<'a> {
    accepted: bool,
    after_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Refusal<'a>>,
    body: Value,
}

#[derive(Serialize)]
struct Refusal<'a> {
    status: u16,
    exception: &'a str,
    message: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Invocation<'a> {
    request_id: &'a str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(Serialize)]
struct Timing {
    cold_start_ms: Option<f64>,
    decided_ms: Option<f64>,
    invocation_ms: f64,
    total_ms: f64,
}

fn callback<'a>(delivered: &Delivered, callback: &'a CallbackRecord) -> Callback<'a> {
    let refusal = callback.verdict().err().map(|refusal| Refusal {
        status: refusal.status(),
        exception: refusal.exception(),
        message: refusal.message(),
        reason: refusal.reason(),
    });
    Callback {
        accepted: callback.is_accepted(),
        after_ms: delivered.after(callback).map(milliseconds),
        refusal,
        body: body(callback.body()),
    }
}

pub(crate) fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Update => "UPDATE",
        Decision::Deny => "DENY",
        Decision::NoChange => "NO_CHANGE",
        Decision::Hold => "HOLD",
        _ => "OTHER",
    }
}

pub(crate) fn name(outcome: &InvocationOutcome) -> &'static str {
    match outcome {
        InvocationOutcome::Response(_) => "RESPONSE",
        InvocationOutcome::Error(_) => "ERROR",
        InvocationOutcome::TimedOut => "TIMED_OUT",
        InvocationOutcome::Exited(_) => "EXITED",
        InvocationOutcome::InitFailed(_) => "INIT_FAILED",
        _ => "OTHER",
    }
}

/// JSON as it is, anything else as a string.
pub(crate) fn body(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into())
}

/// In milliseconds.
fn since_1970(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// With three decimals.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

pub(crate) fn write_line(line: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(&text)?;
    stdout.flush()
}
