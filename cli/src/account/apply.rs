//! `apply`: from a deployed function to a channel flow.

use crate::account::args::Apply;
use crate::account::arn::{AppInstance, Arn, FunctionArn, FunctionName};
use crate::account::carry_out::{Progress, Shown, carry_out, failure};
use crate::account::channel_flow::{ChannelFlow, Processor, execution_orders};
use crate::account::clients::Clients;
use crate::account::explain::Problem;
use crate::account::plan::{
    self, ApplyPlan, AssociationChange, Desired, FlowChange, FlowPlan, Found, PermissionChange, TagsChange,
};
use crate::account::plan_text::{self, Kind};
use crate::account::target::{heading, is_in, same_place};
use crate::account::{lambda, messaging, terminal};
use crate::exit::{Exit, Failure};
use crate::fallback_action::FallbackAction;
use crate::text::printable;
use std::collections::{BTreeMap, BTreeSet};

/// A processor before its function was looked up.
struct Wanted {
    name: String,
    function: FunctionName,
    order: Option<i32>,
    fallback_action: FallbackAction,
}

pub(crate) async fn run(args: &Apply) -> Result<Exit, Failure> {
    let app_instance = args.flow.app_instance(args.account.region.as_deref())?;
    let wanted = wanted(args);
    for function in wanted.iter().filter_map(|wanted| wanted.function.arn.as_ref()) {
        same_place(function, &app_instance)?;
    }
    for arn in args.channels.iter().chain(&args.bearer) {
        is_in(arn, &app_instance)?;
    }
    // Before anything is looked up, so that a mistake shows at once.
    let names: Vec<_> = wanted.iter().map(|wanted| (wanted.name.as_str(), wanted.order)).collect();
    let orders = execution_orders(&names).map_err(|error| Failure::unusable(error.to_string()))?;

    let clients = Clients::new(args.account.profile.as_deref(), Some(app_instance.region())).await?;
    let mut processors = Vec::new();
    for (wanted, execution_order) in wanted.iter().zip(orders) {
        let function = lambda::function(&clients, &wanted.function).await.map_err(failure)?.arn;
        same_place(function.as_arn(), &app_instance)?;
        let (name, fallback_action) = (wanted.name.clone(), wanted.fallback_action);
        processors.push(Processor { name, function, execution_order, fallback_action });
    }
    processors.sort_by_key(|processor| processor.execution_order);
    let flows = messaging::flows(&clients, &app_instance).await.map_err(failure)?;
    let default_name = wanted.first().map(|wanted| wanted.name.clone()).unwrap_or_default();
    let flow = args.flow.find(&flows, &default_name)?;
    if let (None, Some(arn)) = (flow, &args.flow.arn) {
        return Err(Failure::not_started(format!(
            "there is no channel flow {arn}\n  What to do: omit --flow to create one, or list the existing flows: aws \
             chime-sdk-messaging list-channel-flows --app-instance-arn {app_instance} --region {}",
            app_instance.region()
        )));
    }
    let desired = Desired {
        name: args.flow.name(flow, &default_name),
        processors,
        tags: args.tags.iter().cloned().collect(),
        channels: associations(args),
    };
    let found = found(&clients, &app_instance, &desired, flow).await.map_err(failure)?;
    let plan = plan::apply(&desired, &found);
    let heading = heading(&desired.name, &app_instance);
    let shown = Shown { heading: &heading, lines: &plan_text::apply(&plan), as_json: args.account.json };
    let perform = async |progress: &mut Progress| {
        perform(&clients, &app_instance, &plan, args.client_token.as_deref(), progress).await
    };
    let flow = carry_out(shown, &args.consent, flow.map(|flow| flow.arn.clone()), perform).await?;
    if let (Some(flow), false, false) = (flow, args.consent.dry_run, args.account.json) {
        terminal::print(&format!(
            "\nTo check the deployment, run: cargo channel-flow doctor {}\n",
            printable(flow.as_str())
        ));
    }
    Ok(Exit::Decided)
}

