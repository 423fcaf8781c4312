//! Options of `replay`.

use crate::args::function::FunctionArgs;
use crate::args::processor::ProcessorArgs;
use clap::Parser;
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

    #[command(flatten)]
    pub(crate) processor: ProcessorArgs,

    /// Replay only the events of the recorded processor with this name
    ///
    /// Required if the recorded flow has several processors.
    #[arg(long, value_name = "NAME")]
    pub(crate) recorded: Option<String>,

    #[command(flatten)]
    pub(crate) function: FunctionArgs,

    /// Fail unless the decisions follow the rules of this TOML file
    ///
    /// A rule limits how many messages may have a decision, a reason or a result, or how many a
    /// shadow may act on. With rules, a changed decision alone is not a failure.
    #[arg(long, value_name = "RULES")]
    pub(crate) expect: Option<PathBuf>,

    /// Write a JUnit report to this file
    ///
    /// It has a test case for each message and each rule, with ids and no content.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,

    /// Print one JSON object per message, and a summary object
    #[arg(long)]
    pub(crate) json: bool,

    /// Show the content of the messages that a shadow would decide differently
    ///
    /// Without this option, they are named by their ids.
    #[arg(long, conflicts_with = "json")]
    pub(crate) show_content: bool,

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
  cargo channel-flow replay recording.jsonl --expect rules.toml --junit report.xml
  tail -n 100 recording.jsonl | cargo channel-flow replay - --json";

const AFTER_LONG_HELP: &str = "\
Examples:
  cargo channel-flow replay recording.jsonl
  cargo channel-flow replay -p my-processor --release recording.jsonl
  cargo channel-flow replay recording.jsonl --expect rules.toml --junit report.xml
  tail -n 100 recording.jsonl | cargo channel-flow replay - --json

A masked recording lacks the content on which the processor decided, so its decisions cannot be
compared. Its events are delivered all the same, and the summary counts those that are decided.
A message is skipped if its processor was not reached when it was recorded.

A message that its processor held for a reviewer has the decision HOLD, whatever the reviewer
decided.

Reasons are the codes in the field Reasons of what the function returned. For each one, the
summary says how many messages have it, together with which others, and which messages gained or
lost it since the recording. A change of reasons alone leaves the result SAME.

A label says what should have been decided. Add one to a line of the recording, with a decision
(UPDATE, DENY, NO_CHANGE, HOLD), with all reasons, or with both:
  \"label\":{\"decision\":\"DENY\",\"reasons\":[\"links\"]}
The summary then gives each decision and each reason a precision (the part of the messages with it
that should have it) and a recall (the part of the messages that should have it that do), and lists
the wrong and the missed messages.

A step that is a shadow, now or in the recording, is judged by what it would do if it counted:
  ran on      how many messages it ran on
  would act   how many it would deny, update or hold
  anyway      how many of those are denied, updated or held without it
  alone       how many nothing else acts on
  with        which other steps act on the same messages, and on how many
  failed      how often it failed
  gained, lost  the messages that it would act on only now, or only in the recording
  differ      the messages that would be decided differently
Each reason that it gives is measured by the labels, as above. A message that was denied before the
step's turn does not count for it. In a dry run, the decision that was not sent counts.

If the function returns scores, a table says for each category how many messages have a score of at
least 0.1 to 0.9 and, by the labels, the precision and the recall of acting on them. A reason of a
label means the category with its name: hate-speech is HATE_SPEECH. A message without a score of
the category counts as below all thresholds.

A rule for --expect sets at_least, at_most or exactly for the number of messages with a decision, a
reason or a result, or of those that a shadow would act on, for example
  reasons.links.exactly = 3
  decisions.DENY = { at_least = 3, at_most = 5 }
  shadows.long.at_most = 2
  results.CHANGED.at_most = 0
Masked messages count only in the rules for results.

Exit status; with several messages, the highest that applies:
  0  every message was decided as recorded, as far as this can be compared; with --expect, every
     message was decided and every rule is met
  1  the processor could not be built or started
  2  the command line, the rules or a line of a recording is invalid
  3  a message stayed undecided: only its sender would ever see it
  4  a decision or the resulting message changed; never with --expect
  7  a rule of --expect is not met

With --json, each line is an object with these fields; later versions may add more:
  result      SAME, CHANGED, UNDECIDED, SKIPPED, or DECIDED if the line is masked and
              cannot be compared
  before      the recorded decision, its reasons, scores and steps, decided_by and fallback
              as in send --json, and message: what was released; null if masked or
              skipped
  now         the same, and invocation: outcome (RESPONSE, ERROR, TIMED_OUT, EXITED,
              INIT_FAILED) and, unless the outcome is RESPONSE, detail: a sentence; null if
              skipped
  label       decision and reasons, as far as the recording has them; else null
  event       the recorded event
  source, line  where the event is recorded
  error       why a line cannot be used; the only other fields are source and line
The last line sums up:
  summary     the number of each result, and the number of unusable lines as error
  decisions, reasons  for each decision and each reason:
              now and recorded: count, and by the labels right (how many), wrong and missed
                  (ids of messages), precision and recall (0 to 1; null if unknown)
              gained, lost: ids of messages that have it only now, or only in the recording
              with: how many messages have another reason as well
  shadows     for each shadow step:
              now and recorded: ran, failed, acts, with, differ (ids of messages), and denies,
                  updates and holds, each with denied_anyway, updated_anyway, held_anyway and
                  alone
              gained, lost: ids of messages
              reasons: as above, by code
  scores      for each step (null: the function itself) and category: thresholds, each with
              now and recorded as above, or null without scores
  rules       with --expect, for each rule: rule, limit, count, and whether it is met; else null";
