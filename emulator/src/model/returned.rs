//! What a function returns to Lambda about a message.

use crate::json::Members;
use crate::model::code::{codes, is_code};
use crate::model::decision::{Decision, decision_named};
use crate::model::fallback::Fallback;
use crate::model::scores::{self, Scores};
use crate::model::step_report::{ReportedOutcome, StepReport, reports};
use std::time::{Duration, SystemTime};

/// What a function of the framework returns to Lambda about a message: why and how it was decided. A function that is not
/// written with the framework may return none of it.
///
/// Reasons, categories and failures are codes. Text that is not a code, such as a sentence, is left out: it could be a
/// message's. Names of steps are taken as they are.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Returned {
    /// The code of who decided, such as `PROCESSOR`, `FALLBACK_ACTION` or `RESCUE`: the field `DecidedBy`. If another
    /// invocation has decided the message, it is about the decision that this one would have sent.
    pub decided_by: Option<String>,
    /// Why the processor did not decide, if a fallback action did: the field `Fallback`.
    pub fallback: Option<Fallback>,
    /// The decision that was not sent, if the function is in a dry run: the field `DryRun`. Reasons, scores and steps are
    /// those of this decision.
    pub dry_run: Option<Decision>,
    /// The codes of the reasons: the field `Reasons`.
    pub reasons: Vec<String>,
    /// The scores of the decision: the field `Scores`.
    pub scores: Scores,
    /// What the steps of a `Flow` did, in order, shadows at the end: the field `Steps`.
    pub steps: Vec<StepReport>,
    /// Until when the function holds the message for a reviewer, if it does: the field `HeldUntil`, if `Outcome` is `HELD`.
    pub held_until: Option<SystemTime>,
    /// Whether this is about the callback that was accepted.
    pub(crate) is_accepted: bool,
}

