//! Prints a line for each message once its outcome is known.

use crate::text::{BAD, DIM, GOOD, NEUTRAL, printable, styled};
use anstyle::Style;
use channel_flow_emulator::{Activity, ActivityKind, Decision, MessageChange, MessageFields, MessageStatus};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc::UnboundedReceiver;

/// Shows messages until the service ends.
pub(super) async fn show(mut activities: UnboundedReceiver<Activity>, show_content: bool) {
    let mut feed = Feed { show_content, on_their_way: HashMap::new() };
    while let Some(activity) = activities.recv().await {
        if let Some(line) = feed.line(activity) {
            // A closed standard output is no error.
            let _ = writeln!(anstream::stdout(), "{line}");
        }
    }
}

struct Feed {
    show_content: bool,
    /// By channel and message.
    on_their_way: HashMap<(String, String), Message>,
}

/// A message whose end is not known yet.
struct Message {
    sender: String,
    sent_at: SystemTime,
    change: MessageChange,
    fields: MessageFields,
    /// The decision of the processors so far.
    decision: Option<Decision>,
    /// Whether it is held for a reviewer.
    held: bool,
    /// The fallback action that was taken, and why no processor was reached.
    unreachable: Option<String>,
}

impl Feed {
    fn line(&mut self, activity: Activity) -> Option<String> {
        let Activity { at, channel_arn, message_id, kind, .. } = activity;
        let key = (channel_arn, message_id);
        match kind {
            ActivityKind::Sent { sender_name, change, fields, status, .. } => {
                let message = Message {
                    sender: sender_name,
                    sent_at: at,
                    change,
                    fields,
                    decision: None,
                    held: false,
                    unreachable: None,
                };
                if status == MessageStatus::Pending {
                    self.on_their_way.insert(key, message);
                    return None;
                }
                Some(self.told(at, &message, DIM, "no flow", None))
            }
            ActivityKind::Callback(callback) => {
                let message = self.on_their_way.get_mut(&key)?;
                message.decision = match (message.decision, callback.verdict().ok()) {
                    // With several processors, one that changes nothing keeps the changes of another.
                    (Some(Decision::Update), Some(Decision::NoChange)) => Some(Decision::Update),
                    (before, decision) => decision.or(before),
                };
                None
            }
            ActivityKind::Unreachable { reason, fallback_action, .. } => {
                let message = self.on_their_way.get_mut(&key)?;
                message.unreachable = Some(format!("{fallback_action}, the processor could not be reached: {reason}"));
                None
            }
            ActivityKind::Attempted { returned, .. } => {
                let message = self.on_their_way.get_mut(&key)?;
                if returned.held_until.is_none() || message.held {
                    return None;
                }
                message.held = true;
                let because = match &*returned.reasons {
                    [] => String::new(),
                    reasons => format!("  because of {}", printable(&reasons.join(", "))),
                };
                Some(self.told(at, self.on_their_way.get(&key)?, NEUTRAL, "held", None) + &because)
            }
            ActivityKind::Finished { decided: false, .. } => {
                let message = self.on_their_way.get(&key).filter(|message| !message.held)?;
                Some(self.told(at, message, BAD, "undecided", None))
            }
            ActivityKind::Settled { status, fields, .. } => {
                let message = self.on_their_way.remove(&key)?;
                let (style, word) = match (status, message.decision) {
                    (MessageStatus::Sent, Some(Decision::Update)) => (NEUTRAL, "update"),
                    (MessageStatus::Sent, Some(_)) => (GOOD, "no change"),
                    (MessageStatus::Sent, None) => (BAD, "sent"),
                    (MessageStatus::Denied, _) => (NEUTRAL, "deny"),
                    _ => (BAD, "failed"),
                };
                Some(self.told(at, &message, style, word, Some(&fields).filter(|_| status == MessageStatus::Sent)))
            }
            ActivityKind::Deleted => {
                self.on_their_way.remove(&key);
                None
            }
            _ => None,
        }
    }

    fn told(
        &self,
        at: SystemTime,
        message: &Message,
        style: Style,
        word: &str,
        after: Option<&MessageFields>,
    ) -> String {
        let took = at.duration_since(message.sent_at).unwrap_or_default();
        let sender = printable(&message.sender);
        let mut line = format!(
            "{}  {sender:<8}  {}  {}",
            styled(DIM, clock(at)),
            styled(style, format_args!("{word:<9}")),
            styled(DIM, milliseconds(took)),
        );
        if message.change == MessageChange::Update {
            line.push_str("  (an update)");
        }
        if let Some(unreachable) = &message.unreachable {
            let _ = write!(line, "  {}", printable(unreachable));
        }
        if self.show_content {
            let text = |fields: &MessageFields| printable(fields.content.as_deref().unwrap_or_default());
            let before = text(&message.fields);
            let _ = match after.map(text).filter(|after| *after != before) {
                Some(after) => write!(line, "  {before} → {after}"),
                None => write!(line, "  {before}"),
            };
        }
        line
    }
}

/// The time of day, in UTC, as the service's own timestamps are.
fn clock(at: SystemTime) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    format!("{:02}:{:02}:{:02}Z", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
}

fn milliseconds(took: Duration) -> String {
    format!("{:>8.1} ms", took.as_secs_f64() * 1000.0)
}
