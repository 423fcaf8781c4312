//! Activities become lines.

use super::*;
use crate::messaging::wire::callback_refusal;
use crate::model::callback_record::CallbackRecord;
use crate::model::decision::Decision;
use crate::model::event::{Event, OutgoingMessage};
use crate::model::message::{MessageFields, MessageIds};
use crate::model::refusal::Refusal;
use crate::model::returned::Returned;
use serde_json::{Value, json};
use std::time::{Duration, Instant, UNIX_EPOCH};

/// A message and its callback id at one processor, and the clock.
struct Stage {
    steps: Steps,
    event: Event,
    milliseconds: u64,
}

impl Stage {
    fn new(masked: bool) -> Self {
        let event = Event::new(OutgoingMessage::new("What the hell?").unwrap(), "us-east-1");
        Self { steps: Steps::new(masked), event, milliseconds: 1_786_699_862_113 }
    }

    fn ids(&self) -> MessageIds {
        self.event.ids().unwrap().clone()
    }

    /// A millisecond later, this happens.
    fn take(&mut self, kind: ActivityKind) -> Vec<Value> {
        self.milliseconds += 1;
        let at = UNIX_EPOCH + Duration::from_millis(self.milliseconds);
        let MessageIds { channel_arn, message_id, .. } = self.ids();
        let lines = self.steps.take(Activity { at, channel_arn, message_id, kind });
        lines.iter().map(|line| serde_json::to_value(line).unwrap()).collect()
    }

    fn invoked(&mut self) -> Vec<Value> {
        let (ids, event) = (self.ids(), self.event.json().clone());
        self.take(ActivityKind::Invoked { processor: "filter".into(), function_arn: "arn:f".into(), ids, event })
    }

    fn callback(&mut self, body: &Value, verdict: Result<Decision, Refusal>) -> Vec<Value> {
        let mut body = body.clone();
        body["CallbackId"] = self.ids().callback_id.into();
        body["ChannelMessage"]["MessageId"] = self.ids().message_id.into();
        let record = CallbackRecord {
            received_at: UNIX_EPOCH + Duration::from_millis(self.milliseconds + 1),
            received: Instant::now(),
            access_key_id: None,
            callback_id: Some(self.ids().callback_id),
            body: body.to_string().into(),
            verdict,
            fault: None,
        };
        self.take(ActivityKind::Callback(record))
    }

    fn update(&mut self) -> Vec<Value> {
        self.callback(&json!({ "ChannelMessage": { "Content": "What the ****?" } }), Ok(Decision::Update))
    }

    fn attempted(&mut self, success: bool, outcome: &str) -> Vec<Value> {
        self.attempted_with(success, outcome, Returned::default())
    }

    /// The function answers with this.
    fn answered(&mut self, returned: &Value) -> Vec<Value> {
        self.attempted_with(true, "the function answered", Returned::read(returned.to_string().as_bytes()))
    }

    fn attempted_with(&mut self, success: bool, outcome: &str, returned: Returned) -> Vec<Value> {
        let kind = ActivityKind::Attempted {
            ids: self.ids(),
            function_arn: "arn:f".into(),
            request_id: "r".into(),
            outcome: outcome.into(),
            success,
            returned,
            milliseconds: 1.23456,
            cold_start_milliseconds: None,
        };
        self.take(kind)
    }

    fn finished(&mut self, decided: bool) -> Vec<Value> {
        let kind = ActivityKind::Finished { ids: self.ids(), function_arn: "arn:f".into(), decided };
        self.take(kind)
    }

    fn settled(&mut self, status: MessageStatus) -> Vec<Value> {
        self.take(ActivityKind::Settled { status, fields: MessageFields::default() })
    }

    fn next_processor(&mut self) {
        let mut event: Value = serde_json::from_slice(self.event.json()).unwrap();
        event["CallbackId"] = ids::uuid().into();
        self.event = Event::raw(event.to_string());
    }
}

fn none(lines: Vec<Value>) {
    assert!(lines.is_empty(), "{lines:?}");
}

fn one(lines: Vec<Value>) -> Value {
    let [line] = &lines[..] else { panic!("{lines:?}") };
    line.clone()
}

