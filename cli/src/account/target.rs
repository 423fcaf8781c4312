//! The app instance and the flow that a command is about.

use crate::account::args::Flow;
use crate::account::arn::{AppInstance, Arn};
use crate::account::channel_flow::ChannelFlow;
use crate::exit::Failure;
use crate::text::printable;

/// The heading of a plan.
pub(crate) fn heading(name: &str, app_instance: &AppInstance) -> String {
    let (id, region, account) = (app_instance.id(), app_instance.region(), app_instance.account());
    format!("Channel flow {name} in app instance {id} ({region}, account {account})")
}

/// Fails unless the function is in the app instance's account and region: a flow invokes no others.
pub(crate) fn same_place(function: &Arn, app_instance: &AppInstance) -> Result<(), Failure> {
    let differs = |what: &str, of_function: &str, of_app_instance: &str| {
        Failure::unusable(format!(
            "the function is in {what} {of_function}, but the app instance is in {of_app_instance}: {function}\n  \
             What to do: deploy the function to {of_app_instance}, or use an app instance in {of_function}. A channel \
             flow invokes only functions in its own account and region."
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
        _ => Err(Failure::unusable(format!("{arn} is not in the flow's app instance, {app_instance}"))),
    }
}

impl Flow {
    /// The app instance, by its own ARN or the flow's. All resources are in its region.
    pub(crate) fn app_instance(&self, region: Option<&str>) -> Result<AppInstance, Failure> {
        let of_flow = self.arn.as_ref().and_then(Arn::app_instance);
        if let (Some(given), Some(arn)) = (&self.app_instance, &self.arn) {
            is_in(arn, given)?;
        }
        let app_instance = self.app_instance.clone().or(of_flow);
        let app_instance = app_instance.ok_or_else(|| Failure::unusable("pass --app-instance or --flow"))?;
        match region {
            Some(region) if region != app_instance.region() => Err(Failure::unusable(format!(
                "--region is {region}, but the app instance is in {}: omit --region, or pass the ARN of another app \
                 instance",
                app_instance.region()
            ))),
            _ => Ok(app_instance),
        }
    }

    /// The flow that is meant, if it exists.
    pub(crate) fn find<'a>(&self, flows: &'a [ChannelFlow], name: &str) -> Result<Option<&'a ChannelFlow>, Failure> {
        if let Some(arn) = &self.arn {
            return Ok(flows.iter().find(|flow| flow.arn == *arn));
        }
        let name = self.name.as_deref().unwrap_or(name);
        let found: Vec<_> = flows.iter().filter(|flow| flow.name == name).collect();
        if found.len() > 1 {
            let arns: Vec<_> = found.iter().map(|flow| flow.arn.as_str()).collect();
            let name = printable(name);
            let arns = arns.join("\n  ");
            return Err(Failure::unusable(format!(
                "several channel flows are named {name}; choose one with --flow:\n  {arns}"
            )));
        }
        Ok(found.first().copied())
    }

    /// The name that it should have. A flow that is given by its ARN keeps its name unless another one is given.
    pub(crate) fn name(&self, flow: Option<&ChannelFlow>, default: &str) -> String {
        let kept = flow.map(|flow| flow.name.clone());
        self.name.clone().or(kept).unwrap_or_else(|| default.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "arn:aws:chime:us-east-1:123456789012:app-instance/a1";

    fn flow(name: &str, id: &str) -> ChannelFlow {
        let arn = format!("{APP}/channel-flow/{id}").parse().unwrap();
        ChannelFlow { arn, name: name.to_owned(), processors: Vec::new() }
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
