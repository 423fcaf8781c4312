//! Everything that this emulator assumes of the real services and that AWS does not document.
//!
//! Each item is one assumption. An assumption that a test may want to change is a field of [`Assumptions`], which
//! [`Settings::assumptions`](crate::Settings::assumptions) sets; texts, names and sizes are constants. Code that rests on
//! one of them uses the item, so that changing it here changes the emulator.

use std::time::Duration;

/// The assumptions about the messaging service that a test can change.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Assumptions {
    /// How a callback for a message that was decided is refused. [`RepeatedCallback::NonPending`].
    pub repeated_callback: RepeatedCallback,
    /// How long after its event a callback is accepted. [`CALLBACK_LIFETIME`].
    pub callback_lifetime: Duration,
    /// A callback whose `ChannelMessage` leaves a field out leaves that field of the message as it is. `true`.
    ///
    /// That holds for `Content`, `Metadata`, `PushNotification`, `MessageAttributes` and `ContentType` alike; of `SubChannelId`
    /// see [`callbacks_move_messages`](Self::callbacks_move_messages). A push notification is replaced as a whole.
    pub absent_fields_are_kept: bool,
    /// `null` in a request is the same as leaving the field out, as the restJson protocol has it. `true`.
    pub null_is_absent: bool,
    /// A field that the API model does not know is ignored, not refused. `true`.
    pub unknown_fields_are_ignored: bool,
    /// Every processor of a flow gets another `CallbackId`. `true`; otherwise all that deal with the same version of a
    /// message get the same one, so that a second callback of one processor passes for the first one of the next.
    pub callback_id_is_of_the_step: bool,
    /// A message goes through the processors that its channel's flow had when it was sent, though the flow is changed or
    /// disassociated meanwhile. `true`; otherwise each step looks at the channel's flow at that time, and a message whose
    /// flow is gone is sent once the processor that has it calls back.
    pub flow_is_kept: bool,
    /// `UpdateChannelMessage` without `Metadata` or `ContentType` leaves them as they are. `true`.
    pub update_keeps_absent_fields: bool,
    /// While an update of a message is processed, the others go on seeing the version before. `true`; otherwise only its
    /// sender sees it, as the developer guide has it of messages in processing, and does not say what of updates.
    pub update_leaves_message_visible: bool,
    /// A message that failed can be had by its sender, with the status `FAILED`. `true`; otherwise it is gone like a denied
    /// one. Of denied messages the API model says that they are not stored; of failed ones it does not.
    pub failed_messages_are_kept: bool,
    /// `ListChannelMessages` shows senders their own messages that are not sent, with their status. `true`.
    pub own_pending_messages_are_listed: bool,
    /// A sender who has left the channel while a message was processed is notified of its outcome. `false`. The message goes
    /// its way all the same.
    pub former_member_is_told: bool,
    /// How long a `ClientRequestToken` is remembered. [`CLIENT_REQUEST_TOKEN_LIFETIME`].
    pub client_request_token_lifetime: Duration,
    /// Users and bots may add themselves to a public channel of their app instance. `true`. The developer
    /// guide says so in its explanation of channels, and denies it in its table of roles; AWS's own chat demo rests on it.
    pub anyone_joins_public_channels: bool,
    /// Users and bots may add themselves to a public channel though its mode is `RESTRICTED`. `true`. The developer guide says
    /// of public channels that anyone may join them, whatever their mode, and AWS's own chat demo rests on it; the guide's table
    /// of roles has it that moderators add the members of restricted ones. It has no effect without
    /// [`anyone_joins_public_channels`](Self::anyone_joins_public_channels).
    pub anyone_joins_restricted_public_channels: bool,
    /// Members who are not moderators may take others out of a channel, not only leave it. `false`. The developer guide's
    /// table of roles can be read so; the API reference has it that moderators remove members.
    pub members_remove_members: bool,
    /// Associating a channel with a second flow replaces the first. `true`; otherwise it is a conflict. The developer guide
    /// says that a channel has one flow at most at any given time; AWS's own chat demo says that another one replaces it.
    pub second_channel_flow_replaces: bool,
    /// Associating a channel with a flow, or disassociating it, changes `LastUpdatedTimestamp` and sends `UPDATE_CHANNEL` to
    /// the members. `false`. The developer guide has that event for updates of a channel's details, such as its name or its
    /// metadata, and names no flow.
    pub association_updates_the_channel: bool,
    /// An elastic channel has one sub-channel, an empty one, from the beginning. `true`; otherwise the first one is opened with
    /// the first member, so that moderators have none to be in before. Documented is that the first members all come into a
    /// single one.
    pub elastic_channels_begin_with_sub_channel: bool,
    /// A sub-channel with fewer members than the elastic channel's configuration has for its minimum is given up as soon as a
    /// member leaves the channel and the other sub-channels have room. `true`; otherwise sub-channels stay. That the service
    /// balances members is documented; when it does, and that messages of such a sub-channel can be read no more and that the
    /// memberships of moderators in it end, is not.
    pub sub_channels_are_balanced: bool,
    /// Messages of a sub-channel are seen by its members, by moderators and by admins. `true`; otherwise by everybody if the
    /// channel is public, as those of other channels are. That moderators see those of all sub-channels is documented.
    pub sub_channels_are_private: bool,
    /// A callback with a `SubChannelId` moves the message to that sub-channel, whether there is one or not. `false`; it is
    /// ignored. The API model has that member, and nothing says what it does.
    pub callbacks_move_messages: bool,
    /// How `GetChannelMessageStatus` refuses the question about a message that is not stored: one that was denied, or that
    /// there never was. [`AbsentStatus::Forbidden`]. The API model says that there is no status of denied messages, but not
    /// how the service answers.
    pub status_of_denied: AbsentStatus,
    /// `GetChannelMessageStatus` answers `PENDING` while a non-persistent message is processed. `true`; otherwise it is
    /// refused as one that is not stored. Once it is sent, it is not stored either way.
    pub non_persistent_has_status: bool,
    /// A bot may ask for the status of its message. `true`; otherwise 403. Documented is that only the sender may ask.
    pub bots_may_ask_status: bool,
    /// `GetChannelMessageStatus` answers `PENDING` while an update of a message is processed. `true`; otherwise it answers
    /// the status from before the update.
    pub edit_has_status: bool,
    /// A message that is deleted because of the retention settings of its app instance sends `DELETE_CHANNEL_MESSAGE` to the
    /// members, as one that an admin deletes does. `false`. Documented is that messages are deleted, not who learns of it.
    pub retention_notifies: bool,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            repeated_callback: RepeatedCallback::default(),
            callback_lifetime: CALLBACK_LIFETIME,
            absent_fields_are_kept: true,
            null_is_absent: true,
            unknown_fields_are_ignored: true,
            callback_id_is_of_the_step: true,
            flow_is_kept: true,
            update_keeps_absent_fields: true,
            update_leaves_message_visible: true,
            failed_messages_are_kept: true,
            own_pending_messages_are_listed: true,
            former_member_is_told: false,
            client_request_token_lifetime: CLIENT_REQUEST_TOKEN_LIFETIME,
            anyone_joins_public_channels: true,
            anyone_joins_restricted_public_channels: true,
            members_remove_members: false,
            second_channel_flow_replaces: true,
            association_updates_the_channel: false,
            elastic_channels_begin_with_sub_channel: true,
            sub_channels_are_balanced: true,
            sub_channels_are_private: true,
            callbacks_move_messages: false,
            status_of_denied: AbsentStatus::default(),
            non_persistent_has_status: true,
            bots_may_ask_status: true,
            edit_has_status: true,
            retention_notifies: false,
        }
    }
}

