//! Catches panics of the SDK on values that it cannot put into a request, such as a channel ARN of 100 KB.

use tokio::time::Instant;

use crate::adapter::catch_unwind::Caught;
use crate::callback::{Callback, Callbacks};
use crate::response::Settled;
use crate::{Error, ErrorKind};

impl Callbacks {
    /// Does the same as [`settle`](Self::settle), and turns a panic of the SDK into an error.
    pub(crate) async fn settle_caught(
        &self,
        callback: Callback<'_>,
        deadline: Option<Instant>,
    ) -> Result<Settled, Error> {
        let settled = Caught::new(self.settle(callback, deadline)).await;
        settled.unwrap_or_else(|| {
            let problem = "the AWS SDK panicked at the callback: its ids are none that the service can have made";
            Err(Error::new(ErrorKind::CallbackInvalid, problem))
        })
    }
}
