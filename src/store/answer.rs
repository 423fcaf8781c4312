//! Waits for a store's answer.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::pin;

use tokio::time::Instant;

use crate::catch_unwind::{Ended, within};
use crate::error::cause;

/// Returns the answer of a store that may fail, panic, or take too long. The error is the cause, for a log line.
pub(crate) async fn answer<T, E>(
    request: impl Future<Output = Result<T, E>>,
    deadline: Option<Instant>,
) -> Result<T, String>
where
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    // A request is the future of an HTTP client. Inside of the futures that wait for it, it would be copied with each.
    match within(pin!(Some(Box::pin(request))), deadline).await {
        Ended::Output(Ok(answer)) => Ok(answer),
        Ended::Output(Err(error)) => Err(cause::text(error, false)),
        Ended::Panicked(_) => Err("the store panicked".to_owned()),
        Ended::OutOfTime => Err("the store did not answer in time".to_owned()),
    }
}
