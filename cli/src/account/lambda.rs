//! Calls to AWS Lambda.

use crate::account::arn::{AppInstance, Arn, FunctionArn, FunctionName};
use crate::account::clients::Clients;
use crate::account::explain::{Problem, Service};
use crate::account::permission::{Permission, source_arn, statement_id};
use crate::account::policy::{INVOKE, PRINCIPAL, Policy};
use aws_sdk_lambda::types::{DurableConfig, EnvironmentResponse, FunctionConfiguration};

/// The service's exception if there is no such resource.
pub(crate) const NOT_FOUND: &str = "ResourceNotFoundException";

/// The variable that tells the framework that it may ask for the status of a message.
pub(crate) const MAY_ASK_STATUS: &str = "CHANNEL_FLOW_MAY_ASK_STATUS";

/// The variable with the name or the ARN of the table of held messages.
pub(crate) const TABLE: &str = "CHANNEL_FLOW_TABLE";

/// A variable of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Setting {
    #[default]
    Unset,
    Value(String),
    /// Lambda does not show the function's variables, and says why.
    Hidden(String),
}

/// A function, as far as channel flows are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    /// With the qualifier of the request.
    pub(crate) arn: FunctionArn,
    pub(crate) name: String,
    pub(crate) role: Arn,
    /// None for a container image.
    pub(crate) runtime: Option<String>,
    pub(crate) architecture: String,
    /// In seconds.
    pub(crate) timeout: i32,
    /// `Active`, or another state of Lambda's.
    pub(crate) state: String,
    pub(crate) state_reason: String,
    /// `Failed` if the last update failed.
    pub(crate) last_update: String,
    pub(crate) code_sha256: String,
    pub(crate) dead_letter_arn: Option<Arn>,
    pub(crate) reserved_concurrency: Option<i32>,
    /// [`MAY_ASK_STATUS`]. Other variables are not kept: they may be secret.
    pub(crate) may_ask_status: Setting,
    /// [`TABLE`].
    pub(crate) table: Setting,
    /// Whether it was created with a `DurableConfig`.
    pub(crate) durable: Option<Durable>,
}

/// The settings of a durable function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Durable {
    /// How long Lambda keeps what an execution received and returned, after its end.
    pub(crate) retention_days: Option<i32>,
}

/// The settings of a function's asynchronous invocations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EventInvokeConfig {
    pub(crate) maximum_retry_attempts: Option<i32>,
    /// In seconds.
    pub(crate) maximum_event_age: Option<i32>,
    pub(crate) on_failure: Option<Arn>,
}

/// Looks a function up.
pub(crate) async fn function(clients: &Clients, name: &FunctionName) -> Result<Function, Problem> {
    let call = clients.lambda.get_function().function_name(&name.name).set_qualifier(name.qualifier.clone());
    let answer = call.send().await.map_err(clients.problem(Service::Lambda, "GetFunction", name))?;
    let reserved_concurrency = answer.concurrency.and_then(|concurrency| concurrency.reserved_concurrent_executions);
    let misunderstood = clients.misunderstood(Service::Lambda, "GetFunction", name);
    let configuration = answer.configuration.ok_or_else(|| "it has no configuration".to_owned());
    let read = |found| Function::read(found, name.qualifier.as_deref(), reserved_concurrency);
    let found = configuration.and_then(read);
    found.map_err(misunderstood)
}

/// All functions of the region that have this value of [`TABLE`].
pub(crate) async fn functions_with_table(clients: &Clients, table: &str) -> Result<Vec<Function>, Problem> {
    let mut pages = clients.lambda.list_functions().into_paginator().items().send();
    let mut functions = Vec::new();
    while let Some(found) = pages.next().await {
        let found = found.map_err(clients.problem(Service::Lambda, "ListFunctions", table))?;
        let misunderstood = clients.misunderstood(Service::Lambda, "ListFunctions", table);
        let function = Function::read(found, None, None).map_err(misunderstood)?;
        if function.table == Setting::Value(table.to_owned()) {
            functions.push(function);
        }
    }
    Ok(functions)
}

