//! Plans: the changes between what is found and what is wanted. No calls and no sentences here.

use crate::account::arn::{Arn, FunctionArn};
use crate::account::channel_flow::{ChannelFlow, Processor};
use crate::account::permission::Permission;
use std::collections::{BTreeMap, BTreeSet};

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Desired {
    pub(crate) name: String,
    pub(crate) processors: Vec<Processor>,
    /// Beside those that the flow has.
    pub(crate) tags: BTreeMap<String, String>,
    /// Beside those that are associated: each channel, and the bearer who associates it.
    pub(crate) channels: BTreeMap<Arn, Arn>,
}

/// What is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) permissions: BTreeMap<FunctionArn, Permission>,
    pub(crate) flow: Option<ChannelFlow>,
    /// The flow's.
    pub(crate) tags: BTreeMap<String, String>,
    /// The flow that each channel has.
    pub(crate) channels: BTreeMap<Arn, Option<Arn>>,
}

/// The plan of `apply`, in the order of the fields: a function may be invoked before a flow invokes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApplyPlan {
    pub(crate) permissions: BTreeMap<FunctionArn, PermissionChange>,
    pub(crate) flow: FlowPlan,
    pub(crate) channels: Vec<ChannelPlan>,
}

/// The permission of a function of the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PermissionChange {
    Add,
    /// Our statement says something else.
    Replace,
    /// Our statement is as it should be.
    KeepOurs,
    /// Another statement is enough.
    KeepOthers,
}

/// The flow, which is created if there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FlowPlan {
    /// With its tags at once.
    Create { name: String, processors: Vec<Processor>, tags: BTreeMap<String, String> },
    /// It is there.
    Existing { arn: Arn, change: FlowChange, tags: Option<TagsChange> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FlowChange {
    /// It has these processors already.
    Keep(Vec<Processor>),
    Update(FlowUpdate),
}

/// An update that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FlowUpdate {
    name: String,
    processors: Vec<Processor>,
    /// At least one.
    differences: Vec<Difference>,
}

/// One thing that an update changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    Name {
        old: String,
        new: String,
    },
    /// Both have the same execution order.
    Processor {
        old: Processor,
        new: Processor,
    },
    Without(Processor),
    With(Processor),
}

/// Tags that are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TagsChange {
    /// The flow has all of them.
    Keep(BTreeMap<String, String>),
    /// The flow lacks these, or has other values.
    Set(BTreeMap<String, TagChange>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TagChange {
    pub(crate) value: String,
    /// The value that it replaces.
    pub(crate) old: Option<String>,
}

/// A channel that should have the flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChannelPlan {
    pub(crate) channel: Arn,
    pub(crate) bearer: Arn,
    pub(crate) change: AssociationChange,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AssociationChange {
    Keep,
    Add,
    /// The channel has this other flow.
    Replace(Arn),
}

/// The plan of `destroy`, in the order of the fields: the flow, and the permissions that nothing else needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DestroyPlan {
    pub(crate) flow: Option<FlowRemoval>,
    pub(crate) permissions: BTreeMap<FunctionArn, PermissionRemoval>,
}

/// A flow to delete, after it is removed from its channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FlowRemoval {
    pub(crate) arn: Arn,
    pub(crate) name: String,
    pub(crate) channels: BTreeSet<Arn>,
}

/// A permission of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PermissionRemoval {
    Remove,
    /// The statement is not ours.
    KeepOthers,
    /// Another flow of the app instance needs it.
    KeepNeeded,
}

/// The plan of `apply`.
pub(crate) fn apply(desired: &Desired, found: &Found) -> ApplyPlan {
    let functions: BTreeSet<_> = desired.processors.iter().map(|processor| &processor.function).collect();
    let permissions = functions.into_iter().map(|function| (function.clone(), permission(function, found)));
    let flow = match &found.flow {
        None => FlowPlan::Create {
            name: desired.name.clone(),
            processors: desired.processors.clone(),
            tags: desired.tags.clone(),
        },
        Some(flow) => FlowPlan::Existing {
            arn: flow.arn.clone(),
            change: match FlowUpdate::between(flow, desired) {
                Some(update) => FlowChange::Update(update),
                None => FlowChange::Keep(desired.processors.clone()),
            },
            tags: (!desired.tags.is_empty()).then(|| tags(desired, found)),
        },
    };
    let channels = desired.channels.iter().map(|(channel, bearer)| ChannelPlan {
        channel: channel.clone(),
        bearer: bearer.clone(),
        change: association(channel, found),
    });
    ApplyPlan { permissions: permissions.collect(), flow, channels: channels.collect() }
}

