//! What a function needs that holds messages for a person: a table, grants, and a sweep.

use crate::account::arn::Arn;
use crate::account::doctor::checks::grants::{callback, verdict_of};
use crate::account::doctor::checks::subject::Subject;
use crate::account::doctor::facts::{HeldFacts, Looked};
use crate::account::doctor::finding::{Outcome, Severity};
use crate::account::iam::Role;
use crate::account::lambda::TABLE;
use crate::account::policy::Verdict;
use serde_json::{Value, json};

/// The index by which the sweep and reviewers find tickets.
const INDEX: &str = "queues";

/// What holding messages, claims and counters need.
const REMEMBER: [&str; 4] = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"];

/// What the sweep needs to resolve tickets, and to find them.
const RESOLVE: [&str; 2] = ["dynamodb:GetItem", "dynamodb:UpdateItem"];
const QUERY: &str = "dynamodb:Query";

const DEPLOY: &str =
    "Deploy template.yaml with HeldMessages=on, or remove the variable if the function holds no messages";

pub(super) fn table(subject: &Subject<'_>) -> Vec<Outcome> {
    let Some(HeldFacts { name, table, .. }) = &subject.facts.held else { return Vec::new() };
    let table = match table {
        Looked::Seen(Some(table)) => table,
        Looked::Seen(None) => {
            return vec![
                Outcome::error(format!(
                    "{TABLE} names {name}, which does not exist: the fallback action decides messages that should be held"
                ))
                .remedy(format!("{DEPLOY}.")),
            ];
        }
        Looked::Unseen { reason, remedy } => return vec![Outcome::unknown(reason, remedy)],
    };
    let outcome = match table.status.as_str() {
        _ if !table.indexes.iter().any(|index| index == INDEX) => {
            Outcome::error(format!("{} has no index {INDEX}, so no sweep and no reviewer finds a ticket", table.arn))
                .remedy(format!("Use a table as template.yaml defines it. {DEPLOY}."))
        }
        "ACTIVE" | "UPDATING" => Outcome::ok(format!("held messages are in {}", table.arn)),
        status => Outcome::error(format!("the state of {} is {status}, so it cannot be used", table.arn))
            .remedy("Wait a moment, then run doctor again."),
    };
    vec![outcome]
}

/// Whether the function may use the table.
pub(super) fn grant(subject: &Subject<'_>) -> Vec<Outcome> {
    let Some(held) = &subject.facts.held else { return Vec::new() };
    let table = table_arn(subject, held);
    let needs: Vec<_> = REMEMBER.into_iter().map(|action| (action, table.clone())).collect();
    let mut outcome = may(subject, &subject.facts.role, &needs);
    // What a function remembers, its code knows: it may do with less.
    if outcome.severity == Severity::Error && outcome.text.matches("dynamodb:").count() < REMEMBER.len() {
        outcome.severity = Severity::Warning;
    }
    vec![outcome]
}

/// Whether something decides held messages at their deadline, and may.
pub(super) fn sweep(subject: &Subject<'_>) -> Vec<Outcome> {
    let Some(held) = &subject.facts.held else { return Vec::new() };
    let sweeps = match &held.sweeps {
        Looked::Seen(sweeps) => sweeps,
        Looked::Unseen { reason, remedy } => return vec![Outcome::unknown(reason, remedy)],
    };
    if sweeps.is_empty() {
        return vec![
            Outcome::warning(format!(
                "no function with this {TABLE} may be invoked by a rule of EventBridge: unless EventBridge Scheduler invokes one, \
                 nothing decides held messages at their deadline"
            ))
            .remedy(format!("{DEPLOY}.")),
        ];
    }
    let table = table_arn(subject, held);
    let mut needs: Vec<_> = RESOLVE.into_iter().map(|action| (action, table.clone())).collect();
    needs.push((QUERY, format!("{table}/index/{INDEX}")));
    let mut outcomes = Vec::new();
    for (sweep, role) in sweeps {
        let arn = sweep.arn.as_str();
        let name = &sweep.name;
        outcomes.push(Outcome::ok(format!("EventBridge may invoke {name}, which has the same table")).about(arn));
        let checks = [may(subject, role, &needs)].into_iter().chain(callback(subject, role));
        outcomes.extend(checks.map(|outcome| outcome.about(arn)));
    }
    outcomes
}

fn table_arn(subject: &Subject<'_>, held: &HeldFacts) -> String {
    match (&held.table, held.name.parse::<Arn>()) {
        (Looked::Seen(Some(table)), _) => table.arn.to_string(),
        (_, Ok(arn)) => arn.to_string(),
        (_, Err(_)) => {
            let Arn { partition, region, account, .. } = subject.facts.function.arn.as_arn();
            format!("arn:{partition}:dynamodb:{region}:{account}:table/{}", held.name)
        }
    }
}

fn may(subject: &Subject<'_>, role: &Looked<Role>, needs: &[(&'static str, String)]) -> Outcome {
    let role = match role {
        Looked::Seen(role) => role,
        Looked::Unseen { reason, remedy } => return Outcome::unknown(reason, remedy),
    };
    let name = &role.name;
    let mut missing = Vec::new();
    for (action, resource) in needs {
        match verdict_of(role, action, resource) {
            Verdict::Allowed => {}
            Verdict::Missing => missing.push((*action, resource.as_str())),
            Verdict::Denied => {
                return Outcome::error(format!("a policy denies {name} {action} on {resource}"))
                    .remedy("Remove or narrow the statement with \"Effect\": \"Deny\".");
            }
            Verdict::CannotTell(why) => {
                return Outcome::unknown(
                    format!("cannot tell whether {name} has {action} on {resource}: {why}"),
                    format!(
                        "aws iam simulate-principal-policy --policy-source-arn {} --action-names {action} --resource-arns \
                         {resource}",
                        subject.facts.function.role
                    ),
                );
            }
        }
    }
    if missing.is_empty() {
        return Outcome::ok(format!("{name} may use the table"));
    }
    let actions: Vec<_> = missing.iter().map(|(action, _)| *action).collect();
    let statement =
        |(action, resource): &(&str, &str)| json!({ "Effect": "Allow", "Action": action, "Resource": resource });
    let statements: Vec<Value> = missing.iter().map(statement).collect();
    let document = json!({ "Version": "2012-10-17", "Statement": statements });
    Outcome::error(format!("{name} lacks {}: what needs that fails", actions.join(", "))).remedy(format!(
        "aws iam put-role-policy --role-name {name} --policy-name channel-flow-table --policy-document '{document}'"
    ))
}
