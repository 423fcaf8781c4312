//! `destroy`: undoes what `apply` has done.

use crate::account::args::Destroy;
use crate::account::arn::{AppInstance, Arn, FunctionName};
use crate::account::carry_out::{Progress, Shown, carry_out, failure};
use crate::account::channel_flow::ChannelFlow;
use crate::account::clients::Clients;
use crate::account::explain::Problem;
use crate::account::plan::{self, DestroyPlan, Found, PermissionRemoval};
use crate::account::plan_text::{self, Kind};
use crate::account::target::{heading, is_in, same_place};
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
    let of_others = others.flat_map(|other| &other.processors).map(|processor| processor.function.clone()).collect();
    let plan = plan::destroy(&found, &of_others);
    let channels = plan.flow.as_ref().map_or(0, |flow| flow.channels.len());
    if channels > 0 && args.bearer.is_none() && !args.consent.dry_run {
        return Err(Failure::unusable(format!(
            "the flow is associated with channels ({channels}): pass --bearer with the ARN of a moderator of the \
             channels or of an admin of the app instance"
        )));
    }
    let name = flow.map(|flow| flow.name.as_str()).or(args.flow.name.as_deref()).unwrap_or(default_name);
    let heading = heading(name, &app_instance);
    let shown = Shown { heading: &heading, lines: &plan_text::destroy(&plan), as_json: args.account.json };
    let perform =
        async |progress: &mut Progress| perform(&clients, &app_instance, &plan, args.bearer.as_ref(), progress).await;
    carry_out(shown, &args.consent, flow.map(|flow| flow.arn.clone()), perform).await?;
    Ok(Exit::Decided)
}

/// Finds what exists. A deleted function has no permission left.
async fn found(
    clients: &Clients,
    app_instance: &AppInstance,
    functions: &[FunctionName],
    flow: Option<&ChannelFlow>,
) -> Result<Found, Problem> {
    let mut found = Found { flow: flow.cloned(), ..Found::default() };
    let mut arns: BTreeSet<_> =
        flow.iter().flat_map(|flow| &flow.processors).map(|processor| processor.function.clone()).collect();
    for name in functions {
        match lambda::function(clients, name).await {
            Ok(function) => drop(arns.insert(function.arn)),
            Err(problem) if problem.code() == Some(lambda::NOT_FOUND) => {}
            Err(problem) => return Err(problem),
        }
    }
    for function in arns {
        let permission = lambda::permission(clients, &function.name(), app_instance).await?;
        found.permissions.insert(function, permission);
    }
    if let Some(flow) = flow {
        let channels = messaging::channels_of(clients, &flow.arn).await?;
        found.channels = channels.into_iter().map(|channel| (channel, Some(flow.arn.clone()))).collect();
    }
    Ok(found)
}

/// `bearer` takes the flow from its channels, if it has any.
async fn perform(
    clients: &Clients,
    app_instance: &AppInstance,
    plan: &DestroyPlan,
    bearer: Option<&Arn>,
    progress: &mut Progress,
) -> Result<(), Problem> {
    if let Some(flow) = &plan.flow {
        for (channel, bearer) in bearer.iter().flat_map(|bearer| flow.channels.iter().map(move |one| (one, *bearer))) {
            messaging::disassociate(clients, channel, &flow.arn, bearer).await?;
            progress.done(Kind::Channel, channel);
        }
        messaging::delete(clients, &flow.arn).await?;
        progress.flow = None;
        progress.done(Kind::ChannelFlow, &flow.arn);
    }
    for (function, removal) in &plan.permissions {
        if *removal == PermissionRemoval::Remove {
            lambda::remove_permission(clients, &function.name(), app_instance).await?;
            progress.done(Kind::Permission, function);
        }
    }
    Ok(())
}