/// The service's message when a second callback arrives for a message that was decided.
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
    /// 403 `ForbiddenException` with [`FORBIDDEN`], as for a missing grant.
    Forbidden,
}

/// How the service refuses the status of a message that it does not store. Nobody has published it. The API model's
/// exceptions of `GetChannelMessageStatus` are 400, 401, 403, 429, 500 and 503.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AbsentStatus {
    /// 403 `ForbiddenException` with [`FORBIDDEN`], as for a missing grant.
    #[default]
    Forbidden,
    /// 404 `NotFoundException` with [`NO_STATUS`].
    NotFound,
    /// 400 `BadRequestException` with [`NO_STATUS`].
    BadRequest,
}

/// The message of an [`AbsentStatus`] other than [`AbsentStatus::Forbidden`].
pub const NO_STATUS: &str = "There is no status for this message";

/// The message of a `ConflictException`. The text was not published.
pub const CONFLICT: &str =
    "The request could not be processed because of conflict in the current state of the resource";

/// The message of a `ForbiddenException`, whatever its cause. Known to be generic; the words were not published.
pub const FORBIDDEN: &str = "The client does not have permission to perform this operation";

/// How long after the message a callback is accepted; then it gets a `ForbiddenException`.
///
/// Documented in one place only.
pub const CALLBACK_LIFETIME: Duration = Duration::from_secs(48 * 60 * 60);