/// The plan of `destroy`.
pub(crate) fn destroy(found: &Found, functions_of_other_flows: &BTreeSet<FunctionArn>) -> DestroyPlan {
    let flow = found.flow.as_ref().map(|flow| {
        let associated = found.channels.iter().filter(|(_, associated)| associated.as_ref() == Some(&flow.arn));
        let channels = associated.map(|(channel, _)| channel.clone()).collect();
        FlowRemoval { arn: flow.arn.clone(), name: flow.name.clone(), channels }
    });
    let permissions = found.permissions.iter().filter_map(|(function, permission)| {
        let removal = match permission {
            Permission::Missing => return None,
            Permission::Others => PermissionRemoval::KeepOthers,
            _ if functions_of_other_flows.contains(function) => PermissionRemoval::KeepNeeded,
            Permission::Ours | Permission::Differs => PermissionRemoval::Remove,
        };
        Some((function.clone(), removal))
    });
    DestroyPlan { flow, permissions: permissions.collect() }
}

fn permission(function: &FunctionArn, found: &Found) -> PermissionChange {
    match found.permissions.get(function).unwrap_or(&Permission::Missing) {
        Permission::Missing => PermissionChange::Add,
        Permission::Differs => PermissionChange::Replace,
        Permission::Ours => PermissionChange::KeepOurs,
        Permission::Others => PermissionChange::KeepOthers,
    }
}

fn tags(desired: &Desired, found: &Found) -> TagsChange {
    let is_new = |(key, value): &(&String, &String)| found.tags.get(*key) != Some(*value);
    let new: BTreeMap<_, _> = desired
        .tags
        .iter()
        .filter(is_new)
        .map(|(key, value)| (key.clone(), TagChange { value: value.clone(), old: found.tags.get(key).cloned() }))
        .collect();
    if new.is_empty() { TagsChange::Keep(desired.tags.clone()) } else { TagsChange::Set(new) }
}

fn association(channel: &Arn, found: &Found) -> AssociationChange {
    let flow = found.flow.as_ref().map(|flow| &flow.arn);
    match found.channels.get(channel).and_then(Option::as_ref) {
        Some(associated) if Some(associated) == flow => AssociationChange::Keep,
        Some(other) => AssociationChange::Replace(other.clone()),
        None => AssociationChange::Add,
    }
}

impl FlowUpdate {
    /// The update that makes a flow as wanted; `None` if nothing differs.
    fn between(flow: &ChannelFlow, desired: &Desired) -> Option<Self> {
        let mut differences = Vec::new();
        if flow.name != desired.name {
            differences.push(Difference::Name { old: flow.name.clone(), new: desired.name.clone() });
        }
        let by_order = |processors: &[Processor]| {
            let by_order = processors.iter().map(|processor| (processor.execution_order, processor.clone()));
            by_order.collect::<BTreeMap<_, _>>()
        };
        let (mut old, mut new) = (by_order(&flow.processors), by_order(&desired.processors));
        let orders: BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
        for order in orders {
            match (old.remove(&order), new.remove(&order)) {
                (Some(old), Some(new)) if old == new => {}
                (Some(old), Some(new)) => differences.push(Difference::Processor { old, new }),
                (Some(old), None) => differences.push(Difference::Without(old)),
                (None, Some(new)) => differences.push(Difference::With(new)),
                (None, None) => {}
            }
        }
        let (name, processors) = (desired.name.clone(), desired.processors.clone());
        (!differences.is_empty()).then_some(Self { name, processors, differences })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn processors(&self) -> &[Processor] {
        &self.processors
    }

    pub(crate) fn differences(&self) -> &[Difference] {
        &self.differences
    }
}

#[cfg(test)]
mod tests;
