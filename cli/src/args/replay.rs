//! Options of `replay`.

use crate::args::function::FunctionArgs;
use clap::Parser;
use clap::builder::NonEmptyStringValueParser;
use std::path::PathBuf;

/// Run a recording through a processor and show which decisions changed
///
/// Delivers each recorded event to the processor, and compares the decision and the resulting
/// message with the recording. Nothing leaves this machine.
#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES, after_long_help = AFTER_LONG_HELP)]
pub(crate) struct Replay {
    /// Recordings written by `dev --record`; - reads standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,

    /// The processor: a package in this workspace, or a path
    ///
    /// A value with a slash or a leading dot is a path: to a binary, which runs as it is, or to a
    /// package directory, which is built.
    #[arg(short, long, value_name = "NAME|PATH", default_value = "profanity-filter",
          value_parser = NonEmptyStringValueParser::new())]
    pub(crate) processor: String,

    /// Replay only the events of the recorded processor with this name
    ///
    /// Required if the recorded flow has several processors.
    #[arg(long, value_name = "NAME")]
    pub(crate) recorded: Option<String>,

    #[command(flatten)]
    pub(crate) function: FunctionArgs,

    /// Print one JSON object per message, and a summary object
    #[arg(long)]
    pub(crate) json: bool,

    /// Show the function's logs on standard error
    ///
    /// Without this option, logs are shown only for messages that stay undecided.
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

A masked recording lacks the content on which the processor decided, so its decisions cannot be
compared. Its events are delivered all the same, and the summary counts those that are decided.
A message is skipped if its processor was not reached when it was recorded.

Exit status; with several messages, the highest that applies:
  0  every message was decided as recorded, as far as this can be compared
  1  the processor could not be built or started
  2  the command line or a line of a recording is invalid
  3  a message stayed undecided: only its sender would ever see it
  4  a decision or the resulting message changed

With --json, each line is an object with these fields; later versions may add more:
  result      SAME, CHANGED, UNDECIDED, SKIPPED, or DECIDED if the line is masked and
              cannot be compared
  before      the recorded decision, and message: what was released; null if masked
              or skipped
  now         decision, message, and invocation: outcome (RESPONSE, ERROR,
              TIMED_OUT, EXITED, INIT_FAILED) and, unless the outcome is RESPONSE,
              detail: a sentence; null if skipped
  event       the recorded event
  source, line  where the event is recorded
  error       why a line cannot be used; the only other fields are source and line
The last line has one field, summary: an object with the number of each result, and
the number of unusable lines as error.";
