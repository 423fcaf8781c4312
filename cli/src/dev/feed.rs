//! Prints a line for each message once its outcome is known.

use crate::decided_by;
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
    /// The callback id of its latest event, while Lambda is not done with that.
    in_hand: Option<String>,
    /// That fallback actions decided, and why.
    fallbacks: Vec<String>,
    /// Where it went, and when. Only what the function returns after its callback says who decided.
    settled: Option<(SystemTime, MessageStatus, MessageFields)>,
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
                    in_hand: None,
                    fallbacks: Vec::new(),
                    settled: None,
                };
                if status == MessageStatus::Pending {
                    self.on_their_way.insert(key, message);
                    return None;
                }
                Some(self.told(at, &message, DIM, "no flow", None))
            }
            ActivityKind::Invoked { ids, .. } => {
                self.on_their_way.get_mut(&key)?.in_hand = Some(ids.callback_id);
                None
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
                message.in_hand = None;
                None
            }
            ActivityKind::Attempted { ids, success, returned, .. } => {
                let message = self.on_their_way.get_mut(&key)?;
                message.fallbacks.extend(decided_by::not_the_processor(&returned));
                message.fallbacks.extend(decided_by::steps_that_failed(&returned));
                // After an attempt that failed, there is another one, or Lambda is done.
                let is_over = success || message.settled.is_some();
                if is_over && message.in_hand.as_ref() == Some(&ids.callback_id) {
                    message.in_hand = None;
                }
                if message.settled.is_some() {
                    return self.ended(key);
                }
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
            ActivityKind::Finished { decided: true, .. } => {
                self.on_their_way.get_mut(&key)?.in_hand = None;
                self.ended(key)
            }
            ActivityKind::Finished { decided: false, .. } => {
                self.on_their_way.get_mut(&key)?.in_hand = None;
                let message = self.on_their_way.get(&key).filter(|message| !message.held)?;
                Some(self.told(at, message, BAD, "undecided", None))
            }
            ActivityKind::Settled { status, fields, .. } => {
                self.on_their_way.get_mut(&key)?.settled = Some((at, status, fields));
                self.ended(key)
            }
            ActivityKind::Deleted => {
                self.on_their_way.remove(&key);
                None
            }
            _ => None,
        }
    }

    /// The line for a message that is settled, once the function has said who decided.
    fn ended(&mut self, key: (String, String)) -> Option<String> {
        let message = self.on_their_way.get(&key)?;
        if message.settled.is_none() || message.in_hand.is_some() {
            return None;
        }
        let message = self.on_their_way.remove(&key)?;
        let (at, status, fields) = message.settled.as_ref()?;
        let (style, word) = match (status, message.decision) {
            (MessageStatus::Sent, Some(Decision::Update)) => (NEUTRAL, "update"),
            (MessageStatus::Sent, Some(_)) => (GOOD, "no change"),
            (MessageStatus::Sent, None) => (BAD, "sent"),
            (MessageStatus::Denied, _) => (NEUTRAL, "deny"),
            _ => (BAD, "failed"),
        };
        let style = if message.fallbacks.is_empty() { style } else { BAD };
        Some(self.told(*at, &message, style, word, Some(fields).filter(|_| *status == MessageStatus::Sent)))
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
        for fallback in &message.fallbacks {
            let _ = write!(line, "  {}", styled(BAD, fallback));
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
