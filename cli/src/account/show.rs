//! Plans for people and for programs.

use crate::account::plan::{Item, Kind, Sign};
use crate::text::{BAD, DIM, GOOD, NEUTRAL, printable, styled};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Writes to standard output. A reader that has enough is no error.
pub(crate) fn print(text: &str) {
    let mut stdout = anstream::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// A plan, an item a paragraph.
pub(crate) fn plan(heading: &str, items: &[Item]) -> String {
    let mut text = format!("{}\n\n", printable(heading));
    for item in items {
        let (style, sign) = match item.sign {
            Sign::Add => (GOOD, "+"),
            Sign::Change => (NEUTRAL, "~"),
            Sign::Remove => (BAD, "-"),
            Sign::Same => (DIM, "="),
        };
        text += &format!("  {} {:<14}{}\n", styled(style, sign), item.kind.name(), printable(&item.resource));
        for detail in &item.details {
            text += &format!("{:18}{}\n", "", styled(DIM, printable(detail)));
        }
    }
    text += &format!("\n{}\n", summary(items));
    text
}

fn summary(items: &[Item]) -> String {
    let count = |sign| items.iter().filter(|item| item.sign == sign).count();
    let counts = [(Sign::Add, "to add"), (Sign::Change, "to change"), (Sign::Remove, "to remove")];
    let counts = counts.map(|(sign, what)| (count(sign), what)).into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<_> = counts.map(|(count, what)| format!("{count} {what}")).collect();
    if counts.is_empty() { "Nothing to do.".to_owned() } else { format!("{}.", counts.join(", ")) }
}

/// A plan as JSON.
pub(crate) fn json(items: &[Item]) -> Value {
    let item = |item: &Item| json!({ "action": item.sign, "kind": item.kind, "resource": item.resource, "details": item.details });
    items.iter().map(item).collect()
}

/// Asks on standard error, where an answer is possible.
pub(crate) fn ask(question: &str) -> io::Result<bool> {
    let mut stderr = anstream::stderr();
    write!(stderr, "{question} [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
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

    fn item(sign: Sign, resource: &str) -> Item {
        Item {
            kind: Kind::Channel,
            sign,
            resource: resource.to_owned(),
            details: vec!["gets it".to_owned()],
            step: None,
        }
    }

    #[test]
    fn a_plan_is_counted_and_nothing_steers_the_terminal() {
        let items =
            [item(Sign::Add, "a\u{1b}[2J"), item(Sign::Change, "b"), item(Sign::Add, "c"), item(Sign::Same, "d")];
        let text = anstream::adapter::strip_str(&plan("flow", &items)).to_string();
        assert!(
            text.starts_with("flow\n\n  + channel       a\\u{1b}[2J\n                  gets it\n  ~ channel "),
            "{text}"
        );
        assert!(
            text.ends_with("\n  = channel       d\n                  gets it\n\n2 to add, 1 to change.\n"),
            "{text}"
        );
        assert_eq!(summary(&items[3..]), "Nothing to do.");
    }

    #[test]
    fn programs_get_words() {
        let value = json(&[item(Sign::Remove, "a")]);
        assert_eq!(value, json!([{ "action": "remove", "kind": "channel", "resource": "a", "details": ["gets it"] }]));
    }
}
