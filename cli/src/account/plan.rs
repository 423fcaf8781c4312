//! What there is, what is wanted, and the steps from one to the other. No calls here.

use crate::account::arn::AppInstance;
use clap::ValueEnum;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How many processors the API model lets a channel flow have.
pub(crate) const MAX_PROCESSORS: usize = 3;

/// What becomes of a message whose processor cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum FallbackAction {
    /// Nobody sees it
    Abort,
    /// It goes on as it is
    Continue,
}

/// A processor of a channel flow, whose invocation type is `ASYNC`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Processor {
    pub(crate) name: String,
    pub(crate) function_arn: String,
    pub(crate) execution_order: i32,
    pub(crate) fallback_action: FallbackAction,
}

/// A channel flow that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChannelFlow {
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) processors: Vec<Processor>,
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Desired {
    pub(crate) name: String,
    pub(crate) processors: Vec<Processor>,
    /// Beside those that there are.
    pub(crate) tags: BTreeMap<String, String>,
    /// Beside those that are associated.
    pub(crate) channels: BTreeSet<String>,
}

/// What there is of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// By the function's ARN.
    pub(crate) permissions: BTreeMap<String, Permission>,
    pub(crate) flow: Option<ChannelFlow>,
    /// The flow's.
    pub(crate) tags: BTreeMap<String, String>,
    /// The flow that each channel has.
    pub(crate) channels: BTreeMap<String, Option<String>>,
}

/// Whether a function's policy lets the messaging service invoke it for the app instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Permission {
    Missing,
    /// Our statement is there, but it says something else.
    Differs,
    /// Our statement is there.
    Ours,
    /// A statement of someone else's says it.
    Others,
}

/// One line of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) kind: Kind,
    pub(crate) sign: Sign,
    /// The ARN of what it is about; the name for a flow that is yet to be created.
    pub(crate) resource: String,
    /// What changes, in words.
    pub(crate) details: Vec<String>,
    /// None where there is nothing to do.
    pub(crate) step: Option<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    Permission,
    ChannelFlow,
    Tags,
    Channel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Sign {
    Add,
    Change,
    Remove,
    Same,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    AddPermission { function_arn: String, replaces: bool },
    CreateFlow,
    UpdateFlow,
    Tag(BTreeMap<String, String>),
    Associate { channel_arn: String, instead_of: Option<String> },
    Disassociate { channel_arn: String },
    DeleteFlow,
    RemovePermission { function_arn: String },
}

/// Why processors cannot be those of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProcessorsError {
    TooMany(usize),
    Order(i32),
    SameOrder(i32),
    SameName,
}

/// Gives the processors that have no execution order the free ones, from the first on, and puts all of them in order.
pub(crate) fn in_order(processors: Vec<(Processor, Option<i32>)>) -> Result<Vec<Processor>, ProcessorsError> {
    let max = MAX_PROCESSORS as i32;
    if processors.len() > MAX_PROCESSORS {
        return Err(ProcessorsError::TooMany(processors.len()));
    }
    let mut taken = BTreeSet::new();
    for order in processors.iter().filter_map(|(_, order)| *order) {
        if !(1..=max).contains(&order) {
            return Err(ProcessorsError::Order(order));
        }
        if !taken.insert(order) {
            return Err(ProcessorsError::SameOrder(order));
        }
    }
    let mut names = BTreeSet::new();
    let mut ordered = Vec::new();
    for (mut processor, order) in processors {
        if !names.insert(processor.name.clone()) {
            return Err(ProcessorsError::SameName);
        }
        let free = (1..=max).find(|order| !taken.contains(order)).unwrap_or(max);
        processor.execution_order = order.unwrap_or(free);
        taken.insert(processor.execution_order);
        ordered.push(processor);
    }
    ordered.sort_by_key(|processor| processor.execution_order);
    Ok(ordered)
}

/// The id of the statement that lets the messaging service invoke a function for an app instance.
pub(crate) fn statement_id(app_instance: &AppInstance) -> String {
    let id = app_instance.id().chars().map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '-' });
    "channel-flow-".chars().chain(id).take(100).collect()
}

