//! The shapes of the API model that several operations share, under the model's names.

use crate::limits;
use crate::messaging::wire::shape::{Member, Shape};

/// `ChimeArn`.
pub(crate) const ARN: Shape = Shape::Text(limits::CHANNEL_ARN);
/// `NonEmptyResourceName`.
pub(crate) const RESOURCE_NAME: Shape = Shape::Text(limits::RESOURCE_NAME);
/// `UserName`.
pub(crate) const USER_NAME: Shape = Shape::Text(limits::USER_NAME);
/// `ResourceName`, of bots.
pub(crate) const BOT_NAME: Shape = Shape::Text(limits::BOT_NAME);
/// `UserId`, and `ChannelId`, which has the same limits.
pub(crate) const ID: Shape = Shape::Text(limits::ID);
/// `Metadata`.
pub(crate) const METADATA: Shape = Shape::Text(limits::METADATA);
/// `MessageId`.
pub(crate) const MESSAGE_ID: Shape = Shape::Text(limits::MESSAGE_ID);
/// `SubChannelId`.
pub(crate) const SUB_CHANNEL_ID: Shape = Shape::Text(limits::SUB_CHANNEL_ID);
/// `ContentType`.
pub(crate) const CONTENT_TYPE: Shape = Shape::Text(limits::CONTENT_TYPE);

/// The actor: the ARN of an app-instance user or bot.
pub(crate) const BEARER: Member = OPTIONAL_BEARER.required();
/// The same, not required by the model. Its documentation calls it mandatory all the same, and it is.
pub(crate) const OPTIONAL_BEARER: Member = Member::new("ChimeBearer", ARN).bearer();
/// The channel, in the path.
pub(crate) const CHANNEL: Member = Member::new("ChannelArn", ARN).path("channelArn");
/// The app instance, in the path.
pub(crate) const APP_INSTANCE: Member = Member::new("AppInstanceArn", ARN).path("appInstanceArn");
/// The app instance, in the query.
pub(crate) const OF_APP_INSTANCE: Member = Member::new("AppInstanceArn", ARN).query("app-instance-arn").required();
/// A user or bot that is asked about, in the query.
pub(crate) const OF_USER: Member = Member::new("AppInstanceUserArn", ARN).query("app-instance-user-arn");
/// A member of a channel, in the path.
pub(crate) const MEMBER: Member = Member::new("MemberArn", ARN).path("memberArn");
/// `ChannelMembershipType`.
pub(crate) const MEMBERSHIP_TYPE: Shape = Shape::OneOf(&["DEFAULT", "HIDDEN"]);
/// `ChannelMode`.
pub(crate) const CHANNEL_MODE: Shape = Shape::OneOf(&["UNRESTRICTED", "RESTRICTED"]);
/// `ChannelPrivacy`.
pub(crate) const CHANNEL_PRIVACY: Shape = Shape::OneOf(&["PUBLIC", "PRIVATE"]);
/// Fills itself in by the SDKs; two requests with the same one are one.
pub(crate) const CLIENT_REQUEST_TOKEN: Member =
    Member::new("ClientRequestToken", Shape::Text(limits::CLIENT_REQUEST_TOKEN)).required();
/// How many results a page may have.
pub(crate) const MAX_RESULTS: Member =
    Member::new("MaxResults", Shape::Integer { min: 1, max: 50 }).query("max-results");
/// Where the next page begins.
pub(crate) const NEXT_TOKEN: Member = Member::new("NextToken", Shape::Text(limits::NEXT_TOKEN)).query("next-token");
/// `TagList`.
pub(crate) const TAGS: Member = Member::new("Tags", Shape::List { min: 1, max: 50, element: &TAG });

const TAG: Shape = Shape::Structure(&[
    Member::new("Key", Shape::Text(limits::TAG_KEY)).required(),
    Member::new("Value", Shape::Text(limits::TAG_VALUE)).required(),
]);

/// `PushNotificationConfiguration`.
pub(crate) const PUSH_NOTIFICATION: Shape = Shape::Structure(&[
    Member::new("Title", Shape::Text(limits::PUSH_TITLE)),
    Member::new("Body", Shape::Text(limits::PUSH_BODY)),
    Member::new("Type", Shape::OneOf(&limits::PUSH_NOTIFICATION_TYPES)),
]);

/// `MessageAttributeMap`.
pub(crate) const MESSAGE_ATTRIBUTES: Shape = Shape::Map { key: limits::ATTRIBUTE_NAME, value: &ATTRIBUTE };

const ATTRIBUTE: Shape = Shape::Structure(&[Member::new(
    "StringValues",
    Shape::List { min: 0, max: usize::MAX, element: &Shape::Text(limits::ATTRIBUTE_VALUE) },
)]);
