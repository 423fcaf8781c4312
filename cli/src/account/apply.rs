//! `apply`: from a deployed function to a channel flow.

use crate::account::args::{Apply, Flow};
use crate::account::arn::{AppInstance, Arn, FunctionName};
use crate::account::carry_out::{Work, failure, function};
use crate::account::clients::Clients;
use crate::account::explain::Problem;
use crate::account::plan::{self, ChannelFlow, Desired, FallbackAction, Found, Processor};
use crate::account::{lambda, messaging, show};
use crate::exit::{Exit, Failure};
use crate::text::printable;
use std::collections::BTreeSet;

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
    // Said before anything is looked up.
    let draft = wanted.iter().map(|wanted| (wanted.processor(String::new()), wanted.order)).collect();
    plan::in_order(draft).map_err(|error| Failure::unusable(error.to_string()))?;

    let clients = Clients::new(args.account.profile.as_deref(), Some(app_instance.region())).await?;
    let mut processors = Vec::new();
    for wanted in &wanted {
        let function = lambda::function(&clients, &wanted.function).await.map_err(failure)?;
        if let Ok(arn) = function.arn.parse() {
            same_place(&arn, &app_instance)?;
        }
        processors.push((wanted.processor(function.arn), wanted.order));
    }
    let processors = plan::in_order(processors).map_err(|error| Failure::unusable(error.to_string()))?;
    let flows = messaging::flows(&clients, &app_instance).await.map_err(failure)?;
    let default_name = wanted.first().map(|wanted| wanted.name.clone()).unwrap_or_default();
    let flow = args.flow.find(&flows, &default_name)?;
    if let (None, Some(arn)) = (flow, &args.flow.arn) {
        return Err(Failure::not_started(format!(
            "there is no channel flow {arn}\n  What to do: leave --flow out to create one, or look at the flows there are: aws \
             chime-sdk-messaging list-channel-flows --app-instance-arn {app_instance} --region {}",
            app_instance.region()
        )));
    }
    let desired = Desired {
        name: args.flow.name(flow, &default_name),
        processors,
        tags: args.tags.iter().cloned().collect(),
        channels: args.channels.iter().map(|channel| channel.as_str().to_owned()).collect(),
    };
    let bearer = args.bearer.as_ref().map(Arn::as_str);
    let found = found(&clients, &app_instance, &desired, flow, bearer).await.map_err(failure)?;
    let heading = heading(&desired.name, &app_instance);
    let work = Work {
        clients: &clients,
        app_instance: &app_instance,
        desired: Some(&desired),
        flow_arn: flow.map(|flow| flow.arn.clone()),
        bearer,
        client_token: args.client_token.as_deref(),
    };
    let items = plan::plan(&desired, &found);
    let (exit, flow_arn) = work.carry_out(&heading, &items, &args.consent, args.account.json).await?;
    if let (Some(flow_arn), false, false) = (flow_arn, args.consent.dry_run, args.account.json) {
        show::print(&format!("\nLook at all of it: cargo channel-flow doctor {}\n", printable(&flow_arn)));
    }
    Ok(exit)
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

