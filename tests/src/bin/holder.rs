//! Holds messages with a link for a reviewer, in the table that the environment names.

use std::time::Duration;

use channel_flow::{Adapter, Decision, Hold, Message, Update, processor_fn};
use channel_flow_dynamodb::DynamoDbStore;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let seconds = std::env::var("HOLD_SECONDS").map_or(Ok(3600), |seconds| seconds.parse())?;
    let holder = processor_fn(move |message: Message| async move {
        let content = message.content();
        if !content.contains("://") {
            return Ok(Decision::no_change());
        }
        let hold = Hold::new(Duration::from_secs(seconds))?;
        let hold = match content {
            content if content.contains("secret") => hold,
            content if content.contains("tracking") => {
                let without = content.split('?').next().unwrap_or_default();
                hold.with_content().approval(Update::builder().content(without).build()?)
            }
            _ => hold.with_content(),
        };
        Ok::<_, BoxError>(Decision::hold(hold).because("links"))
    });
    Adapter::builder(holder).tickets(DynamoDbStore::from_environment().await?).run().await?;
    Ok(())
}
