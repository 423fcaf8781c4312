//! Whether a function may ask for the status of a message, and whether it knows that it may.
//!
//! A 403 to a callback can mean that the message was decided before. The framework asks the service then, as the sender. It
//! reads a 403 to the question as an answer only if `CHANNEL_FLOW_MAY_ASK_STATUS` says that the grant is there, so the variable
//! and the role must say the same.

use crate::account::arn::{AppInstance, app_instance};
use crate::account::doctor::checks::grants::{put_role_policy, verdict_of};
use crate::account::doctor::checks::subject::{Subject, options};
use crate::account::doctor::facts::Looked;
use crate::account::doctor::finding::Outcome;
use crate::account::iam::Role;
use crate::account::lambda::{Function, MAY_ASK_STATUS, Setting};
use crate::account::policy::Verdict;

const ASK: &str = "chime:GetChannelMessageStatus";

/// The value of the variable.
enum Says {
    Nothing,
    Always,
    Never,
    For(Vec<AppInstance>),
}

/// The function itself.
pub(super) fn function(subject: &Subject<'_>) -> Vec<Outcome> {
    check(subject, &subject.facts.function, &subject.facts.role)
}

/// The rescues that run the same code. The function itself is not checked again: it may be its own rescue.
pub(super) fn rescues(subject: &Subject<'_>) -> Vec<Outcome> {
    let own = &subject.facts.function;
    let Looked::Seen(targets) = &subject.facts.failures else { return Vec::new() };
    let rescues = targets.iter().filter_map(|target| match &target.rescues {
        Looked::Seen(rescues) => Some(rescues),
        Looked::Unseen { .. } => None,
    });
    let rescues =
        rescues.flatten().filter(|(rescue, _)| rescue.code_sha256 == own.code_sha256 && rescue.arn != own.arn);
    let about = |(rescue, role): &(Function, Looked<Role>)| {
        check(subject, rescue, role).into_iter().map(|outcome| outcome.about(rescue.arn.as_str())).collect::<Vec<_>>()
    };
    rescues.flat_map(about).collect()
}

fn check(subject: &Subject<'_>, function: &Function, role: &Looked<Role>) -> Vec<Outcome> {
    let says = match &function.may_ask_status {
        Setting::Hidden(reason) => {
            let remedy = format!("aws lambda get-function-configuration {}", options(&function.arn));
            return vec![Outcome::unknown(format!("Lambda does not show its variables: {reason}"), remedy)];
        }
        Setting::Unset => Says::Nothing,
        Setting::Value(value) => match read(value, function) {
            Ok(says) => says,
            Err(problem) => {
                let remedy = format!("If its role may ask, set it to true: {}", set_variable(function, "true"));
                return vec![
                    Outcome::error(format!("{MAY_ASK_STATUS} has an invalid value: {problem}")).remedy(remedy),
                ];
            }
        },
    };
    if let Says::Never = says {
        return vec![Outcome::ok(
            "it never asks for a status, as configured: an ambiguous refusal of a callback fails the invocation",
        )];
    }
    let role = match role {
        Looked::Seen(role) => role,
        Looked::Unseen { reason, remedy } => return vec![Outcome::unknown(reason, remedy)],
    };
    let mut app_instances = subject.app_instances.to_vec();
    if let Says::For(listed) = &says {
        app_instances.extend(listed.iter().filter(|listed| !subject.app_instances.contains(listed)).cloned());
    }
    if app_instances.is_empty() {
        return vec![for_every(subject, role)];
    }
    app_instances.iter().map(|app_instance| for_one(function, role, &says, app_instance)).collect()
}

fn read(value: &str, function: &Function) -> Result<Says, String> {
    match value.trim() {
        "" => return Ok(Says::Nothing),
        "true" => return Ok(Says::Always),
        "false" => return Ok(Says::Never),
        _ => {}
    }
    let place = function.arn.as_arn();
    let one = |text: &str| {
        let app_instance = app_instance(text.trim())
            .map_err(|_| format!("{text:?} is neither true nor false nor the ARN of an app instance"))?;
        if (&*place.region, &*place.account) != (app_instance.region(), app_instance.account()) {
            return Err(format!("{app_instance} is in another region or account than the function"));
        }
        Ok(app_instance)
    };
    value.split(',').map(one).collect::<Result<_, _>>().map(Says::For)
}

