//! The checks, each a small function. No calls here.

mod asking;
mod failures;
mod flow;
mod grants;
mod settings;

use crate::account::arn::{AppInstance, Arn};
use crate::account::doctor::facts::{Facts, FlowFacts, FunctionFacts, Looked};
use serde::Serialize;

/// What a check found. Names of checks stay the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) check: &'static str,
    pub(crate) severity: Severity,
    /// An ARN.
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) remedy: Option<String>,
}

/// How bad it is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Messages are not processed, or not decided.
    Error,
    /// They may not be, or it is not as it should be.
    Warning,
    /// It could not be looked at.
    Unknown,
    /// It is as it may be, and could be better.
    Hint,
    Ok,
}

type FunctionCheck = fn(&Subject<'_>) -> Vec<Outcome>;
type FlowCheck = fn(&FlowFacts) -> Vec<Outcome>;

const FUNCTION_CHECKS: [(&str, FunctionCheck); 16] = [
    ("state", settings::state),
    ("runtime", settings::runtime),
    ("architecture", settings::architecture),
    ("region-and-account", settings::region_and_account),
    ("permission", grants::permission),
    ("role", grants::role),
    ("timeout", settings::timeout),
    ("retries", settings::retries),
    ("event-age", settings::event_age),
    ("concurrency", settings::concurrency),
    ("on-failure", failures::target),
    ("on-failure-grant", failures::grant),
    ("rescue", failures::rescue),
    ("rescue-role", failures::rescue_role),
    ("status", asking::function),
    ("rescue-status", asking::rescues),
];

const FLOW_CHECKS: [(&str, FlowCheck); 2] = [("channels", flow::channels), ("fallback", flow::fallback)];

/// What a check of a function sees.
struct Subject<'a> {
    facts: &'a FunctionFacts,
    /// The app instances whose messages it gets, as far as they are known.
    app_instances: &'a [AppInstance],
    /// `--function-name NAME --region REGION`, for commands.
    options: String,
}

/// What one check says of its subject, or of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    severity: Severity,
    subject: Option<String>,
    text: String,
    remedy: Option<String>,
}

/// Runs every check.
pub(crate) fn all(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |check, subject: &str, outcomes: Vec<Outcome>| {
        findings.extend(outcomes.into_iter().map(|outcome| Finding {
            check,
            severity: outcome.severity,
            subject: outcome.subject.unwrap_or_else(|| subject.to_owned()),
            text: outcome.text,
            remedy: outcome.remedy,
        }));
    };
    let mut flows: &[FlowFacts] = &[];
    match &facts.flows {
        Looked::Seen(seen) => flows = seen,
        Looked::Unseen { reason, remedy } => {
            let subject = facts.app_instances.first().map(AppInstance::as_str).unwrap_or_default();
            add("flow", subject, vec![Outcome::unknown(reason, remedy)]);
        }
    }
    for flow in flows {
        for (name, check) in FLOW_CHECKS {
            add(name, &flow.flow.arn, check(flow));
        }
    }
    for patient in &facts.functions {
        let asked_for = patient.asked_for.as_str();
        let function = match &patient.found {
            Looked::Seen(Some(function)) => function,
            Looked::Seen(None) => {
                let remedy =
                    "Deploy it (cargo lambda deploy), or give the flow another one (cargo channel-flow apply).";
                add("function", asked_for, vec![Outcome::error("there is no such function").remedy(remedy)]);
                continue;
            }
            Looked::Unseen { reason, remedy } => {
                add("function", asked_for, vec![Outcome::unknown(reason, remedy)]);
                continue;
            }
        };
        let arn = &function.function.arn;
        let subject = Subject { facts: function, app_instances: &facts.app_instances, options: options(arn) };
        if matches!(facts.flows, Looked::Seen(_)) {
            add("flow", arn, flow::membership(&subject, flows));
        }
        for (name, check) in FUNCTION_CHECKS {
            add(name, arn, check(&subject));
        }
    }
    findings
}

/// How `aws lambda` is told which function.
fn options(arn: &str) -> String {
    let function = crate::account::carry_out::function(arn);
    let region = arn.split(':').nth(3).unwrap_or_default();
    let qualifier =
        function.qualifier.as_ref().map(|qualifier| format!(" --qualifier '{qualifier}'")).unwrap_or_default();
    format!("--function-name {}{qualifier} --region {region}", function.short())
}

impl Subject<'_> {
    /// The app instances to look at: those that are known, or else a made-up one that stands for all.
    fn app_instances_or_any(&self) -> Vec<AppInstance> {
        match (self.app_instances, self.facts.function.arn.parse::<Arn>()) {
            ([], Ok(arn)) => vec![AppInstance::any_of(&arn)],
            (known, _) => known.to_vec(),
        }
    }
}

impl Outcome {
    fn new(severity: Severity, text: impl Into<String>) -> Self {
        Self { severity, subject: None, text: text.into(), remedy: None }
    }

    fn error(text: impl Into<String>) -> Self {
        Self::new(Severity::Error, text)
    }

    fn warning(text: impl Into<String>) -> Self {
        Self::new(Severity::Warning, text)
    }

    fn hint(text: impl Into<String>) -> Self {
        Self::new(Severity::Hint, text)
    }

    fn ok(text: impl Into<String>) -> Self {
        Self::new(Severity::Ok, text)
    }

    fn unknown(text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Severity::Unknown, text).remedy(remedy)
    }

    fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    fn about(mut self, subject: &str) -> Self {
        self.subject = Some(subject.to_owned());
        self
    }
}

#[cfg(test)]
mod tests;
