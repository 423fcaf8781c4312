//! The built command, with a function that the test binary plays itself.

#![cfg(unix)]

mod command;
#[path = "function/framework.rs"]
mod framework;
mod function;

use command::{script, stderr, stdout};
use serde_json::{Value, json};
use std::env;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// Not a test: what `function.sh` runs.
#[test]
fn acts_as_the_function() {
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        match env::var_os("FAILS_AS_TOLD") {
            Some(_) => framework::run(),
            None => function::run(),
        }
    }
}

fn command(args: &[&str]) -> Command {
    command::command(&[&["send", "--processor", &script()], args].concat())
}

fn send(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

fn send_events(args: &[&str], events: &str) -> Output {
    let mut child = command(args).args(["--event", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(events.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    stdout(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn event(id: u32, content: &str) -> Value {
    json!({
        "EventType": "CHANNEL_MESSAGE_EVENT",
        "CallbackId": format!("4c2f1a9e-7f3b-4d58-9a61-{id:012}"),
        "ChannelMessage": {
            "MessageId": format!("m{id}"),
            "ChannelArn": "arn:aws:chime:us-east-1:123456789012:app-instance/a/channel/b",
            "Content": content,
        },
    })
}

#[test]
fn a_person_sees_the_message_the_decision_and_what_everyone_sees() {
    let output = send(&["What the hell is this?"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let lines: Vec<_> = stdout(&output).lines().collect();
    assert_eq!(
        lines[..4],
        [
            "Alice     What the hell is this?",
            "decision  update",
            "everyone  What the **** is this?",
            "                   ^^^^",
        ]
    );
    assert!(lines[4].starts_with("took      ") && lines[4].contains("cold start"), "{}", lines[4]);
    assert_eq!((lines.len(), stderr(&output)), (5, ""));
}

#[test]
fn a_held_message_is_no_failure() {
    let returned = r#"RETURNS={"say nothing":{"Outcome":"HELD","HeldUntil":1786700000123,"Reasons":["links"]}}"#;
    let output = send(&["--env", returned, "say nothing"]);
    let expected = "Alice     say nothing\ndecision  hold, for a reviewer\nreasons   links\neveryone  sees nothing until it is approved\ntook ";
    assert!(stdout(&output).starts_with(expected), "{}", stdout(&output));
    assert_eq!(output.status.code(), Some(0));
    let output = send(&["--json", "--env", returned, "say nothing"]);
    let held = &lines(&output)[0];
    assert_eq!((&held["status"], &held["decision"]), (&json!("PENDING"), &json!("HOLD")));
    assert_eq!(held["held_until"], 1_786_700_000_123_u64);
}

#[test]
fn several_messages_share_an_environment() {
    let output = send(&["--as-bot", "good day", "deny"]);
    let text = stdout(&output);
    assert!(text.starts_with("Helper (bot)  good day\ndecision      no change\neveryone      good day\n"), "{text}");
    assert!(text.contains("\n\nHelper (bot)  deny\ndecision      deny\neveryone      sees nothing\n"), "{text}");
    assert_eq!(text.matches("cold start").count(), 1, "{text}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn nothing_in_a_message_steers_the_terminal() {
    let output = send(&["control"]);
    assert!(stdout(&output).contains("a\\u{1b}[2J\\u{202e}b"), "{}", stdout(&output));
    assert!(!stdout(&output).contains(['\u{1b}', '\u{202e}']));
}

#[test]
fn a_program_gets_a_line_a_message() {
    let output = send(&["--json", "--metadata", "{}", "hell", "deny", "say nothing"]);
    let [update, deny, nothing] = &lines(&output)[..] else { panic!("{}", stdout(&output)) };
    assert_eq!((&update["status"], &update["decision"]), (&json!("SENT"), &json!("UPDATE")));
    assert_eq!(update["message"], json!({ "Content": "****", "Metadata": "{}" }));
    assert_eq!(update["event"]["ChannelMessage"]["Content"], "hell");
    assert_eq!(update["callbacks"][0]["body"]["ChannelMessage"]["Content"], "****");
    assert_eq!(update["invocation"]["outcome"], "RESPONSE");
    for time in ["cold_start_ms", "decided_ms", "invocation_ms", "total_ms"] {
        assert!(update["timing"][time].is_f64(), "{update}");
    }
    assert_eq!((&deny["status"], &deny["message"]), (&json!("DENIED"), &Value::Null));
    assert_eq!(deny["timing"]["cold_start_ms"], Value::Null);
    assert_eq!((&nothing["status"], &nothing["decision"]), (&json!("PENDING"), &Value::Null));
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn an_undecided_message_shows_the_log() {
    let output = send(&["say nothing"]);
    assert_eq!(output.status.code(), Some(3));
    let text = stdout(&output);
    assert!(text.contains("decision  none, the message stays undecided\n"), "{text}");
    assert!(text.contains("because   the function returned without sending a callback\n"), "{text}");
    assert!(stderr(&output).contains("log got an event\n"), "{}", stderr(&output));
    let decided = send(&["--logs", "good day"]);
    assert!(stderr(&decided).contains("log got an event\n"), "{}", stderr(&decided));
}

#[test]
fn what_the_function_logs_after_its_answer_is_shown_too() {
    let output = send(&["--logs", "good day"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).ends_with("log has answered\n"), "{}", stderr(&output));
    let output = send(&["--logs", "the last one"]);
    assert!(stderr(&output).ends_with("log has answered\nlog and ends\n"), "{}", stderr(&output));
}

#[test]
fn a_function_that_cannot_start_says_why() {
    let output = send(&["--env", "AT_START=exit", "good day"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("before it asked for an event: exit status: 3"), "{}", stdout(&output));
    assert!(stderr(&output).contains("log a setting is missing\n"), "{}", stderr(&output));
}

#[test]
fn a_function_that_hangs_is_killed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let held_by = format!("HELD_BY={}", listener.local_addr().unwrap());
    let output = send(&["--timeout", "1", "--env", &held_by, "hang", "good day"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stdout(&output).contains("ran out of time and was killed"), "{}", stdout(&output));
    assert!(stdout(&output).contains("decision  no change"), "{}", stdout(&output));
}

#[test]
fn events_come_as_lines_or_indented_and_a_bad_one_takes_no_other_with_it() {
    let (one, two) = (event(1, "hell"), event(2, "good evening"));
    let events = format!("{one}\nnonsense\n{{\"cut\":\n{two:#}\n{{\"ChannelMessage\":{{}}}}\n");
    let output = send_events(&["--json"], &events);
    let [first, nonsense, cut, second, no_ids] = &lines(&output)[..] else { panic!("{}", stdout(&output)) };
    assert_eq!((&first["status"], &first["event"]), (&json!("SENT"), &one));
    assert_eq!(nonsense["line"], 2);
    assert!(nonsense["error"].as_str().unwrap().contains("not JSON"), "{nonsense}");
    assert_eq!(cut["line"], 3);
    assert_eq!((&second["status"], &second["event"]), (&json!("SENT"), &two));
    assert_eq!((&no_ids["status"], &no_ids["message"]), (&Value::Null, &Value::Null));
    assert!(stderr(&output).contains("standard input, line 2: it is not JSON"), "{}", stderr(&output));
    assert_eq!(output.status.code(), Some(3));

    let output = send_events(&[], "nonsense\n");
    assert_eq!((output.status.code(), stdout(&output)), (Some(2), ""));
    let output = send_events(&[], "{}");
    assert!(stdout(&output).contains("no usable CallbackId, MessageId, ChannelArn"), "{}", stdout(&output));
}

#[test]
fn a_duplicate_is_told_from_a_failure() {
    let one = event(1, "hell");
    let output = send_events(&[], &format!("{one}\n{one}\n"));
    let text = stdout(&output);
    assert!(text.contains("decision  none, the message was already decided\n"), "{text}");
    assert!(text.contains("refused   BadRequestException (400)"), "{text}");
    assert_eq!(output.status.code(), Some(0), "{text}");
}

#[test]
fn what_cannot_be_used_is_said_before_anything_is_sent() {
    let too_long = "x".repeat(4097);
    for (args, expected) in [
        (&[""][..], "message 1 cannot be sent: Content has 0 characters"),
        (&["good day", &too_long], "message 2 cannot be sent: Content has 4097 bytes"),
        (&["good day", "--metadata", "a\nb"], "Metadata must be one line"),
        (&["--event", "no/such/file"], "cannot read no/such/file"),
        (&["--event", "src"], "cannot read src"),
        (&["good day", "--processor", "./no/such/processor"], "cannot be used multiple times"),
    ] {
        let output = send(args);
        assert_eq!((output.status.code(), stdout(&output)), (Some(2), ""), "{args:?}");
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    let mut child = command(&["good day", "good day", "good day"]).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
}

#[test]
fn ctrl_c_ends_the_function_too() {
    for signal in ["INT", "TERM", "HUP"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let held_by = format!("HELD_BY={}", listener.local_addr().unwrap());
        let mut child = command(&["--timeout", "900", "--env", &held_by, "hang"]).spawn().unwrap();
        let mut held = held(&listener);
        kill(&child, signal);
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}");
        // The function's death closes it; a survivor would make this time out.
        assert!(matches!(held.read(&mut [0]), Ok(0)), "{signal}");
    }
}

fn held(listener: &TcpListener) -> TcpStream {
    let (mut held, _) = listener.accept().unwrap();
    held.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    held.read_exact(&mut [0]).unwrap();
    held
}

fn kill(child: &Child, signal: &str) {
    let status = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

#[test]
fn the_reasons_of_the_decision_are_shown() {
    let output = command(&["what the hell"]).env("REASONS", "hell,links").output().unwrap();
    let said = stdout(&output);
    assert!(said.lines().any(|line| line.starts_with("reasons ") && line.ends_with(" hell")), "{said}");
    let output = command(&["--json", "what the hell"]).env("REASONS", "hell,links").output().unwrap();
    assert_eq!(lines(&output)[0]["reasons"], json!(["hell"]));
    assert_eq!(lines(&output)[0]["steps"], json!([]));
}

/// A processor of the framework.
fn failing(args: &[&str]) -> Output {
    send(&[&["--env", "FAILS_AS_TOLD=1", "--timeout", "3"], args].concat())
}

#[test]
fn a_processor_that_panics_is_not_taken_for_one_that_denies() {
    let output = failing(&["deny"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!stdout(&output).contains("decided") && stderr(&output).is_empty(), "{}", stderr(&output));

    let output = failing(&["panic"]);
    let text = stdout(&output);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..2], ["Alice     panic", "decision  deny"]);
    let decided = "decided   by the FALLBACK ACTION: the step filter panicked at ";
    assert!(lines[2].starts_with(decided) && lines[2].contains("framework.rs:"), "{text}");
    assert_eq!(lines[3], "everyone  sees nothing");
    assert!(stderr(&output).contains("the fallback action decides"), "{}", stderr(&output));
    assert!(!stderr(&output).contains("private"), "{}", stderr(&output));
    assert_eq!(output.status.code(), Some(9));
}

#[test]
fn each_failure_has_its_cause() {
    for (text, cause) in [
        ("fail", "the step filter returned an error"),
        ("hang", "the processor ran out of time"),
        ("block", "the processor did not return: it blocks its thread"),
    ] {
        let output = failing(&[text]);
        let decided = format!("\ndecided   by the FALLBACK ACTION: {cause}\n");
        assert!(stdout(&output).contains(&decided), "{text}: {}", stdout(&output));
        assert_eq!(output.status.code(), Some(9), "{text}");
    }
}

#[test]
fn a_program_learns_who_decided_and_why() {
    let output = failing(&["--json", "deny", "panic", "fail", "the judge panics"]);
    let [denied, panicked, failed, step] = &lines(&output)[..] else { panic!("{}", stdout(&output)) };
    assert_eq!((&denied["decision"], &denied["decided_by"]), (&json!("DENY"), &json!("PROCESSOR")));
    assert!(denied.get("fallback").is_none() && denied.get("logs").is_none(), "{denied}");
    assert_eq!((&panicked["decision"], &panicked["decided_by"]), (&json!("DENY"), &json!("FALLBACK_ACTION")));
    assert_eq!((&panicked["fallback"]["cause"], &panicked["fallback"]["step"]), (&json!("PANIC"), &json!("filter")));
    let at = panicked["fallback"]["panicked_at"].as_str().unwrap();
    assert!(at.contains("framework.rs:"), "{at}");
    let logs = panicked["logs"].as_array().unwrap();
    assert!(logs.iter().any(|line| line.as_str().unwrap().contains("the fallback action decides")), "{logs:?}");
    assert_eq!(failed["fallback"], json!({ "cause": "ERROR", "step": "filter" }));
    assert_eq!((&step["decision"], &step["decided_by"]), (&json!("NO_CHANGE"), &json!("PROCESSOR")));
    assert_eq!(
        (&step["steps"][0]["failure"], &step["steps"][0]["fallback_action"]),
        (&json!("PANIC"), &json!("CONTINUE"))
    );
    assert_eq!(output.status.code(), Some(9));
}

#[test]
fn a_step_that_failed_is_told_though_the_processor_decided() {
    let output = failing(&["the judge panics"]);
    let text = stdout(&output);
    assert!(
        text.contains(
            "decision  no change\ndecided   with the FALLBACK ACTION of the step judge (CONTINUE): it panicked at "
        ),
        "{text}"
    );
    assert!(text.contains("\nsteps     judge  FAILED: panic at "), "{text}");
    assert_eq!(output.status.code(), Some(9), "{text}");
}

#[test]
fn an_undecided_message_is_worse_than_a_fallback_action() {
    let returned = r#"RETURNS={"deny":{"DecidedBy":"RESCUE","Outcome":"ACCEPTED"},"good day":{}}"#;
    let output = send(&["--env", returned, "deny", "good day"]);
    assert!(stdout(&output).contains("decided   by the FALLBACK ACTION of the rescue\n"), "{}", stdout(&output));
    assert_eq!(output.status.code(), Some(9));
    let output = send(&["--env", returned, "deny", "say nothing"]);
    assert_eq!(output.status.code(), Some(3));
}
