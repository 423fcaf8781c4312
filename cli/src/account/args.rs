//! The command line of the account commands.

use crate::account::arn::{self, AppInstance, Arn, FunctionName};
use crate::fallback_action::FallbackAction;
use clap::builder::{NonEmptyStringValueParser, ValueParser};
use clap::{Args, Parser, ValueEnum};

/// Add a deployed function to a channel flow
///
/// Allows the messaging service to invoke the function, creates or updates the channel flow, and
/// associates channels with it. Shows a plan and asks before it changes anything. Running it again
/// changes only what differs.
#[derive(Debug, Parser)]
#[command(after_help = APPLY_EXAMPLES, after_long_help = APPLY_AFTER_LONG_HELP)]
pub(crate) struct Apply {
    /// The function, for a flow with one processor: a name, NAME:ALIAS, or an ARN
    #[arg(value_name = "FUNCTION", required_unless_present = "processor", conflicts_with = "processor")]
    pub(crate) function: Option<FunctionName>,

    /// A processor, for a flow with several; repeat it in execution order
    ///
    /// NAME=FUNCTION, optionally followed by ,order=N (1 to 3) and ,fallback=abort or
    /// ,fallback=continue. The service's quota is one processor per flow unless AWS raises it.
    #[arg(long, value_name = "NAME=FUNCTION[,order=N][,fallback=…]", value_parser = ValueParser::new(processor))]
    pub(crate) processor: Vec<ProcessorArg>,

    /// What happens to a message if the service cannot reach the function
    #[arg(long, value_name = "ACTION", default_value = "abort", ignore_case = true)]
    pub(crate) fallback: FallbackAction,

    #[command(flatten)]
    pub(crate) flow: Flow,

    /// Associate this channel with the flow; can be repeated
    #[arg(long = "channel", value_name = "ARN", value_parser = ValueParser::new(arn::channel), requires = "bearer")]
    pub(crate) channels: Vec<Arn>,

    /// The caller that associates channels: the ARN of a moderator of the channels, or of an admin of the app instance
    #[arg(long, value_name = "ARN", value_parser = ValueParser::new(arn::member))]
    pub(crate) bearer: Option<Arn>,

    /// Tag the flow; can be repeated. Existing tags are kept
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = ValueParser::new(tag))]
    pub(crate) tags: Vec<(String, String)>,

    /// The idempotency token for creating the flow
    #[arg(long, value_name = "TOKEN", value_parser = ValueParser::new(client_token))]
    pub(crate) client_token: Option<String>,

    #[command(flatten)]
    pub(crate) consent: Consent,

    #[command(flatten)]
    pub(crate) account: Account,
}

/// Delete a channel flow and the permissions that `apply` added
///
/// Removes the flow from its channels, deletes it, and removes the permissions that apply added to
/// its functions, unless another flow of the app instance needs them. Keeps functions, channels and
/// the app instance. Shows a plan and asks before it changes anything. Running it again changes
/// nothing.
#[derive(Debug, Parser)]
#[command(after_help = DESTROY_EXAMPLES)]
pub(crate) struct Destroy {
    /// The flow's functions; the flow's name defaults to the name of the first
    ///
    /// Needed only if the flow is already gone: an existing flow names its functions itself.
    #[arg(value_name = "FUNCTION", required_unless_present_any = ["name", "arn"])]
    pub(crate) functions: Vec<FunctionName>,

    #[command(flatten)]
    pub(crate) flow: Flow,

    /// The caller that removes the flow from its channels: the ARN of a moderator of the channels, or of an admin of
    /// the app instance
    #[arg(long, value_name = "ARN", value_parser = ValueParser::new(arn::member))]
    pub(crate) bearer: Option<Arn>,

    #[command(flatten)]
    pub(crate) consent: Consent,

    #[command(flatten)]
    pub(crate) account: Account,
}

/// Find problems in a deployment, and print how to fix them
///
/// Checks a function, its permissions, its role, its retries and the handling of failed events, and
/// the channel flows that use it. Changes nothing.
#[derive(Debug, Parser)]
#[command(after_help = DOCTOR_EXAMPLES, after_long_help = DOCTOR_AFTER_LONG_HELP)]
pub(crate) struct Doctor {
    /// A function (a name, NAME:ALIAS, or an ARN), or the ARN of a channel flow
    #[arg(value_name = "FUNCTION|FLOW", value_parser = ValueParser::new(patient))]
    pub(crate) patient: Patient,

    /// The app instance whose messages the function receives
    ///
    /// Defaults to the app instance of the flow, or to the one that the function's permission
    /// names.
    #[arg(long, value_name = "ARN", value_parser = ValueParser::new(arn::app_instance))]
    pub(crate) app_instance: Option<AppInstance>,

