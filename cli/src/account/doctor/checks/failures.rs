//! The handling of events that failed for good.

use crate::account::doctor::checks::grants::{callback, verdict_of};
use crate::account::doctor::checks::settings;
use crate::account::doctor::checks::subject::Subject;
use crate::account::doctor::facts::{FailureTarget, Looked};
use crate::account::doctor::finding::Outcome;
use crate::account::lambda::Function;
use crate::account::policy::Verdict;

pub(super) fn target(subject: &Subject<'_>) -> Vec<Outcome> {
    let targets = match targets(subject) {
        Ok(targets) => targets,
        Err(unknown) => return vec![unknown],
    };
    if targets.is_empty() {
        let none =
            "none, so a message stays undecided if its event fails three times: killed, out of memory, timed out";
        let setting = r#"--destination-config '{"OnFailure":{"Destination":"RESCUE_FUNCTION_ARN"}}'"#;
        let remedy =
            format!("Deploy the same binary a second time as the rescue, and run: {}", settings::set(subject, setting));
        return vec![Outcome::warning(none).remedy(remedy)];
    }
    let outcome = |target: &FailureTarget| {
        let what = if target.is_dead_letter { "dead-letter queue" } else { "on-failure destination" };
        Outcome::ok(format!("{what} {}", target.arn))
    };
    targets.iter().map(outcome).collect()
}

/// Whether the function's role may send there: Lambda sends with this role.
pub(super) fn grant(subject: &Subject<'_>) -> Vec<Outcome> {
    let Ok(targets) = targets(subject) else { return Vec::new() };
    let role = match &subject.facts.role {
        Looked::Seen(role) => role,
        Looked::Unseen { reason, remedy } if !targets.is_empty() => return vec![Outcome::unknown(reason, remedy)],
        Looked::Unseen { .. } => return Vec::new(),
    };
    let check = |target: &FailureTarget| {
        let arn = &target.arn;
        let action = match arn.service.as_str() {
            "lambda" => "lambda:InvokeFunction",
            "sqs" => "sqs:SendMessage",
            "sns" => "sns:Publish",
            "events" => "events:PutEvents",
            _ => return None,
        };
        Some(match verdict_of(role, action, arn.as_str()) {
            Verdict::Allowed => Outcome::ok(format!("{} may send there", role.name)),
            Verdict::CannotTell(why) => Outcome::unknown(
                format!("cannot tell whether {} has {action} on {arn}: {why}", role.name),
                format!(
                    "aws iam simulate-principal-policy --policy-source-arn {} --action-names {action} --resource-arns {arn}",
                    subject.facts.function.role
                ),
            ),
            Verdict::Denied | Verdict::Missing => {
                Outcome::error(format!("{} lacks {action} on {arn}, so failed events are lost", role.name)).remedy(
                    format!(
                        "aws iam put-role-policy --role-name {} --policy-name on-failure --policy-document \
                 '{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",\"Action\":\"{action}\",\
                 \"Resource\":\"{arn}\"}}]}}'",
                        role.name
                    ),
                )
            }
        })
    };
    targets.iter().filter_map(check).collect()
}

/// Whether the receiver is the same binary, which decides messages whose events failed.
pub(super) fn rescue(subject: &Subject<'_>) -> Vec<Outcome> {
    let Ok(targets) = targets(subject) else { return Vec::new() };
    targets.iter().flat_map(|target| rescue_of(&subject.facts.function, target)).collect()
}

fn rescue_of(function: &Function, target: &FailureTarget) -> Vec<Outcome> {
    let arn = &target.arn;
    let rescues = match &target.rescues {
        Looked::Seen(rescues) => rescues,
        Looked::Unseen { reason, remedy } => return vec![Outcome::unknown(reason, remedy)],
    };
    if rescues.is_empty() {
        return vec![match arn.service.as_str() {
            "sqs" => Outcome::warning(format!(
                "no function consumes events from {arn}, so their messages stay undecided"
            ))
            .remedy(format!(
                "Deploy the same binary a second time as the rescue, and run: aws lambda create-event-source-mapping \
                     --function-name RESCUE --event-source-arn {arn} --function-response-types ReportBatchItemFailures"
            )),
            _ => Outcome::unknown(
                format!("doctor does not check the receivers of events from {arn}"),
                "Make sure that one of them is the same binary, which answers with the fallback action.",
            ),
        }];
    }
    let check = |(rescue, _): &(Function, _)| {
        let (name, arn) = (&rescue.name, &rescue.arn);
        if arn == &function.arn {
            return Outcome::warning("failed events go back to the function that failed")
                .remedy("Deploy the same binary a second time as the rescue.");
        }
        match !rescue.code_sha256.is_empty() && rescue.code_sha256 == function.code_sha256 {
            true => Outcome::ok(format!("{name} runs the same code")),
            false => Outcome::warning(format!(
                "{name} runs other code than the function: only the framework's rescue decides a message"
            ))
            .remedy(format!("If it should be the rescue, deploy the same binary to {name}.")),
        }
    };
    rescues.iter().map(check).collect()
}

/// Whether rescues may call back.
pub(super) fn rescue_role(subject: &Subject<'_>) -> Vec<Outcome> {
    let Ok(targets) = targets(subject) else { return Vec::new() };
    let mut outcomes = Vec::new();
    for target in targets {
        let Looked::Seen(rescues) = &target.rescues else { continue };
        // Other code may not call back at all.
        let same_code = rescues.iter().filter(|(rescue, _)| rescue.code_sha256 == subject.facts.function.code_sha256);
        for (rescue, role) in same_code {
            outcomes.extend(callback(subject, role).into_iter().map(|outcome| outcome.about(rescue.arn.as_str())));
        }
    }
    outcomes
}

fn targets<'a>(subject: &Subject<'a>) -> Result<&'a [FailureTarget], Outcome> {
    match &subject.facts.failures {
        Looked::Seen(targets) => Ok(targets),
        Looked::Unseen { reason, remedy } => Err(Outcome::unknown(reason, remedy)),
    }
}
