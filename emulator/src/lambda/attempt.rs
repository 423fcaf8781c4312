//! One try of an event, for those who want to hear of each.

use crate::model::invocation::InvocationReport;
use crate::model::returned::Returned;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// One try of an event, however it was made.
pub(crate) struct Attempt<'a> {
    /// The function that was tried.
    pub(crate) function_arn: &'a str,
    pub(crate) request_id: &'a str,
    /// In words.
    pub(crate) outcome: String,
    pub(crate) success: bool,
    /// What the function returned about the message.
    pub(crate) returned: Returned,
    pub(crate) duration: Duration,
    pub(crate) cold_start: Option<Duration>,
}

/// Called with every try of an event, at the function and at its on-failure destination.
#[derive(Clone)]
pub(crate) struct OnAttempt(Arc<dyn Fn(&Attempt<'_>) + Send + Sync>);

impl<'a> Attempt<'a> {
    /// One that a function of this machine reports.
    pub(crate) fn reported(function_arn: &'a str, report: &'a InvocationReport) -> Self {
        Self {
            function_arn,
            request_id: report.request_id(),
            outcome: report.outcome().to_string(),
            success: report.outcome().is_success(),
            returned: report.outcome().returned(),
            duration: report.duration(),
            cold_start: report.cold_start(),
        }
    }
}

impl OnAttempt {
    pub(crate) fn new(hook: impl Fn(&Attempt<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hook))
    }

    pub(crate) fn call(&self, attempt: &Attempt<'_>) {
        (self.0)(attempt);
    }
}

impl fmt::Debug for OnAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnAttempt")
    }
}
