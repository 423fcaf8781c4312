//! A durable Lambda function that asks a person about a held message and waits for the answer, for hours if need be.
//!
//! The function that holds a message starts one execution for each ticket, from `Processor::after_hold`. While the execution
//! waits, nothing runs. If the person does not answer before the deadline, the execution sends the default decision of the
//! ticket. See `docs/durable.md` of this repository.
//!
//! | variable | |
//! | --- | --- |
//! | `CHANNEL_FLOW_TABLE` | the table of held messages |

mod review;
#[cfg(test)]
mod start;
#[cfg(test)]
mod tests;

use aws_durable_execution_sdk as durable;
use channel_flow::{Callbacks, Reviewer};
use channel_flow_dynamodb::DynamoDbStore;

use crate::review::{Held, review};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda_runtime::tracing::init_default_subscriber();
    let store = DynamoDbStore::from_environment().await?;
    let reviewer = Reviewer::new(store, Callbacks::from_environment().await?);
    durable::run(move |held: Held, ctx| review(reviewer.clone(), ask, held, ctx)).await
}

/// Asks the person. Put your own way here: a message to a channel of moderators, an e-mail, a page. Whoever answers calls
/// `SendDurableExecutionCallbackSuccess` with the id of the question.
async fn ask(ticket_id: String, question_id: String) -> Result<(), durable::BoxError> {
    tracing::info!(ticket_id, question_id, "a message waits for a person");
    Ok(())
}
