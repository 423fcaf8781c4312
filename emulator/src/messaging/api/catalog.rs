//! What the documentation says of each operation: the table in `docs/service.md` is made of this one by a test.

use crate::messaging::api::operations;
use std::collections::BTreeSet;
use std::env;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// An operation of Chime SDK messaging or of Chime SDK identity.
struct Entry {
    name: &'static str,
    /// What it deals with.
    subject: &'static str,
    support: Support,
    note: &'static str,
}

/// What the emulator does with an operation.
enum Support {
    /// As the service does.
    ActedUpon,
    /// It checks and keeps what it gets, shows it, and does nothing else with it.
    Kept,
}

const fn acted_upon(subject: &'static str, name: &'static str) -> Entry {
    Entry { name, subject, support: Support::ActedUpon, note: "" }
}

const fn kept(subject: &'static str, name: &'static str) -> Entry {
    Entry { name, subject, support: Support::Kept, note: "" }
}

impl Entry {
    const fn note(mut self, note: &'static str) -> Self {
        self.note = note;
        self
    }
}

/// In the order of the documentation.
const CATALOG: &[Entry] = &[
    acted_upon("Messages", "SendChannelMessage").note("a push notification reaches processors and no phone"),
    acted_upon("Messages", "UpdateChannelMessage"),
    acted_upon("Messages", "GetChannelMessage"),
    acted_upon("Messages", "ListChannelMessages"),
    acted_upon("Messages", "GetChannelMessageStatus").note("a message that is not stored, such as a denied one, has no status: 403"),
    acted_upon("Messages", "RedactChannelMessage"),
    acted_upon("Messages", "DeleteChannelMessage").note("for admins"),
    acted_upon("Flows", "CreateChannelFlow"),
    acted_upon("Flows", "DescribeChannelFlow"),
    acted_upon("Flows", "ListChannelFlows"),
    acted_upon("Flows", "UpdateChannelFlow"),
    acted_upon("Flows", "DeleteChannelFlow"),
    acted_upon("Flows", "AssociateChannelFlow"),
    acted_upon("Flows", "DisassociateChannelFlow"),
    acted_upon("Flows", "ListChannelsAssociatedWithChannelFlow"),
    acted_upon("Flows", "ChannelFlowCallback").note("counts once for each message; accepted for 48 hours"),
    acted_upon("Sessions", "GetMessagingSessionEndpoint").note("sessions open at `/connect`, with prefetched channels if asked for"),
    acted_upon("Channels", "CreateChannel").note("`ExpirationSettings` are acted upon"),
    acted_upon("Channels", "DescribeChannel"),
    acted_upon("Channels", "ListChannels"),
    acted_upon("Channels", "SearchChannels"),
    acted_upon("Channels", "UpdateChannel"),
    acted_upon("Channels", "UpdateChannelReadMarker").note("decides which channels a session gets first"),
    acted_upon("Channels", "DeleteChannel"),
    acted_upon("Channels", "PutChannelExpirationSettings").note("the channel is deleted when it is due, with all that belongs to it, and its members are notified"),
    acted_upon("Channels", "ListSubChannels"),
    acted_upon("Members", "CreateChannelMembership"),
    acted_upon("Members", "BatchCreateChannelMembership"),
    acted_upon("Members", "DescribeChannelMembership"),
    acted_upon("Members", "ListChannelMemberships"),
    acted_upon("Members", "DeleteChannelMembership"),
    acted_upon("Members", "DescribeChannelMembershipForAppInstanceUser"),
    acted_upon("Members", "ListChannelMembershipsForAppInstanceUser"),
    kept("Members", "PutChannelMembershipPreferences").note("for the member alone; no push notification is sent"),
    kept("Members", "GetChannelMembershipPreferences"),
    acted_upon("Moderators", "CreateChannelModerator"),
    acted_upon("Moderators", "DescribeChannelModerator"),
    acted_upon("Moderators", "ListChannelModerators"),
    acted_upon("Moderators", "DeleteChannelModerator"),
    acted_upon("Moderators", "DescribeChannelModeratedByAppInstanceUser"),
    acted_upon("Moderators", "ListChannelsModeratedByAppInstanceUser"),
    acted_upon("Bans", "CreateChannelBan"),
    acted_upon("Bans", "DescribeChannelBan"),
    acted_upon("Bans", "ListChannelBans"),
    acted_upon("Bans", "DeleteChannelBan"),
    acted_upon("App instances", "CreateAppInstance"),
    acted_upon("App instances", "DescribeAppInstance"),
    acted_upon("App instances", "ListAppInstances").note("all of them: credentials have no account"),
    acted_upon("App instances", "UpdateAppInstance"),
    acted_upon("App instances", "DeleteAppInstance"),
    acted_upon("App instances", "CreateAppInstanceAdmin"),
    acted_upon("App instances", "DescribeAppInstanceAdmin"),
    acted_upon("App instances", "ListAppInstanceAdmins"),
    acted_upon("App instances", "DeleteAppInstanceAdmin"),
    acted_upon("App instances", "PutAppInstanceRetentionSettings").note("messages as old as `RetentionDays` are deleted, unless a flow is processing them; it applies from the request on, which is `InitiateDeletionTimestamp`"),
    acted_upon("App instances", "GetAppInstanceRetentionSettings"),
    kept("App instances", "PutMessagingStreamingConfigurations").note("nothing is streamed, and the stream need not exist"),
    kept("App instances", "GetMessagingStreamingConfigurations"),
    kept("App instances", "DeleteMessagingStreamingConfigurations"),
    acted_upon("Users", "CreateAppInstanceUser").note("`ExpirationSettings` are acted upon"),
    acted_upon("Users", "DescribeAppInstanceUser"),
    acted_upon("Users", "ListAppInstanceUsers"),
    acted_upon("Users", "UpdateAppInstanceUser"),
    acted_upon("Users", "DeleteAppInstanceUser"),
    acted_upon("Users", "PutAppInstanceUserExpirationSettings").note("the user is deleted when it is due"),
    kept("Users", "RegisterAppInstanceUserEndpoint").note("no push notification is sent; the endpoint is always `ACTIVE`"),
    kept("Users", "DescribeAppInstanceUserEndpoint"),
    kept("Users", "ListAppInstanceUserEndpoints"),
    kept("Users", "UpdateAppInstanceUserEndpoint"),
    kept("Users", "DeregisterAppInstanceUserEndpoint"),
    acted_upon("Bots", "CreateAppInstanceBot").note("the Lex configuration is kept and shown: the bot never answers"),
    acted_upon("Bots", "DescribeAppInstanceBot"),
    acted_upon("Bots", "ListAppInstanceBots"),
    acted_upon("Bots", "UpdateAppInstanceBot").note("the Lex configuration is kept and shown: the bot never answers"),
    acted_upon("Bots", "DeleteAppInstanceBot"),
    kept("Tags", "TagResource"),
    kept("Tags", "UntagResource"),
    kept("Tags", "ListTagsForResource"),
];

const BEGIN: &str = "<!-- made by a test from emulator/src/messaging/api/catalog.rs; do not edit -->\n";
const END: &str = "<!-- end -->\n";

#[test]
fn it_has_every_operation_once() {
    let documented: BTreeSet<_> = CATALOG.iter().map(|entry| entry.name).collect();
    assert_eq!(documented.len(), CATALOG.len());
    // Callbacks come another way than the operations of the tables.
    let offered = operations().map(|operation| operation.name).chain(["ChannelFlowCallback"]);
    assert_eq!(documented, offered.collect());
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
    for entry in CATALOG {
        if entry.subject != subject {
            subject = entry.subject;
            write!(tables, "\n### {subject}\n\n| operation | the emulator | |\n| --- | --- | --- |\n").unwrap();
        }
        let support = match entry.support {
            Support::ActedUpon => "acts upon it",
            Support::Kept => "keeps and shows it",
        };
        let note = if entry.note.is_empty() { String::new() } else { format!(" {}", entry.note) };
        writeln!(tables, "| `{}` | {support} |{note} |", entry.name).unwrap();
    }
    tables + "\n"
}
