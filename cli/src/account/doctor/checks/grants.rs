//! Permissions: the service's to invoke the function, and the function's to call back.

use crate::account::arn::AppInstance;
use crate::account::doctor::checks::subject::Subject;
use crate::account::doctor::facts::Looked;
use crate::account::doctor::finding::{Outcome, Severity};
use crate::account::iam::Role;
use crate::account::permission::{source_arn, statement_id};
use crate::account::policy::{Grant, INVOKE, OLDER_PRINCIPAL, PRINCIPAL, Policy, Service, Verdict, verdict};
use serde_json::json;

pub(super) const CALLBACK: &str = "chime:ChannelFlowCallback";

pub(super) fn permission(subject: &Subject<'_>) -> Vec<Outcome> {
    let policy = match &subject.facts.policy {
        Looked::Seen(policy) => policy.clone().unwrap_or_default(),
        Looked::Unseen { reason, remedy } => return vec![Outcome::unknown(reason, remedy)],
    };
    let known = !subject.app_instances.is_empty();
    if !known && !policy.names_the_service() {
        let remedy =
            "cargo channel-flow apply --app-instance APP_INSTANCE_ARN ".to_owned() + &subject.facts.function.name;
        return vec![Outcome::error("no statement allows the messaging service to invoke it").remedy(remedy)];
    }
    let check = |app_instance: &AppInstance| {
        let outcome = permission_for(&policy, app_instance);
        match (known, outcome.severity) {
            (_, Severity::Ok) => outcome,
            (true, _) => outcome.remedy(add_permission(subject, app_instance)),
            (false, _) => Outcome::unknown(
                "the messaging service may invoke it for some app instances, but it is not known which of them need it",
                "Pass the app instance with --app-instance, or run doctor on the flow.",
            ),
        }
    };
    subject.app_instances_or_any().iter().map(check).collect()
}

fn permission_for(policy: &Policy, app_instance: &AppInstance) -> Outcome {
    let grants = policy.grants(app_instance);
    let id = app_instance.id();
    if let Some(grant) = grants.iter().find(|grant| grant.is_complete()) {
        return Outcome::ok(format!("statement {} allows {PRINCIPAL} to invoke it for app instance {id}", grant.sid));
    }
    let fitting = |service| {
        let fits = move |grant: &&Grant| grant.service == service && grant.is_for_the_app_instance;
        grants.iter().filter(fits).min_by_key(|grant| grant.has_other_conditions)
    };
    if let Some(grant) = fitting(Service::Documented) {
        let Grant { sid, source_account, source_arn, has_other_conditions, .. } = grant;
        return match (has_other_conditions, source_account, source_arn) {
            (true, ..) => Outcome::warning(format!("statement {sid} has conditions that doctor cannot evaluate")),
            (_, false, _) => {
                Outcome::warning(format!("statement {sid} allows app instances of any account to invoke it"))
            }
            _ => Outcome::warning(format!("statement {sid} allows every app instance of the account to invoke it")),
        };
    }
    if let Some(grant) = fitting(Service::Older) {
        return Outcome::warning(format!(
            "statement {} names the older principal {OLDER_PRINCIPAL}; the documented one is {PRINCIPAL}",
            grant.sid
        ));
    }
    if let Some(grant) = fitting(Service::Anyone) {
        return Outcome::warning(format!(
            "statement {} allows anyone to invoke it, not only the messaging service",
            grant.sid
        ));
    }
    match grants.first() {
        Some(grant) => Outcome::error(format!(
            "statement {} allows the messaging service to invoke it for another source account or ARN than app \
             instance {id}",
            grant.sid
        )),
        None => Outcome::error(format!("no statement allows the messaging service to invoke it for app instance {id}")),
    }
}

fn add_permission(subject: &Subject<'_>, app_instance: &AppInstance) -> String {
    let (options, id, account) = (&subject.options, statement_id(app_instance), app_instance.account());
    let arn = source_arn(app_instance);
    let add = format!(
        "aws lambda add-permission {options} --statement-id {id} --action {INVOKE} --principal {PRINCIPAL} --source-account \
         {account} --source-arn '{arn}'"
    );
    match &subject.facts.policy {
        Looked::Seen(Some(policy)) if policy.has_statement(&id) => {
            format!("aws lambda remove-permission {options} --statement-id {id} && {add}")
        }
        _ => add,
    }
}

