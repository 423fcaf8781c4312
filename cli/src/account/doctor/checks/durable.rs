//! Whether the function is a durable one, which a channel flow does not need.

use crate::account::doctor::checks::subject::Subject;
use crate::account::doctor::finding::Outcome;

/// How long Lambda keeps an execution by default.
const DEFAULT_RETENTION: i32 = 14;

pub(super) fn durable(subject: &Subject<'_>) -> Vec<Outcome> {
    let function = &subject.facts.function;
    let Some(durable) = function.durable else {
        return vec![Outcome::ok("Lambda invokes it with the event itself: it is not a durable function")];
    };
    let days = durable.retention_days.unwrap_or(DEFAULT_RETENTION);
    let remedy = "Create the function again without DurableConfig, which cannot be removed from a function.";
    let mut outcomes = vec![
        Outcome::warning(format!(
            "it is a durable function: the framework answers it, but Lambda keeps each event, with the content of its \
             message, for {days} days, and bills each as an execution"
        ))
        .remedy(remedy),
    ];
    if function.arn.name().qualifier.is_none() {
        let name = &function.name;
        outcomes.push(
            Outcome::error(
                "Lambda invokes a durable function by a version or an alias only, and the flow has neither: the \
                 messaging service cannot reach it",
            )
            .remedy(format!(
                "{remedy} Or publish a version, and give the flow that: cargo channel-flow apply {name}:VERSION --app-instance \
                 APP_INSTANCE_ARN"
            )),
        );
    }
    if function.dead_letter_arn.is_none() {
        outcomes.push(
            Outcome::warning(
                "it has no dead-letter queue, the only place where Lambda puts the event of a durable execution that failed",
            )
            .remedy(format!(
                "aws lambda update-function-configuration {} --dead-letter-config TargetArn=QUEUE_ARN, with the rescue as the \
                 queue's consumer",
                subject.options
            )),
        );
    }
    outcomes
}
