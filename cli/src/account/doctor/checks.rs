//! The checks, each a small function. No calls here.

mod asking;
mod durable;
mod failures;
mod flow;
mod grants;
mod held;
mod settings;
mod subject;

use crate::account::arn::AppInstance;
use crate::account::doctor::facts::{Facts, FlowFacts, Looked};
use crate::account::doctor::finding::{Finding, Outcome};
use subject::{Subject, options};

type FunctionCheck = fn(&Subject<'_>) -> Vec<Outcome>;
type FlowCheck = fn(&FlowFacts) -> Vec<Outcome>;

const FUNCTION_CHECKS: [(&str, FunctionCheck); 20] = [
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
    ("durable", durable::durable),
    ("table", held::table),
    ("table-grant", held::grant),
    ("sweep", held::sweep),
];

const FLOW_CHECKS: [(&str, FlowCheck); 2] = [("channels", flow::channels), ("fallback", flow::fallback)];

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
            add(name, flow.flow.arn.as_str(), check(flow));
        }
    }
    for patient in &facts.functions {
        let asked_for = patient.asked_for.as_str();
        let function = match &patient.found {
            Looked::Seen(Some(function)) => function,
            Looked::Seen(None) => {
                let remedy =
                    "Deploy it (cargo lambda deploy), or give the flow another function (cargo channel-flow apply).";
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
            add("flow", arn.as_str(), flow::membership(&subject, flows));
        }
        for (name, check) in FUNCTION_CHECKS {
            add(name, arn.as_str(), check(&subject));
        }
    }
    findings
}

#[cfg(test)]
mod tests;
