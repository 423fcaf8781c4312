//! Recording what flows through a channel.

#![cfg(unix)]

mod common;

use channel_flow_emulator::{
    Activity, ActivityKind, Decision, Emulator, EventInvokeConfig, EventQueue, FunctionSettings, InvocationFault,
    MessageStatus, RecordedStep, Recorder, RecorderSettings, StepOutcome,
};
use common::function::function;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;

/// Not a test: what `function.sh` runs.
#[test]
fn acts_as_the_function() {
    common::function::run();
}

/// A channel with a flow whose only processor is the function, and Alice in it.
struct Stage {
    emulator: Emulator,
    channel: String,
    alice: String,
}

impl Stage {
    async fn new() -> Self {
        let (emulator, function) = function(FunctionSettings::new().name("filter")).await;
        let config = EventInvokeConfig::new().maximum_retry_attempts(1);
        let config = config.retry_delays(Duration::from_millis(1), Duration::from_millis(1));
        let arn = function.arn();
        emulator.service().set_function(&arn, EventQueue::new(function, config));
        let call = async |operation, input| emulator.service().call(operation, input).await.unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let app_instance = text(&call("CreateAppInstance", json!({ "Name": "demo" })).await["AppInstanceArn"]);
        let user = json!({ "AppInstanceArn": app_instance, "AppInstanceUserId": "alice", "Name": "Alice" });
        let alice = text(&call("CreateAppInstanceUser", user).await["AppInstanceUserArn"]);
        let channel = json!({ "AppInstanceArn": app_instance, "Name": "lobby", "ChimeBearer": alice });
        let channel = text(&call("CreateChannel", channel).await["ChannelArn"]);
        let lambda = json!({ "ResourceArn": arn, "InvocationType": "ASYNC" });
        let processor = json!({
            "Name": "filter", "ExecutionOrder": 1, "FallbackAction": "ABORT", "Configuration": { "Lambda": lambda },
        });
        let flow = json!({ "AppInstanceArn": app_instance, "Name": "flow", "Processors": [processor] });
        let flow = text(&call("CreateChannelFlow", flow).await["ChannelFlowArn"]);
        let associate = json!({ "ChannelArn": channel, "ChannelFlowArn": flow, "ChimeBearer": alice });
        call("AssociateChannelFlow", associate).await;
        Self { emulator, channel, alice }
    }

    fn record(&self, path: &Path, settings: RecorderSettings) -> Recorder {
        Recorder::start(self.emulator.service(), path, settings).unwrap()
    }

    /// Records these messages, one after the other, and reads the recording.
    async fn recorded(&self, path: &Path, content: bool, messages: &[&str]) -> Vec<RecordedStep> {
        let recorder = self.record(path, RecorderSettings::new().content(content));
        let mut activities = self.emulator.service().watch();
        for message in messages {
            self.send(&mut activities, message).await;
        }
        drop(recorder);
        steps(path)
    }

    /// Sends a message and waits until no more will happen to it.
    async fn send(&self, activities: &mut UnboundedReceiver<Activity>, content: &str) -> Vec<ActivityKind> {
        let message = json!({
            "ChannelArn": self.channel, "Content": content, "Type": "STANDARD", "Persistence": "PERSISTENT",
            "ChimeBearer": self.alice,
        });
        self.emulator.service().call("SendChannelMessage", message).await.unwrap();
        let mut kinds = Vec::new();
        loop {
            let kind = activities.recv().await.unwrap().kind;
            let failed = matches!(kind, ActivityKind::Settled { status: MessageStatus::Failed, .. });
            let over = failed || matches!(kind, ActivityKind::Finished { .. });
            kinds.push(kind);
            if over {
                return kinds;
            }
        }
    }
}

fn steps(path: &Path) -> Vec<RecordedStep> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| RecordedStep::read(line.as_bytes()).unwrap()).collect()
}

