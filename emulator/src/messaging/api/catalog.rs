//! Every operation of the two APIs, by the names of their models, and what the emulator does with it.
//!
//! The table in `docs/service.md` is made of this one by a test. Whether the emulator has an operation the
//! [tables](super::operations) of operations say.

use crate::messaging::api::operation;
use axum::http::request::Parts;

/// An operation of Chime SDK messaging or of Chime SDK identity.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(test), allow(dead_code, reason = "a test makes documentation of it"))]
pub(crate) struct Known {
    pub(crate) name: &'static str,
    /// Method and path, as the model has them.
    request: &'static str,
    /// What it deals with.
    subject: &'static str,
    support: Support,
    note: &'static str,
}

/// What the emulator does with an operation that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Support {
    /// As the service does.
    ActedUpon,
    /// It checks and keeps what it gets, shows it, and does nothing else with it.
    Kept,
}

const fn acted_upon(subject: &'static str, name: &'static str, request: &'static str) -> Known {
    Known { name, request, subject, support: Support::ActedUpon, note: "" }
}

const fn kept(subject: &'static str, name: &'static str, request: &'static str) -> Known {
    Known { name, request, subject, support: Support::Kept, note: "" }
}

impl Known {
    const fn note(mut self, note: &'static str) -> Self {
        self.note = note;
        self
    }

    /// Method and path with labels, and what tells operations of the same path apart.
    fn route(&self) -> (&'static str, &'static str, Option<(&'static str, &'static str)>) {
        let (method, uri) = self.request.split_once(' ').expect("a method and a path");
        match uri.split_once('?') {
            None => (method, uri, None),
            Some((path, selector)) => (method, path, selector.split_once('=')),
        }
    }
}

/// The operation that a request is for, if it is one that the models have.
pub(crate) fn find(request: &Parts) -> Option<&'static Known> {
    CATALOG.iter().find(|known| {
        let (method, path, selector) = known.route();
        operation::labels(method, path, selector, request).is_some()
    })
}

