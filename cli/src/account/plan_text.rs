//! Plans in words, for people and for programs.

use crate::account::channel_flow::Processor;
use crate::account::plan::{
    ApplyPlan, AssociationChange, DestroyPlan, Difference, FlowChange, FlowPlan, PermissionChange, PermissionRemoval,
    TagsChange,
};
use crate::text::{BAD, DIM, GOOD, NEUTRAL, printable, styled};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Display;

/// One line of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    action: Action,
    kind: Kind,
    /// The ARN of what it is about; the name of a flow that is yet to be created.
    resource: String,
    /// What changes, in words.
    details: Vec<String>,
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
enum Action {
    Add,
    Change,
    Remove,
    Same,
}

/// The lines of a plan of `apply`.
pub(crate) fn apply(plan: &ApplyPlan) -> Vec<Line> {
    let mut lines = Vec::new();
    for (function, change) in &plan.permissions {
        let (action, detail) = match change {
            PermissionChange::Add => (Action::Add, "the messaging service may invoke it for this app instance"),
            PermissionChange::Replace => (Action::Change, "the statement differs and is replaced"),
            PermissionChange::KeepOurs => (Action::Same, "the messaging service may invoke it for this app instance"),
            PermissionChange::KeepOthers => {
                (Action::Same, "another statement allows the messaging service to invoke it")
            }
        };
        lines.push(Line::new(action, Kind::Permission, function, [detail.to_owned()]));
    }
    match &plan.flow {
        FlowPlan::Create { name, processors, tags } => {
            let tags = tags.iter().map(|(key, value)| format!("tag {key}={value}"));
            let details = processors.iter().map(processor).chain(tags);
            lines.push(Line::new(Action::Add, Kind::ChannelFlow, name, details));
        }
        FlowPlan::Existing { arn, change, tags } => {
            lines.push(match change {
                FlowChange::Keep(processors) => {
                    Line::new(Action::Same, Kind::ChannelFlow, arn, processors.iter().map(processor))
                }
                FlowChange::Update(update) => {
                    Line::new(Action::Change, Kind::ChannelFlow, arn, update.differences().iter().map(difference))
                }
            });
            lines.extend(tags.as_ref().map(|tags| tags_line(arn, tags)));
        }
    }
    lines.extend(plan.channels.iter().map(|channel| {
        let (action, detail) = match &channel.change {
            AssociationChange::Keep => (Action::Same, "has this flow".to_owned()),
            AssociationChange::Add => (Action::Add, "gets this flow".to_owned()),
            AssociationChange::Replace(other) => (Action::Change, format!("gets this flow instead of {other}")),
        };
        Line::new(action, Kind::Channel, &channel.channel, [detail])
    }));
    lines
}

/// The lines of a plan of `destroy`.
pub(crate) fn destroy(plan: &DestroyPlan) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(flow) = &plan.flow {
        lines.extend(flow.channels.iter().map(|channel| {
            let detail = "its messages are no longer processed".to_owned();
            Line::new(Action::Remove, Kind::Channel, channel, [detail])
        }));
        lines.push(Line::new(Action::Remove, Kind::ChannelFlow, &flow.arn, [flow.name.clone()]));
    }
    for (function, removal) in &plan.permissions {
        let (action, detail) = match removal {
            PermissionRemoval::Remove => (Action::Remove, "the messaging service may no longer invoke it"),
            PermissionRemoval::KeepOthers => (Action::Same, "the statement was not added by apply"),
            PermissionRemoval::KeepNeeded => (Action::Same, "another flow of the app instance needs it"),
        };
        lines.push(Line::new(action, Kind::Permission, function, [detail.to_owned()]));
    }
    lines
}

/// A plan for people, a line a paragraph.
pub(crate) fn text(heading: &str, lines: &[Line]) -> String {
    let mut text = format!("{}\n\n", printable(heading));
    for line in lines {
        let (style, sign) = match line.action {
            Action::Add => (GOOD, "+"),
            Action::Change => (NEUTRAL, "~"),
            Action::Remove => (BAD, "-"),
            Action::Same => (DIM, "="),
        };
        text += &format!("  {} {:<14}{}\n", styled(style, sign), line.kind.name(), printable(&line.resource));
        for detail in &line.details {
            text += &format!("{:18}{}\n", "", styled(DIM, printable(detail)));
        }
    }
    text += &format!("\n{}\n", summary(lines));
    text
}

/// A plan for programs.
pub(crate) fn json(lines: &[Line]) -> Value {
    json!(lines)
}

/// How many lines change something.
pub(crate) fn changes(lines: &[Line]) -> usize {
    lines.iter().filter(|line| line.action != Action::Same).count()
}

fn summary(lines: &[Line]) -> String {
    let count = |action| lines.iter().filter(|line| line.action == action).count();
    let counts = [(Action::Add, "to add"), (Action::Change, "to change"), (Action::Remove, "to remove")];
    let counts = counts.map(|(action, what)| (count(action), what)).into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<_> = counts.map(|(count, what)| format!("{count} {what}")).collect();
    if counts.is_empty() { "Nothing to do.".to_owned() } else { format!("{}.", counts.join(", ")) }
}