    #[command(flatten)]
    pub(crate) account: Account,
}

/// Which flow the command is about.
#[derive(Debug, Args)]
pub(crate) struct Flow {
    /// The app instance of the flow
    #[arg(long, value_name = "ARN", value_parser = ValueParser::new(arn::app_instance),
          required_unless_present = "arn")]
    pub(crate) app_instance: Option<AppInstance>,

    /// The flow's name; defaults to the name of its first processor or function
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) name: Option<String>,

    /// An existing flow; --name then renames it
    #[arg(id = "arn", long = "flow", value_name = "ARN", value_parser = ValueParser::new(arn::channel_flow))]
    pub(crate) arn: Option<Arn>,
}

/// Whether to make changes.
#[derive(Debug, Args)]
pub(crate) struct Consent {
    /// Do not ask for confirmation; required without a terminal
    #[arg(short, long)]
    pub(crate) yes: bool,

    /// Show the plan without changing anything
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
}

/// Which account, and how results look.
#[derive(Debug, Args)]
pub(crate) struct Account {
    /// The AWS profile to use
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// The region; defaults to that of the app instance, or else to the configured one
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A processor on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProcessorArg {
    pub(crate) name: String,
    pub(crate) function: FunctionName,
    pub(crate) order: Option<i32>,
    pub(crate) fallback: Option<FallbackAction>,
}

/// The subject of `doctor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Patient {
    Function(FunctionName),
    Flow(Arn),
}

const APPLY_EXAMPLES: &str = "\
Examples:
  cargo lambda deploy profanity-filter
  cargo channel-flow apply --app-instance APP_INSTANCE_ARN profanity-filter
  cargo channel-flow apply --app-instance APP_INSTANCE_ARN profanity-filter \\
      --channel CHANNEL_ARN --bearer APP_INSTANCE_ARN/user/moderator --tag team=chat --yes
  cargo channel-flow apply --app-instance APP_INSTANCE_ARN --name moderation \\
      --processor words=profanity-filter --processor links=link-filter,fallback=continue";

const APPLY_AFTER_LONG_HELP: &str = "\
Examples:
  cargo lambda deploy profanity-filter
  cargo channel-flow apply --app-instance APP_INSTANCE_ARN profanity-filter
  cargo channel-flow apply --app-instance APP_INSTANCE_ARN profanity-filter \\
      --channel CHANNEL_ARN --bearer APP_INSTANCE_ARN/user/moderator --tag team=chat --yes
  cargo channel-flow apply --app-instance APP_INSTANCE_ARN --name moderation \\
      --processor words=profanity-filter --processor links=link-filter,fallback=continue

Exit status:
  0  the plan was carried out, or, with --dry-run, shown
  1  a call failed, or the plan was declined; changes made before are kept
  2  the command line is invalid

With --json, one object is printed:
  plan              a list; each item has action (add, change, remove, same), kind
                    (permission, channel-flow, tags, channel), resource, and details:
                    sentences
  done              the number of changes made
  channel_flow_arn  the flow, or null if there is none
  error             what failed and what to do, or null";

const DESTROY_EXAMPLES: &str = "\
Examples:
  cargo channel-flow destroy --app-instance APP_INSTANCE_ARN profanity-filter --bearer APP_INSTANCE_ARN/user/admin
  cargo channel-flow destroy --flow CHANNEL_FLOW_ARN --bearer APP_INSTANCE_ARN/user/admin --yes

Exit status and --json are the same as for apply.";

const DOCTOR_EXAMPLES: &str = "\
Examples:
  cargo channel-flow doctor profanity-filter
  cargo channel-flow doctor CHANNEL_FLOW_ARN --json";

const DOCTOR_AFTER_LONG_HELP: &str = "\
Examples:
  cargo channel-flow doctor profanity-filter
  cargo channel-flow doctor CHANNEL_FLOW_ARN --json

Exit status:
  0  no problems, hints aside
  1  the function or the flow could not be read
  2  the command line is invalid
  5  there are warnings, or something could not be checked
  6  there are errors: messages are not processed, or not decided

With --json, one object is printed:
  findings  a list; each item has check (a stable name), severity (error, warning,
            unknown, hint, ok), subject (an ARN), finding: a sentence, and remedy:
            how to fix it, or null";

