//! The built command as a person starts it, with requests over HTTP.

#![cfg(unix)]

mod dev_server;
#[path = "function/framework.rs"]
mod framework;
mod function;

use dev_server::{Dev, processor_package, wait_for};
use serde_json::json;
use std::env;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

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

fn script() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/function.sh").display().to_string()
}

#[test]
fn a_message_goes_through_the_processor_and_a_line_tells() {
    let dev = Dev::start(&["-p", &script()]);
    for part in ["page       http://127.0.0.1:", "export AWS_ENDPOINT_URL_CHIME_SDK_IDENTITY=http://", "user/alice"] {
        assert!(dev.banner().contains(part), "{}", dev.banner());
    }
    let id = dev.send("what the hell");
    assert_eq!(dev.wait_until_decided(&id)["Content"], "what the ****");
    let line = dev.line(|line| line.contains("update"));
    assert!(line.contains("Alice") && line.contains(" ms") && !line.contains("hell"), "{line}");
    dev.send("deny");
    dev.line(|line| line.contains("deny "));
}

#[test]
fn a_processor_that_fails_is_not_taken_for_one_that_denies() {
    let dev = Dev::start(&["-p", &script(), "--env", "FAILS_AS_TOLD=1"]);
    dev.send("deny");
    let line = dev.line(|line| line.contains("deny "));
    assert!(!line.contains("FALLBACK"), "{line}");
    dev.send("panic");
    let line = dev.line(|line| line.contains("FALLBACK"));
    assert!(line.contains("deny ") && !line.contains("private"), "{line}");
    assert!(line.contains("by the FALLBACK ACTION: the step filter panicked at ") && line.contains(".rs:"), "{line}");
    dev.send("the judge panics");
    let line = dev.line(|line| line.contains("the step judge"));
    assert!(
        line.contains("no change") && line.contains("with the FALLBACK ACTION of the step judge (CONTINUE)"),
        "{line}"
    );
}

#[test]
fn content_is_shown_when_asked_for_and_cannot_steer_the_terminal() {
    let dev = Dev::start(&["-p", &script(), "--show-content"]);
    dev.send("control");
    dev.line(|line| line.contains("control → a\\u{1b}[2J\\u{202e}b"));
}

#[test]
fn a_changed_source_is_built_and_swapped_and_a_broken_one_is_not() {
    let folder = TempDir::new().unwrap();
    let write = processor_package(folder.path(), "one");
    let dev = Dev::start(&["-p", &folder.path().display().to_string()]);
    let before = dev.send("hello");
    assert_eq!(dev.wait_until_decided(&before)["Content"], "one");

    write("this is not Rust");
    dev.error_line(|line| line.contains("could not be built; messages still go through the previous build"));
    let meanwhile = dev.send("hello");
    assert_eq!(dev.wait_until_decided(&meanwhile)["Content"], "one");

    drop(processor_package(folder.path(), "two"));
    dev.line(|line| line.contains("messages go through the new processor"));
    let after = dev.send("hello");
    assert_eq!(dev.wait_until_decided(&after)["Content"], "two");
    // The conversation is still there.
    assert_eq!(dev.message(&before)["Content"], "one");
}

#[test]
fn the_binary_of_the_current_package_is_built_again_whichever_it_is() {
    let folder = TempDir::new().unwrap();
    drop(processor_package(folder.path(), "one"));
    let binary = folder.path().join("src/bin/filter.rs");
    fs::create_dir(folder.path().join("src/bin")).unwrap();
    fs::rename(folder.path().join("src/main.rs"), &binary).unwrap();
    fs::write(folder.path().join("src/main.rs"), "fn main() {}").unwrap();
    // As from anywhere in the package.
    let mut command = Dev::command(&["--bin", "filter"]);
    command.current_dir(folder.path().join("src"));
    let dev = Dev::start_command(command);
    assert!(dev.banner().contains("debug/filter, replaced when it changes"), "{}", dev.banner());
    let before = dev.send("hello");
    assert_eq!(dev.wait_until_decided(&before)["Content"], "one");

    let source = fs::read_to_string(&binary).unwrap();
    fs::write(&binary, source.replace("\"Content\":\"one\"", "\"Content\":\"two\"")).unwrap();
    dev.line(|line| line.contains("messages go through the new processor"));
    let after = dev.send("hello");
    assert_eq!(dev.wait_until_decided(&after)["Content"], "two");
}

#[test]
fn a_binary_that_is_replaced_is_swapped() {
    let folder = TempDir::new().unwrap();
    let binary = folder.path().join("filter");
    let put = |variables: &str| {
        let new = folder.path().join("new.tmp");
        fs::copy(script(), &new).unwrap();
        let text = fs::read_to_string(&new).unwrap().replace("exec ", &format!("{variables} exec "));
        fs::write(&new, text).unwrap();
        fs::rename(&new, &binary).unwrap();
    };
    put("AT_START=exit");
    let dev = Dev::start(&["-p", &binary.display().to_string(), "--retries", "0"]);
    // The first one decides nothing.
    dev.send("hell");
    dev.line(|line| line.contains("undecided"));
    put("");
    dev.line(|line| line.contains("messages go through the new processor"));
    let id = dev.send("hell");
    assert_eq!(dev.wait_until_decided(&id)["Content"], "****");
}

