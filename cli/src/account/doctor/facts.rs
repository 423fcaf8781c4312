//! The facts that the checks work on, and the calls that collect them.

use crate::account::arn::{AppInstance, Arn, FunctionArn, FunctionName};
use crate::account::channel_flow::ChannelFlow;
use crate::account::clients::Clients;
use crate::account::explain::Problem;
use crate::account::iam::{self, Role};
use crate::account::lambda::{self, EventInvokeConfig, Function, Setting};
use crate::account::messaging;
use crate::account::policy::Policy;
use crate::account::table::{self, Table};

/// A fact, or why it could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Looked<T> {
    Seen(T),
    /// In words, with a remedy.
    Unseen {
        reason: String,
        remedy: String,
    },
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The app instances whose messages the functions get.
    pub(crate) app_instances: Vec<AppInstance>,
    pub(crate) flows: Looked<Vec<FlowFacts>>,
    pub(crate) functions: Vec<Patient>,
}

/// A channel flow, and the channels that have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FlowFacts {
    pub(crate) flow: ChannelFlow,
    pub(crate) channels: Looked<Vec<Arn>>,
}

/// A function that a processor or the user names; it may not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Patient {
    pub(crate) asked_for: String,
    /// None if there is none.
    pub(crate) found: Looked<Option<FunctionFacts>>,
}

/// A function and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionFacts {
    pub(crate) function: Function,
    /// None if it has no policy; an unknown form of policy is unseen.
    pub(crate) policy: Looked<Option<Policy>>,
    pub(crate) role: Looked<Role>,
    pub(crate) event_invoke_config: Looked<Option<EventInvokeConfig>>,
    /// The targets of failed events: the on-failure destination before the dead-letter queue.
    pub(crate) failures: Looked<Vec<FailureTarget>>,
    /// The table of held messages, if the function has one.
    pub(crate) held: Option<HeldFacts>,
}

/// What belongs to a function that may hold messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeldFacts {
    /// A name or an ARN.
    pub(crate) name: String,
    /// None if there is no such table.
    pub(crate) table: Looked<Option<Table>>,
    /// The functions with the same table that EventBridge may invoke, and their roles.
    pub(crate) sweeps: Looked<Vec<(Function, Looked<Role>)>>,
}

/// A target of failed events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FailureTarget {
    pub(crate) arn: Arn,
    pub(crate) is_dead_letter: bool,
    /// The functions that receive them, and their roles.
    pub(crate) rescues: Looked<Vec<(Function, Looked<Role>)>>,
}

impl<T> Looked<T> {
    pub(crate) fn at(result: Result<T, Problem>) -> Self {
        match result {
            Ok(seen) => Self::Seen(seen),
            Err(problem) => Self::Unseen { reason: problem.to_string(), remedy: problem.advice() },
        }
    }
}

/// A function by its name, with the flows of its app instances that it is in.
pub(crate) async fn of_function(
    clients: &Clients,
    name: &FunctionName,
    app_instance: Option<&AppInstance>,
) -> Result<Facts, Problem> {
    let function = lambda::function(clients, name).await?;
    let arn = function.arn.clone();
    let facts = around(clients, name, function).await;
    let app_instances = match (app_instance, &facts.policy) {
        (Some(app_instance), _) => vec![app_instance.clone()],
        (None, Looked::Seen(Some(policy))) => policy.app_instances(),
        _ => Vec::new(),
    };
    let mut flows = Looked::Seen(Vec::new());
    for app_instance in &app_instances {
        // An app instance in another region cannot be read here, and its flows cannot invoke the function anyway.
        if app_instance.region() != clients.region {
            continue;
        }
        match messaging::flows(clients, app_instance).await {
            Ok(found) => {
                for flow in found.into_iter().filter(|flow| flow.processors.iter().any(|one| one.function == arn)) {
                    let channels = Looked::at(messaging::channels_of(clients, &flow.arn).await);
                    if let Looked::Seen(flows) = &mut flows {
                        flows.push(FlowFacts { flow, channels });
                    }
                }
            }
            Err(problem) => flows = Looked::at(Err(problem)),
        }
    }
    let functions = vec![Patient { asked_for: name.to_string(), found: Looked::Seen(Some(facts)) }];
    Ok(Facts { app_instances, flows, functions })
}

