//! What a step of a flow did, in one line for people.

use crate::text::{BAD, DIM, GOOD, NEUTRAL, printable, styled};
use channel_flow_emulator::{Decision, ReportedOutcome, Scores, StepReport};

/// The step in one line: `links  deny  links  0.02 ms`.
pub(crate) fn step_line(step: &StepReport) -> String {
    let mut line = format!("{}  ", printable(&step.name));
    match &step.outcome {
        ReportedOutcome::Failed { failure, panicked_at, fallback_action } => {
            let mut failed = format!("FAILED: {}", failure.to_lowercase().replace('_', " "));
            if let Some(panicked_at) = panicked_at {
                failed += &format!(" at {}", printable(panicked_at));
            }
            if let Some(fallback_action) = fallback_action {
                failed += &format!(", FALLBACK ACTION {fallback_action}");
            }
            line += &styled(BAD, failed).to_string();
        }
        _ => {
            let style = match step.decision() {
                Some(Decision::Update) => GOOD,
                Some(Decision::Deny) | None => BAD,
                Some(_) => NEUTRAL,
            };
            line += &styled(style, step.decision().map_or("failed".to_owned(), |decision| decision.to_string()))
                .to_string();
        }
    }
    if !step.reasons().is_empty() {
        line += &format!("  {}", step.reasons().join(", "));
    }
    if !step.scores.is_empty() {
        line += &format!("  {}", scores(&step.scores));
    }
    if step.shadow {
        line += "  (shadow)";
    }
    line + &format!("  {}", styled(DIM, format!("{:.2} ms", step.duration_ms)))
}

/// Scores as `INSULT 0.83, HATE_SPEECH 0.02`, the highest first.
pub(crate) fn scores(scores: &Scores) -> String {
    let mut scores: Vec<_> = scores.iter().collect();
    scores.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    scores.iter().map(|(category, score)| format!("{category} {score:.2}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_one_line() {
        let line = |json| {
            let step: StepReport = serde_json::from_str(json).unwrap();
            anstream::adapter::strip_str(&step_line(&step)).to_string()
        };
        let denied =
            r#"{"name":"links","decision":"DENY","reasons":["links","new"],"shadow":true,"duration_ms":0.125}"#;
        assert_eq!(line(denied), "links  deny  links, new  (shadow)  0.12 ms");
        let failed = r#"{"name":"judge","failure":"OUT_OF_TIME","fallback_action":"CONTINUE","duration_ms":100}"#;
        assert_eq!(line(failed), "judge  FAILED: out of time, FALLBACK ACTION CONTINUE  100.00 ms");
        let panicked =
            r#"{"name":"judge","failure":"PANIC","panicked_at":"src/a.rs:1:2","shadow":true,"duration_ms":1}"#;
        assert_eq!(line(panicked), "judge  FAILED: panic at src/a.rs:1:2  (shadow)  1.00 ms");
        let scored = r#"{"name":"judge","decision":"NO_CHANGE","scores":{"HATE":0.021,"INSULT":0.83},"duration_ms":1}"#;
        assert_eq!(line(scored), "judge  no change  INSULT 0.83, HATE 0.02  1.00 ms");
    }
}
