//! Options of `review`.

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// List and decide messages that are held for a reviewer
///
/// A processor can hold a message until a person decides, or until its deadline. Each held message
/// has a ticket in a DynamoDB table. Whoever decides first counts; this command shows what was
/// decided, by whom and when.
#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES, after_long_help = AFTER_LONG_HELP)]
pub(crate) struct Review {
    #[command(subcommand)]
    pub(crate) action: Action,

    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// List held messages, oldest first
    List {
        /// Which ones: those that wait, those whose decision was not delivered yet, or those that are decided
        #[arg(long, value_enum, default_value = "open")]
        queue: QueueArg,

        /// Print one JSON object per message
        #[arg(long)]
        json: bool,
    },
    /// Show one held message
    Show {
        #[command(flatten)]
        id: Id,

        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Release messages, as their processor says
    Approve {
        #[command(flatten)]
        ids: Ids,

        #[command(flatten)]
        by: By,
    },
    /// Deny messages
    Deny {
        #[command(flatten)]
        ids: Ids,

        #[command(flatten)]
        by: By,
    },
    /// Release a message with another text
    Update {
        #[command(flatten)]
        id: Id,

        /// The text that everyone sees
        #[arg(value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
        text: String,

        #[command(flatten)]
        by: By,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Id {
    /// The id of the ticket, or the beginning of it
    #[arg(value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) id: String,
}

#[derive(Debug, Args)]
pub(crate) struct Ids {
    /// The ids of the tickets, or the beginnings of them
    #[arg(value_name = "ID", required = true, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) ids: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct By {
    /// The name to record with the decision; defaults to your login name
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) by: Option<String>,
}

/// Where the tickets are.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The URL of a running `cargo channel-flow dev`; defaults to http://127.0.0.1:8700
    #[arg(long, global = true, value_name = "URL", conflicts_with_all = ["table", "profile", "region"])]
    pub(crate) dev: Option<String>,

    /// The DynamoDB table of a deployed function
    #[arg(long, global = true, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) table: Option<String>,

    /// The AWS profile to use, with --table
    #[arg(long, global = true, value_name = "NAME", requires = "table")]
    pub(crate) profile: Option<String>,

    /// The region of the table; defaults to the configured one
    #[arg(long, global = true, value_name = "REGION", requires = "table")]
    pub(crate) region: Option<String>,
}

/// Where tickets are on their way.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum QueueArg {
    Open,
    Resolved,
    Closed,
}

const EXAMPLES: &str = "\
Examples:
  cargo channel-flow review list
  cargo channel-flow review approve 4c2f
  cargo channel-flow review update 4c2f \"See our website\"
  cargo channel-flow review list --table my-function-memory --region eu-central-1";

const AFTER_LONG_HELP: &str = "\
Examples:
  cargo channel-flow review list
  cargo channel-flow review approve 4c2f
  cargo channel-flow review update 4c2f \"See our website\"
  cargo channel-flow review list --table my-function-memory --region eu-central-1

With --table, the caller needs dynamodb:GetItem and dynamodb:Query on the table and its index; to
decide messages also dynamodb:UpdateItem, and chime:ChannelFlowCallback and
chime:GetChannelMessageStatus on the app instance.

Exit status; with several messages, the highest that applies:
  0  done; all messages are decided as asked
  1  the table or the messaging service cannot be used
  2  the command line is invalid, or there is no such ticket
  3  the decision is recorded, but was not delivered; the function's schedule delivers it
  8  somebody came first, and decided otherwise

With --json, each line is an object with these fields; later versions may add more:
  id                the id of the ticket
  queue             OPEN, RESOLVED (decided, but not known to be delivered) or CLOSED
  channel_arn, message_id, sender_arn
  sender_name, content  null unless the processor lets a reviewer see them
  reasons           the codes of the reasons why the message is held
  held_at, deadline when it was held, and when it gets its default decision
  default_decision, approval  each with decision (UPDATE, DENY, NO_CHANGE) and, for an
                    update, content: what everyone sees then
  resolution        decision and content as above, by (a name, or null at the deadline),
                    and at; null if the message is not decided
  outcome           ACCEPTED, DECIDED_BEFORE, FALLBACK_ACTION or EXPIRED; null if not known";
