//! The options of `send`, with the built command and a function that the test binary plays itself.

#![cfg(unix)]

mod command;
mod function;

use command::{command, script, stderr, stdout};
use serde_json::{Value, json};
use std::env;
use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Not a test: what `function.sh` runs.
#[test]
fn acts_as_the_function() {
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        function::run();
    }
}

fn send(args: &[&str]) -> Command {
    command(&[&["send", "-p", &script()], args].concat())
}

fn with_input(mut command: Command, input: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    stdout(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_event_can_be_printed_and_sent_later() {
    // Nothing is built: there is no such package.
    let print = ["send", "-p", "no-such-package", "--print-event"];
    let output = command(&[&print[..], &["--sender", "bob", "--channel", "general", "what the hell"]].concat());
    let output = { output }.output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
    assert!(stdout(&output).starts_with("{\n"), "{}", stdout(&output));
    let event: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(event["ChannelMessage"]["Sender"]["Name"], "Bob");
    let sent = with_input(send(&["--json", "--event", "-"]), &output.stdout);
    let [sent] = &lines(&sent)[..] else { panic!("{}", stderr(&sent)) };
    assert_eq!((&sent["event"], &sent["decision"]), (&event, &json!("UPDATE")));
    let several = command(&[&print[..], &["--edited", "one", "two"]].concat()).output().unwrap();
    let [one, two] = &lines(&several)[..] else { panic!("{}", stdout(&several)) };
    let time = |event: &Value| event["ChannelMessage"]["LastEditedTimestamp"].as_str().unwrap().to_owned();
    assert!(time(one) < time(two), "{one} {two}");
}

#[test]
fn texts_come_from_standard_input() {
    let input = "first hell\n\n  second  \n";
    for args in [&["--json"][..], &["--json", "-"]] {
        let output = with_input(send(args), input.as_bytes());
        let [first, second] = &lines(&output)[..] else { panic!("{}", stderr(&output)) };
        assert_eq!(first["event"]["ChannelMessage"]["Content"], "first hell");
        assert_eq!(second["event"]["ChannelMessage"]["Content"], "  second  ");
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    let output = with_input(send(&["--json", "before", "-", "after"]), b"-\n");
    let contents: Vec<_> =
        lines(&output).iter().map(|line| line["event"]["ChannelMessage"]["Content"].clone()).collect();
    assert_eq!(contents, ["before", "-", "after"]);
}

#[test]
fn a_line_that_cannot_be_sent_takes_no_other_with_it() {
    let long = "x".repeat(4097);
    let output = with_input(send(&["--json"]), format!("{long}\ngood day\n").as_bytes());
    let [problem, sent] = &lines(&output)[..] else { panic!("{}", stderr(&output)) };
    assert_eq!((&problem["line"], &problem["source"]), (&json!(1), &json!("standard input")));
    assert_eq!(sent["status"], "SENT");
    assert!(stderr(&output).contains("standard input, line 1: Content has 4097 bytes"), "{}", stderr(&output));
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn nothing_to_send_is_an_error() {
    let output = send(&[]).output().unwrap();
    assert_eq!((output.status.code(), stdout(&output)), (Some(2), ""));
    assert!(stderr(&output).contains("standard input, line 1: there is no message in it"), "{}", stderr(&output));
    let empty = tempfile::NamedTempFile::new().unwrap();
    let name = empty.path().to_str().unwrap();
    let output = send(&["--event", name]).output().unwrap();
    assert_eq!((output.status.code(), stdout(&output)), (Some(2), ""));
    assert!(stderr(&output).contains(&format!("{name}, line 1: there is no event in it")), "{}", stderr(&output));
}

#[test]
fn each_message_is_created_when_it_is_sent() {
    let output = send(&["--json", "one", "two", "three"]).output().unwrap();
    let created = |line: &Value| line["event"]["ChannelMessage"]["CreatedTimestamp"].as_str().unwrap().to_owned();
    let created: Vec<_> = lines(&output).iter().map(created).collect();
    assert!(created.is_sorted_by(|earlier, later| earlier < later) && created.len() == 3, "{created:?}");
}

#[test]
fn a_target_is_checked_and_explained() {
    let output = send(&["--json", "--target", "bob", "good day"]).output().unwrap();
    assert!(stderr(&output).contains("note: the event does not have the target"), "{}", stderr(&output));
    assert!(lines(&output)[0]["event"]["ChannelMessage"].get("Target").is_none());
}

#[test]
fn an_option_that_cannot_be_used_is_named_before_anything_runs() {
    for (args, expected) in [
        (&["--push-title", "a\nb", "hi"][..], "--push-title: Title must be one line"),
        (&["--channel", "a/b", "hi"], "--channel: Id must be"),
        (&["-", "-"], "standard input can be read only once"),
    ] {
        let output = send(args).output().unwrap();
        assert_eq!((output.status.code(), stdout(&output)), (Some(2), ""), "{args:?}");
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
}

/// Those of these variables that the function has, as it logs them. Its callback is accepted.
fn seen(mut command: Command, names: &str) -> Vec<String> {
    let output = command.args(["--json", "--logs", "good day"]).env("SHOWS", names).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let [line] = &lines(&output)[..] else { panic!("{}", stderr(&output)) };
    assert_eq!((&line["status"], &line["callbacks"][0]["accepted"]), (&json!("SENT"), &json!(true)));
    stderr(&output)
        .lines()
        .filter_map(|line| Some(line.strip_prefix("log has ")?.to_owned()))
        .filter(|line| line.contains('='))
        .collect()
}

#[test]
fn the_function_uses_the_users_credentials_if_asked_to() {
    let names = "AWS_ACCESS_KEY_ID,AWS_SESSION_TOKEN,AWS_REGION,AWS_PROFILE";
    let shell = |mut command: Command| {
        command.env("AWS_ACCESS_KEY_ID", "AKIDMINE").env("AWS_SECRET_ACCESS_KEY", "mine").env("AWS_SESSION_TOKEN", "t");
        command.env("AWS_REGION", "eu-central-1").env("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING", "https://127.0.0.1:1");
        command.env_remove("AWS_PROFILE");
        command
    };
    let own = seen(shell(send(&["--own-credentials"])), names);
    assert_eq!(own, ["AWS_ACCESS_KEY_ID=AKIDMINE", "AWS_SESSION_TOKEN=t", "AWS_REGION=eu-central-1"]);
    let [key, token, region] = &seen(shell(send(&[])), names)[..] else { panic!("there are three") };
    assert!(key != &own[0] && token != &own[1], "{key}");
    assert_eq!(region, "AWS_REGION=us-east-1");
    let profile = seen(shell(send(&["-e", "AWS_PROFILE=work"])), names);
    assert_eq!(profile, ["AWS_REGION=eu-central-1", "AWS_PROFILE=work"]);
}

#[test]
fn variables_come_from_the_shell_then_a_file_then_the_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("variables");
    fs::write(&file, "# mine\nB=file\nC='file $A'\n").unwrap();
    let file = file.to_str().unwrap();
    let mut command = send(&["--env-file", file, "-e", "C=argument"]);
    command.env("A", "shell").env("B", "shell").env("C", "shell");
    assert_eq!(seen(command, "A,B,C"), ["A=shell", "B=file", "C=argument"]);

    fs::write(file, "A=1\nB=my secret\n").unwrap();
    let output = send(&["--env-file", file, "good day"]).output().unwrap();
    assert_eq!((output.status.code(), stdout(&output)), (Some(2), ""));
    let said = stderr(&output);
    assert!(said.contains(file) && said.contains("line 2: expected NAME=VALUE") && !said.contains("secret"), "{said}");
}

#[test]
fn the_version_has_the_commit() {
    let output = command(&["--version"]).output().unwrap();
    let said = stdout(&output).trim_end();
    let version = concat!("cargo-channel-flow ", env!("CARGO_PKG_VERSION"));
    // A package without a repository around it does not know its commit.
    let commit = said.strip_prefix(version).unwrap_or_else(|| panic!("{said}"));
    let is_commit = |commit: &str| {
        let (hash, date) = commit.strip_prefix(" (")?.strip_suffix(")")?.split_once(' ')?;
        (hash.len() >= 7 && hash.bytes().all(|b| b.is_ascii_hexdigit()) && date.len() == "2026-11-30".len())
            .then_some(())
    };
    assert!(commit.is_empty() || is_commit(commit).is_some(), "{said}");
}

#[test]
fn there_are_completions_for_the_usual_shells() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = command(&["completions", shell]).output().unwrap();
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
        assert!(stdout(&output).contains("cargo-channel-flow"), "{shell}");
        assert!(stdout(&output).contains("print-event"), "{shell}");
    }
}

/// Bash itself completes, as a person would see it. Skipped if there is no bash.
#[test]
fn bash_completes_options_and_subcommands() {
    let script = stdout(&command(&["completions", "bash"]).output().unwrap()).to_owned();
    let complete = |words: &str, count: usize| {
        let ask = format!(
            "complete_with=$(complete -p cargo-channel-flow | sed 's/.*-F \\([^ ]*\\) .*/\\1/'); COMP_WORDS=({words}); \
             COMP_CWORD={count}; $complete_with cargo-channel-flow \"${{COMP_WORDS[{count}]}}\" \
             \"${{COMP_WORDS[{}]}}\"; echo \"${{COMPREPLY[@]}}\"",
            count - 1
        );
        let output = Command::new("bash").args(["--norc", "-c", &format!("{script}\n{ask}")]).output();
        output.ok().map(|output| String::from_utf8(output.stdout).unwrap().trim().to_owned())
    };
    let Some(subcommands) = complete("cargo-channel-flow s", 1) else { return };
    assert_eq!(subcommands, "send");
    assert_eq!(complete("cargo-channel-flow send --print", 2).unwrap(), "--print-event");
}