/// The service's message when no message belongs to the ids of a callback.
///
/// Nobody has published this answer. It is deliberately not [`DECIDED_BEFORE`], so that a
/// function with the wrong ids is not taken for a function that comes second.
pub const UNKNOWN_MESSAGE: &str = "No message is pending for this channel, message and callback id";

/// The message of the `ForbiddenException` for an update, a redaction or a deletion of a message that is processed, or that
/// failed.
///
/// That only messages that were sent can be changed is documented; with which exception and words it is said is not.
pub const NOT_SENT: &str = "Only messages that were sent can be changed";

/// The message of the `ConflictException` for an update of a message that was redacted.
pub const REDACTED: &str = "The message was redacted";

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

/// How many processors a flow may have unless AWS has raised the quota. The API model knows 3.
pub const PROCESSORS_OF_A_FLOW: usize = 1;

/// How long a request's head or body, or the handshake of TLS, may take to come.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a connection may wait for its next request. It is longer than the 90 seconds after which AWS's SDK for Rust
/// closes one itself, so that a client seldom sends a request into a connection that is being closed.
pub const CONNECTION_IDLE: Duration = Duration::from_secs(120);

/// How many connections may be open at once. A process may have 1,024 files on many systems, and functions need some.
pub const CONNECTIONS: usize = 512;

/// The WebSocket close code for a messaging session whose signature is missing or wrong.
///
/// The code is documented as "not authorized", and clients do not connect again; that refusals come as close codes and not
/// as HTTP statuses follows from the source of AWS's browser SDK.
pub const SESSION_NOT_AUTHORIZED: u16 = 4401;

/// The WebSocket close code for a messaging session of a user or bot that there is not. Documented as "forbidden".
pub const SESSION_FORBIDDEN: u16 = 4003;

/// How often a messaging session is pinged. That there are pings is documented. A client that answers two of them with
/// nothing at all, not even a pong, is gone.
pub const SESSION_PING: Duration = Duration::from_secs(30);

/// How many of a channel's messages a `CHANNEL_DETAILS` event has, the latest ones. The number is not documented;
/// their kind is. An elastic channel has no such event, in which there is no place for a sub-channel.
pub const PREFETCHED_MESSAGES: usize = 20;

/// How many of a channel's members a `CHANNEL_DETAILS` event has. The number is not documented; their kind is.
pub const PREFETCHED_MEMBERSHIPS: usize = 30;

/// How long a `ClientRequestToken` is remembered: a request with the same one is not done again.
pub const CLIENT_REQUEST_TOKEN_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// How many values of `ClientRequestToken` are remembered, whatever their age, so that memory stays bounded.
pub const CLIENT_REQUEST_TOKENS: usize = 10_000;

/// How often the service looks for what has expired, beside [`advance`](crate::MessagingService::advance). Documented is that
/// channels are deleted within 6 hours.
pub const EXPIRATION_CHECK: Duration = Duration::from_secs(60);

/// `Mode` of a channel that is created without one. An elastic channel is refused then, since it has to be `RESTRICTED`.
pub const CHANNEL_MODE: &str = "UNRESTRICTED";

/// `Privacy` of a channel that is created without one.
pub const CHANNEL_PRIVACY: &str = "PUBLIC";
