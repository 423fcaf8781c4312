//! Activity in the service, for its watchers: a page, a recorder, a test.

use crate::model::callback_record::CallbackRecord;
use crate::model::message::{MessageChange, MessageFields, MessageIds, MessageStatus};
use crate::model::returned::Returned;
use axum::body::Bytes;
use std::fmt;
use std::time::SystemTime;

/// Something that happens to a message of a channel.
///
/// Holds the content of messages: keep it out of logs. `Debug` shows ids and lengths.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Activity {
    /// When it happened.
    pub at: SystemTime,
    /// The channel's ARN.
    pub channel_arn: String,
    /// The message's id.
    pub message_id: String,
    /// What happened.
    pub kind: ActivityKind,
}

/// What happened to a message.
#[derive(Clone)]
#[non_exhaustive]
pub enum ActivityKind {
    /// It was sent, or an update of it was.
    Sent {
        /// The sender's ARN.
        sender_arn: String,
        /// The sender's name.
        sender_name: String,
        /// Whether it is new or an update.
        change: MessageChange,
        /// Its content, before any processor.
        fields: MessageFields,
        /// `PENDING` if a flow has to process it first.
        status: MessageStatus,
    },
    /// A processor of its flow is invoked with this event.
    Invoked {
        /// The processor's name.
        processor: String,
        /// Its function.
        function_arn: String,
        /// The ids of this step.
        ids: MessageIds,
        /// The event, byte for byte as the function gets it.
        event: Bytes,
    },
    /// The function was tried, with this outcome.
    Attempted {
        /// The ids of this step.
        ids: MessageIds,
        /// The function, which is another one if the event went to an on-failure destination.
        function_arn: String,
        /// Lambda's id of the request; made up if an endpoint names none.
        request_id: String,
        /// In words.
        outcome: String,
        /// Whether Lambda counts it as a success.
        success: bool,
        /// What the function returned about the message. Empty if an endpoint has queued the event, since the answer is not
        /// known then.
        returned: Returned,
        /// How long it took, in milliseconds.
        milliseconds: f64,
        /// How long the start of a new environment took, in milliseconds.
        cold_start_milliseconds: Option<f64>,
    },
    /// Lambda is done with the event: no other try will come, at the function or at its on-failure destination.
    Finished {
        /// The ids of this step.
        ids: MessageIds,
        /// The processor's function.
        function_arn: String,
        /// Whether a callback was accepted. If not, the message hangs: it stays pending unless somebody calls back yet.
        decided: bool,
    },
    /// The processor could not be reached, and this was done instead, by its fallback action.
    Unreachable {
        /// The ids of this step.
        ids: MessageIds,
        /// The processor's function.
        function_arn: String,
        /// Why, as the event on EventBridge has it in `failureReason`.
        reason: String,
        /// `CONTINUE` or `ABORT`.
        fallback_action: String,
    },
    /// A callback came for it, accepted or not.
    Callback(CallbackRecord),
    /// The flow is done with it.
    Settled {
        /// Its final status.
        status: MessageStatus,
        /// Its content now.
        fields: MessageFields,
    },
    /// It was redacted.
    Redacted,
    /// It was deleted.
    Deleted,
}

impl fmt::Debug for ActivityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent { sender_arn, change, fields, status, .. } => f
                .debug_struct("Sent")
                .field("sender_arn", sender_arn)
                .field("change", change)
                .field("fields", fields)
                .field("status", status)
                .finish_non_exhaustive(),
            Self::Invoked { processor, function_arn, ids, event } => f
                .debug_struct("Invoked")
                .field("processor", processor)
                .field("function_arn", function_arn)
                .field("ids", ids)
                .field("event_bytes", &event.len())
                .finish(),
            Self::Attempted { ids, function_arn, request_id, success, returned, .. } => f
                .debug_struct("Attempted")
                .field("ids", ids)
                .field("function_arn", function_arn)
                .field("request_id", request_id)
                .field("success", success)
                .field("returned", returned)
                .finish_non_exhaustive(),
            Self::Finished { ids, function_arn, decided } => f
                .debug_struct("Finished")
                .field("ids", ids)
                .field("function_arn", function_arn)
                .field("decided", decided)
                .finish(),
            Self::Unreachable { ids, function_arn, reason, fallback_action } => f
                .debug_struct("Unreachable")
                .field("ids", ids)
                .field("function_arn", function_arn)
                .field("reason", reason)
                .field("fallback_action", fallback_action)
                .finish(),
            Self::Callback(record) => f.debug_tuple("Callback").field(record).finish(),
            Self::Settled { status, fields } => {
                f.debug_struct("Settled").field("status", status).field("fields", fields).finish()
            }
            Self::Redacted => f.write_str("Redacted"),
            Self::Deleted => f.write_str("Deleted"),
        }
    }
}
