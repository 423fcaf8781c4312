//! Who decided, in words for people: what cannot be missed is that it was not the processor.

use crate::text::printable;
use channel_flow_emulator::{ReportedOutcome, Returned, StepReport};

/// Says that a fallback action decided, and why: `by the FALLBACK ACTION: the processor panicked at src/main.rs:18:9`.
/// `None` if the processor decided, or if the function does not say.
pub(crate) fn not_the_processor(returned: &Returned) -> Option<String> {
    if !returned.is_fallback() {
        return None;
    }
    let who = match returned.decided_by.as_deref() {
        Some("RESCUE") => "by the FALLBACK ACTION of the rescue",
        _ => "by the FALLBACK ACTION",
    };
    Some(match cause(returned) {
        Some(cause) => format!("{who}: {cause}"),
        None => who.to_owned(),
    })
}

/// Says why a fallback action decided, if the function says it.
pub(crate) fn cause(returned: &Returned) -> Option<String> {
    let fallback = returned.fallback.as_ref()?;
    let subject = match &fallback.step {
        Some(step) => format!("the step {}", printable(step)),
        None => "the processor".to_owned(),
    };
    let text = match &*fallback.cause {
        "ERROR" => format!("{subject} returned an error"),
        "NO_TIME_FOR_RETRY" => format!("{subject} asked for a retry, and there was no time for one"),
        "PANIC" => return Some(panicked(&subject, fallback.panicked_at.as_deref())),
        "OUT_OF_TIME" => format!("{subject} ran out of time"),
        "BLOCKED" => format!("{subject} did not return: it blocks its thread"),
        "UNREADABLE" => "the message in the event cannot be read".to_owned(),
        "NOT_HELD" => "the message could not be held: no ticket was stored".to_owned(),
        "DECISION_REFUSED" => "the service refused the processor's decision as invalid".to_owned(),
        "FAILED_BEFORE" => "earlier invocations for the event had failed".to_owned(),
        // A later version of the framework knows more.
        other => other.to_owned(),
    };
    Some(text)
}

/// Says which steps of a flow failed, so that their own fallback actions decided in their place, although the processor
/// decided about the message: `with the FALLBACK ACTION of the step judge (CONTINUE): it panicked at src/judge.rs:7:5`.
pub(crate) fn steps_that_failed(returned: &Returned) -> Vec<String> {
    returned.failed_steps().map(failed_step).collect()
}

fn failed_step(step: &StepReport) -> String {
    let name = printable(&step.name);
    match &step.outcome {
        ReportedOutcome::Failed { failure, panicked_at, fallback_action } => {
            let action = fallback_action.as_deref().map(|action| format!(" ({action})")).unwrap_or_default();
            let why = match &**failure {
                "ERROR" => "it returned an error".to_owned(),
                "PANIC" => panicked("it", panicked_at.as_deref()),
                "OUT_OF_TIME" => "it ran out of its time".to_owned(),
                other => other.to_owned(),
            };
            format!("with the FALLBACK ACTION of the step {name}{action}: {why}")
        }
        _ => name,
    }
}

fn panicked(subject: &str, at: Option<&str>) -> String {
    match at {
        Some(at) => format!("{subject} panicked at {}", printable(at)),
        None => format!("{subject} panicked"),
    }
}