fn content(step: &RecordedStep) -> Option<String> {
    step.event().fields().content.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_message_is_a_line() {
    let stage = Stage::new().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording.jsonl");
    let recorder = stage.record(&path, RecorderSettings::new().content(true));
    let mut activities = stage.emulator.service().watch();
    stage.send(&mut activities, "call back").await;
    stage.send(&mut activities, "error").await;
    stage.emulator.service().fault_invocation(InvocationFault::Unreachable);
    stage.send(&mut activities, "answer").await;
    stage.emulator.service().fault_invocation(InvocationFault::Crash);
    stage.send(&mut activities, "call back").await;
    assert_eq!(recorder.finish(), 4);

    let [sent, hangs, failed, crashed] = &steps(&path)[..] else { panic!("four lines") };
    assert_eq!((sent.outcome, sent.decision()), (StepOutcome::Sent, Some(Decision::Update)));
    assert_eq!(content(sent).as_deref(), Some("call back"));
    assert_eq!(sent.released().unwrap().content.as_deref(), Some("called back"));
    assert!(sent.attempts.len() == 1 && sent.attempts[0].success && sent.attempts[0].cold_start_ms.is_some());
    assert!(sent.decided_ms.is_some_and(|decided| decided <= sent.total_ms));
    assert!(sent.processor == "filter" && sent.function_arn.ends_with(":function:filter"));

    assert_eq!((hangs.outcome, hangs.decision()), (StepOutcome::Pending, None));
    let tries: Vec<_> = hangs.attempts.iter().map(|attempt| (attempt.success, &*attempt.outcome)).collect();
    assert_eq!(tries, [(false, "the function reported Boom: it broke"); 2]);

    assert_eq!((failed.outcome, failed.attempts.len()), (StepOutcome::Failed, 0));
    let unreachable = failed.unreachable.as_ref().unwrap();
    assert_eq!(unreachable.fallback_action, "ABORT");
    assert!(unreachable.reason.starts_with("429 "), "{unreachable:?}");

    let tries: Vec<_> = crashed.attempts.iter().map(|attempt| attempt.success).collect();
    assert_eq!((crashed.outcome, tries), (StepOutcome::Sent, vec![false, true]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_wrote_is_masked_unless_asked_for() {
    let stage = Stage::new().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording.jsonl");
    let mut recorded = Vec::new();
    for masked in [true, false] {
        let settings = if masked { RecorderSettings::new() } else { RecorderSettings::new().content(true) };
        let recorder = stage.record(&path, settings);
        let mut activities = stage.emulator.service().watch();
        stage.send(&mut activities, "call back").await;
        stage.send(&mut activities, "error").await;
        drop(recorder);
        // The second one adds to what the first one wrote.
        let text = fs::read_to_string(&path).unwrap();
        recorded = steps(&path);
        for said in ["call back", "called back", "Alice", "/user/alice", "it broke"] {
            assert_eq!(text.contains(said), !masked, "{said}");
        }
    }
    let masked: Vec<_> = recorded.iter().map(|step| step.masked).collect();
    assert_eq!(masked, [true, true, false, false]);
    assert_eq!(content(&recorded[0]).as_deref(), Some("xxxx xxxx"));
    assert_eq!(recorded[0].released().unwrap().content.as_deref(), Some("xxxxxx xxxx"));
    assert_eq!(recorded[0].event().ids().unwrap().channel_arn, stage.channel);
}

#[tokio::test(flavor = "multi_thread")]
async fn reasons_that_the_function_returns_are_recorded_masked_or_not() {
    let stage = Stage::new().await;
    let folder = tempfile::tempdir().unwrap();
    for content in [false, true] {
        let path = folder.path().join(format!("{content}.jsonl"));
        let recorded = stage.recorded(&path, content, &["call back with reasons", "call back"]).await;
        let [with, without] = &recorded[..] else { panic!("two lines") };
        assert_eq!((with.masked, &with.reasons[..]), (!content, &["called-back".to_owned()][..]));
        assert!(without.reasons.is_empty());
        assert_eq!(fs::read_to_string(&path).unwrap().matches("\"reasons\"").count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_steps_of_the_function_did_is_recorded_masked_or_not() {
    let stage = Stage::new().await;
    let folder = tempfile::tempdir().unwrap();
    for content in [false, true] {
        let path = folder.path().join(format!("{content}.jsonl"));
        let recorded = stage.recorded(&path, content, &["call back with steps"]).await;
        let [step] = &recorded[..] else { panic!("one line") };
        let said: Vec<_> = step.steps.iter().map(|report| (&*report.name, report.decision(), report.shadow)).collect();
        let expected =
            [("rename", Some(Decision::Update), false), ("judge", None, false), ("long", Some(Decision::Deny), true)];
        assert_eq!((step.masked, said), (!content, expected.to_vec()));
        assert_eq!((step.scores["RUDE"], step.steps[2].scores["LONG"]), (0.5, 0.75));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_still_under_way_at_the_end_is_a_line_too() {
    let stage = Stage::new().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording.jsonl");
    let recorder = stage.record(&path, RecorderSettings::new());
    let mut activities = stage.emulator.service().watch();
    let message = json!({
        "ChannelArn": stage.channel, "Content": "hang", "Type": "STANDARD", "Persistence": "NON_PERSISTENT",
        "ChimeBearer": stage.alice,
    });
    stage.emulator.service().call("SendChannelMessage", message).await.unwrap();
    while !matches!(activities.recv().await.unwrap().kind, ActivityKind::Invoked { .. }) {}
    assert_eq!(recorder.finish(), 1);
    let [step] = &steps(&path)[..] else { panic!("one line") };
    assert_eq!((step.outcome, step.attempts.len()), (StepOutcome::Pending, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_see_which_messages_of_a_channel_hang() {
    let stage = Stage::new().await;
    let mut activities = stage.emulator.service().watch();
    for (content, expected) in [("call back", true), ("answer", false), ("error", false)] {
        let kinds = stage.send(&mut activities, content).await;
        let Some(ActivityKind::Finished { decided, .. }) = kinds.last() else { panic!("{kinds:?}") };
        assert_eq!(*decided, expected, "{content}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_reported_and_holds_nothing_up() {
    let stage = Stage::new().await;
    let reported = Arc::new(AtomicUsize::new(0));
    let settings = RecorderSettings::new().on_error({
        let reported = Arc::clone(&reported);
        move |error| {
            assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
            reported.fetch_add(1, Ordering::SeqCst);
        }
    });
    let recorder = stage.record(Path::new("/dev/full"), settings);
    let mut activities = stage.emulator.service().watch();
    for _ in 0..2 {
        stage.send(&mut activities, "call back").await;
    }
    assert_eq!(recorder.finish(), 0);
    assert_eq!(reported.load(Ordering::SeqCst), 1);
    assert!(Recorder::start(stage.emulator.service(), "no/such/folder/file", RecorderSettings::new()).is_err());
}