fn processor(text: &str) -> Result<ProcessorArg, String> {
    let (name, rest) = text.split_once('=').ok_or("expected NAME=FUNCTION")?;
    let mut parts = rest.split(',');
    let function = parts.next().unwrap_or_default().parse()?;
    let mut processor = ProcessorArg { name: name.to_owned(), function, order: None, fallback: None };
    if name.is_empty() {
        return Err("the name is missing: expected NAME=FUNCTION".to_owned());
    }
    for part in parts {
        match part.split_once('=') {
            Some(("order", order)) => {
                processor.order = Some(order.parse().map_err(|_| format!("{order} is not an execution order"))?);
            }
            Some(("fallback", action)) => processor.fallback = Some(FallbackAction::from_str(action, true)?),
            _ => return Err(format!("expected order=N, fallback=abort or fallback=continue, not {part}")),
        }
    }
    Ok(processor)
}

fn tag(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() && !value.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE, neither of them empty".to_owned()),
    }
}

fn client_token(text: &str) -> Result<String, String> {
    let valid = (2..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if valid { Ok(text.to_owned()) } else { Err("expected 2 to 64 letters, digits, - and _".to_owned()) }
}

fn patient(text: &str) -> Result<Patient, String> {
    match arn::channel_flow(text) {
        Ok(flow) => Ok(Patient::Flow(flow)),
        Err(problem) if text.starts_with("arn:aws:chime:") => Err(problem),
        Err(_) => text.parse().map(Patient::Function),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "arn:aws:chime:us-east-1:123456789012:app-instance/a1";

    fn apply(args: &[&str]) -> Result<Apply, clap::Error> {
        Apply::try_parse_from(["apply"].iter().chain(args))
    }

    #[test]
    fn one_processor_or_several() {
        let one = apply(&["filter:live", "--app-instance", APP, "--fallback", "CONTINUE"]).unwrap();
        assert_eq!(one.function.unwrap().to_string(), "filter:live");
        assert_eq!(one.fallback, FallbackAction::Continue);
        let several = ["--processor", "a=f,order=2,fallback=continue", "--processor", "b c=g", "--app-instance", APP];
        let several = apply(&several).unwrap().processor;
        assert_eq!((several[0].order, several[0].fallback), (Some(2), Some(FallbackAction::Continue)));
        assert_eq!((several[1].name.as_str(), several[1].function.short()), ("b c", "g"));
        for args in [
            &["--app-instance", APP][..],
            &["f"],
            &["f", "--processor", "a=f", "--app-instance", APP],
            &["--processor", "f", "--app-instance", APP],
            &["--processor", "=f", "--app-instance", APP],
            &["--processor", "a=f,order=x", "--app-instance", APP],
            &["--processor", "a=f,fallback=maybe", "--app-instance", APP],
            &["--processor", "a=f,fall=abort", "--app-instance", APP],
            &["f", "--app-instance", "a1"],
        ] {
            assert!(apply(args).is_err(), "{args:?}");
        }
    }

    #[test]
    fn channels_need_a_bearer() {
        let (channel, user) = (format!("{APP}/channel/c"), format!("{APP}/user/u"));
        assert!(apply(&["f", "--app-instance", APP, "--channel", &channel]).is_err());
        assert!(apply(&["f", "--app-instance", APP, "--channel", &channel, "--bearer", &user]).is_ok());
        assert!(apply(&["f", "--app-instance", APP, "--channel", &user, "--bearer", &user]).is_err());
        assert!(apply(&["f", "--app-instance", APP, "--channel", &channel, "--bearer", APP]).is_err());
    }

    #[test]
    fn the_flow_by_name_or_arn() {
        let flow = format!("{APP}/channel-flow/f");
        assert!(apply(&["f", "--flow", &flow]).is_ok());
        assert!(Destroy::try_parse_from(["destroy", "--flow", &flow]).is_ok());
        assert!(Destroy::try_parse_from(["destroy", "--app-instance", APP]).is_err());
        assert!(Destroy::try_parse_from(["destroy", "--app-instance", APP, "--name", "n"]).is_ok());
        assert!(apply(&["f", "--flow", &flow, "--yes", "--dry-run"]).is_err());
    }

    #[test]
    fn tokens_and_tags_are_what_the_service_takes() {
        for (option, value) in [("--client-token", "x"), ("--client-token", "a b"), ("--tag", "k="), ("--tag", "k")] {
            assert!(apply(&["f", "--app-instance", APP, option, value]).is_err(), "{option} {value}");
        }
        assert!(apply(&["f", "--app-instance", APP, "--client-token", "a-1", "--tag", "k=v=w"]).is_ok());
    }

    #[test]
    fn the_doctor_takes_both() {
        let patient = |text: &str| patient(text).ok();
        assert!(matches!(patient("filter"), Some(Patient::Function(_))));
        assert!(matches!(patient("arn:aws:lambda:us-east-1:1:function:f"), Some(Patient::Function(_))));
        assert!(matches!(patient(&format!("{APP}/channel-flow/f")), Some(Patient::Flow(_))));
        assert_eq!(patient(APP), None);
    }
}
