//! How the function that holds messages starts a review: a part of its processor, which `docs/durable.md` shows.

use std::time::SystemTime;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use channel_flow::{Decision, Message, Processor, Ticket};
use serde_json::json;

struct Holder {
    lambda: Client,
}

impl Processor for Holder {
    type Error = aws_sdk_lambda::Error;

    async fn process(&self, _: &Message) -> Result<Decision, Self::Error> {
        Ok(Decision::no_change())
    }

    async fn after_hold(&self, _: &Message, _: &Decision, ticket: &Ticket) -> Result<(), Self::Error> {
        let seconds = ticket.deadline().duration_since(SystemTime::now()).unwrap_or_default().as_secs();
        self.lambda
            .invoke()
            .function_name("durable-reviewer:live")
            .invocation_type(InvocationType::Event)
            .durable_execution_name(ticket.id())
            .payload(Blob::new(json!({ "TicketId": ticket.id(), "Seconds": seconds }).to_string()))
            .send()
            .await?;
        Ok(())
    }
}

#[test]
fn its_future_can_be_sent_to_another_thread() {
    fn is_a_processor<P: Processor>() {}
    is_a_processor::<Holder>();
}