#[test]
fn every_signal_ends_it_and_what_it_started() {
    for signal in ["INT", "TERM", "HUP"] {
        let mark = format!("DEV_TEST_MARK={signal}{}", std::process::id());
        let mut dev = Dev::start(&["-p", &script(), "--env", &mark]);
        let id = dev.send("hell");
        dev.wait_until_decided(&id);
        assert!(!processes_with(&mark).is_empty());
        dev.signal(signal);
        assert_eq!(dev.exit_code(), Some(130), "{signal}");
        wait_for(|| processes_with(&mark).is_empty().then_some(()));
    }
}

#[test]
fn a_build_that_is_under_way_ends_with_it() {
    let folder = TempDir::new().unwrap();
    drop(processor_package(folder.path(), "one"));
    let endless = "fn main() { std::thread::sleep(std::time::Duration::from_secs(3600)) }";
    fs::write(folder.path().join("build.rs"), endless).unwrap();
    let mark = format!("DEV_TEST_MARK=build{}", std::process::id());
    let (name, value) = mark.split_once('=').unwrap();
    let args = ["-p", &folder.path().display().to_string(), "--port", "0"];
    let mut child = Dev::command(&args).env(name, value).spawn().unwrap();
    wait_for(|| processes_with(&mark).iter().any(|process| process.contains("build-script-build")).then_some(()));
    let kill = Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    wait_for(|| processes_with(&mark).is_empty().then_some(()));
}

/// Those whose environment has this variable.
fn processes_with(variable: &str) -> Vec<String> {
    let output = Command::new("ps").args(["axeww", "-o", "pid=,command="]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines()
        .filter(|line| line.contains(variable) && !line.contains("channel-flow dev"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_taken_port_is_said_at_once() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = Dev::command(&["-p", &script(), "--port", &port]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(&format!("port {port} of 127.0.0.1 is taken")) && text.contains("--port "), "{text}");
}

#[test]
fn what_cannot_be_used_is_said() {
    let folder = TempDir::new().unwrap();
    let other = folder.path().join("other.redb");
    fs::write(&other, "no data file at all").unwrap();
    let other = other.display().to_string();
    for (args, code, expected) in [
        (&["-p", "./no/such/processor"][..], 2, "there is no ./no/such/processor"),
        (&["--function", "nonsense"], 2, "NAME=PATH"),
        (&["--functions", "no/such/file"], 2, "no/such/file"),
        (&["--function", "filter=./no/such/binary"], 2, "no such file"),
        (&["-p", &script(), "--data", &other], 1, "cannot use the data file"),
        (&["-p", &script(), "--record", "no/such/folder/file"], 1, "cannot write to no/such/folder/file"),
        (&["-p", &script(), "--record-content"], 2, "--record"),
        (&["-p", &script(), "--processors-per-flow", "4"], 2, "4"),
    ] {
        let output = Dev::command(args).args(["--port", "0"]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {text}");
        assert!(text.contains(expected), "{args:?}: {text}");
    }
}

#[test]
fn a_data_file_outlives_a_kill_and_the_demo_is_made_once() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("chat.redb").display().to_string();
    let args = ["-p", &script(), "--data", &data];
    let mut dev = Dev::start(&args);
    let first = dev.send("hell");
    dev.wait_until_decided(&first);
    dev.signal("KILL");
    dev.exit_code();

    let mut dev = Dev::start(&args);
    // The kill may have come before the decision was safe; then the message goes through the flow again.
    assert_eq!(dev.wait_until_decided(&first)["Content"], "****");
    let second = dev.send("good day");
    dev.wait_until_decided(&second);
    let (_, users) =
        dev.call("GET", &format!("/app-instance-users?app-instance-arn={}", dev_server::ENCODED), json!(null));
    assert_eq!(users["AppInstanceUsers"].as_array().unwrap().len(), 2, "{users}");
    dev.signal("INT");
    dev.exit_code();

    // Another processor takes the place of the first one.
    let dev = Dev::start(&["--function", &format!("other={}", script()), "--fallback", "continue", "--data", &data]);
    let flow = format!("/channel-flows/{}%2Fchannel-flow%2Fdemo", dev_server::ENCODED);
    let (_, flow) = dev.call("GET", &flow, json!(null));
    let processors = flow["ChannelFlow"]["Processors"].as_array().unwrap();
    assert_eq!(processors.len(), 1, "{flow}");
    assert_eq!((&processors[0]["Name"], &processors[0]["FallbackAction"]), (&json!("other"), &json!("CONTINUE")));
    let third = dev.send("hell");
    assert_eq!(dev.wait_until_decided(&third)["Content"], "****");
}
