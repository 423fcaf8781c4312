//! The actor of a request, the channel that it is about, and the actor's rights in it.

use crate::arn::app_instance_of;
use crate::messaging::api::call::Call;
use crate::messaging::resource::channel::Channel;
use crate::messaging::resource::identity::Identity;
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::world::access::Role;
use std::collections::BTreeSet;

impl Call<'_> {
    /// The acting user or bot, with the name.
    ///
    /// # Errors
    ///
    /// Nobody is named, or there is no such user or bot.
    pub(crate) fn actor(&self) -> Result<Identity, ApiError> {
        if self.input.optional("ChimeBearer").is_none() {
            return Err(ApiError::bad_request("the header x-amz-chime-bearer is mandatory"));
        }
        let actor = self.world.identity(self.bearer());
        actor.ok_or_else(|| ApiError::forbidden("ChimeBearer is no user or bot that there is"))
    }

    /// The ARN of the channel that the request is about, and the bearer's role in it.
    ///
    /// # Errors
    ///
    /// There is no such channel, or the bearer is nobody of its app instance.
    pub(crate) fn in_channel(&self) -> Result<(String, Role), ApiError> {
        let arn = self.input.text("ChannelArn");
        self.actor()?;
        if !self.world.channels.contains(arn) {
            return Err(self.not_found("channel"));
        }
        let role = self.world.role(arn, self.bearer());
        let role = role.ok_or_else(|| ApiError::forbidden("ChimeBearer is not of the app instance of the channel"))?;
        Ok((arn.to_owned(), role))
    }

    /// As [`in_channel`](Self::in_channel), if the role permits the operation.
    ///
    /// # Errors
    ///
    /// The role does not permit it.
    pub(crate) fn in_channel_where(&self, may: impl FnOnce(Role) -> bool) -> Result<String, ApiError> {
        let (arn, role) = self.in_channel()?;
        allow(may(role))?;
        Ok(arn)
    }

    /// A channel that is there, as [`in_channel`](Self::in_channel) has made sure.
    pub(crate) fn channel(&self, arn: &str) -> Result<&Channel, ApiError> {
        self.world.channels.get(arn).ok_or_else(|| self.not_found("channel"))
    }

    /// A user or bot that a member names, of the same app instance as `arn`.
    ///
    /// # Errors
    ///
    /// There is no such one there.
    pub(crate) fn member_beside(&self, arn: &str, member_arn: &str) -> Result<Identity, ApiError> {
        let identity = self.world.identity(member_arn);
        let beside = identity.filter(|_| app_instance_of(member_arn) == app_instance_of(arn));
        beside.ok_or_else(|| self.not_found("user or bot in this app instance"))
    }

    /// The ARNs of a list, once each, all of them users and bots of the same app instance as `arn`.
    ///
    /// # Errors
    ///
    /// One of them is not.
    pub(crate) fn members_beside(&self, arn: &str, name: &str) -> Result<BTreeSet<String>, ApiError> {
        let arns: BTreeSet<_> = self.input.texts(name).into_iter().map(str::to_owned).collect();
        match arns.iter().all(|member| self.member_beside(arn, member).is_ok()) {
            true => Ok(arns),
            false => {
                Err(ApiError::bad_request(format!("{name} names somebody who is no user or bot of this app instance")))
            }
        }
    }

    /// There would be more than the service allows, said as the model of the operation can say it.
    pub(crate) fn over_quota(&self, quota: usize, what: &str) -> ApiError {
        let exception = match self.exceptions.contains(&Exception::ResourceLimitExceeded) {
            true => Exception::ResourceLimitExceeded,
            false => Exception::BadRequest,
        };
        ApiError::new(exception, format!("the quota is {quota} {what}"))
    }

    /// As [`in_channel`](Self::in_channel), for what is done to messages: in an elastic channel the request has to name a
    /// sub-channel, which is the last part of the answer, and the role is that in the sub-channel.
    ///
    /// # Errors
    ///
    /// As of [`named_sub_channel`](Self::named_sub_channel), or the channel is elastic and no sub-channel is named.
    pub(crate) fn in_sub_channel(&self) -> Result<(String, Role, Option<String>), ApiError> {
        let (arn, role) = self.in_channel()?;
        match self.named_sub_channel(&arn)? {
            Some(id) => {
                let role = self.world.role_in_sub_channel(&arn, &id, self.bearer(), role);
                Ok((arn, role, Some(id)))
            }
            None if self.world.is_elastic(&arn) => {
                Err(ApiError::bad_request("the channel is elastic, so that the request has to name a SubChannelId"))
            }
            None => Ok((arn, role, None)),
        }
    }

    /// The sub-channel of this channel that the request names, if it does.
    ///
    /// # Errors
    ///
    /// The channel is not elastic, or there is no such sub-channel.
    pub(crate) fn named_sub_channel(&self, channel_arn: &str) -> Result<Option<String>, ApiError> {
        let Some(id) = self.input.optional("SubChannelId") else { return Ok(None) };
        if !self.world.is_elastic(channel_arn) {
            return Err(ApiError::bad_request("SubChannelId is for elastic channels, and this channel is not elastic"));
        }
        match self.channel(channel_arn)?.sub_channels.contains_key(id) {
            true => Ok(Some(id.to_owned())),
            false => Err(self.not_found("sub-channel")),
        }
    }
}

/// Refuses the request unless the bearer has the right.
pub(crate) fn allow(may: bool) -> Result<(), ApiError> {
    match may {
        true => Ok(()),
        false => Err(ApiError::forbidden("ChimeBearer may not do this in this channel")),
    }
}
