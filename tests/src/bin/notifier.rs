//! Denies links, and tells a queue of each denial once: the recipe of `docs/once.md`, with a queue over plain HTTP.

use std::time::Duration;

use channel_flow::store::{ClaimStore, MemoryStore};
use channel_flow::{Adapter, Decision, DecisionKind, Message, Occasion, Once, Processor, Settled};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

type Error = Box<dyn std::error::Error + Send + Sync>;

trait Queue: Send + Sync {
    /// Sends a message, which the queue takes once for a token.
    fn send(&self, body: String, token: String) -> impl Future<Output = Result<(), Error>> + Send;
}

struct Links<S, Q> {
    once: Once<S>,
    queue: Q,
}

impl<S: ClaimStore, Q: Queue> Processor for Links<S, Q> {
    type Error = Error;

    async fn process(&self, message: &Message) -> Result<Decision, Error> {
        match message.any_text(|text| text.contains("://")) {
            true => Ok(Decision::deny().because("links")),
            false => Ok(Decision::no_change()),
        }
    }

    async fn after_callback(&self, message: &Message, decision: &Decision, settled: &Settled) -> Result<(), Error> {
        if decision.kind() == DecisionKind::Deny {
            // Ids, the decision and its reasons, and no content.
            let body = json!({ "ChannelArn": message.channel_arn(), "Settled": settled }).to_string();
            let occasion = Occasion::of(message, "notify");
            self.once.run(occasion, |attempt| self.queue.send(body, attempt.token())).await?;
        }
        Ok(())
    }

    /// A queue that is away for a moment is asked again.
    fn retry_after(&self, _: &Error, attempt: u32) -> Option<Duration> {
        (attempt < 3).then(|| Duration::from_millis(100) * attempt)
    }
}

/// Speaks the protocol of SQS without its signature, to an address on loopback.
struct PlainQueue(String);

impl Queue for PlainQueue {
    async fn send(&self, body: String, token: String) -> Result<(), Error> {
        let request = json!({
            "QueueUrl": "denials.fifo", "MessageBody": body, "MessageGroupId": token, "MessageDeduplicationId": token,
        });
        let request = request.to_string();
        let head = format!(
            "POST / HTTP/1.1\r\nhost: {}\r\nx-amz-target: AmazonSQS.SendMessage\r\ncontent-type: application/x-amz-json-1.0\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            self.0,
            request.len()
        );
        let mut connection = TcpStream::connect(&self.0).await?;
        connection.write_all((head + &request).as_bytes()).await?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await?;
        match answer.starts_with("HTTP/1.1 200 ") {
            true => Ok(()),
            false => Err("the queue refused the message".into()),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let queue = PlainQueue(std::env::var("QUEUE")?);
    let links = Links { once: Once::new(MemoryStore::new()), queue };
    Adapter::builder(links).after_decided_before(true).run().await?;
    Ok(())
}