pub(super) fn role(subject: &Subject<'_>) -> Vec<Outcome> {
    callback(subject, &subject.facts.role)
}

/// Whether a role may call back for the app instances.
pub(super) fn callback(subject: &Subject<'_>, role: &Looked<Role>) -> Vec<Outcome> {
    let role = match role {
        Looked::Seen(role) => role,
        Looked::Unseen { reason, remedy } => return vec![Outcome::unknown(reason, remedy)],
    };
    let known = !subject.app_instances.is_empty();
    let check = |app_instance: &AppInstance| {
        let id = app_instance.id();
        // AWS documents the app instance as the resource, and a callback is for a channel in it.
        let one = verdict_of(role, CALLBACK, app_instance.as_str());
        let below = verdict_of(role, CALLBACK, &format!("{app_instance}/channel/any-channel"));
        let name = &role.name;
        match (one, below) {
            (Verdict::Allowed, Verdict::Allowed) if known => {
                Outcome::ok(format!("{name} may call back for app instance {id}"))
            }
            (Verdict::Allowed, Verdict::Allowed) => Outcome::ok(format!("{name} may call back for every app instance")),
            _ if !known => Outcome::unknown(
                format!("{name} may not call back for every app instance, and it is not known which ones it serves"),
                "Pass the app instance with --app-instance, or run doctor on the flow.",
            ),
            (Verdict::Denied, _) | (_, Verdict::Denied) => Outcome::error(format!("a policy denies {name} {CALLBACK}"))
                .remedy("Remove or narrow the statement with \"Effect\": \"Deny\"."),
            (Verdict::CannotTell(why), _) | (_, Verdict::CannotTell(why)) => Outcome::unknown(
                format!("cannot tell whether {name} may call back: {why}"),
                simulate(subject, app_instance),
            ),
            (Verdict::Allowed, Verdict::Missing) | (Verdict::Missing, Verdict::Allowed) => Outcome::warning(format!(
                "{name} may call back for the app instance or for the resources in it, not for both, and AWS does not \
                 document which of them counts"
            ))
            .remedy(grant_callback(name, app_instance)),
            (Verdict::Missing, Verdict::Missing) => {
                Outcome::error(format!("{name} lacks {CALLBACK} for app instance {id}, so every callback is refused"))
                    .remedy(grant_callback(name, app_instance))
            }
        }
    };
    subject.app_instances_or_any().iter().map(check).collect()
}

/// Whether a role allows an action, considering that some of its policies may be unreadable.
pub(super) fn verdict_of(role: &Role, action: &str, resource: &str) -> Verdict {
    match (verdict(&role.policies, action, resource), &role.unreadable, &role.boundary) {
        (Verdict::Denied, ..) => Verdict::Denied,
        (_, Some(unreadable), _) => Verdict::CannotTell(format!("the policy {unreadable}")),
        (Verdict::Allowed, _, Some(boundary)) => {
            Verdict::CannotTell(format!("it is allowed, but only within the permissions boundary {boundary}"))
        }
        (verdict, ..) => verdict,
    }
}

fn grant_callback(role: &str, app_instance: &AppInstance) -> String {
    put_role_policy(role, "channel-flow-callback", CALLBACK, &[app_instance.to_string(), format!("{app_instance}/*")])
}

/// The command that lets a role do something.
pub(super) fn put_role_policy(role: &str, name: &str, action: &str, resources: &[String]) -> String {
    let statement = json!({ "Effect": "Allow", "Action": action, "Resource": resources });
    let document = json!({ "Version": "2012-10-17", "Statement": [statement] });
    format!("aws iam put-role-policy --role-name {role} --policy-name {name} --policy-document '{document}'")
}

fn simulate(subject: &Subject<'_>, app_instance: &AppInstance) -> String {
    format!(
        "aws iam simulate-principal-policy --policy-source-arn {} --action-names {CALLBACK} --resource-arns {app_instance}",
        subject.facts.function.role
    )
}
