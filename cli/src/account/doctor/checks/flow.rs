//! The channel flow itself.

use crate::account::channel_flow::Processor;
use crate::account::doctor::checks::subject::Subject;
use crate::account::doctor::facts::{FlowFacts, Looked};
use crate::account::doctor::finding::Outcome;
use crate::fallback_action::FallbackAction;

/// Whether any channel has the flow.
pub(super) fn channels(flow: &FlowFacts) -> Vec<Outcome> {
    let arn = &flow.flow.arn;
    let outcome = match &flow.channels {
        Looked::Unseen { reason, remedy } => Outcome::unknown(reason, remedy),
        Looked::Seen(channels) if channels.is_empty() => {
            Outcome::warning("no channel has it, so no message is processed").remedy(format!(
                "aws chime-sdk-messaging associate-channel-flow --channel-flow-arn {arn} --channel-arn CHANNEL_ARN --chime-bearer \
                 MODERATOR_ARN --region {}",
                arn.region
            ))
        }
        Looked::Seen(channels) if channels.len() == 1 => Outcome::ok("1 channel has it"),
        Looked::Seen(channels) => Outcome::ok(format!("{} channels have it", channels.len())),
    };
    vec![outcome]
}

/// The fallback actions of the processors.
pub(super) fn fallback(flow: &FlowFacts) -> Vec<Outcome> {
    let processors = &flow.flow.processors;
    let check = |processor: &Processor| match processor.fallback_action {
        FallbackAction::Abort => Outcome::ok(format!("{}: ABORT", processor.name)),
        FallbackAction::Continue => {
            // The others stay as they are.
            let processors: Vec<_> = processors.iter().map(|one| argument(one, one.name == processor.name)).collect();
            let (flow, processors) = (&flow.flow.arn, processors.join(" "));
            Outcome::warning(format!(
                "{}: CONTINUE, so everyone sees messages unprocessed while the function cannot be reached",
                processor.name
            ))
            .remedy(format!("If it moderates, run: cargo channel-flow apply --flow {flow} {processors}"))
        }
    };
    processors.iter().map(check).collect()
}

/// A processor as `apply` takes it, quoted for a shell: a name may have anything in it.
fn argument(processor: &Processor, aborts: bool) -> String {
    let Processor { name, function, execution_order, fallback_action } = processor;
    let action = if aborts { FallbackAction::Abort } else { *fallback_action }.to_string().to_lowercase();
    let argument = format!("{name}={function},order={execution_order},fallback={action}");
    format!("--processor '{}'", argument.replace('\'', r"'\''"))
}

/// Whether the function is in a flow.
pub(super) fn membership(subject: &Subject<'_>, flows: &[FlowFacts]) -> Vec<Outcome> {
    let function = &subject.facts.function;
    let is_in = |flow: &&FlowFacts| flow.flow.processors.iter().any(|processor| processor.function == function.arn);
    let names: Vec<_> = flows.iter().filter(is_in).map(|flow| flow.flow.name.as_str()).collect();
    let outcome = match (&names[..], subject.app_instances) {
        ([], []) => Outcome::unknown(
            "its app instance is not known, so doctor does not check its flows",
            "Pass the app instance with --app-instance, or run doctor on the flow.",
        ),
        ([], [app_instance, ..]) => Outcome::warning(format!("it is in no flow of app instance {}", app_instance.id()))
            .remedy(format!("cargo channel-flow apply --app-instance {app_instance} {}", function.arn)),
        (names, _) => Outcome::ok(format!("it is a processor of {}", names.join(", "))),
    };
    vec![outcome]
}
