//! An SQS queue that a function consumes, as Lambda's event source mapping does it.

use crate::arn::ACCOUNT;
use crate::ids;
use crate::lambda::envelope::Received;
use crate::lambda::function::{Delivered, Function};
use crate::lambda::scope::while_open;
use crate::model::event::Event;
use crate::model::invocation::InvocationOutcome;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{sleep, sleep_until};

/// An SQS queue, consumed by a function in batches.
///
/// Messages whose batch failed, or that the function's answer names, come back after the visibility timeout. Clones are the
/// same queue; it ends with the last of them.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    messages: mpsc::UnboundedSender<Message>,
    _open: Arc<watch::Sender<()>>,
}

/// How a queue is consumed.
#[derive(Clone, Debug)]
pub struct SqsSettings {
    batch_size: usize,
    batching_window: Duration,
    visibility_timeout: Duration,
    max_receive_count: u32,
    report_batch_item_failures: bool,
}

/// A message that has left its queue.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConsumedMessage {
    /// How the queue calls it.
    pub message_id: String,
    /// Every time that it was received, in order: the outcome of the batch that it was in.
    pub receives: Vec<Arc<Delivered>>,
    /// Whether the function took it; if not, it was received too often.
    pub consumed: bool,
}

#[derive(Debug)]
struct Consumer {
    function: Arc<Function>,
    settings: SqsSettings,
    arn: String,
    messages: mpsc::WeakUnboundedSender<Message>,
}

struct Message {
    id: String,
    body: String,
    attributes: Value,
    sent_at: SystemTime,
    first_received_at: Option<SystemTime>,
    receives: Vec<Arc<Delivered>>,
    done: oneshot::Sender<ConsumedMessage>,
}

/// The answer of a function that reports which messages of a batch failed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchResponse {
    #[serde(default)]
    batch_item_failures: Option<Vec<BatchItemFailure>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchItemFailure {
    item_identifier: String,
}

impl SqsQueue {
    /// A queue that `consumer` consumes. Needs a tokio runtime.
    pub fn new(consumer: impl Into<Arc<Function>>, settings: SqsSettings) -> Self {
        let function = consumer.into();
        let (messages, arrived) = mpsc::unbounded_channel();
        let arn = format!("arn:aws:sqs:{}:{}:{}-queue", function.region(), ACCOUNT, function.name());
        let consumer = Arc::new(Consumer { function, settings, arn, messages: messages.downgrade() });
        let open = watch::Sender::new(());
        tokio::spawn(while_open(open.subscribe(), consume(consumer, arrived, open.subscribe())));
        Self { messages, _open: Arc::new(open) }
    }

    /// Sends a message with this body and no attributes, and waits until it has left the queue.
    pub async fn send_message(&self, body: impl Into<String>) -> ConsumedMessage {
        self.send(body.into(), json!({})).await
    }

    pub(crate) async fn send(&self, body: String, attributes: Value) -> ConsumedMessage {
        let (done, consumed) = oneshot::channel();
        let sent_at = SystemTime::now();
        let (first_received_at, receives) = (None, Vec::new());
        // Nobody receives once the runtime is about to end; then the wait below has no end either.
        let message = Message { id: ids::uuid(), body, attributes, sent_at, first_received_at, receives, done };
        let _ = self.messages.send(message);
        match consumed.await {
            Ok(consumed) => consumed,
            Err(_) => pending().await,
        }
    }
}

async fn consume(consumer: Arc<Consumer>, mut arrived: mpsc::UnboundedReceiver<Message>, open: watch::Receiver<()>) {
    while let Some(first) = arrived.recv().await {
        let mut batch = vec![first];
        let settings = &consumer.settings;
        let window = tokio::time::Instant::now() + settings.batching_window;
        while batch.len() < settings.batch_size {
            let next = tokio::select! {
                biased;
                next = arrived.recv() => next,
                () = sleep_until(window) => None,
            };
            match next {
                Some(message) => batch.push(message),
                None => break,
            }
        }
        tokio::spawn(while_open(open.clone(), deliver(Arc::clone(&consumer), batch)));
    }
}

