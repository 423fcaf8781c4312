//! The channel flow itself.

use super::{Outcome, Subject};
use crate::account::doctor::facts::{FlowFacts, Looked};
use crate::account::plan::FallbackAction;

/// Whether messages come to the flow at all.
pub(super) fn channels(flow: &FlowFacts) -> Vec<Outcome> {
    let arn = &flow.flow.arn;
    let outcome = match &flow.channels {
        Looked::Unseen { reason, remedy } => Outcome::unknown(reason, remedy),
        Looked::Seen(channels) if channels.is_empty() => {
            Outcome::warning("no channel has it, so that nothing is processed").remedy(format!(
                "aws chime-sdk-messaging associate-channel-flow --channel-flow-arn {arn} --channel-arn CHANNEL_ARN --chime-bearer \
                 MODERATOR_ARN --region {}",
                arn.split(':').nth(3).unwrap_or_default()
            ))
        }
        Looked::Seen(channels) if channels.len() == 1 => Outcome::ok("1 channel has it"),
        Looked::Seen(channels) => Outcome::ok(format!("{} channels have it", channels.len())),
    };
    vec![outcome]
}

/// What becomes of messages whose processor cannot be reached.
pub(super) fn fallback(flow: &FlowFacts) -> Vec<Outcome> {
    let check = |processor: &crate::account::plan::Processor| match processor.fallback_action {
        FallbackAction::Abort => Outcome::ok(format!("{}: ABORT", processor.name)),
        FallbackAction::Continue => Outcome::warning(format!(
            "{}: CONTINUE, so that everyone sees messages as they are while the function cannot be reached",
            processor.name
        ))
        .remedy(format!(
            "For a processor that moderates: cargo channel-flow apply --flow {} {} --fallback abort",
            flow.flow.arn,
            flow.flow
                .processors
                .iter()
                .map(|one| format!("--processor '{}={},order={}'", one.name, one.function_arn, one.execution_order))
                .collect::<Vec<_>>()
                .join(" ")
        )),
    };
    flow.flow.processors.iter().map(check).collect()
}

/// Whether the function is in a flow.
pub(super) fn membership(subject: &Subject<'_>, flows: &[FlowFacts]) -> Vec<Outcome> {
    let function = &subject.facts.function;
    let is_in = |flow: &&FlowFacts| flow.flow.processors.iter().any(|processor| processor.function_arn == function.arn);
    let names: Vec<_> = flows.iter().filter(is_in).map(|flow| flow.flow.name.as_str()).collect();
    let outcome = match (&names[..], subject.app_instances) {
        ([], []) => Outcome::unknown(
            "which app instance it is for is not known, so that its flows are not looked at",
            "Give the app instance with --app-instance, or look at the flow.",
        ),
        ([], [app_instance, ..]) => Outcome::warning(format!("it is in no flow of app instance {}", app_instance.id()))
            .remedy(format!("cargo channel-flow apply --app-instance {app_instance} {}", function.arn)),
        (names, _) => Outcome::ok(format!("it is a processor of {}", names.join(", "))),
    };
    vec![outcome]
}
