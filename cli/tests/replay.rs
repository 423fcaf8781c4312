//! Recordings through another build of the processor, which the test binary plays itself.

#![cfg(unix)]

mod command;
mod function;

use channel_flow_emulator::{
    ActivityKind, Emulator, EventQueue, FunctionSettings, Recorder, RecorderSettings, Settings,
};
use command::{script, stderr, stdout};
use serde_json::{Value, json};
use std::env;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Not a test: what `function.sh` runs.
#[test]
fn acts_as_the_function() {
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        function::run();
    }
}

fn command(args: &[&str]) -> Command {
    let mut command = command::command(&[&["replay", "--processor", &script()], args].concat());
    command.stdin(Stdio::piped());
    command
}

fn replay(args: &[&str], recording: &str) -> Output {
    let mut child = command(args).spawn().unwrap();
    // One that refuses its arguments reads nothing.
    let _ = child.stdin.take().unwrap().write_all(recording.as_bytes());
    child.wait_with_output().unwrap()
}

/// A recorded step, and what its callback said beside the ids; `null` for no callback.
fn step(id: u32, content: &str, said: Value) -> Value {
    let callback_id = format!("4c2f1a9e-7f3b-4d58-9a61-{id:012}");
    let message_id = format!("m{id}");
    let decision = match &said {
        Value::Null => Value::Null,
        said if said["DeleteResource"] == true => "DENY".into(),
        said if said["ChannelMessage"].is_object() => "UPDATE".into(),
        _ => "NO_CHANGE".into(),
    };
    let mut callbacks = Vec::new();
    if !said.is_null() {
        let mut body = said;
        body["CallbackId"] = callback_id.clone().into();
        body["ChannelMessage"]["MessageId"] = message_id.clone().into();
        callbacks.push(json!({ "accepted": true, "after_ms": 3.2, "body": body }));
    }
    let outcome = match decision.as_str() {
        None => "PENDING",
        Some("DENY") => "DENIED",
        Some(_) => "SENT",
    };
    json!({
        "version": 1,
        "masked": false,
        "time": "2026-08-14T09:31:02.113Z",
        "processor": "filter",
        "function_arn": "arn:aws:lambda:us-east-1:123456789012:function:filter",
        "event": {
            "EventType": "CHANNEL_MESSAGE_EVENT",
            "CallbackId": callback_id,
            "ChannelMessage": {
                "MessageId": message_id,
                "ChannelArn": "arn:aws:chime:us-east-1:123456789012:app-instance/a/channel/b",
                "Content": content,
                "Sender": { "Arn": "arn:aws:chime:us-east-1:123456789012:app-instance/a/user/alice", "Name": "Alice" },
            },
        },
        "callbacks": callbacks,
        "decision": decision,
        "outcome": outcome,
        "attempts": [],
        "decided_ms": null,
        "total_ms": 4.0,
    })
}

fn update(content: &str) -> Value {
    json!({ "ChannelMessage": { "Content": content } })
}

/// What the function of these tests decides without further ado.
fn recorded() -> String {
    let deny = json!({ "DeleteResource": true });
    let steps = [step(1, "a hell", update("a ****")), step(2, "deny", deny), step(3, "good day", json!({}))];
    steps.map(|step| format!("{step}\n")).concat()
}

#[test]
fn the_same_build_decides_the_same() {
    let output = replay(&["-"], &recorded());
    assert_eq!(stdout(&output), "3 same, 0 changed, 0 undecided, 0 skipped\n");
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
}

#[test]
fn what_another_build_decides_is_shown_before_and_after() {
    let output = replay(&["--env", "REPLACEMENT=####", "-"], &recorded());
    let lines: Vec<_> = stdout(&output).lines().collect();
    assert_eq!(
        lines[..5],
        [
            "Alice     a hell",
            "decision  update, was update",
            "before    a ****",
            "now       a ####",
            "            ^^^^",
        ]
    );
    assert_eq!(lines[5], "recorded  standard input:1, 2026-08-14T09:31:02.113Z");
    assert!(lines[6].starts_with("took      "), "{}", lines[6]);
    assert_eq!(lines[7..], ["", "2 same, 1 changed, 0 undecided, 0 skipped"]);
    assert_eq!(output.status.code(), Some(4));
}

