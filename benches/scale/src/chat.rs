//! Messages through the function, and what became of them.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use channel_flow_emulator::{
    Activity, ActivityKind, Emulator, Function, FunctionSettings, MessageStatus, OutgoingMessage,
};
use filtered_channel::FilteredChannel;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{JoinSet, unconstrained};
use tokio::time::timeout;

use crate::Error;

/// How long to wait for the next message before the run ends with an error.
const PATIENCE: Duration = Duration::from_secs(30);

/// The functions replace a word of it, so that what they have not seen differs from what they have.
const CONTENT: &str = "What is this shit, and why are there so many of you in here today?";

pub(crate) struct Chat {
    pub(crate) function: Arc<Function>,
    emulator: Arc<Emulator>,
    activities: UnboundedReceiver<Activity>,
    channel: String,
    alice: String,
    sent: u64,
}

impl Chat {
    /// With `at_once` messages decided, so that the function has all its environments.
    pub(crate) async fn start(processor: &Path, settings: FunctionSettings, at_once: usize) -> Result<Self, Error> {
        let FilteredChannel { emulator, function, channel, alice } =
            FilteredChannel::start(processor, settings).await?;

        // From one task that tokio does not interrupt: each event has its environment before the first is done.
        let first = OutgoingMessage::new(CONTENT)?;
        let delivered = unconstrained(join_all((0..at_once).map(|_| function.send(first.clone())))).await;
        if let Some(undecided) = delivered.iter().find(|delivered| !delivered.is_decided()) {
            return Err(format!("the first message is undecided: {:?}", undecided.invocation.outcome()).into());
        }

        let activities = emulator.service().watch();
        Ok(Self { function, emulator: Arc::new(emulator), activities, channel, alice, sent: at_once as u64 })
    }

    /// Sends messages, of which `at_once` are undecided at once, and waits until the processor has decided all. Returns the
    /// time that each took, from its request.
    pub(crate) async fn send(&mut self, messages: u32, at_once: usize) -> Result<Vec<Duration>, Error> {
        // Each from a task of its own: one that sends them all would be slower than many environments.
        let mut requests = JoinSet::new();
        // A message may be decided before its request is answered.
        let (mut requested, mut settled) = (HashMap::new(), HashMap::new());
        let (mut left, mut took) = (messages, Vec::new());
        while took.len() < messages as usize {
            while left > 0 && requests.len() + requested.len() < at_once {
                left -= 1;
                self.sent += 1;
                let (emulator, message, at) = (Arc::clone(&self.emulator), self.message(), SystemTime::now());
                requests.spawn(async move { Ok::<_, Error>((accepted(&emulator, message).await?, at)) });
            }
            let undecided = requests.len() + requested.len();
            let id = tokio::select! {
                Some(request) = requests.join_next() => {
                    let (id, at) = request??;
                    requested.insert(id.clone(), at);
                    id
                }
                activity = timeout(PATIENCE, self.activities.recv()) => {
                    let activity = activity.map_err(|_| self.stuck(undecided))?.ok_or("the emulator ended")?;
                    let ActivityKind::Settled { status, fields } = activity.kind else { continue };
                    decided(&status, fields.content.as_deref())?;
                    settled.insert(activity.message_id.clone(), activity.at);
                    activity.message_id
                }
            };
            if let (Some(at), Some(end)) = (requested.get(&id), settled.get(&id)) {
                took.push(end.duration_since(*at).unwrap_or_default());
                requested.remove(&id);
                settled.remove(&id);
            }
        }
        Ok(took)
    }

    fn message(&self) -> Value {
        json!({
            "ChannelArn": self.channel,
            "Content": CONTENT,
            "Type": "STANDARD",
            "Persistence": "PERSISTENT",
            "ClientRequestToken": format!("load-{}", self.sent),
            "ChimeBearer": self.alice,
        })
    }

    /// What the function wrote last says why it decides nothing.
    fn stuck(&self, undecided: usize) -> String {
        let logs = self.function.logs();
        let last = logs.last().map_or("nothing", |line| line.text.as_str());
        format!("{undecided} messages are undecided after {} seconds; the function wrote: {last}", PATIENCE.as_secs())
    }

    /// Checks that each message was decided by one callback, and that none is left.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let counts = self.emulator.service().counts();
        let whole = counts.sent == self.sent && counts.accepted == self.sent && counts.decided_twice == 0;
        if !whole || counts.pending != 0 || counts.refused.values().any(|&refused| refused != 0) {
            return Err(format!("not every message of {} has one callback: {counts:?}", self.sent).into());
        }
        Ok(())
    }
}

/// Sends a message. Returns its id.
async fn accepted(emulator: &Emulator, message: Value) -> Result<String, Error> {
    let answer = emulator.service().call("SendChannelMessage", message).await?;
    Ok(answer["MessageId"].as_str().ok_or("an answer without a message's id")?.to_owned())
}

/// Checks that the processor decided a message: everyone sees it, and not as it was sent.
fn decided(status: &MessageStatus, content: Option<&str>) -> Result<(), Error> {
    if *status != MessageStatus::Sent {
        return Err(format!("a message ended as {status:?}").into());
    }
    if content.is_none_or(|content| content.is_empty() || content == CONTENT) {
        return Err("a message ended as it was sent: the processor has not replaced its word".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_processor_has_changed_is_decided() {
        assert!(decided(&MessageStatus::Sent, Some("What is this ****, and why?")).is_ok());
        assert!(decided(&MessageStatus::Sent, Some(CONTENT)).is_err());
        assert!(decided(&MessageStatus::Sent, None).is_err());
        assert!(decided(&MessageStatus::Denied, Some("What is this ****, and why?")).is_err());
    }
}