fn tags_line(flow: impl Display, tags: &TagsChange) -> Line {
    match tags {
        TagsChange::Keep(tags) => {
            let details = tags.iter().map(|(key, value)| format!("{key}={value}"));
            Line::new(Action::Same, Kind::Tags, flow, details)
        }
        TagsChange::Set(tags) => {
            let replaces = tags.values().any(|tag| tag.old.is_some());
            let details = tags.iter().map(|(key, tag)| match &tag.old {
                Some(old) => format!("{key}={old} → {}", tag.value),
                None => format!("{key}={}", tag.value),
            });
            Line::new(if replaces { Action::Change } else { Action::Add }, Kind::Tags, flow, details)
        }
    }
}

fn difference(difference: &Difference) -> String {
    match difference {
        Difference::Name { old, new } => format!("name {old} → {new}"),
        Difference::Without(old) => format!("without {}", processor(old)),
        Difference::With(new) => format!("with {}", processor(new)),
        Difference::Processor { old, new } => {
            let parts = [
                ("name", old.name.clone(), new.name.clone()),
                ("function", old.function.to_string(), new.function.to_string()),
                ("fallback action", old.fallback_action.to_string(), new.fallback_action.to_string()),
            ];
            let changed = parts.into_iter().filter(|(_, old, new)| old != new);
            let changed: Vec<_> = changed.map(|(what, old, new)| format!("{what} {old} → {new}")).collect();
            format!("processor {}: {}", old.execution_order, changed.join(", "))
        }
    }
}

fn processor(processor: &Processor) -> String {
    let Processor { name, function, execution_order, fallback_action } = processor;
    format!("processor {execution_order}: {name} → {function}, {fallback_action}")
}

impl Line {
    fn new(action: Action, kind: Kind, resource: impl Display, details: impl IntoIterator<Item = String>) -> Self {
        Self { action, kind, resource: resource.to_string(), details: details.into_iter().collect() }
    }
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Permission => "permission",
            Self::ChannelFlow => "channel flow",
            Self::Tags => "tags",
            Self::Channel => "channel",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::arn::Arn;
    use crate::account::channel_flow::ChannelFlow;
    use crate::account::plan::{self, Desired, Found};
    use crate::fallback_action::FallbackAction;
    use std::collections::BTreeMap;

    const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function";

    fn line(action: Action, resource: &str) -> Line {
        Line::new(action, Kind::Channel, resource, ["gets it".to_owned()])
    }

    fn processor(name: &str, function: &str, execution_order: i32, fallback_action: FallbackAction) -> Processor {
        let function = format!("{FUNCTION}:{function}").parse().unwrap();
        Processor { name: name.to_owned(), function, execution_order, fallback_action }
    }

    fn arn(within: &str) -> Arn {
        format!("arn:aws:chime:us-east-1:123456789012:app-instance/a1/{within}").parse().unwrap()
    }

    #[test]
    fn a_plan_is_counted_and_nothing_steers_the_terminal() {
        let lines = [
            line(Action::Add, "a\u{1b}[2J"),
            line(Action::Change, "b"),
            line(Action::Add, "c"),
            line(Action::Same, "d"),
        ];
        let text = anstream::adapter::strip_str(&text("flow", &lines)).to_string();
        assert!(
            text.starts_with("flow\n\n  + channel       a\\u{1b}[2J\n                  gets it\n  ~ channel "),
            "{text}"
        );
        assert!(
            text.ends_with("\n  = channel       d\n                  gets it\n\n2 to add, 1 to change.\n"),
            "{text}"
        );
        assert_eq!(summary(&lines[3..]), "Nothing to do.");
        assert_eq!(changes(&lines), 3);
    }

    #[test]
    fn programs_get_words() {
        let value = json(&[line(Action::Remove, "a")]);
        assert_eq!(value, json!([{ "action": "remove", "kind": "channel", "resource": "a", "details": ["gets it"] }]));
    }

    #[test]
    fn from_nothing_the_order_is_that_of_need() {
        let desired = Desired {
            name: "flow".to_owned(),
            processors: vec![processor("p", "f1", 1, FallbackAction::Abort)],
            tags: [("team".to_owned(), "chat".to_owned())].into(),
            channels: [(arn("channel/c1"), arn("user/u1"))].into(),
        };
        let lines = apply(&plan::apply(&desired, &Found::default()));
        let kinds: Vec<_> = lines.iter().map(|line| (line.kind, line.action)).collect();
        assert_eq!(
            kinds,
            [(Kind::Permission, Action::Add), (Kind::ChannelFlow, Action::Add), (Kind::Channel, Action::Add)]
        );
        assert_eq!(lines[1].details, [format!("processor 1: p → {FUNCTION}:f1, ABORT"), "tag team=chat".to_owned()]);
    }

    #[test]
    fn differences_are_named() {
        let flow = ChannelFlow {
            arn: arn("channel-flow/f1"),
            name: "old".to_owned(),
            processors: vec![processor("p", "f1", 1, FallbackAction::Continue)],
        };
        let desired = Desired {
            name: "new".to_owned(),
            processors: vec![
                processor("p", "f2", 1, FallbackAction::Abort),
                processor("q", "f3", 2, FallbackAction::Abort),
            ],
            tags: BTreeMap::new(),
            channels: BTreeMap::new(),
        };
        let found = Found { flow: Some(flow), ..Found::default() };
        assert_eq!(
            apply(&plan::apply(&desired, &found)).last().unwrap().details,
            [
                "name old → new".to_owned(),
                format!("processor 1: function {FUNCTION}:f1 → {FUNCTION}:f2, fallback action CONTINUE → ABORT"),
                format!("with processor 2: q → {FUNCTION}:f3, ABORT"),
            ]
        );
    }
}