#[test]
fn other_decisions_are_changes_too() {
    let steps = [
        step(1, "good day", json!({ "DeleteResource": true })),
        step(2, "deny", json!({})),
        step(3, "good evening", update("good evening")),
        step(4, "good night", Value::Null),
    ];
    let output = replay(&["-"], &steps.map(|step| format!("{step}\n")).concat());
    let text = stdout(&output);
    for expected in [
        "decision  no change, was deny\nbefore    nobody sees it\nnow       good day\n",
        "decision  deny, was no change\nbefore    deny\nnow       nobody sees it\n",
        "decision  no change, was update\nbefore    good evening\nnow       good evening\n",
        "decision  no change, was none\nbefore    nobody sees it\nnow       good night\n",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    assert!(text.ends_with("\n0 same, 4 changed, 0 undecided, 0 skipped\n"), "{text}");
    assert_eq!(output.status.code(), Some(4));
}

#[test]
fn an_undecided_message_says_why() {
    let output = replay(&["-"], &step(1, "say nothing", json!({})).to_string());
    let text = stdout(&output);
    assert!(text.contains("decision  none, the message stays undecided, was no change\n"), "{text}");
    assert!(text.contains("now       nobody sees it\nbecause   the function returned without"), "{text}");
    assert!(stderr(&output).contains("log got an event\n"), "{}", stderr(&output));
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn masked_lines_are_run_and_not_compared() {
    let mut masked = step(1, "xxxx xxx", update("x ****"));
    masked["masked"] = true.into();
    let output = replay(&["-"], &masked.to_string());
    let expected = "0 same, 0 changed, 0 undecided, 0 skipped\n\
                    1 decided, but masked, so the decisions cannot be compared\n";
    assert_eq!((stdout(&output), output.status.code()), (expected, Some(0)));
    masked["event"]["ChannelMessage"]["Content"] = "say nothing".into();
    let output = replay(&["-"], &masked.to_string());
    let text = stdout(&output);
    assert!(text.starts_with("Alice     say nothing\ndecision  none, the message stays undecided\nnow"), "{text}");
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn what_never_reached_its_processor_is_skipped() {
    let mut unreachable = step(1, "good day", Value::Null);
    unreachable["unreachable"] = json!({ "reason": "throttled", "fallback_action": "CONTINUE" });
    unreachable["outcome"] = "SENT".into();
    let output = replay(&["-"], &unreachable.to_string());
    assert!(stdout(&output).starts_with("0 same, 0 changed, 0 undecided, 1 skipped\n"), "{}", stdout(&output));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_line_that_cannot_be_used_takes_no_other_with_it() {
    let recording = format!("secret\n{}{{\"version\":9}}\n", recorded());
    let output = replay(&["-"], &recording);
    assert_eq!(stdout(&output), "3 same, 0 changed, 0 undecided, 0 skipped\n2 unusable: see the errors above\n");
    let errors: Vec<_> = stderr(&output).lines().collect();
    assert_eq!(
        errors,
        [
            "error: standard input, line 1: it is not JSON: see column 1",
            "error: standard input, line 5: its version is 9, and this reads versions up to 1",
        ]
    );
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_program_gets_a_line_a_step_and_one_that_sums_up() {
    let output = replay(&["--json", "--env", "REPLACEMENT=#", "-"], &format!("{}?\n", recorded()));
    let lines: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [changed, deny, same, problem, summary] = &lines[..] else { panic!("{}", stdout(&output)) };
    assert_eq!((&changed["result"], &changed["line"]), (&json!("CHANGED"), &json!(1)));
    let before = json!({
        "decided_by": null, "decision": "UPDATE", "reasons": [], "scores": {}, "steps": [], "message": { "Content": "a ****" },
    });
    assert_eq!((&changed["before"], &changed["label"]), (&before, &Value::Null));
    assert_eq!((&changed["now"]["decision"], &changed["now"]["message"]["Content"]), (&json!("UPDATE"), &json!("a #")));
    assert_eq!(changed["now"]["invocation"], json!({ "outcome": "RESPONSE" }));
    assert_eq!(changed["event"]["ChannelMessage"]["Content"], "a hell");
    let before =
        json!({ "decided_by": null, "decision": "DENY", "reasons": [], "scores": {}, "steps": [], "message": null });
    assert_eq!(deny["before"], before);
    assert_eq!((&deny["result"], &same["result"]), (&json!("SAME"), &json!("SAME")));
    assert_eq!((&problem["line"], &problem["source"]), (&json!(4), &json!("standard input")));
    let counts = json!({ "SAME": 2, "CHANGED": 1, "UNDECIDED": 0, "DECIDED": 0, "SKIPPED": 0, "error": 1 });
    assert_eq!((&summary["summary"], &summary["reasons"], &summary["rules"]), (&counts, &json!({}), &Value::Null));
    let update = json!({
        "now": { "count": 1, "right": 0, "wrong": [], "missed": [], "precision": null, "recall": null },
        "recorded": { "count": 1, "right": 0, "wrong": [], "missed": [], "precision": null, "recall": null },
        "gained": [], "lost": [], "with": {},
    });
    assert_eq!(summary["decisions"]["UPDATE"], update);
    assert_eq!(output.status.code(), Some(4));
}

#[test]
fn what_cannot_be_used_is_said_before_anything_is_run() {
    let mut other = step(9, "good day", json!({}));
    other["processor"] = "translate".into();
    let both = format!("{}{other}\n", recorded());
    for (args, recording, expected) in [
        (&[][..], "", "<FILE>"),
        (&["no/such/file"], "", "cannot read no/such/file"),
        (&["src"], "", "cannot read src"),
        (&["-"], &both, "several processors were recorded; choose one with --recorded:\n  filter\n  translate"),
        (
            &["-", "--recorded", "other"],
            &both,
            "no processor other was recorded; the recording has:\n  filter\n  translate",
        ),
    ] {
        let output = replay(args, recording);
        assert_eq!((output.status.code(), stdout(&output)), (Some(2), ""), "{args:?}");
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
    let output = replay(&["-", "--recorded", "translate"], &both);
    assert_eq!(stdout(&output), "1 same, 0 changed, 0 undecided, 0 skipped\n");
}

#[test]
fn a_processor_that_does_not_start_ends_it() {
    // Also after a line that cannot be used.
    for recording in [recorded(), format!("?\n{}", recorded())] {
        let output = replay(&["--env", "AT_START=exit", "-"], &recording);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("the processor does not start, so the rest was not replayed"));
        let told = stdout(&output).matches("before it asked for an event: exit status: 3").count();
        assert_eq!(told, 1, "{}", stdout(&output));
    }
}

/// Four messages with labels. The function gives the reasons `hell` and `good`, by the words in the content.
fn labelled() -> String {
    let step = |id, content, said, reasons: Value, label: Value| {
        let mut step = step(id, content, said);
        step["reasons"] = reasons;
        step["label"] = label;
        step
    };
    let steps = [
        step(1, "a hell", update("a ****"), json!(["hell"]), json!({ "decision": "UPDATE", "reasons": ["hell"] })),
        step(2, "good hell", update("good ****"), json!(["hell"]), json!({ "decision": "DENY", "reasons": ["hell"] })),
        step(3, "good day", json!({}), json!([]), json!({ "decision": "NO_CHANGE", "reasons": [] })),
        step(4, "deny", json!({ "DeleteResource": true }), json!(["spam"]), json!({ "reasons": ["spam"] })),
    ];
    steps.map(|step| format!("{step}\n")).concat()
}

const REASONS: &str = "REASONS=hell,good";

#[test]
fn reasons_and_labels_are_compared_and_no_content_is_shown() {
    let output = replay(&["--env", REASONS, "-"], &labelled());
    let expected = "\
4 same, 0 changed, 0 undecided, 0 skipped

decision   DENY
given      1 message, was 1
precision  unknown, 0 of 0, was unknown
recall     0 %, 0 of 1, was 0 %
missed     m2

decision   NO_CHANGE
given      1 message, was 1
precision  100 %, 1 of 1, was 100 %
recall     100 %, 1 of 1, was 100 %

decision   UPDATE
given      2 messages, was 2
precision  50 %, 1 of 2, was 50 %
recall     100 %, 1 of 1, was 100 %
wrong      m2

reason     good
given      2 messages, was 0
with       hell 1
gained     m2, m3
precision  0 %, 0 of 2, was unknown
recall     unknown, 0 of 0, was unknown
wrong      m2, m3

reason     hell
given      2 messages, was 2
with       good 1
precision  100 %, 2 of 2, was 100 %
recall     100 %, 2 of 2, was 100 %

reason     spam
given      0 messages, was 1
lost       m4
precision  unknown, 0 of 0, was 100 %
recall     0 %, 0 of 1, was 100 %
missed     m4
";
    assert_eq!((stdout(&output), stderr(&output), output.status.code()), (expected, "", Some(0)));
}

#[test]
fn a_changed_message_shows_its_reasons() {
    let output = replay(&["--env", REASONS, "--env", "REPLACEMENT=#", "-"], &labelled());
    let text = stdout(&output);
    assert!(text.contains("\nreasons   hell\nbefore    a ****\n"), "{text}");
    assert!(text.contains("\nreasons   hell, good, was hell\nbefore    good ****\n"), "{text}");
}

#[test]
fn a_program_gets_reasons_labels_and_rules() {
    let rules = rules("reasons.hell.exactly = 2\nreasons.good.at_most = 1");
    let output = replay(&["--json", "--env", REASONS, "--expect", path(&rules), "-"], &labelled());
    let lines: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [_, second, .., summary] = &lines[..] else { panic!("{}", stdout(&output)) };
    assert_eq!((&second["before"]["reasons"], &second["now"]["reasons"]), (&json!(["hell"]), &json!(["hell", "good"])));
    assert_eq!(second["label"], json!({ "decision": "DENY", "reasons": ["hell"] }));
    let good = &summary["reasons"]["good"];
    assert_eq!((&good["gained"], &good["with"]), (&json!(["m2", "m3"]), &json!({ "hell": 1 })));
    let now = json!({
        "count": 2, "right": 0, "wrong": ["m2", "m3"], "missed": [], "precision": 0.0, "recall": null,
    });
    assert_eq!(good["now"], now);
    assert_eq!(summary["decisions"]["UPDATE"]["now"]["precision"], 0.5);
    let judged = json!([
        { "rule": "reasons.good.at_most", "limit": 1, "count": 2, "met": false },
        { "rule": "reasons.hell.exactly", "limit": 2, "count": 2, "met": true },
    ]);
    assert_eq!(summary["rules"], judged);
    assert_eq!(output.status.code(), Some(7));
}

/// What the function returns by content: a step `judge` with scores, and a shadow `long`, which did less when it was
/// recorded.
fn returns(long: &str) -> String {
    let steps = |decision: &str, insult: f64, long: &str| {
        let reasons = if long == "NO_CHANGE" { json!([]) } else { json!(["long"]) };
        json!({ "Outcome": "ACCEPTED", "Steps": [
            { "Name": "judge", "Decision": decision, "Scores": { "INSULT": insult }, "DurationMs": 1.0 },
            { "Name": "long", "Decision": long, "Reasons": reasons, "Shadow": true, "DurationMs": 0.5 },
        ] })
    };
    let returns = json!({
        "a hell": steps("UPDATE", 0.85, long),
        "deny": steps("DENY", 0.95, long),
        "good day": steps("NO_CHANGE", 0.25, long),
        "good night": steps("NO_CHANGE", 0.0, "NO_CHANGE"),
    });
    format!("RETURNS={returns}")
}

/// A recording of a flow whose shadow denied one message.
fn recorded_steps() -> String {
    let scored = |id, content, said, decision, insult, long: &str, label: Value| {
        let mut step = step(id, content, said);
        let reasons = if long == "NO_CHANGE" { json!([]) } else { json!(["long"]) };
        step["steps"] = json!([
            { "name": "judge", "decision": decision, "scores": { "INSULT": insult } },
            { "name": "long", "decision": long, "reasons": reasons, "shadow": true },
        ]);
        step["label"] = json!({ "reasons": label });
        step
    };
    let deny = json!({ "DeleteResource": true });
    let steps = [
        scored(1, "a hell", update("a ****"), "UPDATE", 0.5, "NO_CHANGE", json!(["insult"])),
        scored(2, "deny", deny, "DENY", 0.9, "NO_CHANGE", json!(["insult"])),
        scored(3, "good day", json!({}), "NO_CHANGE", 0.3, "DENY", json!(["long"])),
        scored(4, "good night", json!({}), "NO_CHANGE", 0.3, "NO_CHANGE", json!([])),
    ];
    steps.map(|step| format!("{step}\n")).concat()
}

#[test]
fn shadows_and_thresholds_are_judged_now_and_as_recorded() {
    let output = replay(&["--env", &returns("DENY"), "-"], &recorded_steps());
    let expected = "\
4 same, 0 changed, 0 undecided, 0 skipped

reason     insult
given      0 messages, was 0
precision  unknown, 0 of 0, was unknown
recall     0 %, 0 of 2, was 0 %
missed     m1, m2

reason     long
given      0 messages, was 0
precision  unknown, 0 of 0, was unknown
recall     0 %, 0 of 1, was 0 %
missed     m3

shadow     long
ran on     4 messages, was 4
would act  3: 3 to deny, was 1
anyway     2: 1 denied, 1 updated
alone      1
with       judge 2
gained     m1, m2
differ     m1, m3

shadow's reason  long
given            3 messages, was 1
gained           m1, m2
precision        33 %, 1 of 3, was 100 %
recall           100 %, 1 of 1, was 100 %
wrong            m1, m2

scores     INSULT, judge
threshold  acted on  precision         recall
0.1        3, was 4  66 %, was 50 %    100 %, was 100 %
0.2        3, was 4  66 %, was 50 %    100 %, was 100 %
0.3        2, was 4  100 %, was 50 %   100 %, was 100 %
0.4        2, was 2  100 %, was 100 %  100 %, was 100 %
0.5        2, was 2  100 %, was 100 %  100 %, was 100 %
0.6        2, was 1  100 %, was 100 %  100 %, was 50 %
0.7        2, was 1  100 %, was 100 %  100 %, was 50 %
0.8        2, was 1  100 %, was 100 %  100 %, was 50 %
0.9        1, was 1  100 %, was 100 %  50 %, was 50 %
";
    assert_eq!((stdout(&output), stderr(&output), output.status.code()), (expected, "", Some(0)));
    for content in ["hell", "good"] {
        assert!(!stdout(&output).contains(content));
    }

    let output = replay(&["--show-content", "--env", &returns("DENY"), "-"], &recorded_steps());
    let expected = "\ndiffer     m1, line 1: a hell\n           m3, line 3: good day\n";
    assert!(stdout(&output).contains(expected), "{}", stdout(&output));
}

#[test]
fn a_program_gets_shadows_and_thresholds_and_rules_limit_shadows() {
    let rules = rules("shadows.long.exactly = 3\nshadows.other.at_most = 0");
    let args = ["--json", "--env", &returns("UPDATE"), "--expect", path(&rules), "-"];
    let output = replay(&args, &recorded_steps());
    let lines: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [first, .., summary] = &lines[..] else { panic!("{}", stdout(&output)) };
    let shadow =
        json!({ "name": "long", "decision": "UPDATE", "reasons": ["long"], "shadow": true, "duration_ms": 0.5 });
    assert_eq!((&first["now"]["steps"][1], &first["now"]["scores"]), (&shadow, &json!({})));
    assert_eq!(first["before"]["steps"][0]["scores"], json!({ "INSULT": 0.5 }));
    let long = &summary["shadows"]["long"];
    let now = json!({
        "ran": 4, "failed": {}, "acts": 3, "with": { "judge": 2 }, "differ": ["m3"],
        "denies": { "denied_anyway": 0, "updated_anyway": 0, "held_anyway": 0, "alone": 0 },
        "holds": { "denied_anyway": 0, "updated_anyway": 0, "held_anyway": 0, "alone": 0 },
        "updates": { "denied_anyway": 1, "updated_anyway": 1, "held_anyway": 0, "alone": 1 },
    });
    assert_eq!((&long["now"], &long["recorded"]["acts"]), (&now, &json!(1)));
    assert_eq!((&long["gained"], &long["lost"]), (&json!(["m1", "m2"]), &json!([])));
    assert_eq!(long["reasons"]["long"]["now"]["wrong"], json!(["m1", "m2"]));
    let insult = &summary["scores"][0];
    assert_eq!((&insult["step"], &insult["category"]), (&json!("judge"), &json!("INSULT")));
    let highest = &insult["thresholds"][8];
    assert_eq!((&highest["threshold"], &highest["now"]["recall"]), (&json!(0.9), &json!(0.5)));
    assert_eq!(highest["recorded"]["missed"], json!(["m1"]));
    assert_eq!((&summary["rules"][0]["met"], &summary["rules"][1]["count"]), (&json!(true), &json!(0)));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn in_a_dry_run_the_decision_that_was_not_sent_counts() {
    let long = json!({ "Name": "long", "Decision": "UPDATE", "Shadow": true, "DurationMs": 1.0 });
    let returned = json!({ "good day": { "Outcome": "ACCEPTED", "DryRun": "DENY", "Steps": [long] } });
    let mut recorded = step(1, "good day", json!({}));
    recorded["steps"] = json!([{ "name": "long", "decision": "UPDATE", "shadow": true }]);
    recorded["dry_run"] = "UPDATE".into();
    let output = replay(&["--json", "--env", &format!("RETURNS={returned}"), "-"], &recorded.to_string());
    let summary: Value = serde_json::from_str(stdout(&output).lines().last().unwrap()).unwrap();
    let long = &summary["shadows"]["long"];
    assert_eq!(
        long["now"]["updates"],
        json!({ "denied_anyway": 1, "updated_anyway": 0, "held_anyway": 0, "alone": 0 })
    );
    assert_eq!(
        long["recorded"]["updates"],
        json!({ "denied_anyway": 0, "updated_anyway": 1, "held_anyway": 0, "alone": 0 })
    );
}

#[test]
fn a_held_message_is_compared_by_what_the_processor_did_and_not_by_what_a_reviewer_decided() {
    let mut held = [step(1, "say nothing", json!({ "DeleteResource": true })), step(2, "say nothing", Value::Null)];
    held.iter_mut().for_each(|step| step["held"] = true.into());
    let changed = step(3, "say nothing", json!({}));
    let recording = held.iter().chain([&changed]).map(|step| format!("{step}\n")).collect::<String>();
    let rules = rules("decisions.HOLD.exactly = 3\nresults.CHANGED.exactly = 1");
    let returned = r#"RETURNS={"say nothing":{"Outcome":"HELD","HeldUntil":1786700000123,"Reasons":["links"]}}"#;
    let output = replay(&["--env", returned, "--expect", path(&rules), "-"], &recording);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).contains("decision  hold, was no change"), "{}", stdout(&output));
    assert!(stdout(&output).contains("2 same, 1 changed, 0 undecided"), "{}", stdout(&output));
    // A build that lets it through decides otherwise.
    let through = replay(&["-"], &held[0].to_string().replace("say nothing", "good day"));
    assert!(stdout(&through).contains("decision  no change, was hold"), "{}", stdout(&through));
    assert_eq!(through.status.code(), Some(4));
}

#[test]
fn masked_steps_count_as_recorded_only() {
    let masked = recorded_steps().replace("\"masked\":false", "\"masked\":true");
    let output = replay(&["--env", &returns("DENY"), "-"], &masked);
    let text = stdout(&output);
    assert!(text.contains("\nran on     0 messages, was 4\nwould act  0, was 1\n"), "{text}");
    assert!(text.contains("\n0.5        unknown, was 2  unknown, was 100 %  unknown, was 100 %\n"), "{text}");
}

fn rules(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn path(file: &tempfile::NamedTempFile) -> &str {
    file.path().to_str().unwrap()
}

#[test]
fn rules_decide_whether_decisions_drift() {
    let met = rules(
        "# What this recording has.
        decisions.UPDATE.exactly = 1
        decisions.DENY = { at_least = 1, at_most = 2 }
        results.CHANGED.at_most = 1",
    );
    // A change alone is no failure, since the rules allow it.
    let output = replay(&["--expect", path(&met), "--env", "REPLACEMENT=#", "-"], &recorded());
    let expected = "
2 same, 1 changed, 0 undecided, 0 skipped

decisions.UPDATE  1, exactly 1: met
decisions.DENY    1, at least 1: met
decisions.DENY    1, at most 2: met
results.CHANGED   1, at most 1: met
";
    assert!(stdout(&output).ends_with(expected), "{}", stdout(&output));
    assert_eq!(output.status.code(), Some(0));

    let unmet = rules("decisions.NO_CHANGE.at_least = 2\nreasons.links.exactly = 0");
    let output = replay(&["--expect", path(&unmet), "-"], &recorded());
    let expected = "\ndecisions.NO_CHANGE  1, at least 2: not met\nreasons.links        0, exactly 0: met\n";
    assert!(stdout(&output).ends_with(expected), "{}", stdout(&output));
    assert_eq!(output.status.code(), Some(7));

    // The highest status counts, and an undecided message stays one.
    let output = replay(&["--expect", path(&met), "-"], &step(1, "say nothing", json!({})).to_string());
    assert_eq!(output.status.code(), Some(7));
    let any = rules("decisions.DENY.at_most = 0");
    let output = replay(&["--expect", path(&any), "-"], &step(1, "say nothing", json!({})).to_string());
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn rules_are_judged_also_if_nobody_reads_the_output() {
    let rules = rules("decisions.DENY.exactly = 2");
    let mut command = command(&["--json", "--expect", path(&rules), "-"]);
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    child.stdin.take().unwrap().write_all(recorded().as_bytes()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(7));
}

#[test]
fn masked_lines_count_as_recorded_only() {
    let mut masked = step(1, "xxxx", json!({ "DeleteResource": true }));
    masked["masked"] = true.into();
    masked["reasons"] = json!(["links"]);
    masked["label"] = json!({ "reasons": [] });
    let rules = rules("reasons.links.exactly = 0\ndecisions.NO_CHANGE.exactly = 0\nresults.DECIDED.exactly = 1");
    let output = replay(&["--json", "--expect", path(&rules), "-"], &masked.to_string());
    let summary: Value = serde_json::from_str(stdout(&output).lines().last().unwrap()).unwrap();
    let links = &summary["reasons"]["links"];
    assert_eq!((&links["now"]["count"], &links["recorded"]["count"]), (&json!(0), &json!(1)));
    assert_eq!((&links["lost"], &links["recorded"]["wrong"]), (&json!([]), &json!(["m1"])));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn rules_and_labels_that_cannot_be_used_are_refused() {
    for (text, expected) in [("", "it has no rules"), ("decisions.MAYBE.at_least = 1", "line 1: unknown field `MAYBE`")]
    {
        let rules = rules(text);
        let output = replay(&["--expect", path(&rules), "-"], &recorded());
        assert_eq!((output.status.code(), stdout(&output)), (Some(2), ""));
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
    let output = replay(&["--expect", "no/such/file", "-"], &recorded());
    assert_eq!(output.status.code(), Some(2));
    let mut odd = step(1, "good day", json!({}));
    odd["label"] = json!({ "decision": "deny" });
    let output = replay(&["-"], &odd.to_string());
    let expected = "error: standard input, line 1: the decision of its label is not UPDATE, DENY, NO_CHANGE or HOLD\n";
    assert_eq!((output.status.code(), stderr(&output)), (Some(2), expected));
}

#[test]
fn a_junit_report_names_messages_and_holds_no_content() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.xml");
    let report = report.to_str().unwrap();
    let read = || std::fs::read_to_string(report).unwrap();
    let mut unreachable = step(5, "good evening", Value::Null);
    unreachable["unreachable"] = json!({ "reason": "throttled", "fallback_action": "CONTINUE" });
    let others = [step(4, "say nothing", json!({})), unreachable, step(6, "deny", json!({}))];
    let recording = format!("{}?\n{}", recorded(), others.map(|step| format!("{step}\n")).concat());

    let output = replay(&["--junit", report, "--env", "REPLACEMENT=#", "-"], &recording);
    assert_eq!(output.status.code(), Some(4));
    let written = read();
    for expected in [
        r#"<testsuite name="messages" tests="7" skipped="1" errors="1" failures="3">"#,
        r#"<testcase name="m1" classname="filter" time=""#,
        r#"<failure message="UPDATE, with another resulting message" type="CHANGED"/>"#,
        r#"<failure message="the message stays undecided, invocation: RESPONSE" type="UNDECIDED"/>"#,
        r#"<skipped message="its processor was not reached when it was recorded"/>"#,
        r#"<failure message="DENY, was NO_CHANGE" type="CHANGED"/>"#,
        r#"<testcase name="standard input, line 4">"#,
        r#"<error message="it is not JSON: see column 1" type="UNUSABLE"/>"#,
    ] {
        assert!(written.contains(expected), "{expected}: {written}");
    }
    for said in ["hell", "good", "Alice", "alice", "#\""] {
        assert!(!written.contains(said), "{said}: {written}");
    }

    let rules = rules("decisions.DENY.exactly = 2\nresults.CHANGED.at_most = 5");
    let output = replay(&["--junit", report, "--expect", path(&rules), "--env", "REPLACEMENT=#", "-"], &recorded());
    assert_eq!(output.status.code(), Some(7));
    let written = read();
    for expected in [
        r#"<testsuite name="messages" tests="3" skipped="0" errors="0" failures="0">"#,
        r#"<testsuite name="rules" tests="2" skipped="0" errors="0" failures="1">"#,
        r#"<testcase name="decisions.DENY.exactly" classname="rules">"#,
        r#"<failure message="1, expected exactly 2" type="UNMET"/>"#,
    ] {
        assert!(written.contains(expected), "{expected}: {written}");
    }

    // A processor that does not start leaves a report too.
    let output = replay(&["--junit", report, "--env", "AT_START=exit", "-"], &recorded());
    assert_eq!(output.status.code(), Some(1));
    assert!(read().contains("invocation: INIT_FAILED"), "{}", read());
    let output = replay(&["--junit", "no/such/folder/report.xml", "-"], &recorded());
    assert_eq!((output.status.code(), stdout(&output)), (Some(2), ""));
}

/// A channel whose messages go through the function of these tests, recorded while people talk.
#[tokio::test]
async fn what_a_channel_recorded_is_replayed() {
    let emulator = Emulator::start(Settings::new()).await.unwrap();
    let service = emulator.service();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/function.sh");
    let settings = FunctionSettings::new().name("filter").env("TEST_BINARY", env::current_exe().unwrap());
    let function = emulator.function(script, settings).unwrap();
    let lambda = json!({ "Lambda": { "ResourceArn": function.arn(), "InvocationType": "ASYNC" } });
    service.set_function(function.arn(), EventQueue::new(function, Default::default()));

    let call = async |operation, input| service.call(operation, input).await.unwrap();
    let app_instance = call("CreateAppInstance", json!({ "Name": "demo" })).await["AppInstanceArn"].clone();
    let user = json!({ "AppInstanceArn": app_instance, "AppInstanceUserId": "alice", "Name": "Alice" });
    let alice = call("CreateAppInstanceUser", user).await["AppInstanceUserArn"].clone();
    let channel = json!({ "AppInstanceArn": app_instance, "Name": "lobby", "ChimeBearer": alice });
    let channel = call("CreateChannel", channel).await["ChannelArn"].clone();
    let processor =
        json!({ "Name": "filter", "ExecutionOrder": 1, "FallbackAction": "ABORT", "Configuration": lambda });
    let flow = json!({ "AppInstanceArn": app_instance, "Name": "flow", "Processors": [processor] });
    let flow = call("CreateChannelFlow", flow).await["ChannelFlowArn"].clone();
    call("AssociateChannelFlow", json!({ "ChannelArn": channel, "ChannelFlowArn": flow, "ChimeBearer": alice })).await;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording.jsonl");
    let recorder = Recorder::start(service, &path, RecorderSettings::new().content(true)).unwrap();
    let mut activities = service.watch();
    for content in ["what the hell", "deny", "good day"] {
        let message = json!({
            "ChannelArn": channel, "Content": content, "Type": "STANDARD", "Persistence": "PERSISTENT",
            "ChimeBearer": alice,
        });
        call("SendChannelMessage", message).await;
        while !matches!(activities.recv().await.unwrap().kind, ActivityKind::Finished { decided: true, .. }) {}
    }
    assert_eq!(recorder.finish(), 3);

    let path = path.to_str().unwrap();
    assert_eq!(stdout(&replay(&[path], "")), "3 same, 0 changed, 0 undecided, 0 skipped\n");
    let output = replay(&["--env", "REPLACEMENT=h***", path], "");
    assert!(stdout(&output).contains("\nbefore    what the ****\nnow       what the h***\n"), "{}", stdout(&output));
    assert!(stdout(&output).ends_with("\n2 same, 1 changed, 0 undecided, 0 skipped\n"), "{}", stdout(&output));
}
