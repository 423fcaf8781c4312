//! Results for people.

use crate::decided_by;
use crate::diff::{Piece, pieces};
use crate::step_line::{scores, step_line};
use crate::text::{BAD, DIM, GOOD, NEUTRAL, printable, styled};
use anstyle::Style;
use channel_flow_emulator::{Decision, Delivered, Event, MessageFields, MessageState, Returned};
use serde_json::Value;
use std::io::{self, Write};
use std::time::Duration;

/// Writes the result of a delivery, with an empty line before all but the first.
pub(crate) fn delivered(delivered: &Delivered, first: bool) -> io::Result<()> {
    let stdout = anstream::stdout();
    let colored = stdout.current_choice() != anstream::ColorChoice::Never;
    let mut text = if first { String::new() } else { "\n".to_owned() };
    text += &render(delivered, colored);
    let mut stdout = stdout.lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Labels on the left, all of one width; text with styles on the right.
#[derive(Default)]
pub(crate) struct Rows(Vec<(String, String)>);

fn render(delivered: &Delivered, colored: bool) -> String {
    let mut rows = Rows::default();
    let sent = delivered.event.fields();
    let seen = delivered.message.as_ref().and_then(MessageState::seen_by_everyone);
    let after = seen.unwrap_or(sent);
    rows.changed(&sender(&delivered.event), after.content.as_deref(), sent.content.as_deref(), BAD);
    let returned = delivered.returned();
    rows.add("decision", &decision(delivered, &returned));
    rows.decided_by(delivered, &returned);
    if let Some(dry_run) = returned.dry_run {
        rows.add("dry run", &format!("{dry_run}, which was not sent"));
    }
    if !returned.reasons.is_empty() {
        rows.add("reasons", &returned.reasons.join(", "));
    }
    if !returned.scores.is_empty() {
        rows.add("scores", &scores(&returned.scores));
    }
    match seen {
        None if delivered.held_until().is_some() => {
            rows.add("everyone", &styled(DIM, "sees nothing until it is approved").to_string());
        }
        None => rows.add("everyone", &styled(DIM, "sees nothing").to_string()),
        Some(seen) => {
            rows.changed("everyone", sent.content.as_deref(), seen.content.as_deref(), GOOD);
            if !colored {
                rows.carets(sent.content.as_deref(), seen.content.as_deref());
            }
            rows.other_changes(sent, seen);
        }
    }
    if let Some(reason) = reason(delivered) {
        rows.add("because", &reason);
    }
    for refusal in delivered.callbacks.iter().filter_map(|callback| callback.verdict().err()) {
        rows.add("refused", &printable(&refusal.to_string()));
    }
    let outcome = delivered.invocation.outcome();
    if !outcome.is_success() {
        let label = if delivered.is_decided() { "function" } else { "because" };
        rows.add(label, &printable(&outcome.to_string()));
    }
    for (step, label) in returned.steps.iter().zip(std::iter::once("steps").chain(std::iter::repeat(""))) {
        rows.add(label, &step_line(step));
    }
    rows.add("took", &times(delivered));
    rows.render()
}

impl Rows {
    /// Who decided and why, unless the processor did, and all of its steps too.
    pub(crate) fn decided_by(&mut self, delivered: &Delivered, returned: &Returned) {
        let bad = |text: String| styled(BAD, text).to_string();
        match decided_by::not_the_processor(returned) {
            Some(who) if delivered.decision().is_some() => self.add("decided", &bad(who)),
            // Another invocation has decided the message.
            Some(_) => {
                self.add("FAILED", &bad(decided_by::cause(returned).unwrap_or_else(|| "the processor".to_owned())))
            }
            None => {
                for step in decided_by::steps_that_failed(returned) {
                    self.add("decided", &bad(step));
                }
            }
        }
    }

    pub(crate) fn add(&mut self, label: &str, text: &str) {
        self.0.push((label.to_owned(), text.to_owned()));
    }

    /// `new` with the parts marked that are not those of `old`.
    pub(crate) fn changed(&mut self, label: &str, old: Option<&str>, new: Option<&str>, mark: Style) {
        let Some(new) = new else {
            return self.add(label, &styled(DIM, "no content").to_string());
        };
        let piece = |piece: &Piece<'_>| match piece.changed {
            true => styled(mark, printable(piece.text)).to_string(),
            false => printable(piece.text),
        };
        let text: String = pieces(old.unwrap_or_default(), new).iter().map(piece).collect();
        self.add(label, &text);
    }

    /// The same without colors: a line of carets, if each character takes one column.
    pub(crate) fn carets(&mut self, old: Option<&str>, new: Option<&str>) {
        let mut line = String::new();
        for piece in pieces(old.unwrap_or_default(), new.unwrap_or_default()) {
            let text = printable(piece.text);
            if text.contains(|c| c >= '\u{300}') {
                return;
            }
            line.extend(text.chars().map(|_| if piece.changed { '^' } else { ' ' }));
        }
        let line = line.trim_end();
        if !line.is_empty() && line.len() <= 160 {
            self.add("", line);
        }
    }

    pub(crate) fn other_changes(&mut self, sent: &MessageFields, seen: &MessageFields) {
        let title = |fields: &MessageFields| fields.push_notification.as_ref()?.title.clone();
        let body = |fields: &MessageFields| fields.push_notification.as_ref()?.body.clone();
        for (label, old, new) in [
            ("metadata", sent.metadata.clone(), seen.metadata.clone()),
            ("push title", title(sent), title(seen)),
            ("push body", body(sent), body(seen)),
            ("type", sent.content_type.clone(), seen.content_type.clone()),
            ("sub-channel", sent.sub_channel_id.clone(), seen.sub_channel_id.clone()),
        ] {
            if old != new {
                self.changed(label, old.as_deref(), new.as_deref(), GOOD);
            }
        }
        if sent.message_attributes != seen.message_attributes {
            let count = seen.message_attributes.as_ref().map_or(0, |attributes| attributes.len());
            self.add("attributes", &format!("{count}, changed"));
        }
    }

    pub(crate) fn render(self) -> String {
        let width = self.0.iter().map(|(label, _)| label.chars().count()).max().unwrap_or_default();
        let mut rendered = String::new();
        for (label, text) in self.0 {
            let gap = " ".repeat(width - label.chars().count() + 2);
            rendered += &format!("{}{gap}{text}\n", styled(DIM, label));
        }
        rendered
    }
}