impl Returned {
    pub(crate) fn read(body: &[u8]) -> Self {
        let Some(members) = Members::read(body) else { return Self::default() };
        let outcome = members.string("Outcome");
        let until = || members.raw("HeldUntil").and_then(|json| json.parse().ok()).map(Duration::from_millis);
        let held_until = outcome.as_deref().filter(|outcome| *outcome == "HELD").and_then(|_| until());
        Self {
            decided_by: members.string("DecidedBy").filter(|code| is_code(code)),
            fallback: members.raw("Fallback").and_then(Fallback::read),
            dry_run: members.string("DryRun").and_then(|decision| decision_named(&decision)),
            reasons: codes(members.raw("Reasons")),
            scores: scores::read(members.raw("Scores")),
            steps: reports(members.raw("Steps")),
            held_until: held_until.and_then(|until| SystemTime::UNIX_EPOCH.checked_add(until)),
            is_accepted: outcome.as_deref() == Some("ACCEPTED"),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self { is_accepted: self.is_accepted, ..Self::default() }
    }

    /// Whether a fallback action decided in place of the processor: that of the function, or that of its rescue.
    pub fn is_fallback(&self) -> bool {
        self.fallback.is_some() || matches!(self.decided_by.as_deref(), Some("FALLBACK_ACTION" | "RESCUE"))
    }

    /// The steps of a `Flow` that failed, so that their fallback actions decided in their place. Shadows are not among them.
    pub fn failed_steps(&self) -> impl Iterator<Item = &StepReport> {
        self.steps.iter().filter(|step| !step.shadow && matches!(step.outcome, ReportedOutcome::Failed { .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: &str) -> Returned {
        Returned::read(body.as_bytes())
    }

    #[test]
    fn reasons_are_the_codes_that_were_returned() {
        let settled = r#"{"MessageId":"m","Decision":"DENY","Outcome":"ACCEPTED","Reasons":["links","a:b_c.d-1"]}"#;
        let settled = read(settled);
        assert_eq!((&settled.reasons[..], settled.is_accepted), (&["links".into(), "a:b_c.d-1".into()][..], true));
        assert_eq!(read(r#"{"Reasons":["what he said","","\u00e4",7,null,"links"]}"#).reasons, ["links"]);
        for body in
            ["", "null", "[]", "{}", r#"{"batchItemFailures":[]}"#, r#"{"Reasons":"links"}"#, r#"{"Reasons":{}}"#]
        {
            assert_eq!(read(body), Returned::default(), "{body}");
        }
    }

    #[test]
    fn a_function_says_who_decided_and_why() {
        let failed =
            read(r#"{"DecidedBy":"FALLBACK_ACTION","Fallback":{"Cause":"PANIC","PanickedAt":"src/a.rs:1:2"}}"#);
        assert_eq!(failed.decided_by.as_deref(), Some("FALLBACK_ACTION"));
        assert_eq!(failed.fallback.as_ref().unwrap().panicked_at.as_deref(), Some("src/a.rs:1:2"));
        assert!(failed.is_fallback() && !failed.is_empty());
        // Of versions that do not say why.
        assert!(read(r#"{"DecidedBy":"RESCUE"}"#).is_fallback());
        for other in [r#"{"DecidedBy":"PROCESSOR"}"#, r#"{"DecidedBy":"what he said"}"#, "null"] {
            assert!(!read(other).is_fallback(), "{other}");
        }
        let steps = r#"{"DecidedBy":"PROCESSOR","Steps":[{"Name":"a","Failure":"PANIC","FallbackAction":"CONTINUE"},
            {"Name":"b","Decision":"DENY"},{"Name":"c","Failure":"ERROR","Shadow":true}]}"#;
        let steps = read(steps);
        assert_eq!(steps.failed_steps().map(|step| &*step.name).collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn a_message_is_held_until_a_time() {
        let held = read(r#"{"Decision":"HOLD","Outcome":"HELD","HeldUntil":1786700000123,"Reasons":["links"]}"#);
        let until = SystemTime::UNIX_EPOCH + Duration::from_millis(1_786_700_000_123);
        assert!(held.held_until == Some(until) && !held.is_empty() && !held.is_accepted);
        for decided in [
            r#"{"Outcome":"DECIDED_BEFORE","HeldUntil":1786700000123}"#,
            r#"{"Outcome":"HELD","HeldUntil":"soon"}"#,
            r#"{"Outcome":"HELD"}"#,
        ] {
            assert_eq!(read(decided).held_until, None, "{decided}");
        }
        let steps = r#"{"Steps":[{"Name":"links","Decision":"HOLD","Reasons":["links"],"DurationMs":1}]}"#;
        assert_eq!(read(steps).steps[0].decision(), Some(Decision::Hold));
    }

    #[test]
    fn steps_are_read_one_by_one() {
        let body = json!({
            "Outcome": "DECIDED_BEFORE",
            "DryRun": "DENY",
            "Scores": { "INSULT": 0.83, "what he said": 0.5, "HATE": "high" },
            "Steps": [
                { "Name": "links", "Decision": "DENY", "Reasons": ["links", "what he said"], "DurationMs": 0.125 },
                { "Name": "judge", "Failure": "OUT_OF_TIME", "FallbackAction": "CONTINUE", "DurationMs": 100 },
                { "Name": "long", "Decision": "UPDATE", "Shadow": true, "Scores": { "LONG": 1 }, "Tomorrow": {} },
                { "Name": "odd", "Decision": "MAYBE" },
                { "Name": "odd", "Failure": "he said so" },
                { "Decision": "DENY" },
                7,
            ],
        });
        let returned = read(&body.to_string());
        assert!(!returned.is_accepted && !returned.is_empty() && returned.dry_run == Some(Decision::Deny));
        assert_eq!(returned.scores, Scores::from([("INSULT".to_owned(), 0.83)]));
        let [links, judge, long] = &returned.steps[..] else { panic!("{returned:?}") };
        assert_eq!((&*links.name, links.decision(), links.shadow), ("links", Some(Decision::Deny), false));
        assert_eq!((links.reasons(), links.duration_ms), (&["links".to_owned()][..], 0.125));
        let failed = ReportedOutcome::Failed {
            failure: "OUT_OF_TIME".to_owned(),
            panicked_at: None,
            fallback_action: Some("CONTINUE".to_owned()),
        };
        assert_eq!((&judge.outcome, judge.duration_ms), (&failed, 100.0));
        assert_eq!((long.decision(), long.shadow, long.scores["LONG"]), (Some(Decision::Update), true, 1.0));
        assert!(!format!("{returned:?}").contains("links\", shadow"));
    }

    #[test]
    fn a_report_is_one_flat_object_that_can_be_read_again() {
        let body =
            r#"{"Steps":[{"Name":"links","Decision":"NO_CHANGE","DurationMs":1},{"Name":"judge","Failure":"ERROR"}]}"#;
        let steps = read(body).steps;
        let json = serde_json::to_value(&steps).unwrap();
        let expected = json!([
            { "name": "links", "decision": "NO_CHANGE", "shadow": false, "duration_ms": 1.0 },
            { "name": "judge", "failure": "ERROR", "shadow": false, "duration_ms": 0.0 },
        ]);
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value::<Vec<StepReport>>(json).unwrap(), steps);
        assert!(serde_json::from_str::<StepReport>(r#"{"name":"links","decision":"deny"}"#).is_err());
    }
}
