//! `destroy`: what `apply` has made is gone.

use crate::account::apply::{heading, is_in, same_place};
use crate::account::args::Destroy;
use crate::account::arn::{AppInstance, Arn, FunctionName};
use crate::account::carry_out::{Work, failure, function};
use crate::account::clients::Clients;
use crate::account::explain::Problem;
use crate::account::plan::{self, ChannelFlow, Found, Sign, Step};
use crate::account::{lambda, messaging};
use crate::exit::{Exit, Failure};
use std::collections::BTreeSet;

pub(crate) async fn run(args: &Destroy) -> Result<Exit, Failure> {
    let app_instance = args.flow.app_instance(args.account.region.as_deref())?;
    for function in args.functions.iter().filter_map(|function| function.arn.as_ref()) {
        same_place(function, &app_instance)?;
    }
    if let Some(bearer) = &args.bearer {
        is_in(bearer, &app_instance)?;
    }
    let clients = Clients::new(args.account.profile.as_deref(), Some(app_instance.region())).await?;
    let flows = messaging::flows(&clients, &app_instance).await.map_err(failure)?;
    let default_name = args.functions.first().map(FunctionName::short).unwrap_or_default();
    let flow = args.flow.find(&flows, default_name)?;
    let found = found(&clients, &app_instance, &args.functions, flow).await.map_err(failure)?;
    let others = flows.iter().filter(|other| Some(*other) != flow);
    let of_others =
        others.flat_map(|other| &other.processors).map(|processor| processor.function_arn.clone()).collect();
    let items = plan::unplan(&found, &of_others);
    let disassociates = items.iter().any(|item| matches!(item.step, Some(Step::Disassociate { .. })));
    if disassociates && args.bearer.is_none() && !args.consent.dry_run {
        let count = items.iter().filter(|item| item.sign == Sign::Remove && item.kind == plan::Kind::Channel).count();
        return Err(Failure::unusable(format!(
            "{count} channels have the flow: give with --bearer who takes it from them, a moderator of theirs or an admin \
             of the app instance"
        )));
    }
    let name = flow.map(|flow| flow.name.as_str()).or(args.flow.name.as_deref()).unwrap_or(default_name);
    let work = Work {
        clients: &clients,
        app_instance: &app_instance,
        desired: None,
        flow_arn: flow.map(|flow| flow.arn.clone()),
        bearer: args.bearer.as_ref().map(Arn::as_str),
        client_token: None,
    };
    let heading = heading(name, &app_instance);
    let (exit, _) = work.carry_out(&heading, &items, &args.consent, args.account.json).await?;
    Ok(exit)
}

/// What there is of it. A function that is gone has no permission left.
async fn found(
    clients: &Clients,
    app_instance: &AppInstance,
    functions: &[FunctionName],
    flow: Option<&ChannelFlow>,
) -> Result<Found, Problem> {
    let mut found = Found { flow: flow.cloned(), ..Found::default() };
    let mut arns: BTreeSet<_> =
        flow.iter().flat_map(|flow| &flow.processors).map(|processor| processor.function_arn.clone()).collect();
    for name in functions {
        match lambda::function(clients, name).await {
            Ok(function) => drop(arns.insert(function.arn)),
            Err(problem) if problem.code() == Some(lambda::NOT_FOUND) => {}
            Err(problem) => return Err(problem),
        }
    }
    for arn in arns {
        let permission = lambda::permission(clients, &function(&arn), app_instance).await?;
        found.permissions.insert(arn, permission);
    }
    if let Some(flow) = flow {
        let channels = messaging::channels_of(clients, &flow.arn).await?;
        found.channels = channels.into_iter().map(|channel| (channel, Some(flow.arn.clone()))).collect();
    }
    Ok(found)
}
