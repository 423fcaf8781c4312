//! Permissions in a channel: every rule of the developer guide's "Understanding authorization by role" about resources.

use crate::arn::app_instance_of;
use crate::messaging::world::World;

/// Somebody's role in a channel, and the kind of the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    /// An admin of the app instance.
    pub(crate) admin: bool,
    pub(crate) moderator: bool,
    /// A member, `DEFAULT` or `HIDDEN`.
    pub(crate) member: bool,
    /// A `HIDDEN` member.
    pub(crate) hidden: bool,
    /// Whether the channel's privacy is `PUBLIC`.
    pub(crate) public: bool,
    /// Whether the channel's mode is `UNRESTRICTED`.
    pub(crate) unrestricted: bool,
    /// As [`anyone_joins_public_channels`](crate::assumptions::Assumptions::anyone_joins_public_channels) has it.
    pub(crate) anyone_joins: bool,
    /// As [`anyone_joins_restricted_public_channels`](crate::assumptions::Assumptions::anyone_joins_restricted_public_channels)
    /// has it.
    pub(crate) anyone_joins_restricted: bool,
    /// As [`members_remove_members`](crate::assumptions::Assumptions::members_remove_members) has it.
    pub(crate) members_remove: bool,
}

impl World {
    /// The role of `bearer` in this channel, if there is such a channel and `bearer` is of its app instance.
    pub(crate) fn role(&self, channel_arn: &str, bearer: &str) -> Option<Role> {
        let channel = self.channels.get(channel_arn)?;
        if !self.members.contains(bearer) || app_instance_of(bearer) != app_instance_of(channel_arn) {
            return None;
        }
        Some(Role {
            admin: self.is_admin(bearer),
            moderator: channel.moderators.contains_key(bearer),
            member: channel.is_member(bearer),
            hidden: channel.memberships.get(bearer).is_some_and(|membership| membership.kind == "HIDDEN"),
            public: channel.privacy == "PUBLIC",
            unrestricted: channel.mode == "UNRESTRICTED",
            anyone_joins: self.assumptions.anyone_joins_public_channels,
            anyone_joins_restricted: self.assumptions.anyone_joins_restricted_public_channels,
            members_remove: self.assumptions.members_remove_members,
        })
    }

    /// The role of `bearer`, who has this `role` in an elastic channel, in one of its sub-channels: a member of that one or of none.
    /// It is not public, though the channel may be, as
    /// [`sub_channels_are_private`](crate::assumptions::Assumptions::sub_channels_are_private) has it.
    pub(crate) fn role_in_sub_channel(&self, channel_arn: &str, id: &str, bearer: &str, role: Role) -> Role {
        let channel = self.channels.get(channel_arn);
        let member = channel.is_some_and(|channel| channel.membership(bearer, Some(id)).is_some());
        let public = role.public && !self.assumptions.sub_channels_are_private;
        Role { member, hidden: false, public, ..role }
    }
}

impl Role {
    /// Admins have the rights of moderators in every channel of their app instance.
    fn manages(self) -> bool {
        self.admin || self.moderator
    }

    /// Public channels are seen by all of the app instance, private ones by those who belong to them, and by admins.
    pub(crate) fn may_see_channel(self) -> bool {
        self.public || self.member || self.manages()
    }

    /// Admins and moderators.
    pub(crate) fn may_change_channel(self) -> bool {
        self.manages()
    }

    /// Admins and moderators.
    pub(crate) fn may_choose_channel_flow(self) -> bool {
        self.manages()
    }

    /// Admins and moderators; members if the channel is unrestricted. Others may add only themselves, if the channel is
    /// public.
    pub(crate) fn may_add_member(self, itself: bool) -> bool {
        let open = self.unrestricted || self.anyone_joins_restricted;
        let joins = itself && self.public && self.anyone_joins && open;
        self.manages() || self.unrestricted && self.member || joins
    }

    /// Admins and moderators. Every member may leave.
    pub(crate) fn may_remove_member(self, itself: bool) -> bool {
        self.manages() || self.member && (itself || self.members_remove)
    }

    /// Hidden members are added and seen by admins and moderators.
    pub(crate) fn may_deal_with_hidden_members(self) -> bool {
        self.manages()
    }

    /// Admins and moderators: appoint, dismiss and see moderators.
    pub(crate) fn may_deal_with_moderators(self) -> bool {
        self.manages()
    }

    /// Admins and moderators, who see in which sub-channels of an elastic channel its members are.
    pub(crate) fn may_list_sub_channels(self) -> bool {
        self.manages()
    }

    /// Admins and moderators: ban, lift a ban and see bans.
    pub(crate) fn may_deal_with_bans(self) -> bool {
        self.manages()
    }

    /// Members, so admins and moderators have to become members first.
    pub(crate) fn may_mark_as_read(self) -> bool {
        self.member
    }

    /// Members, so admins and moderators have to become members first. Hidden members read only, as AWS says in its
    /// explanation of channels for announcements.
    pub(crate) fn may_send_messages(self) -> bool {
        self.member && !self.hidden
    }

    /// Members their own ones.
    pub(crate) fn may_update_message(self, own: bool) -> bool {
        self.member && own
    }