/// The source ARN of that statement: the app instance, with or without what follows its id, since only the app instance
/// itself is documented.
pub(crate) fn source_arn(app_instance: &AppInstance) -> String {
    format!("{app_instance}*")
}

/// What has to be done so that there is what is wanted, in order: what is invoked may be invoked first.
pub(crate) fn plan(desired: &Desired, found: &Found) -> Vec<Item> {
    let functions: BTreeSet<_> = desired.processors.iter().map(|processor| &processor.function_arn).collect();
    let mut items: Vec<_> = functions.into_iter().map(|function_arn| permission(function_arn, found)).collect();
    items.push(flow(desired, found));
    // A flow that is created gets its tags at once.
    if found.flow.is_some() && !desired.tags.is_empty() {
        items.push(tags(desired, found));
    }
    items.extend(desired.channels.iter().map(|channel| association(channel, found)));
    items
}

/// What has to be done so that a flow is gone, and with it the permissions that no other flow of the app instance needs.
pub(crate) fn unplan(found: &Found, functions_of_other_flows: &BTreeSet<String>) -> Vec<Item> {
    let mut items = Vec::new();
    if let Some(flow) = &found.flow {
        let associated = found.channels.iter().filter(|(_, associated)| associated.as_ref() == Some(&flow.arn));
        items.extend(associated.map(|(channel_arn, _)| Item {
            kind: Kind::Channel,
            sign: Sign::Remove,
            resource: channel_arn.clone(),
            details: vec!["its messages are not processed any more".to_owned()],
            step: Some(Step::Disassociate { channel_arn: channel_arn.clone() }),
        }));
        items.push(Item {
            kind: Kind::ChannelFlow,
            sign: Sign::Remove,
            resource: flow.arn.clone(),
            details: vec![flow.name.clone()],
            step: Some(Step::DeleteFlow),
        });
    }
    for (function_arn, permission) in &found.permissions {
        let item = |sign, details: &str, step| Item {
            kind: Kind::Permission,
            sign,
            resource: function_arn.clone(),
            details: vec![details.to_owned()],
            step,
        };
        items.push(match permission {
            Permission::Missing => continue,
            Permission::Others => item(Sign::Same, "the statement is not one of this command's", None),
            _ if functions_of_other_flows.contains(function_arn) => {
                item(Sign::Same, "another flow of the app instance needs it", None)
            }
            Permission::Ours | Permission::Differs => {
                let step = Step::RemovePermission { function_arn: function_arn.clone() };
                item(Sign::Remove, "the messaging service may not invoke it any more", Some(step))
            }
        });
    }
    items
}

fn permission(function_arn: &str, found: &Found) -> Item {
    let permission = found.permissions.get(function_arn).copied().unwrap_or(Permission::Missing);
    let (sign, detail) = match permission {
        Permission::Missing => (Sign::Add, "the messaging service may invoke it for this app instance"),
        Permission::Differs => (Sign::Change, "the statement says something else than it should"),
        Permission::Ours => (Sign::Same, "the messaging service may invoke it for this app instance"),
        Permission::Others => (Sign::Same, "another statement lets the messaging service invoke it"),
    };
    let step = (sign != Sign::Same).then(|| Step::AddPermission {
        function_arn: function_arn.to_owned(),
        replaces: permission == Permission::Differs,
    });
    Item { kind: Kind::Permission, sign, resource: function_arn.to_owned(), details: vec![detail.to_owned()], step }
}

