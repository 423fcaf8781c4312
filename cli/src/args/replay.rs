//! What `replay` can be told.

use crate::args::function::FunctionArgs;
use clap::Parser;
use clap::builder::NonEmptyStringValueParser;
use std::path::PathBuf;

/// Run a recording through a processor and show which decisions changed
///
/// Delivers each recorded event to the processor, and compares its decision and what the message
/// says then with what was recorded. Nothing leaves this machine.
#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES, after_long_help = AFTER_LONG_HELP)]
pub(crate) struct Replay {
    /// The recordings, as `dev --record` writes them; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,

    /// The processor: a package of this workspace, or a path
    ///
    /// With a slash or a leading dot it is a path: to a binary, which is run as it is, or to the
    /// folder of a package, which is built.
    #[arg(short, long, value_name = "NAME|PATH", default_value = "profanity-filter",
          value_parser = NonEmptyStringValueParser::new())]
    pub(crate) processor: String,

    /// Replay only what the recorded processor of this name got
    ///
    /// Needed where the recorded flow has several.
    #[arg(long, value_name = "NAME")]
    pub(crate) recorded: Option<String>,

    #[command(flatten)]
    pub(crate) function: FunctionArgs,

    /// Print one JSON object a message, and one that sums up
    #[arg(long)]
    pub(crate) json: bool,

    /// Show what the function logs, on standard error
    ///
    /// Without it, that is shown for messages that ended undecided.
    #[arg(long)]
    pub(crate) logs: bool,
}

const EXAMPLES: &str = "\
Examples:
  cargo channel-flow replay recording.jsonl
  cargo channel-flow replay -p my-processor --release recording.jsonl
  tail -n 100 recording.jsonl | cargo channel-flow replay - --json";

const AFTER_LONG_HELP: &str = "\
Examples:
  cargo channel-flow replay recording.jsonl
  cargo channel-flow replay -p my-processor --release recording.jsonl
  tail -n 100 recording.jsonl | cargo channel-flow replay - --json

Of a recording with its content masked, nobody can say what the processor would make of the
content. Its events are delivered all the same, and whether they are decided is counted.
A message whose processor was not reached when it was recorded is skipped.

Exit status; with several messages, the highest that applies:
  0  every message was decided as it was recorded, as far as that can be compared
  1  the processor could not be built or started
  2  the command line or a line of a recording cannot be used
  3  a message ended undecided: nobody but its sender would ever see it
  4  a decision changed, or what a message says then

With --json, each line is an object with these fields; more may come:
  result      SAME, CHANGED, UNDECIDED, DECIDED for one that is masked and cannot be
              compared, or SKIPPED
  before      decision and message, what was released, as recorded; null where it is
              masked or skipped
  now         decision, message, and invocation: outcome (RESPONSE, ERROR,
              TIMED_OUT, EXITED, INIT_FAILED) and detail, a sentence, unless it is
              RESPONSE; null where it was skipped
  event       what was recorded
  source, line  where it was recorded
  error       why a line cannot be used; there is no other field but source and line
The last line has one field, summary: an object with the number of each result, and
of lines that cannot be used as error.";
