//! The options of `send`.

use super::message::MessageArgs;
use super::{FunctionArgs, ProcessorArgs};
use clap::Parser;
use std::path::PathBuf;

/// Send messages through a processor and show what everyone sees
///
/// Builds the processor with cargo, runs it as Lambda does, and sends each message through it.
/// Receives its callback as Amazon Chime SDK messaging does: verifies the signature and checks
/// every limit. Nothing leaves this machine.
#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES, after_long_help = AFTER_LONG_HELP)]
pub(crate) struct Send {
    /// The messages, one per argument; - reads standard input, one message a line
    ///
    /// Without texts and without --event, messages are read from standard input unless it is a
    /// terminal. Empty lines are skipped. Each message is created when it is sent.
    #[arg(value_name = "TEXT", conflicts_with = "event")]
    pub(crate) texts: Vec<String>,

    /// Deliver the events in a file instead; - reads standard input
    ///
    /// The file holds one event as JSON, as Lambda delivers it, or several as JSON lines. Events
    /// are delivered byte for byte, each as soon as it is read. A file without an event is an error.
    /// Can be repeated.
    #[arg(long, value_name = "FILE")]
    pub(crate) event: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) processor: ProcessorArgs,

    #[command(flatten)]
    pub(crate) function: FunctionArgs,

    #[command(flatten)]
    pub(crate) message: MessageArgs,

    /// Print the event of each message as JSON instead of sending it
    ///
    /// Builds and runs nothing. The event of one text is indented; of several, there is one a line.
    #[arg(long, conflicts_with_all = ["event", "json", "logs"], help_heading = "Output")]
    pub(crate) print_event: bool,

    /// Print one JSON object per message
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,

    /// Show the function's logs on standard error
    ///
    /// Without this option, logs are shown only for messages that stay undecided, and for those that a
    /// fallback action decided.
    #[arg(long, help_heading = "Output")]
    pub(crate) logs: bool,
}

const EXAMPLES: &str = "\
Examples:
  cargo channel-flow send \"What the hell is this?\"
  cargo channel-flow send -p my-processor \"First message\" \"Second message\"
  cargo channel-flow send -p ./target/release/bootstrap --event event.json
  generate-events | cargo channel-flow send --event - --json";

const AFTER_LONG_HELP: &str = "\
Examples:
  cargo channel-flow send \"What the hell is this?\"
  cargo channel-flow send -p my-processor \"First message\" \"Second message\"
  cargo channel-flow send -p ./target/release/bootstrap --event event.json
  generate-events | cargo channel-flow send --event - --json

Exit status; with several messages, the worst that applies, in this order:
  0  the processor decided every message, or held it for a reviewer
  9  a fallback action decided: the processor failed, or a step of its flow did; the
     row decided says why
  1  the processor could not be built or started
  2  the command line or an event is invalid
  3  a message stayed undecided: only its sender would ever see it

With --json, each line is an object with these fields; later versions may add more:
  status      SENT, DENIED, or PENDING if undecided; null without usable ids
  decision    UPDATE, DENY, NO_CHANGE, HOLD if the message is held for a reviewer,
              or null if no callback was accepted
  decided_by  PROCESSOR, FALLBACK_ACTION, RESCUE or REVIEWER, as the function says; null
              if it says nothing, as a function without the framework
  fallback    why a fallback action decided: cause (ERROR, NO_TIME_FOR_RETRY, PANIC,
              OUT_OF_TIME, BLOCKED, UNREADABLE, NOT_HELD, DECISION_REFUSED,
              FAILED_BEFORE), the step of a flow, panicked_at; not there if the
              processor decided
  held_until  when a held message gets its default decision, in milliseconds since
              1970; not there if the message is not held
  dry_run     the decision that was not sent, if the processor is in a dry run; else null
  reasons     the codes that the processor gave for its decision
  scores      the numbers that the processor gave by category, if it gave any
  steps       what each step of a flow did: name, decision and reasons, or failure
              (with panicked_at) and fallback_action; shadow, duration_ms
  message     the message as everyone in the channel sees it, or null
  event       the event that was sent
  callbacks   each with accepted, after_ms, body and, if it was not accepted,
              refusal: status, exception, message, reason
  invocation  request_id, outcome (RESPONSE, ERROR, TIMED_OUT, EXITED,
              INIT_FAILED) and, unless the outcome is RESPONSE, detail: a sentence
  logs        the lines that the function logged; not there with exit status 0
  timing      cold_start_ms, decided_ms, invocation_ms, total_ms; null if it does
              not apply
  error       why an event could not be sent; the only other fields are source
              and line, which locate the event";

#[cfg(test)]
mod tests {
    use super::super::tests::parse;

    #[test]
    fn texts_or_events() {
        assert!(parse(&["x", "send"]).unwrap().texts.is_empty());
        assert!(parse(&["x", "send", "hello", "--event", "-"]).is_err());
        assert!(parse(&["x", "send", "--event", "-", "--as-bot"]).is_err());
        let send = parse(&["x", "send", "--event", "a", "--event", "b"]).unwrap();
        assert_eq!(send.event.len(), 2);
        assert!(!send.processor.is_named());
    }

    #[test]
    fn variables_have_names() {
        let send = parse(&["x", "send", "-e", "A=b=c", "--env", "B=", "hi"]).unwrap();
        assert_eq!(send.function.env, [("A".into(), "b=c".into()), ("B".into(), String::new())]);
        assert!(parse(&["x", "send", "-e", "A", "hi"]).is_err());
        assert!(parse(&["x", "send", "-e", "=A", "hi"]).is_err());
        assert!(parse(&["x", "send", "--timeout", "0", "hi"]).is_err());
    }
}
