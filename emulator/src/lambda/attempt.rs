//! Whoever watches is told what comes of an event at its function.

use crate::lambda::event_queue::OnAttempt;
use crate::lambda::function::{Delivered, Function};
use crate::messaging::core::Core;
use crate::model::activity::What;
use crate::model::event::Event;
use crate::model::message::MessageIds;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Tells of one event. An event without ids is nobody's message, and nothing is told of it.
#[derive(Clone, Debug)]
pub(crate) struct Telling {
    core: Weak<Core>,
    ids: Option<MessageIds>,
}

/// One try of an event, however it was made.
pub(crate) struct Attempt<'a> {
    pub(crate) function_arn: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) outcome: String,
    pub(crate) success: bool,
    pub(crate) duration: Duration,
    pub(crate) cold_start: Option<Duration>,
}

impl Telling {
    pub(crate) fn new(core: &Arc<Core>, event: &Event) -> Self {
        Self { core: Arc::downgrade(core), ids: event.ids().ok().cloned() }
    }

    /// To be called with every try that a queue makes.
    pub(crate) fn hook(&self) -> OnAttempt {
        let telling = self.clone();
        OnAttempt::new(move |function: &Function, delivered: &Delivered| {
            let invocation = &delivered.invocation;
            telling.attempted(&Attempt {
                function_arn: &function.arn(),
                request_id: invocation.request_id(),
                outcome: invocation.outcome().to_string(),
                success: invocation.outcome().is_success(),
                duration: invocation.duration(),
                cold_start: invocation.cold_start(),
            });
        })
    }

    pub(crate) fn attempted(&self, attempt: &Attempt<'_>) {
        self.tell(|ids| What::Attempted {
            ids,
            function_arn: attempt.function_arn.to_owned(),
            request_id: attempt.request_id.to_owned(),
            outcome: attempt.outcome.clone(),
            success: attempt.success,
            milliseconds: milliseconds(attempt.duration),
            cold_start_milliseconds: attempt.cold_start.map(milliseconds),
        });
    }

    /// No other try will come, at the function or wherever its failures go.
    pub(crate) fn finished(&self, function_arn: &str) {
        let Some(core) = self.core.upgrade() else { return };
        self.tell(|ids| {
            let decided = core.message(&ids).is_some_and(|message| message.decision().is_some());
            What::Finished { ids, function_arn: function_arn.to_owned(), decided }
        });
    }

    fn tell(&self, what: impl FnOnce(MessageIds) -> What) {
        if let (Some(core), Some(ids)) = (self.core.upgrade(), &self.ids) {
            core.happened(&ids.channel_arn, &ids.message_id, what(ids.clone()));
        }
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