fn decision(delivered: &Delivered, returned: &Returned) -> String {
    let (style, text) = match delivered.decision() {
        Some(decision) if returned.is_fallback() => (BAD, decision.to_string()),
        Some(decision @ Decision::Update) => (GOOD, decision.to_string()),
        Some(decision @ Decision::Deny) => (BAD, decision.to_string()),
        Some(Decision::Hold) => (NEUTRAL, "hold, for a reviewer".to_owned()),
        Some(decision) => (NEUTRAL, decision.to_string()),
        None if delivered.is_decided() => (NEUTRAL, "none, the message was already decided".to_owned()),
        None => (BAD, "none, the message stays undecided".to_owned()),
    };
    styled(style, text).to_string()
}

/// Why the message is undecided, if no failed invocation and no refusal says so.
pub(crate) fn reason(delivered: &Delivered) -> Option<String> {
    if let Err(missing) = delivered.event.ids() {
        return Some(missing.to_string());
    }
    let silent = delivered.callbacks.is_empty() && delivered.invocation.outcome().is_success();
    (silent && !delivered.is_decided() && delivered.held_until().is_none())
        .then(|| "the function returned without sending a callback".to_owned())
}

/// The sender, as far as the event names it.
pub(crate) fn sender(event: &Event) -> String {
    let event: Value = serde_json::from_slice(event.json()).unwrap_or_default();
    let sender = &event["ChannelMessage"]["Sender"];
    let arn = sender["Arn"].as_str().unwrap_or_default();
    let id = arn.rsplit('/').next().filter(|id| !id.is_empty());
    let name = sender["Name"].as_str().filter(|name| !name.is_empty()).or(id).unwrap_or("sent");
    let name: String = printable(name).chars().take(24).collect();
    if arn.contains("/bot/") { format!("{name} (bot)") } else { name }
}

pub(crate) fn times(delivered: &Delivered) -> String {
    let mut parts = Vec::new();
    if let Some(cold_start) = delivered.invocation.cold_start() {
        parts.push(format!("cold start {}", time(cold_start)));
    }
    if let Some(after) = delivered.decided_after() {
        parts.push(format!("callback after {}", time(after)));
    }
    match parts.is_empty() {
        true => time(delivered.elapsed),
        false => format!("{}, {}", time(delivered.elapsed), styled(DIM, parts.join(", "))),
    }
}

fn time(duration: Duration) -> String {
    match duration.as_secs_f64() * 1000.0 {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 1000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.2} s", ms / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(rows: Rows) -> String {
        anstream::adapter::strip_str(&rows.render()).to_string()
    }

    #[test]
    fn rows_are_aligned_and_point_at_what_changed() {
        let mut rows = Rows::default();
        let (sent, seen) = (Some("What the hell is this?"), Some("What the **** is this?"));
        rows.changed("Alice", seen, sent, BAD);
        rows.changed("everyone", sent, seen, GOOD);
        rows.carets(sent, seen);
        let expected =
            ["Alice     What the hell is this?", "everyone  What the **** is this?", "                   ^^^^", ""];
        assert_eq!(plain(rows), expected.join("\n"));
    }

    #[test]
    fn only_what_changed_is_coloured() {
        let mut rows = Rows::default();
        rows.changed("everyone", Some("a hell"), Some("a ****"), GOOD);
        assert!(rows.0[0].1.starts_with("a \u{1b}["), "{:?}", rows.0[0].1);
    }

    #[test]
    fn carets_only_where_they_hit() {
        for (old, new) in [("日本 hell", "日本 ****"), ("same", "same"), ("a hell", "a")] {
            let mut rows = Rows::default();
            rows.carets(Some(old), Some(new));
            assert!(rows.0.is_empty(), "{new}");
        }
    }

    #[test]
    fn senders_have_names() {
        let sender = |sender: &str| self::sender(&Event::raw(format!(r#"{{"ChannelMessage":{{"Sender":{sender}}}}}"#)));
        assert_eq!(sender(r#"{"Arn":"arn:x/user/alice","Name":"Alice"}"#), "Alice");
        assert_eq!(sender(r#"{"Arn":"arn:x/user/alice"}"#), "alice");
        assert_eq!(sender(r#"{"Arn":"arn:x/bot/b1","Name":"Helper"}"#), "Helper (bot)");
        assert_eq!(sender(r#"{"Name":"a\u001b[2J"}"#), "a\\u{1b}[2J");
        assert_eq!(sender("null"), "sent");
    }

    #[test]
    fn times_are_as_long_as_they_need() {
        for (microseconds, expected) in [(4_240, "4.2 ms"), (43_100, "43 ms"), (1_234_000, "1.23 s")] {
            assert_eq!(time(Duration::from_micros(microseconds)), expected);
        }
    }
}