#[test]
fn a_step_is_a_line_once_its_message_is_settled_and_its_function_done() {
    let mut stage = Stage::new(false);
    none(stage.invoked());
    none(stage.attempted(false, "the function reported Boom: hell"));
    none(stage.update());
    none(stage.settled(MessageStatus::Sent));
    none(stage.callback(&json!({ "ChannelMessage": {} }), Err(callback_refusal::expired())));
    none(stage.attempted(true, "the function answered"));
    let line = one(stage.finished(true));
    assert_eq!((&line["version"], &line["masked"]), (&json!(1), &json!(false)));
    assert_eq!(line["time"], "2026-08-14T09:31:02.114Z");
    assert_eq!((&line["processor"], &line["function_arn"]), (&json!("filter"), &json!("arn:f")));
    assert_eq!(line["event"], serde_json::from_slice::<Value>(stage.event.json()).unwrap());
    assert_eq!((&line["decision"], &line["outcome"]), (&json!("UPDATE"), &json!("SENT")));
    assert_eq!((&line["decided_ms"], &line["total_ms"]), (&json!(2.0), &json!(6.0)));
    let [accepted, refused] = &line["callbacks"].as_array().unwrap()[..] else { panic!("{line}") };
    assert_eq!((&accepted["accepted"], &accepted["after_ms"]), (&json!(true), &json!(2.0)));
    assert_eq!(accepted["body"]["ChannelMessage"]["Content"], "What the ****?");
    assert_eq!((&refused["accepted"], &refused["refusal"]["status"]), (&json!(false), &json!(403)));
    let [failed, success] = &line["attempts"].as_array().unwrap()[..] else { panic!("{line}") };
    assert_eq!(failed["outcome"], "the function reported Boom: hell");
    assert_eq!((&success["success"], &success["duration_ms"]), (&json!(true), &json!(1.235)));
    assert!(stage.steps.open.is_empty());
}

#[test]
fn what_is_written_can_be_read_and_says_what_was_released() {
    let mut stage = Stage::new(false);
    stage.invoked();
    stage.update();
    stage.settled(MessageStatus::Sent);
    let line = one(stage.finished(true)).to_string();
    let step = RecordedStep::read(line.as_bytes()).unwrap();
    assert_eq!(step.event().ids(), stage.event.ids());
    assert_eq!(step.decision(), Some(Decision::Update));
    assert_eq!(step.released().unwrap().content.as_deref(), Some("What the ****?"));
    assert!(!format!("{step:?}").contains("What"));

    let mut denied = Stage::new(false);
    denied.invoked();
    denied.callback(&json!({ "DeleteResource": true, "ChannelMessage": {} }), Ok(Decision::Deny));
    denied.settled(MessageStatus::Denied);
    let line = one(denied.finished(true)).to_string();
    let step = RecordedStep::read(line.as_bytes()).unwrap();
    assert_eq!((step.decision(), step.outcome), (Some(Decision::Deny), StepOutcome::Denied));
    assert!(step.released().is_none());
}

#[test]
fn masked_lines_say_nothing_that_was_said() {
    let mut stage = Stage::new(true);
    stage.invoked();
    stage.attempted(false, "the function reported Boom: hell");
    stage.update();
    stage.settled(MessageStatus::Sent);
    let line = one(stage.finished(true));
    assert_eq!((&line["masked"], &line["decision"]), (&json!(true), &json!("UPDATE")));
    assert_eq!(line["event"]["CallbackId"], stage.ids().callback_id);
    assert_eq!(line["event"]["ChannelMessage"]["Content"], "Xxxx xxx xxxx?");
    assert_eq!(line["callbacks"][0]["body"]["ChannelMessage"]["Content"], "Xxxx xxx ****?");
    assert_eq!(line["attempts"][0]["outcome"], "the function reported an error");
    for said in ["hell", "What", "Alice", "alice", "Boom"] {
        assert!(!line.to_string().contains(said), "{said}: {line}");
    }
}

#[test]
fn reasons_are_codes_and_stay_in_masked_lines() {
    for masked in [false, true] {
        let mut stage = Stage::new(masked);
        stage.invoked();
        stage.update();
        stage.answered(&json!({ "Reasons": ["links", "personal-data"] }));
        // A second delivery finds the message decided.
        stage.answered(&json!({ "Reasons": ["late"] }));
        stage.settled(MessageStatus::Sent);
        let line = one(stage.finished(true));
        assert_eq!(line["reasons"], json!(["links", "personal-data"]));
        let step = RecordedStep::read(line.to_string().as_bytes()).unwrap();
        assert_eq!(step.reasons, ["links", "personal-data"]);
    }
}