fn wanted(args: &Apply) -> Vec<Wanted> {
    let one = args.function.iter().map(|function| Wanted {
        name: function.short().to_owned(),
        function: function.clone(),
        order: None,
        fallback_action: args.fallback,
    });
    let several = args.processor.iter().map(|processor| Wanted {
        name: processor.name.clone(),
        function: processor.function.clone(),
        order: processor.order,
        fallback_action: processor.fallback.unwrap_or(args.fallback),
    });
    one.chain(several).collect()
}

/// Each channel, and the bearer who associates it. The command line takes no channel without a bearer.
fn associations(args: &Apply) -> BTreeMap<Arn, Arn> {
    let by = |bearer: &Arn| {
        let bearer = bearer.clone();
        args.channels.iter().map(move |channel| (channel.clone(), bearer.clone()))
    };
    args.bearer.iter().flat_map(by).collect()
}

/// Finds the part of what is wanted that exists.
async fn found(
    clients: &Clients,
    app_instance: &AppInstance,
    desired: &Desired,
    flow: Option<&ChannelFlow>,
) -> Result<Found, Problem> {
    let mut found = Found { flow: flow.cloned(), ..Found::default() };
    let functions: BTreeSet<&FunctionArn> = desired.processors.iter().map(|processor| &processor.function).collect();
    for function in functions {
        let permission = lambda::permission(clients, &function.name(), app_instance).await?;
        found.permissions.insert(function.clone(), permission);
    }
    let mut associated = Vec::new();
    if let Some(flow) = flow {
        if !desired.tags.is_empty() {
            found.tags = messaging::tags(clients, &flow.arn).await?;
        }
        if !desired.channels.is_empty() {
            associated = messaging::channels_of(clients, &flow.arn).await?;
        }
    }
    for (channel, bearer) in &desired.channels {
        let of_channel = match flow {
            Some(flow) if associated.contains(channel) => Some(flow.arn.clone()),
            _ => messaging::flow_of(clients, channel, bearer).await?,
        };
        found.channels.insert(channel.clone(), of_channel);
    }
    Ok(found)
}

async fn perform(
    clients: &Clients,
    app_instance: &AppInstance,
    plan: &ApplyPlan,
    client_token: Option<&str>,
    progress: &mut Progress,
) -> Result<(), Problem> {
    for (function, change) in &plan.permissions {
        match change {
            PermissionChange::KeepOurs | PermissionChange::KeepOthers => continue,
            PermissionChange::Replace => {
                lambda::remove_permission(clients, &function.name(), app_instance).await?;
            }
            PermissionChange::Add => {}
        }
        lambda::add_permission(clients, &function.name(), app_instance).await?;
        progress.done(Kind::Permission, function);
    }
    let flow = match &plan.flow {
        FlowPlan::Create { name, processors, tags } => {
            let created = messaging::create(clients, app_instance, name, processors, tags, client_token).await?;
            progress.flow = Some(created.clone());
            progress.done(Kind::ChannelFlow, name);
            created
        }
        FlowPlan::Existing { arn, change, tags } => {
            if let FlowChange::Update(update) = change {
                messaging::update(clients, arn, update.name(), update.processors()).await?;
                progress.done(Kind::ChannelFlow, arn);
            }
            if let Some(TagsChange::Set(tags)) = tags {
                let tags = tags.iter().map(|(key, tag)| (key.clone(), tag.value.clone())).collect();
                messaging::tag(clients, arn, &tags).await?;
                progress.done(Kind::Tags, arn);
            }
            arn.clone()
        }
    };
    for planned in &plan.channels {
        let (channel, bearer) = (&planned.channel, &planned.bearer);
        match &planned.change {
            AssociationChange::Keep => continue,
            AssociationChange::Replace(other) => messaging::disassociate(clients, channel, other, bearer).await?,
            AssociationChange::Add => {}
        }
        messaging::associate(clients, channel, &flow, bearer).await?;
        progress.done(Kind::Channel, channel);
    }
    Ok(())
}