/// A function, which may not exist.
pub(crate) async fn look_at(clients: &Clients, name: &FunctionName) -> Looked<Option<FunctionFacts>> {
    match lambda::function(clients, name).await {
        Ok(function) => Looked::Seen(Some(around(clients, name, function).await)),
        Err(problem) if problem.code() == Some(lambda::NOT_FOUND) => Looked::Seen(None),
        Err(problem) => Looked::at(Err(problem)),
    }
}

async fn around(clients: &Clients, name: &FunctionName, function: Function) -> FunctionFacts {
    let policy = match lambda::policy(clients, name).await {
        Ok(None) => Looked::Seen(None),
        Ok(Some(policy)) => match Policy::parse(&policy) {
            Ok(policy) => Looked::Seen(Some(policy)),
            Err(reason) => {
                let remedy = format!("To see it, run: aws lambda get-policy --function-name {name}");
                Looked::Unseen { reason, remedy }
            }
        },
        Err(problem) => Looked::at(Err(problem)),
    };
    let role = Looked::at(iam::role(clients, &function.role).await);
    let event_invoke_config = Looked::at(lambda::event_invoke_config(clients, name).await);
    let destination = match &event_invoke_config {
        Looked::Seen(config) => Looked::Seen(config.as_ref().and_then(|config| config.on_failure.clone())),
        Looked::Unseen { reason, remedy } => Looked::Unseen { reason: reason.clone(), remedy: remedy.clone() },
    };
    let failures = match destination {
        Looked::Unseen { reason, remedy } => Looked::Unseen { reason, remedy },
        Looked::Seen(destination) => {
            let targets = destination.map(|arn| (arn, false)).into_iter();
            let targets = targets.chain(function.dead_letter_arn.clone().map(|arn| (arn, true)));
            let mut failures = Vec::new();
            for (arn, is_dead_letter) in targets {
                let rescues = rescues(clients, &arn).await;
                failures.push(FailureTarget { arn, is_dead_letter, rescues });
            }
            Looked::Seen(failures)
        }
    };
    let held = match &function.table {
        Setting::Value(table) if !table.is_empty() => Some(held(clients, table).await),
        _ => None,
    };
    FunctionFacts { function, policy, role, event_invoke_config, failures, held }
}

async fn held(clients: &Clients, name: &str) -> HeldFacts {
    let table = Looked::at(table::table(clients, name).await);
    HeldFacts { name: name.to_owned(), table, sweeps: Looked::at(sweeps(clients, name).await) }
}

/// The principal as which a rule of EventBridge invokes a function.
const EVENT_BRIDGE: &str = "events.amazonaws.com";

async fn sweeps(clients: &Clients, table: &str) -> Result<Vec<(Function, Looked<Role>)>, Problem> {
    let mut sweeps = Vec::new();
    for function in lambda::functions_with_table(clients, table).await? {
        let policy = lambda::policy(clients, &function.arn.name()).await?;
        let policy = policy.and_then(|policy| Policy::parse(&policy).ok());
        if policy.is_some_and(|policy| policy.lets_invoke(EVENT_BRIDGE)) {
            let role = Looked::at(iam::role(clients, &function.role).await);
            sweeps.push((function, role));
        }
    }
    Ok(sweeps)
}

/// The functions that receive events from a target.
async fn rescues(clients: &Clients, target: &Arn) -> Looked<Vec<(Function, Looked<Role>)>> {
    let functions = match target.service.as_str() {
        "lambda" => target.as_str().parse().map(|function: FunctionName| vec![function]).unwrap_or_default(),
        "sqs" => match lambda::consumers(clients, target).await {
            Ok(functions) => functions.iter().map(FunctionArn::name).collect(),
            Err(problem) => return Looked::at(Err(problem)),
        },
        _ => Vec::new(),
    };
    let mut rescues = Vec::new();
    for name in functions {
        match lambda::function(clients, &name).await {
            Ok(function) => {
                let role = Looked::at(iam::role(clients, &function.role).await);
                rescues.push((function, role));
            }
            Err(problem) => return Looked::at(Err(problem)),
        }
    }
    Looked::Seen(rescues)
}
