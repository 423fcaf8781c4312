//! The sub-channels of an elastic channel.

use crate::messaging::api::call::Call;
use crate::messaging::api::operation::Operation;
use crate::messaging::wire::api_error::ApiError;
use crate::messaging::wire::common_shapes::{BEARER, CHANNEL, MAX_RESULTS, NEXT_TOKEN};
use crate::messaging::world::access::Role;
use serde_json::{Value, json};

pub(crate) const OPERATIONS: &[Operation] = &[Operation {
    name: "ListSubChannels",
    method: "GET",
    path: "/channels/{channelArn}/subchannels",
    selector: None,
    status: 200,
    input: &[CHANNEL, BEARER, MAX_RESULTS, NEXT_TOKEN],
    exceptions: &[],
    run: list_sub_channels,
}];

fn list_sub_channels(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.in_channel_where(Role::may_list_sub_channels)?;
    if !call.world.is_elastic(&arn) {
        return Err(ApiError::bad_request("the channel is not elastic, so that it has no sub-channels"));
    }
    let page = call.page(
        call.channel(&arn)?.sub_channels.iter(),
        |id, sub_channel| json!({ "SubChannelId": id, "MembershipCount": sub_channel.memberships.len() }),
    )?;
    Ok(page.answer_of("SubChannels", "ChannelArn", &arn))
}
