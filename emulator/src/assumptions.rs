//! Everything that this emulator assumes of the real services and that AWS does not document.
//!
//! Each item is one assumption. Code that rests on it uses the item, so that changing it here
//! changes the emulator.

use std::time::Duration;

/// What the service says when a second callback arrives for a message that was decided.
///
/// Seen in production, once, with `BadRequestException`; the callback's id follows.
pub const DECIDED_BEFORE: &str = "Unable to complete processing of non-pending message for callback id";

/// How the service refuses a callback for a message that was decided. All three were seen in production.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RepeatedCallback {
    /// 400 `BadRequestException` with [`DECIDED_BEFORE`].
    #[default]
    NonPending,
    /// 409 `ConflictException` with [`CONFLICT`], as when two callbacks race.
    Conflict,
    /// 403 `ForbiddenException` with [`FORBIDDEN`], which is what a missing grant looks like too.
    Forbidden,
}

/// What goes with a `ConflictException`. The text was not published.
pub const CONFLICT: &str =
    "The request could not be processed because of conflict in the current state of the resource";

/// What goes with a `ForbiddenException`, whatever its cause. Known to be generic; the words were not published.
pub const FORBIDDEN: &str = "The client does not have permission to perform this operation";

/// How long after the message a callback is accepted; then it gets a `ForbiddenException`.
///
/// Documented in one place only. [`MessagingService::set_callback_lifetime`](crate::MessagingService::set_callback_lifetime)
/// changes it.
pub const CALLBACK_LIFETIME: Duration = Duration::from_secs(48 * 60 * 60);

/// What the service says when no message belongs to the ids of a callback.
///
/// Nobody has published this answer. It is deliberately not [`DECIDED_BEFORE`], so that a
/// function with the wrong ids is not taken for a function that comes second.
pub const UNKNOWN_MESSAGE: &str = "No message is pending for this channel, message and callback id";

/// A callback whose `ChannelMessage` leaves a field out keeps what the message has in that field.
///
/// That holds for `Content`, `Metadata`, `PushNotification`, `MessageAttributes`, `SubChannelId`
/// and `ContentType` alike. A push notification is replaced as a whole.
pub const ABSENT_FIELDS_ARE_KEPT: bool = true;

/// `null` in a callback is the same as leaving the field out, as the restJson protocol has it.
pub const NULL_IS_ABSENT: bool = true;

/// A field that the API model does not know is ignored, not refused.
pub const UNKNOWN_FIELDS_ARE_IGNORED: bool = true;

/// Which exceptions refuse a request whose signature is missing, of unknown keys, or wrong.
///
/// These are the names common to AWS services; the service's own model has none for it.
pub const SIGNATURE_MISSING: &str = "MissingAuthenticationTokenException";
/// See [`SIGNATURE_MISSING`].
pub const SIGNATURE_KEY_UNKNOWN: &str = "UnrecognizedClientException";
/// See [`SIGNATURE_MISSING`].
pub const SIGNATURE_WRONG: &str = "InvalidSignatureException";
/// The `Code` in the body that goes with [`SIGNATURE_MISSING`] and its like.
pub const SIGNATURE_CODE: &str = "AccessDenied";

/// How far a signature's time may be from the service's clock. Documented for SigV4 in general.
pub const SIGNATURE_SKEW: Duration = Duration::from_secs(5 * 60);

/// The exception for an operation that this emulator does not have; status 404.
pub const UNKNOWN_OPERATION: &str = "UnknownOperationException";

/// The largest request body that the service reads, in bytes. A larger one is a bad request.
pub const REQUEST_BYTES: usize = 1024 * 1024;

/// How long a function may take to initialize. Documented for Lambda.
///
/// Lambda then starts it once more, within the time of the invocation; the emulator does not.
pub const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// The largest response that the Runtime API takes, in bytes: 6 MB and a little, as Lambda's own
/// runtime interface emulator has it.
pub const RESPONSE_BYTES: usize = 6 * 1024 * 1024 + 100;

/// The largest event that Lambda takes for asynchronous invocation, in bytes. Documented for Lambda: 1 MB.
pub const EVENT_BYTES: usize = 1024 * 1024;

/// How many processors a flow may have where nobody has asked AWS for more. The API model knows 3.
pub const PROCESSORS_OF_A_FLOW: usize = 1;
