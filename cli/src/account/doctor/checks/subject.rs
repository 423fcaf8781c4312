//! The subject of the checks of a function.

use crate::account::arn::{AppInstance, FunctionArn};
use crate::account::doctor::facts::FunctionFacts;

/// A function, for its checks.
pub(super) struct Subject<'a> {
    pub(super) facts: &'a FunctionFacts,
    /// The app instances whose messages it gets, as far as they are known.
    pub(super) app_instances: &'a [AppInstance],
    /// `--function-name NAME --region REGION`, for commands.
    pub(super) options: String,
}

/// The options of `aws lambda` that name a function.
pub(super) fn options(function: &FunctionArn) -> String {
    let name = function.name();
    let qualifier = name.qualifier.as_ref().map(|qualifier| format!(" --qualifier '{qualifier}'")).unwrap_or_default();
    format!("--function-name {}{qualifier} --region {}", name.short(), function.as_arn().region)
}

impl Subject<'_> {
    /// The app instances to look at: those that are known, or else a made-up one that stands for all.
    pub(super) fn app_instances_or_any(&self) -> Vec<AppInstance> {
        match self.app_instances {
            [] => vec![AppInstance::any_of(self.facts.function.arn.as_arn())],
            known => known.to_vec(),
        }
    }
}
