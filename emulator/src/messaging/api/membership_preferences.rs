//! Preferences of memberships. They are kept and shown; no push notification is sent to anybody.

use crate::limits;
use crate::messaging::api::authorization::allow;
use crate::messaging::api::call::Call;
use crate::messaging::api::operation::Operation;
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::wire::common_shapes::{BEARER, CHANNEL, MEMBER};
use crate::messaging::wire::output::object;
use crate::messaging::wire::shape::{Member, Shape};
use serde_json::{Map, Value};

const PREFERENCES: Shape = Shape::Structure(&[Member::new(
    "PushNotifications",
    Shape::Structure(&[
        Member::new("AllowNotifications", Shape::OneOf(&["ALL", "NONE", "FILTERED"])).required(),
        Member::new("FilterRule", Shape::Text(limits::FILTER_RULE)),
    ]),
)]);

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "PutChannelMembershipPreferences",
        method: "PUT",
        path: "/channels/{channelArn}/memberships/{memberArn}/preferences",
        selector: None,
        status: 200,
        input: &[CHANNEL, MEMBER, BEARER, Member::new("Preferences", PREFERENCES).required()],
        exceptions: &[Exception::Conflict],
        run: put_channel_membership_preferences,
    },
    Operation {
        name: "GetChannelMembershipPreferences",
        method: "GET",
        path: "/channels/{channelArn}/memberships/{memberArn}/preferences",
        selector: None,
        status: 200,
        input: &[CHANNEL, MEMBER, BEARER],
        exceptions: &[],
        run: get_channel_membership_preferences,
    },
];

impl Call<'_> {
    /// The channel, if the bearer is the member that the request names. Admins and moderators have no part in it.
    fn own_membership(&self) -> Result<String, ApiError> {
        let (arn, _) = self.in_channel()?;
        if self.world.is_elastic(&arn) {
            return Err(ApiError::bad_request("elastic channels have no membership preferences"));
        }
        allow(self.input.text("MemberArn") == self.bearer() && self.world.is_member(&arn, self.bearer()))?;
        Ok(arn)
    }

    fn show_preferences(&self, channel_arn: &str) -> Result<Value, ApiError> {
        let member = self.actor()?;
        let preferences = self.world.membership_preferences.get(&key(channel_arn, &member.arn));
        Ok(object([
            ("ChannelArn", channel_arn.into()),
            ("Member", serde_json::json!(member)),
            ("Preferences", preferences.cloned().into()),
        ]))
    }
}

fn put_channel_membership_preferences(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.own_membership()?;
    let preferences = call.input.members().get("Preferences").cloned().unwrap_or_default();
    check_filter(&preferences["PushNotifications"])?;
    let key = key(&arn, call.bearer());
    call.world.membership_preferences.put(&mut call.world.batch, key, preferences);
    call.show_preferences(&arn)
}

fn get_channel_membership_preferences(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.own_membership()?;
    call.show_preferences(&arn)
}

fn key(channel_arn: &str, member_arn: &str) -> String {
    format!("{channel_arn} {member_arn}")
}

/// The model knows a text; the developer guide, a JSON object, without which nothing can be filtered.
fn check_filter(push_notifications: &Value) -> Result<(), ApiError> {
    let rule = push_notifications["FilterRule"].as_str();
    if rule.is_none() && push_notifications["AllowNotifications"] == "FILTERED" {
        return Err(ApiError::bad_request("AllowNotifications is FILTERED, so FilterRule must say by what"));
    }
    match rule.map(serde_json::from_str::<Map<String, Value>>) {
        Some(Err(_)) => Err(ApiError::bad_request("FilterRule must be a JSON object")),
        None | Some(Ok(_)) => Ok(()),
    }
}
