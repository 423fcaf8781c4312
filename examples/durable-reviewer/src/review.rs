//! The review of one held message, from the question to the callback.

use std::future::Future;
use std::time::Duration;

use aws_durable_execution_sdk::{
    BoxError, CallbackErrorKind, DurableContext, OperationError, OperationErrorKind, RetryDecision, StepError,
};
use channel_flow::store::TicketStore;
use channel_flow::{Decision, ResolvedBy, Reviewer};
use serde::{Deserialize, Serialize};

/// How long one attempt to resolve the ticket may take.
const RESOLVE_TIME: Duration = Duration::from_secs(10);

/// The event: a message was held.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Held {
    /// The id of the ticket.
    pub(crate) ticket_id: String,
    /// How many seconds the person has.
    pub(crate) seconds: u64,
}

/// The person's answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Answer {
    pub(crate) approve: bool,
    /// The name of the person.
    pub(crate) by: String,
}

/// Asks a person with `ask`, waits until the deadline, and resolves the ticket. Returns who resolved it.
pub(crate) async fn review<S, A>(
    reviewer: Reviewer<S>,
    ask: impl FnOnce(String, String) -> A + Send + 'static,
    held: Held,
    ctx: DurableContext,
) -> Result<String, BoxError>
where
    S: TicketStore + 'static,
    A: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    let Held { ticket_id, seconds } = held;
    let asked = ticket_id.clone();
    let answer = ctx
        .wait_for_callback::<Answer, _, _>(move |_, question_id| ask(asked, question_id))
        .name("ask")
        .timeout(Duration::from_secs(seconds))
        .await;
    let answer = match answer {
        Ok(answer) => Some(answer),
        Err(error) if is_over(&error) => None,
        Err(error) => return Err(error.into()),
    };
    ctx.step(move |_| resolve(reviewer, ticket_id, answer))
        .name("resolve")
        .retry_strategy(retry)
        .await
        .map_err(Into::into)
}

async fn resolve<S: TicketStore + 'static>(
    reviewer: Reviewer<S>,
    ticket_id: String,
    answer: Option<Answer>,
) -> Result<String, BoxError> {
    let ticket = reviewer.ticket(&ticket_id).await?.ok_or("there is no such ticket")?;
    let (decision, by) = match answer {
        Some(Answer { approve: true, by }) => (ticket.approval().clone(), ResolvedBy::Person(by)),
        Some(Answer { approve: false, by }) => (Decision::deny(), ResolvedBy::Person(by)),
        None => (ticket.default_decision().clone(), ResolvedBy::Default),
    };
    let resolved = reviewer.resolve(&ticket_id, &decision, by, RESOLVE_TIME).await?;
    // Somebody may have come first: another tool, or the sweep.
    Ok(match resolved.ticket.resolution().map(|resolution| resolution.by()) {
        Some(ResolvedBy::Person(name)) => name.clone(),
        _ => "default".to_owned(),
    })
}

/// Whether the person did not answer in time.
fn is_over(error: &OperationError) -> bool {
    matches!(error.kind(), OperationErrorKind::Callback(error) if matches!(error.kind(), CallbackErrorKind::TimedOut { .. }))
}

/// Tries for an hour: the service or the table may be away at the deadline.
fn retry(_: &StepError, attempt: u32) -> RetryDecision {
    match attempt {
        0..60 => RetryDecision::Retry { delay: Duration::from_secs(60) },
        _ => RetryDecision::Stop,
    }
}