/// The function's own policy, if it has one.
pub(crate) async fn policy(clients: &Clients, name: &FunctionName) -> Result<Option<String>, Problem> {
    let call = clients.lambda.get_policy().function_name(&name.name).set_qualifier(name.qualifier.clone());
    match call.send().await.map_err(clients.problem(Service::Lambda, "GetPolicy", name)) {
        Ok(answer) => Ok(answer.policy),
        Err(problem) if problem.code() == Some(NOT_FOUND) => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Whether the messaging service may invoke a function for an app instance. A policy that cannot be read grants nothing.
pub(crate) async fn permission(
    clients: &Clients,
    name: &FunctionName,
    app_instance: &AppInstance,
) -> Result<Permission, Problem> {
    let policy = policy(clients, name).await?.map(|policy| Policy::parse(&policy).unwrap_or_default());
    Ok(Permission::in_policy(&policy.unwrap_or_default(), app_instance))
}

/// Lets the messaging service invoke a function for an app instance.
pub(crate) async fn add_permission(
    clients: &Clients,
    name: &FunctionName,
    app_instance: &AppInstance,
) -> Result<(), Problem> {
    let call = clients
        .lambda
        .add_permission()
        .function_name(&name.name)
        .set_qualifier(name.qualifier.clone())
        .statement_id(statement_id(app_instance))
        .action(INVOKE)
        .principal(PRINCIPAL)
        .source_account(app_instance.account())
        .source_arn(source_arn(app_instance));
    call.send().await.map_err(clients.problem(Service::Lambda, "AddPermission", name)).map(drop)
}

/// Removes that permission. It is no error if it is already gone.
pub(crate) async fn remove_permission(
    clients: &Clients,
    name: &FunctionName,
    app_instance: &AppInstance,
) -> Result<(), Problem> {
    let call = clients
        .lambda
        .remove_permission()
        .function_name(&name.name)
        .set_qualifier(name.qualifier.clone())
        .statement_id(statement_id(app_instance));
    match call.send().await.map_err(clients.problem(Service::Lambda, "RemovePermission", name)) {
        Err(problem) if problem.code() == Some(NOT_FOUND) => Ok(()),
        result => result.map(drop),
    }
}

/// The settings of its asynchronous invocations, if there are any.
pub(crate) async fn event_invoke_config(
    clients: &Clients,
    name: &FunctionName,
) -> Result<Option<EventInvokeConfig>, Problem> {
    let call = clients.lambda.get_function_event_invoke_config();
    let call = call.function_name(&name.name).set_qualifier(name.qualifier.clone());
    match call.send().await.map_err(clients.problem(Service::Lambda, "GetFunctionEventInvokeConfig", name)) {
        Ok(answer) => {
            let on_failure = answer.destination_config.and_then(|config| config.on_failure);
            let on_failure = optional(on_failure.and_then(|on_failure| on_failure.destination));
            let misunderstood = clients.misunderstood(Service::Lambda, "GetFunctionEventInvokeConfig", name);
            Ok(Some(EventInvokeConfig {
                maximum_retry_attempts: answer.maximum_retry_attempts,
                maximum_event_age: answer.maximum_event_age_in_seconds,
                on_failure: on_failure.map_err(misunderstood)?,
            }))
        }
        Err(problem) if problem.code() == Some(NOT_FOUND) => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// The functions that consume a queue.
pub(crate) async fn consumers(clients: &Clients, queue: &Arn) -> Result<Vec<FunctionArn>, Problem> {
    let call = clients.lambda.list_event_source_mappings().event_source_arn(queue.as_str());
    let mut mappings = call.into_paginator().items().send();
    let mut functions = Vec::new();
    while let Some(mapping) = mappings.next().await {
        let mapping = mapping.map_err(clients.problem(Service::Lambda, "ListEventSourceMappings", queue))?;
        if let Some(function) = mapping.function_arn {
            let misunderstood = clients.misunderstood(Service::Lambda, "ListEventSourceMappings", queue);
            functions.push(function.parse().map_err(misunderstood)?);
        }
    }
    Ok(functions)
}

impl Function {
    fn read(
        found: FunctionConfiguration,
        qualifier: Option<&str>,
        reserved_concurrency: Option<i32>,
    ) -> Result<Self, String> {
        let [may_ask_status, table] = match found.environment {
            Some(EnvironmentResponse { error: Some(error), .. }) => {
                let reason = error.error_code.unwrap_or_else(|| "it does not say why".to_owned());
                [(); 2].map(|()| Setting::Hidden(reason.clone()))
            }
            Some(EnvironmentResponse { variables: Some(mut variables), .. }) => {
                [MAY_ASK_STATUS, TABLE].map(|name| variables.remove(name).map_or(Setting::Unset, Setting::Value))
            }
            _ => [Setting::Unset, Setting::Unset],
        };
        let durable = |config: DurableConfig| Durable { retention_days: config.retention_period_in_days };
        let arn: FunctionArn = found.function_arn.unwrap_or_default().parse()?;
        let dead_letter_arn = found.dead_letter_config.and_then(|config| config.target_arn);
        Ok(Self {
            // The answer may have the version that an alias stands for.
            arn: match qualifier {
                Some(qualifier) => arn.with_qualifier(qualifier)?,
                None => arn,
            },
            name: found.function_name.unwrap_or_default(),
            role: found.role.unwrap_or_default().parse()?,
            runtime: found.runtime.map(|runtime| runtime.as_str().to_owned()),
            // The default: the only one that Lambda once had.
            architecture: found
                .architectures
                .unwrap_or_default()
                .first()
                .map_or("x86_64", |arch| arch.as_str())
                .to_owned(),
            timeout: found.timeout.unwrap_or(3),
            state: found.state.map_or_else(|| "Active".to_owned(), |state| state.as_str().to_owned()),
            state_reason: found.state_reason.unwrap_or_default(),
            last_update: found.last_update_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
            code_sha256: found.code_sha256.unwrap_or_default(),
            dead_letter_arn: optional(dead_letter_arn)?,
            reserved_concurrency,
            may_ask_status,
            table,
            durable: found.durable_config.map(durable),
        })
    }
}

/// An ARN that an answer leaves out or leaves empty if there is none.
fn optional(arn: Option<String>) -> Result<Option<Arn>, String> {
    arn.filter(|arn| !arn.is_empty()).map(|arn| arn.parse()).transpose()
}