/// What there is of what is wanted.
async fn found(
    clients: &Clients,
    app_instance: &AppInstance,
    desired: &Desired,
    flow: Option<&ChannelFlow>,
    bearer: Option<&str>,
) -> Result<Found, Problem> {
    let mut found = Found { flow: flow.cloned(), ..Found::default() };
    let functions: BTreeSet<_> = desired.processors.iter().map(|processor| &processor.function_arn).collect();
    for arn in functions {
        let permission = lambda::permission(clients, &function(arn), app_instance).await?;
        found.permissions.insert(arn.clone(), permission);
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
    for channel in &desired.channels {
        let flow_arn = match flow {
            Some(flow) if associated.contains(channel) => Some(flow.arn.clone()),
            _ => messaging::flow_of(clients, channel, bearer.unwrap_or_default()).await?,
        };
        found.channels.insert(channel.clone(), flow_arn);
    }
    Ok(found)
}

/// What a plan is about.
pub(crate) fn heading(name: &str, app_instance: &AppInstance) -> String {
    let (id, region, account) = (app_instance.id(), app_instance.region(), app_instance.account());
    format!("Channel flow {name} in app instance {id} ({region}, account {account})")
}

/// A flow invokes functions of the app instance's account and region only.
pub(crate) fn same_place(function: &Arn, app_instance: &AppInstance) -> Result<(), Failure> {
    let differs = |what: &str, of_function: &str, of_app_instance: &str| {
        Failure::unusable(format!(
            "the function is in {what} {of_function}, and the app instance in {of_app_instance}: {function}\n  What to do: a \
             channel flow invokes functions of its own account and region only, so deploy the function to \
             {of_app_instance}, or use an app instance in {of_function}."
        ))
    };
    if function.region != app_instance.region() {
        return Err(differs("region", &function.region, app_instance.region()));
    }
    if function.account != app_instance.account() {
        return Err(differs("account", &function.account, app_instance.account()));
    }
    Ok(())
}

pub(crate) fn is_in(arn: &Arn, app_instance: &AppInstance) -> Result<(), Failure> {
    match arn.app_instance() {
        Some(own) if own == *app_instance => Ok(()),
        _ => Err(Failure::unusable(format!("{arn} is not in the app instance of the flow, {app_instance}"))),
    }
}

impl Wanted {
    fn processor(&self, function_arn: String) -> Processor {
        let Self { name, fallback_action, .. } = self;
        Processor { name: name.clone(), function_arn, execution_order: 0, fallback_action: *fallback_action }
    }
}

impl Flow {
    /// The app instance, by its own ARN or the flow's. Its region is where everything is.
    pub(crate) fn app_instance(&self, region: Option<&str>) -> Result<AppInstance, Failure> {
        let of_flow = self.arn.as_ref().and_then(Arn::app_instance);
        if let (Some(given), Some(arn)) = (&self.app_instance, &self.arn) {
            is_in(arn, given)?;
        }
        let app_instance = self.app_instance.clone().or(of_flow);
        let app_instance = app_instance.ok_or_else(|| Failure::unusable("give --app-instance or --flow"))?;
        match region {
            Some(region) if region != app_instance.region() => Err(Failure::unusable(format!(
                "--region is {region}, but the app instance is in {}: leave --region out, or give the ARN of the other one",
                app_instance.region()
            ))),
            _ => Ok(app_instance),
        }
    }

    /// The flow that is meant, if it is among those that there are.
    pub(crate) fn find<'a>(&self, flows: &'a [ChannelFlow], name: &str) -> Result<Option<&'a ChannelFlow>, Failure> {
        if let Some(arn) = &self.arn {
            return Ok(flows.iter().find(|flow| flow.arn == arn.as_str()));
        }
        let name = self.name.as_deref().unwrap_or(name);
        let found: Vec<_> = flows.iter().filter(|flow| flow.name == name).collect();
        if found.len() > 1 {
            let arns: Vec<_> = found.iter().map(|flow| flow.arn.as_str()).collect();
            let name = printable(name);
            let arns = arns.join("\n  ");
            return Err(Failure::unusable(format!(
                "several channel flows are called {name}; choose one with --flow:\n  {arns}"
            )));
        }
        Ok(found.first().copied())
    }

    /// What it is to be called. A flow that is given by its ARN keeps its name where no other one is given.
    fn name(&self, flow: Option<&ChannelFlow>, default: &str) -> String {
        let kept = flow.map(|flow| flow.name.clone());
        self.name.clone().or(kept).unwrap_or_else(|| default.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "arn:aws:chime:us-east-1:123456789012:app-instance/a1";

    fn flow(name: &str, id: &str) -> ChannelFlow {
        ChannelFlow { arn: format!("{APP}/channel-flow/{id}"), name: name.to_owned(), processors: Vec::new() }
    }

    fn args(name: Option<&str>, id: Option<&str>) -> Flow {
        let arn = id.map(|id| format!("{APP}/channel-flow/{id}").parse().unwrap());
        Flow { app_instance: None, name: name.map(str::to_owned), arn }
    }

    #[test]
    fn a_flow_is_found_by_name_or_arn() {
        let flows = [flow("a", "1"), flow("b", "2"), flow("b", "3")];
        let find = |name: Option<&str>, id: Option<&str>| args(name, id).find(&flows, "a");
        assert_eq!(find(None, None).unwrap(), Some(&flows[0]));
        assert_eq!(find(Some("c"), None).unwrap(), None);
        assert_eq!(find(Some("c"), Some("2")).unwrap(), Some(&flows[1]));
        assert_eq!(find(None, Some("4")).unwrap(), None);
        assert!(find(Some("b"), None).unwrap_err().to_string().contains("--flow"));
    }

    #[test]
    fn a_flow_keeps_its_name() {
        let there = flow("a", "1");
        assert_eq!(args(None, Some("1")).name(Some(&there), "f"), "a");
        assert_eq!(args(Some("b"), Some("1")).name(Some(&there), "f"), "b");
        assert_eq!(args(None, None).name(None, "f"), "f");
    }

    #[test]
    fn all_of_it_is_in_one_place() {
        let app = args(None, Some("1")).app_instance(None).unwrap();
        assert!(args(None, Some("1")).app_instance(Some("eu-central-1")).is_err());
        let function =
            |region: &str, account: &str| format!("arn:aws:lambda:{region}:{account}:function:f").parse().unwrap();
        assert!(same_place(&function("us-east-1", "123456789012"), &app).is_ok());
        for (region, account, expected) in [
            ("eu-central-1", "123456789012", "region eu-central-1"),
            ("us-east-1", "999999999999", "account 999999999999"),
        ] {
            let failure = same_place(&function(region, account), &app).unwrap_err().to_string();
            assert!(failure.contains(expected), "{failure}");
        }
        assert!(is_in(&APP.replace("a1", "a2/user/u").parse().unwrap(), &app).is_err());
    }
}