fn flow(desired: &Desired, found: &Found) -> Item {
    let kind = Kind::ChannelFlow;
    let Some(flow) = &found.flow else {
        let mut details: Vec<_> = desired.processors.iter().map(Processor::to_string).collect();
        details.extend(desired.tags.iter().map(|(key, value)| format!("tag {key}={value}")));
        return Item { kind, sign: Sign::Add, resource: desired.name.clone(), details, step: Some(Step::CreateFlow) };
    };
    let mut details = Vec::new();
    if flow.name != desired.name {
        details.push(format!("name {} → {}", flow.name, desired.name));
    }
    let by_order = |processors: &[Processor]| {
        let by_order = processors.iter().map(|processor| (processor.execution_order, processor.clone()));
        by_order.collect::<BTreeMap<_, _>>()
    };
    let (old, new) = (by_order(&flow.processors), by_order(&desired.processors));
    for order in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        match (old.get(order), new.get(order)) {
            (Some(old), Some(new)) if old != new => details.push(old.difference(new)),
            (Some(old), None) => details.push(format!("without {old}")),
            (None, Some(new)) => details.push(format!("with {new}")),
            _ => {}
        }
    }
    let changes = !details.is_empty();
    if !changes {
        details = desired.processors.iter().map(Processor::to_string).collect();
    }
    let (sign, step) = if changes { (Sign::Change, Some(Step::UpdateFlow)) } else { (Sign::Same, None) };
    Item { kind, sign, resource: flow.arn.clone(), details, step }
}

fn tags(desired: &Desired, found: &Found) -> Item {
    let is_new = |(key, value): &(&String, &String)| found.tags.get(*key) != Some(*value);
    let new: BTreeMap<_, _> =
        desired.tags.iter().filter(is_new).map(|(key, value)| (key.clone(), value.clone())).collect();
    let replaces = new.keys().any(|key| found.tags.contains_key(key));
    let (sign, shown) = match (new.is_empty(), replaces) {
        (true, _) => (Sign::Same, &desired.tags),
        (false, true) => (Sign::Change, &new),
        (false, false) => (Sign::Add, &new),
    };
    let details = shown.iter().map(|(key, value)| match found.tags.get(key) {
        Some(old) if old != value => format!("{key}={old} → {value}"),
        _ => format!("{key}={value}"),
    });
    let details = details.collect();
    let resource = found.flow.as_ref().map(|flow| flow.arn.clone()).unwrap_or_default();
    Item { kind: Kind::Tags, sign, resource, details, step: (!new.is_empty()).then_some(Step::Tag(new)) }
}

fn association(channel_arn: &str, found: &Found) -> Item {
    let flow = found.flow.as_ref().map(|flow| &flow.arn);
    let (sign, detail, step) = match found.channels.get(channel_arn).and_then(Option::as_ref) {
        Some(associated) if Some(associated) == flow => (Sign::Same, "has this flow".to_owned(), None),
        Some(other) => {
            let step = Step::Associate { channel_arn: channel_arn.to_owned(), instead_of: Some(other.clone()) };
            (Sign::Change, format!("gets this flow in place of {other}"), Some(step))
        }
        None => {
            let step = Step::Associate { channel_arn: channel_arn.to_owned(), instead_of: None };
            (Sign::Add, "gets this flow".to_owned(), Some(step))
        }
    };
    Item { kind: Kind::Channel, sign, resource: channel_arn.to_owned(), details: vec![detail], step }
}

impl Processor {
    fn difference(&self, new: &Self) -> String {
        let mut parts = Vec::new();
        let mut part = |what: &str, old: &str, new: &str| {
            if old != new {
                parts.push(format!("{what} {old} → {new}"));
            }
        };
        part("name", &self.name, &new.name);
        part("function", &self.function_arn, &new.function_arn);
        part("fallback action", &self.fallback_action.to_string(), &new.fallback_action.to_string());
        format!("processor {}: {}", self.execution_order, parts.join(", "))
    }
}

impl fmt::Display for Processor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, function_arn, execution_order, fallback_action } = self;
        write!(f, "processor {execution_order}: {name} → {function_arn}, {fallback_action}")
    }
}

impl fmt::Display for FallbackAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Abort => "ABORT",
            Self::Continue => "CONTINUE",
        })
    }
}

impl fmt::Display for ProcessorsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany(given) => write!(f, "a channel flow has {MAX_PROCESSORS} processors at most, not {given}"),
            Self::Order(order) => write!(f, "an execution order is from 1 to {MAX_PROCESSORS}, not {order}"),
            Self::SameOrder(order) => write!(f, "two processors have the execution order {order}"),
            Self::SameName => f.write_str("two processors have the same name"),
        }
    }
}

#[cfg(test)]
mod tests;
