//! A message at one processor, followed from its invocation on.

use crate::model::activity::ActivityKind;
use crate::model::callback_record::CallbackRecord;
use crate::model::decision::Decision;
use crate::model::message::MessageIds;
use crate::model::returned::Returned;
use axum::body::Bytes;
use std::time::SystemTime;

/// What has happened to a message at one processor so far.
///
/// Holds what people said, so it has no `Debug`.
pub(crate) struct ProcessorStep {
    pub(crate) invoked_at: SystemTime,
    pub(crate) processor: String,
    pub(crate) function_arn: String,
    pub(crate) ids: MessageIds,
    /// Byte for byte what the function gets.
    pub(crate) event: Bytes,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) callbacks: Vec<CallbackRecord>,
    pub(crate) unreachable: Option<Unreachable>,
    /// Once Lambda is done with the event: whether a callback had been accepted by then.
    pub(crate) finished: Option<bool>,
    /// When something last happened after the invocation.
    pub(crate) changed_at: Option<SystemTime>,
}

/// An attempt of Lambda to have a function process the event.
pub(crate) struct Attempt {
    pub(crate) ended_at: SystemTime,
    pub(crate) function_arn: String,
    pub(crate) request_id: String,
    pub(crate) outcome: String,
    pub(crate) success: bool,
    pub(crate) returned: Returned,
    pub(crate) milliseconds: f64,
    pub(crate) cold_start_milliseconds: Option<f64>,
}

/// That the processor could not be reached, and what was done instead.
pub(crate) struct Unreachable {
    pub(crate) reason: String,
    /// `CONTINUE` or `ABORT`.
    pub(crate) fallback_action: String,
}

impl ProcessorStep {
    /// Begins with the invocation of the processor.
    pub(crate) fn invoked(
        at: SystemTime,
        processor: String,
        function_arn: String,
        ids: MessageIds,
        event: Bytes,
    ) -> Self {
        Self {
            invoked_at: at,
            processor,
            function_arn,
            ids,
            event,
            attempts: Vec::new(),
            callbacks: Vec::new(),
            unreachable: None,
            finished: None,
            changed_at: None,
        }
    }

    /// Goes on with what happened at this processor. What happened to the message elsewhere changes nothing.
    pub(crate) fn follow(&mut self, at: SystemTime, kind: ActivityKind) {
        match kind {
            ActivityKind::Attempted {
                ids: _,
                function_arn,
                request_id,
                outcome,
                success,
                returned,
                milliseconds,
                cold_start_milliseconds,
            } => self.attempts.push(Attempt {
                ended_at: at,
                function_arn,
                request_id,
                outcome,
                success,
                returned,
                milliseconds,
                cold_start_milliseconds,
            }),
            ActivityKind::Finished { ids: _, function_arn: _, decided } => self.finished = Some(decided),
            ActivityKind::Unreachable { ids: _, function_arn: _, reason, fallback_action } => {
                self.unreachable = Some(Unreachable { reason, fallback_action });
            }
            ActivityKind::Callback(record) => self.callbacks.push(record),
            ActivityKind::Sent { .. }
            | ActivityKind::Invoked { .. }
            | ActivityKind::Settled { .. }
            | ActivityKind::Redacted
            | ActivityKind::Deleted => return,
        }
        self.changed_at = Some(at);
    }

    /// Whether its event has this callback id.
    pub(crate) fn has(&self, callback_id: &str) -> bool {
        self.ids.callback_id == callback_id
    }

    /// The accepted callback's decision, and when it was received. The latest counts, should there be several.
    pub(crate) fn decided(&self) -> Option<(SystemTime, Decision)> {
        let decision = |record: &CallbackRecord| Some((record.received_at(), record.verdict().ok()?));
        self.callbacks.iter().rev().find_map(decision)
    }

    /// Until when the function holds the message for a reviewer, or held it.
    pub(crate) fn held_until(&self) -> Option<SystemTime> {
        self.attempts.iter().rev().find_map(|attempt| attempt.returned.held_until)
    }

    /// Why and how it was decided or held, as the function returned it; `None` if neither was done, or if the function
    /// returned nothing about it.
    pub(crate) fn returned(&self) -> Option<&Returned> {
        self.decided().map(drop).or(self.held_until().map(drop))?;
        let all = || self.attempts.iter().map(|attempt| &attempt.returned).filter(|returned| !returned.is_empty());
        // Of an event that was delivered twice, the delivery that finds the message decided can end first, and has no shadows.
        all().find(|returned| returned.is_accepted).or_else(|| all().next())
    }

    /// What the function returned, if a fallback action decided in place of the processor.
    pub(crate) fn fell_back(&self) -> Option<&Returned> {
        self.returned().filter(|returned| returned.is_accepted && returned.is_fallback())
    }
}

/// The callback id of the step that something happened at; `None` if it happened at no step, or names none.
pub(crate) fn callback_id(kind: &ActivityKind) -> Option<&str> {
    match kind {
        ActivityKind::Invoked { ids, .. }
        | ActivityKind::Attempted { ids, .. }
        | ActivityKind::Finished { ids, .. }
        | ActivityKind::Unreachable { ids, .. } => Some(&ids.callback_id),
        ActivityKind::Callback(record) => record.callback_id.as_deref(),
        ActivityKind::Sent { .. } | ActivityKind::Settled { .. } | ActivityKind::Redacted | ActivityKind::Deleted => {
            None
        }
    }
}