#[test]
fn what_the_steps_of_the_function_did_stays_in_masked_lines() {
    let returned = |outcome: &str, steps: Value| json!({ "Outcome": outcome, "DecidedBy": "FALLBACK_ACTION", "Fallback": { "Cause": "PANIC", "Step": "the judge", "PanickedAt": "src/judge.rs:1:2" }, "DryRun": "DENY", "Scores": { "SPAM": 0.5 }, "Steps": steps });
    for masked in [false, true] {
        let mut stage = Stage::new(masked);
        stage.invoked();
        stage.update();
        // Of two deliveries at once, the one that finds the message decided ends first, without shadows.
        let steps = json!([{ "Name": "links", "Decision": "NO_CHANGE", "DurationMs": 1 }]);
        stage.answered(&returned("DECIDED_BEFORE", steps));
        let steps = json!([
            { "Name": "links", "Decision": "UPDATE", "Reasons": ["links", "What the hell?"], "DurationMs": 0.125 },
            { "Name": "the judge", "Failure": "PANIC", "FallbackAction": "CONTINUE", "DurationMs": 2 },
            { "Name": "long", "Decision": "DENY", "Shadow": true, "DurationMs": 3, "Scores": { "LONG": 0.75 } },
        ]);
        stage.answered(&returned("ACCEPTED", steps));
        stage.settled(MessageStatus::Sent);
        let line = one(stage.finished(true));
        let judge = if masked { "xxx xxxxx" } else { "the judge" };
        let steps = json!([
            { "name": "links", "decision": "UPDATE", "reasons": ["links"], "shadow": false, "duration_ms": 0.125 },
            { "name": judge, "failure": "PANIC", "fallback_action": "CONTINUE", "shadow": false, "duration_ms": 2.0 },
            { "name": "long", "decision": "DENY", "shadow": true, "scores": { "LONG": 0.75 }, "duration_ms": 3.0 },
        ]);
        let fallback = json!({ "cause": "PANIC", "step": judge, "panicked_at": "src/judge.rs:1:2" });
        assert_eq!((&line["decided_by"], &line["fallback"]), (&json!("FALLBACK_ACTION"), &fallback));
        assert_eq!((&line["steps"], &line["scores"]), (&steps, &json!({ "SPAM": 0.5 })));
        let step = RecordedStep::read(line.to_string().as_bytes()).unwrap();
        assert_eq!(serde_json::to_value(&step.steps).unwrap(), steps);
        assert_eq!((&line["dry_run"], step.dry_run()), (&json!("DENY"), Some(Decision::Deny)));
        assert!(!format!("{step:?}").contains("the judge"));
    }
}

#[test]
fn without_reasons_or_a_decision_there_is_no_such_field() {
    let mut stage = Stage::new(false);
    stage.invoked();
    stage.answered(&Value::Null);
    stage.update();
    stage.settled(MessageStatus::Sent);
    let line = one(stage.finished(true));
    for field in ["decided_by", "fallback", "dry_run", "reasons", "scores", "steps", "label"] {
        assert!(line.get(field).is_none(), "{line}");
    }

    let mut hangs = Stage::new(false);
    hangs.invoked();
    hangs.answered(&json!({ "Reasons": ["links"] }));
    assert!(one(hangs.finished(false)).get("reasons").is_none());
}