    /// Members their own ones, admins and moderators all that they see.
    pub(crate) fn may_redact_message(self, own: bool) -> bool {
        self.manages() || self.member && own
    }

    /// Admins.
    pub(crate) fn may_delete_messages(self) -> bool {
        self.admin
    }

    /// Everybody about themselves, admins about anybody.
    pub(crate) fn may_ask_for_membership_of(self, itself: bool) -> bool {
        itself || self.admin
    }

    /// Those who belong to the channel about anybody; others about themselves.
    pub(crate) fn may_ask_what_is_moderated_by(self, itself: bool) -> bool {
        itself || self.member || self.manages()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In an unrestricted public channel.
    const NOBODY: Role = Role {
        admin: false,
        moderator: false,
        member: false,
        hidden: false,
        public: true,
        unrestricted: true,
        anyone_joins: true,
        anyone_joins_restricted: true,
        members_remove: false,
    };
    const MEMBER: Role = Role { member: true, ..NOBODY };
    const MODERATOR: Role = Role { moderator: true, ..NOBODY };
    const ADMIN: Role = Role { admin: true, ..NOBODY };

    fn restricted(role: Role) -> Role {
        Role { unrestricted: false, ..role }
    }

    fn private(role: Role) -> Role {
        Role { public: false, ..role }
    }

    #[test]
    fn private_channels_are_seen_by_those_who_belong_to_them() {
        assert!(NOBODY.may_see_channel());
        assert!(!private(NOBODY).may_see_channel());
        for role in [MEMBER, MODERATOR, ADMIN] {
            assert!(private(role).may_see_channel());
        }
    }

    #[test]
    fn who_adds_members() {
        for role in [MODERATOR, ADMIN] {
            assert!(restricted(role).may_add_member(false) && role.may_add_member(false));
        }
        assert!(MEMBER.may_add_member(false) && private(MEMBER).may_add_member(false));
        assert!(!restricted(MEMBER).may_add_member(false));
        assert!(NOBODY.may_add_member(true) && !NOBODY.may_add_member(false));
        assert!(restricted(NOBODY).may_add_member(true) && !restricted(NOBODY).may_add_member(false));
        assert!(!private(NOBODY).may_add_member(true) && !private(restricted(NOBODY)).may_add_member(true));
        let moderators_add = Role { anyone_joins_restricted: false, ..NOBODY };
        assert!(moderators_add.may_add_member(true) && !restricted(moderators_add).may_add_member(true));
        let closed = Role { anyone_joins: false, ..NOBODY };
        assert!(!closed.may_add_member(true) && !restricted(closed).may_add_member(true));
    }

    #[test]
    fn who_removes_members() {
        assert!(MEMBER.may_remove_member(true) && !MEMBER.may_remove_member(false));
        assert!(MODERATOR.may_remove_member(false) && ADMIN.may_remove_member(false));
        assert!(Role { members_remove: true, ..MEMBER }.may_remove_member(false));
        assert!(!NOBODY.may_remove_member(true) && !NOBODY.may_remove_member(false));
    }

    #[test]
    fn what_moderators_and_admins_do_is_not_for_members() {
        let rules = [
            Role::may_change_channel,
            Role::may_choose_channel_flow,
            Role::may_deal_with_hidden_members,
            Role::may_deal_with_moderators,
            Role::may_deal_with_bans,
            Role::may_list_sub_channels,
        ];
        for rule in rules {
            assert!(rule(MODERATOR) && rule(ADMIN) && !rule(MEMBER) && !rule(NOBODY));
        }
        assert!(MEMBER.may_mark_as_read() && !MODERATOR.may_mark_as_read() && !ADMIN.may_mark_as_read());
    }

    #[test]
    fn who_deals_with_messages() {
        for role in [NOBODY, MODERATOR, ADMIN] {
            assert!(!role.may_send_messages() && !role.may_update_message(true));
        }
        assert!(MEMBER.may_send_messages() && MEMBER.may_update_message(true) && !MEMBER.may_update_message(false));
        for role in [MEMBER, Role { member: true, ..MODERATOR }, Role { member: true, ..ADMIN }] {
            assert!(role.may_send_messages() && !Role { hidden: true, ..role }.may_send_messages());
        }
        assert!(
            MEMBER.may_redact_message(true) && !MEMBER.may_redact_message(false) && !NOBODY.may_redact_message(true)
        );
        assert!(MODERATOR.may_redact_message(false) && ADMIN.may_redact_message(false));
        assert!(ADMIN.may_delete_messages() && !MODERATOR.may_delete_messages() && !MEMBER.may_delete_messages());
    }

    #[test]
    fn who_asks_about_somebody_else() {
        assert!(NOBODY.may_ask_for_membership_of(true) && ADMIN.may_ask_for_membership_of(false));
        assert!(!MEMBER.may_ask_for_membership_of(false) && !MODERATOR.may_ask_for_membership_of(false));
        assert!(NOBODY.may_ask_what_is_moderated_by(true) && !NOBODY.may_ask_what_is_moderated_by(false));
        assert!(MEMBER.may_ask_what_is_moderated_by(false));
    }
}