/// In the order of the documentation.
pub(crate) const CATALOG: &[Known] = &[
    acted_upon("Messages", "SendChannelMessage", "POST /channels/{channelArn}/messages").note("a push notification reaches processors and no phone"),
    acted_upon("Messages", "UpdateChannelMessage", "PUT /channels/{channelArn}/messages/{messageId}"),
    acted_upon("Messages", "GetChannelMessage", "GET /channels/{channelArn}/messages/{messageId}"),
    acted_upon("Messages", "ListChannelMessages", "GET /channels/{channelArn}/messages"),
    acted_upon("Messages", "GetChannelMessageStatus", "GET /channels/{channelArn}/messages/{messageId}?scope=message-status").note("a message that is not stored, such as a denied one, has no status: 403"),
    acted_upon("Messages", "RedactChannelMessage", "POST /channels/{channelArn}/messages/{messageId}?operation=redact"),
    acted_upon("Messages", "DeleteChannelMessage", "DELETE /channels/{channelArn}/messages/{messageId}").note("for admins"),
    acted_upon("Flows", "CreateChannelFlow", "POST /channel-flows"),
    acted_upon("Flows", "DescribeChannelFlow", "GET /channel-flows/{channelFlowArn}"),
    acted_upon("Flows", "ListChannelFlows", "GET /channel-flows"),
    acted_upon("Flows", "UpdateChannelFlow", "PUT /channel-flows/{channelFlowArn}"),
    acted_upon("Flows", "DeleteChannelFlow", "DELETE /channel-flows/{channelFlowArn}"),
    acted_upon("Flows", "AssociateChannelFlow", "PUT /channels/{channelArn}/channel-flow"),
    acted_upon("Flows", "DisassociateChannelFlow", "DELETE /channels/{channelArn}/channel-flow/{channelFlowArn}"),
    acted_upon("Flows", "ListChannelsAssociatedWithChannelFlow", "GET /channels?scope=channel-flow-associations"),
    acted_upon("Flows", "ChannelFlowCallback", "POST /channels/{channelArn}?operation=channel-flow-callback").note("counts once for each message; accepted for 48 hours"),
    acted_upon("Sessions", "GetMessagingSessionEndpoint", "GET /endpoints/messaging-session").note("sessions open at `/connect`, with prefetched channels if asked for"),
    acted_upon("Channels", "CreateChannel", "POST /channels").note("`ExpirationSettings` are acted upon"),
    acted_upon("Channels", "DescribeChannel", "GET /channels/{channelArn}"),
    acted_upon("Channels", "ListChannels", "GET /channels"),
    acted_upon("Channels", "SearchChannels", "POST /channels?operation=search"),
    acted_upon("Channels", "UpdateChannel", "PUT /channels/{channelArn}"),
    acted_upon("Channels", "UpdateChannelReadMarker", "PUT /channels/{channelArn}/readMarker").note("decides which channels a session gets first"),
    acted_upon("Channels", "DeleteChannel", "DELETE /channels/{channelArn}"),
    acted_upon("Channels", "PutChannelExpirationSettings", "PUT /channels/{channelArn}/expiration-settings").note("the channel is deleted when it is due, with all that belongs to it, and its members are notified"),
    acted_upon("Channels", "ListSubChannels", "GET /channels/{channelArn}/subchannels"),
    acted_upon("Members", "CreateChannelMembership", "POST /channels/{channelArn}/memberships"),
    acted_upon("Members", "BatchCreateChannelMembership", "POST /channels/{channelArn}/memberships?operation=batch-create"),
    acted_upon("Members", "DescribeChannelMembership", "GET /channels/{channelArn}/memberships/{memberArn}"),
    acted_upon("Members", "ListChannelMemberships", "GET /channels/{channelArn}/memberships"),
    acted_upon("Members", "DeleteChannelMembership", "DELETE /channels/{channelArn}/memberships/{memberArn}"),
    acted_upon("Members", "DescribeChannelMembershipForAppInstanceUser", "GET /channels/{channelArn}?scope=app-instance-user-membership"),
    acted_upon("Members", "ListChannelMembershipsForAppInstanceUser", "GET /channels?scope=app-instance-user-memberships"),
    kept("Members", "PutChannelMembershipPreferences", "PUT /channels/{channelArn}/memberships/{memberArn}/preferences").note("for the member alone; no push notification is sent"),
    kept("Members", "GetChannelMembershipPreferences", "GET /channels/{channelArn}/memberships/{memberArn}/preferences"),
    acted_upon("Moderators", "CreateChannelModerator", "POST /channels/{channelArn}/moderators"),
    acted_upon("Moderators", "DescribeChannelModerator", "GET /channels/{channelArn}/moderators/{channelModeratorArn}"),
    acted_upon("Moderators", "ListChannelModerators", "GET /channels/{channelArn}/moderators"),
    acted_upon("Moderators", "DeleteChannelModerator", "DELETE /channels/{channelArn}/moderators/{channelModeratorArn}"),
    acted_upon("Moderators", "DescribeChannelModeratedByAppInstanceUser", "GET /channels/{channelArn}?scope=app-instance-user-moderated-channel"),
    acted_upon("Moderators", "ListChannelsModeratedByAppInstanceUser", "GET /channels?scope=app-instance-user-moderated-channels"),
    acted_upon("Bans", "CreateChannelBan", "POST /channels/{channelArn}/bans"),
    acted_upon("Bans", "DescribeChannelBan", "GET /channels/{channelArn}/bans/{memberArn}"),
    acted_upon("Bans", "ListChannelBans", "GET /channels/{channelArn}/bans"),
    acted_upon("Bans", "DeleteChannelBan", "DELETE /channels/{channelArn}/bans/{memberArn}"),
    acted_upon("App instances", "CreateAppInstance", "POST /app-instances"),
    acted_upon("App instances", "DescribeAppInstance", "GET /app-instances/{appInstanceArn}"),
    acted_upon("App instances", "ListAppInstances", "GET /app-instances").note("all of them: credentials have no account"),
    acted_upon("App instances", "UpdateAppInstance", "PUT /app-instances/{appInstanceArn}"),
    acted_upon("App instances", "DeleteAppInstance", "DELETE /app-instances/{appInstanceArn}"),
    acted_upon("App instances", "CreateAppInstanceAdmin", "POST /app-instances/{appInstanceArn}/admins"),
    acted_upon("App instances", "DescribeAppInstanceAdmin", "GET /app-instances/{appInstanceArn}/admins/{appInstanceAdminArn}"),
    acted_upon("App instances", "ListAppInstanceAdmins", "GET /app-instances/{appInstanceArn}/admins"),
    acted_upon("App instances", "DeleteAppInstanceAdmin", "DELETE /app-instances/{appInstanceArn}/admins/{appInstanceAdminArn}"),
    acted_upon("App instances", "PutAppInstanceRetentionSettings", "PUT /app-instances/{appInstanceArn}/retention-settings").note("messages as old as `RetentionDays` are deleted, unless a flow is processing them; it applies from the request on, which is `InitiateDeletionTimestamp`"),
    acted_upon("App instances", "GetAppInstanceRetentionSettings", "GET /app-instances/{appInstanceArn}/retention-settings"),
    kept("App instances", "PutMessagingStreamingConfigurations", "PUT /app-instances/{appInstanceArn}/streaming-configurations").note("nothing is streamed, and the stream need not exist"),
    kept("App instances", "GetMessagingStreamingConfigurations", "GET /app-instances/{appInstanceArn}/streaming-configurations"),
    kept("App instances", "DeleteMessagingStreamingConfigurations", "DELETE /app-instances/{appInstanceArn}/streaming-configurations"),
    acted_upon("Users", "CreateAppInstanceUser", "POST /app-instance-users").note("`ExpirationSettings` are acted upon"),
    acted_upon("Users", "DescribeAppInstanceUser", "GET /app-instance-users/{appInstanceUserArn}"),
    acted_upon("Users", "ListAppInstanceUsers", "GET /app-instance-users"),
    acted_upon("Users", "UpdateAppInstanceUser", "PUT /app-instance-users/{appInstanceUserArn}"),
    acted_upon("Users", "DeleteAppInstanceUser", "DELETE /app-instance-users/{appInstanceUserArn}"),
    acted_upon("Users", "PutAppInstanceUserExpirationSettings", "PUT /app-instance-users/{appInstanceUserArn}/expiration-settings").note("the user is deleted when it is due"),
    kept("Users", "RegisterAppInstanceUserEndpoint", "POST /app-instance-users/{appInstanceUserArn}/endpoints").note("no push notification is sent; the endpoint is always `ACTIVE`"),
    kept("Users", "DescribeAppInstanceUserEndpoint", "GET /app-instance-users/{appInstanceUserArn}/endpoints/{endpointId}"),
    kept("Users", "ListAppInstanceUserEndpoints", "GET /app-instance-users/{appInstanceUserArn}/endpoints"),
    kept("Users", "UpdateAppInstanceUserEndpoint", "PUT /app-instance-users/{appInstanceUserArn}/endpoints/{endpointId}"),
    kept("Users", "DeregisterAppInstanceUserEndpoint", "DELETE /app-instance-users/{appInstanceUserArn}/endpoints/{endpointId}"),
    acted_upon("Bots", "CreateAppInstanceBot", "POST /app-instance-bots").note("the Lex configuration is kept and shown: the bot never answers"),
    acted_upon("Bots", "DescribeAppInstanceBot", "GET /app-instance-bots/{appInstanceBotArn}"),
    acted_upon("Bots", "ListAppInstanceBots", "GET /app-instance-bots"),
    acted_upon("Bots", "UpdateAppInstanceBot", "PUT /app-instance-bots/{appInstanceBotArn}").note("the Lex configuration is kept and shown: the bot never answers"),
    acted_upon("Bots", "DeleteAppInstanceBot", "DELETE /app-instance-bots/{appInstanceBotArn}"),
    kept("Tags", "TagResource", "POST /tags?operation=tag-resource"),
    kept("Tags", "UntagResource", "POST /tags?operation=untag-resource"),
    kept("Tags", "ListTagsForResource", "GET /tags"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messaging::api::operations;
    use std::env;
    use std::fmt::Write;
    use std::fs;
    use std::path::Path;

    const BEGIN: &str = "<!-- made by a test from emulator/src/messaging/api/catalog.rs; do not edit -->\n";
    const END: &str = "<!-- end -->\n";

    #[test]
    fn it_has_every_operation_as_the_tables_have_it() {
        for operation in operations() {
            let known = CATALOG.iter().find(|known| known.name == operation.name).expect(operation.name);
            assert_eq!(known.route(), (operation.method, operation.path, operation.selector), "{}", operation.name);
        }
        let mut names: Vec<_> = CATALOG.iter().map(|known| known.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CATALOG.len());
    }

    /// `CHANNEL_FLOW_WRITE_DOCS=1` has the table written.
    #[test]
    fn the_documentation_has_the_table() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/service.md");
        // A packaged crate has no documentation beside it.
        let Ok(page) = fs::read_to_string(&path) else { return };
        let (before, rest) = page.split_once(BEGIN).expect("the mark where the table begins");
        let (_, after) = rest.split_once(END).expect("the mark where the table ends");
        let made = format!("{before}{BEGIN}{}{END}{after}", tables());
        if env::var_os("CHANNEL_FLOW_WRITE_DOCS").is_some() {
            fs::write(&path, &made).unwrap();
        } else {
            let how = "docs/service.md is not made of the code: run this test with CHANNEL_FLOW_WRITE_DOCS=1";
            assert!(made == page, "{how}");
        }
    }

    /// One for each subject.
    fn tables() -> String {
        let mut tables = String::new();
        let mut subject = "";
        for known in CATALOG {
            if known.subject != subject {
                subject = known.subject;
                write!(tables, "\n### {subject}\n\n| operation | the emulator | |\n| --- | --- | --- |\n").unwrap();
            }
            // Callbacks come another way than the operations of the tables.
            let offered = known.name == "ChannelFlowCallback" || operations().any(|other| other.name == known.name);
            let support = match known.support {
                _ if !offered => "does not have it",
                Support::ActedUpon => "acts upon it",
                Support::Kept => "keeps and shows it",
            };
            let note = if known.note.is_empty() || !offered { String::new() } else { format!(" {}", known.note) };
            writeln!(tables, "| `{}` | {support} |{note} |", known.name).unwrap();
        }
        tables + "\n"
    }
}