#[test]
fn a_label_says_what_should_have_been_decided() {
    let step = |label: &str| {
        let line = format!(
            r#"{{"version":1,"masked":false,"time":"","outcome":"PENDING","event":{{}},"reasons":["a"],"label":{label}}}"#
        );
        RecordedStep::read(line.as_bytes())
    };
    let label = step(r#"{"decision":"DENY","reasons":["links"]}"#).unwrap().label.unwrap();
    assert_eq!((label.decision(), label.reasons), (Some(Decision::Deny), Some(vec!["links".to_owned()])));
    let label = step("{}").unwrap().label.unwrap();
    assert_eq!((label.decision(), label.reasons), (None, None));
    let label = step(r#"{"decision":"deny"}"#).unwrap().label.unwrap();
    assert_eq!((label.decision.as_deref(), label.decision()), (Some("deny"), None));
    assert!(step(r#"{"reason":["links"]}"#).is_err());
    assert_eq!(step("null").unwrap().label, None);
}

#[test]
fn a_message_that_hangs_is_a_line_and_another_one_if_it_is_decided_yet() {
    let mut stage = Stage::new(false);
    stage.invoked();
    none(stage.attempted(true, "the function answered"));
    let line = one(stage.finished(false));
    assert_eq!((&line["decision"], &line["outcome"]), (&Value::Null, &json!("PENDING")));
    none(stage.update());
    let line = one(stage.settled(MessageStatus::Sent));
    assert_eq!((&line["decision"], &line["outcome"]), (&json!("UPDATE"), &json!("SENT")));
    assert!(stage.steps.rest().is_empty());
}

#[test]
fn each_processor_has_a_line() {
    let mut stage = Stage::new(false);
    stage.invoked();
    stage.update();
    let first = stage.event.clone();
    stage.next_processor();
    none(stage.invoked());
    stage.update();
    stage.settled(MessageStatus::Sent);
    let line = one(stage.finished(true));
    assert_eq!((&line["outcome"], &line["event"]["CallbackId"]), (&json!("SENT"), &json!(stage.ids().callback_id)));
    stage.event = first;
    let line = one(stage.finished(true));
    assert_eq!((&line["outcome"], &line["event"]["CallbackId"]), (&json!("NEXT"), &json!(stage.ids().callback_id)));
}

#[test]
fn a_processor_that_is_not_reached_has_a_line_that_says_so() {
    for (fallback_action, status, outcome) in
        [("ABORT", MessageStatus::Failed, "FAILED"), ("CONTINUE", MessageStatus::Sent, "SENT")]
    {
        let mut stage = Stage::new(true);
        stage.invoked();
        none(stage.take(ActivityKind::Unreachable {
            ids: stage.ids(),
            function_arn: "arn:f".into(),
            reason: "throttled".into(),
            fallback_action: fallback_action.into(),
        }));
        let line = one(stage.settled(status));
        assert_eq!((&line["outcome"], &line["decision"]), (&json!(outcome), &Value::Null));
        assert_eq!(line["unreachable"], json!({ "reason": "throttled", "fallback_action": fallback_action }));
    }
}

#[test]
fn nothing_else_is_waited_for_where_nothing_will_be_known() {
    let mut stage = Stage::new(false);
    stage.invoked();
    none(stage.attempted(true, invoke_endpoint::QUEUED));
    none(stage.update());
    assert_eq!(one(stage.settled(MessageStatus::Sent))["outcome"], "SENT");
}

#[test]
fn the_rest_is_what_is_still_under_way() {
    let mut stage = Stage::new(false);
    stage.invoked();
    let [rest] = &stage.steps.rest()[..] else { panic!("one step") };
    assert_eq!((rest.outcome, rest.decision()), (StepOutcome::Pending, None));

    let mut told = Stage::new(false);
    told.invoked();
    one(told.finished(false));
    assert!(told.steps.rest().is_empty());
}

#[test]
fn lines_that_cannot_be_read_say_why_and_nothing_else() {
    let event = r#""event":{"secret":1}"#;
    for (line, expected) in [
        ("".to_owned(), "it is not JSON"),
        (r#"{"secret":"#.to_owned(), "it is not JSON: see column 10"),
        ("[]".to_owned(), "it has no version"),
        (r#"{"CallbackId":"secret"}"#.to_owned(), "it has no version"),
        (format!(r#"{{"version":2,{event}}}"#), "its version is 2, and this reads versions up to 1"),
        (format!(r#"{{"version":0,{event}}}"#), "its version is 0"),
        (format!(r#"{{"version":1,{event}}}"#), "it is not a recorded step"),
        (
            format!(r#"{{"version":1,"masked":false,"time":"","outcome":"secret",{event}}}"#),
            "it is not a recorded step",
        ),
    ] {
        let problem = RecordedStep::read(line.as_bytes()).unwrap_err().to_string();
        assert!(problem.starts_with(expected) && !problem.contains("secret"), "{line}: {problem}");
    }
    let least = format!(r#"{{"version":1,"masked":false,"time":"","outcome":"PENDING",{event},"tomorrow":1}}"#);
    assert_eq!(RecordedStep::read(least.as_bytes()).unwrap().decision(), None);
}