async fn deliver(consumer: Arc<Consumer>, mut batch: Vec<Message>) {
    let now = SystemTime::now();
    let records: Vec<_> = batch.iter_mut().map(|message| message.record(&consumer, now)).collect();
    let event = Event::raw(json!({ "Records": records }).to_string());
    let delivered = Arc::new(consumer.function.deliver(&event).await);
    let failed = consumer.failed(&batch, delivered.invocation.outcome());
    let mut again = Vec::new();
    for mut message in batch {
        message.receives.push(Arc::clone(&delivered));
        let consumed = !failed.contains(&message.id);
        if consumed || message.receives.len() >= consumer.settings.max_receive_count as usize {
            let Message { id: message_id, receives, done, .. } = message;
            let _ = done.send(ConsumedMessage { message_id, receives, consumed });
        } else {
            again.push(message);
        }
    }
    if again.is_empty() {
        return;
    }
    sleep(consumer.settings.visibility_timeout).await;
    if let Some(messages) = consumer.messages.upgrade() {
        for message in again {
            let _ = messages.send(message);
        }
    }
}

impl Consumer {
    /// The ids of the messages in a batch that are to come again.
    fn failed(&self, batch: &[Message], outcome: &InvocationOutcome) -> HashSet<String> {
        let all = || batch.iter().map(|message| message.id.clone()).collect::<HashSet<_>>();
        let InvocationOutcome::Response(response) = outcome else { return all() };
        if !self.settings.report_batch_item_failures {
            return HashSet::new();
        }
        reported(response).filter(|failed| failed.is_subset(&all())).unwrap_or_else(all)
    }
}

/// The failures that a response names, none if it is empty; `None` if Lambda cannot read it.
fn reported(response: &[u8]) -> Option<HashSet<String>> {
    if response.trim_ascii().is_empty() {
        return Some(HashSet::new());
    }
    let response: Option<BatchResponse> = serde_json::from_slice(response).ok()?;
    let failures = response.and_then(|response| response.batch_item_failures).unwrap_or_default();
    Some(failures.into_iter().map(|failure| failure.item_identifier).collect())
}

impl Message {
    fn record(&mut self, consumer: &Consumer, now: SystemTime) -> Value {
        let received = Received {
            message_id: &self.id,
            body: &self.body,
            attributes: &self.attributes,
            queue_arn: &consumer.arn,
            region: consumer.function.region(),
            sent_at: self.sent_at,
            first_received_at: *self.first_received_at.get_or_insert(now),
            receive_count: u32::try_from(self.receives.len() + 1).unwrap_or(u32::MAX),
        };
        received.record()
    }
}

impl Default for SqsSettings {
    fn default() -> Self {
        Self {
            batch_size: 10,
            batching_window: Duration::ZERO,
            visibility_timeout: Duration::from_secs(30),
            max_receive_count: 3,
            report_batch_item_failures: true,
        }
    }
}

impl SqsSettings {
    /// Batches of at most 10, not waited for; 30 seconds until a message that failed comes again, 3 times at most; and the
    /// function reports the failures in a batch (`ReportBatchItemFailures`).
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the most messages in a batch. At least 1.
    #[must_use]
    pub fn batch_size(mut self, messages: usize) -> Self {
        self.batch_size = messages.max(1);
        self
    }

    /// Sets how long a batch waits to become full.
    #[must_use]
    pub fn batching_window(mut self, window: Duration) -> Self {
        self.batching_window = window;
        self
    }

    /// Sets how long a message that failed stays away.
    #[must_use]
    pub fn visibility_timeout(mut self, timeout: Duration) -> Self {
        self.visibility_timeout = timeout;
        self
    }

    /// Sets how often a message is received before the queue gives it up. At least once.
    #[must_use]
    pub fn max_receive_count(mut self, receives: u32) -> Self {
        self.max_receive_count = receives.max(1);
        self
    }

    /// Sets whether the function's answer says which messages failed. If not, a batch fails or succeeds as a whole.
    #[must_use]
    pub fn report_batch_item_failures(mut self, report: bool) -> Self {
        self.report_batch_item_failures = report;
        self
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("id", &self.id).field("receives", &self.receives.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_as_lambda_reads_them() {
        for nothing in ["", " ", "null", "{}", r#"{"batchItemFailures":null}"#, r#"{"batchItemFailures":[]}"#] {
            assert_eq!(reported(nothing.as_bytes()), Some(HashSet::new()), "{nothing}");
        }
        let one = reported(br#"{"batchItemFailures":[{"itemIdentifier":"a"}]}"#);
        assert_eq!(one, Some(HashSet::from(["a".to_owned()])));
        for unreadable in [
            "x",
            "[1]",
            r#""text""#,
            r#"{"batchItemFailures":[{}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"ItemIdentifier":"a"}]}"#,
        ] {
            assert_eq!(reported(unreadable.as_bytes()), None, "{unreadable}");
        }
    }
}
