//! What a function of the framework returns to Lambda about a message: reasons and steps.

use crate::text::{BAD, DIM, GOOD, NEUTRAL, printable, styled};
use channel_flow_emulator::{Delivered, InvocationOutcome};
use serde::{Deserialize, Serialize};

/// What a function returns. Every field may be missing: a function need not be written with the framework.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Returned {
    pub(crate) reasons: Vec<String>,
    pub(crate) steps: Vec<Step>,
}

/// What a step of a flow did.
#[derive(Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "snake_case"))]
pub(crate) struct Step {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decision: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fallback_action: Option<String>,
    #[serde(default)]
    shadow: bool,
    duration_ms: f64,
}

impl Returned {
    /// Reads what the function returned, or nothing if it is not what the framework returns.
    pub(crate) fn read(delivered: &Delivered) -> Self {
        match delivered.invocation.outcome() {
            InvocationOutcome::Response(response) => serde_json::from_slice(response).unwrap_or_default(),
            _ => Self::default(),
        }
    }
}

impl Step {
    /// The step in one line: `links  deny  links  0.02 ms`.
    pub(crate) fn line(&self) -> String {
        let (style, outcome) = match (&self.decision, &self.failure) {
            (Some(decision), _) => (style(decision), decision.to_lowercase().replace('_', " ")),
            (None, failure) => (BAD, failure.as_deref().unwrap_or("failed").to_lowercase().replace('_', " ")),
        };
        let mut line = format!("{}  {}", printable(&self.name), styled(style, printable(&outcome)));
        if let Some(fallback_action) = &self.fallback_action {
            line += &format!(", {}", printable(fallback_action));
        }
        if !self.reasons.is_empty() {
            line += &format!("  {}", printable(&self.reasons.join(", ")));
        }
        if self.shadow {
            line += "  (shadow)";
        }
        line + &format!("  {}", styled(DIM, format!("{:.2} ms", self.duration_ms)))
    }
}

fn style(decision: &str) -> anstyle::Style {
    match decision {
        "UPDATE" => GOOD,
        "DENY" => BAD,
        _ => NEUTRAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_one_line() {
        let line = |json| {
            let step: Step = serde_json::from_str(json).unwrap();
            anstream::adapter::strip_str(&step.line()).to_string()
        };
        let denied = r#"{"Name":"links","Decision":"DENY","Reasons":["links","new"],"Shadow":true,"DurationMs":0.125}"#;
        assert_eq!(line(denied), "links  deny  links, new  (shadow)  0.12 ms");
        let failed = r#"{"Name":"judge","Failure":"OUT_OF_TIME","FallbackAction":"CONTINUE","DurationMs":100}"#;
        assert_eq!(line(failed), "judge  out of time, CONTINUE  100.00 ms");
    }
}