fn for_one(function: &Function, role: &Role, says: &Says, app_instance: &AppInstance) -> Outcome {
    let (name, id) = (&role.name, app_instance.id());
    let told = match says {
        Says::Always => true,
        Says::For(listed) => listed.contains(app_instance),
        Says::Nothing | Says::Never => false,
    };
    let grant = || put_role_policy(name, "channel-flow-status", ASK, &resources(app_instance));
    let tell = || {
        let value = match says {
            Says::For(listed) => {
                let listed = listed.iter().chain([app_instance]).map(AppInstance::as_str);
                listed.collect::<Vec<_>>().join(",")
            }
            _ => "true".to_owned(),
        };
        set_variable(function, &value)
    };
    let wrong = "so a message whose status it may not ask for can be mistaken for a decided one";
    match (told, may_ask(role, app_instance)) {
        (true, Verdict::Allowed) => Outcome::ok(format!("{name} may ask for the status of messages of app instance {id}")),
        (true, Verdict::Missing) => Outcome::error(format!(
            "{MAY_ASK_STATUS} says that it may ask, but {name} lacks {ASK} on users, bots or channels of app instance {id}, {wrong}"
        ))
        .remedy(grant()),
        (true, Verdict::Denied) => {
            Outcome::error(format!("{MAY_ASK_STATUS} says that it may ask, but a policy denies {name} {ASK}, {wrong}"))
                .remedy("Remove the statement with \"Effect\": \"Deny\", or set the variable to false.")
        }
        (_, Verdict::CannotTell(why)) => Outcome::unknown(
            format!("cannot tell whether {name} may ask for the status of messages: {why}"),
            format!(
                "aws iam simulate-principal-policy --policy-source-arn {} --action-names {ASK} --resource-arns {}",
                function.role,
                resources(app_instance).join(" ")
            ),
        ),
        (false, Verdict::Allowed) => Outcome::hint(format!(
            "{name} may ask for the status of messages of app instance {id}, but {MAY_ASK_STATUS} does not say so: an \
             ambiguous refusal of a callback fails the invocation"
        ))
        .remedy(tell()),
        (false, Verdict::Missing) => Outcome::hint(format!(
            "it cannot ask for the status of messages of app instance {id}: an ambiguous refusal of a callback fails the \
             invocation"
        ))
        .remedy(format!("{} && {}", grant(), tell())),
        (false, Verdict::Denied) => Outcome::hint(format!(
            "a policy denies {name} {ASK}: an ambiguous refusal of a callback fails the invocation"
        ))
        .remedy("If this is intended, set the variable to false; otherwise remove the statement with \"Effect\": \"Deny\"."),
    }
}

/// For a function whose app instances are not known.
fn for_every(subject: &Subject<'_>, role: &Role) -> Outcome {
    let any = subject.app_instances_or_any();
    match any.iter().all(|app_instance| may_ask(role, app_instance) == Verdict::Allowed) {
        true => Outcome::ok(format!("{} may ask for the status of messages of every app instance", role.name)),
        false => Outcome::unknown(
            format!("{} may not ask for every app instance, and it is not known which ones it serves", role.name),
            "Pass the app instance with --app-instance, or run doctor on the flow.",
        ),
    }
}

/// The worst of the three verdicts that asking needs: as a user, as a bot, in a channel.
fn may_ask(role: &Role, app_instance: &AppInstance) -> Verdict {
    let mut worst = Verdict::Allowed;
    for kind in ["user", "bot", "channel"] {
        match verdict_of(role, ASK, &format!("{app_instance}/{kind}/any-{kind}")) {
            Verdict::Denied => return Verdict::Denied,
            Verdict::Missing => worst = Verdict::Missing,
            Verdict::CannotTell(why) if worst == Verdict::Allowed => worst = Verdict::CannotTell(why),
            Verdict::CannotTell(_) | Verdict::Allowed => {}
        }
    }
    worst
}

fn resources(app_instance: &AppInstance) -> [String; 3] {
    ["user", "bot", "channel"].map(|kind| format!("{app_instance}/{kind}/*"))
}

/// The command that sets the variable and keeps the others, all of which `--environment` replaces.
fn set_variable(function: &Function, value: &str) -> String {
    let options = options(&function.arn);
    format!(
        "aws lambda update-function-configuration {options} --environment \"$(aws lambda get-function-configuration {options} \
         --output json --query '{{Variables: merge(not_null(Environment.Variables, `{{}}`), {{{MAY_ASK_STATUS}: \
         `\"{value}\"`}})}}')\""
    )
}
