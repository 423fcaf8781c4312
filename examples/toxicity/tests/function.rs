//! The built function, run as Lambda runs it, against the messaging service as the emulator has it and a judge on this
//! machine.

use std::error::Error;
use std::time::{Duration, SystemTime};

use channel_flow_emulator::{
    Decision, Delivered, Emulator, Function, FunctionSettings, InvocationOutcome, OutgoingMessage, Settings,
};
use serde_json::{Value, json};

use crate::judge_service::{Answer, JudgeService, nowhere};

#[path = "../src/judge_service.rs"]
mod judge_service;

/// Long enough for an answer on a machine that is busy.
const PATIENT: &str = "60000";

/// The function, with a judge that answers as scripted.
struct Stage {
    _emulator: Emulator,
    function: Function,
    judge: JudgeService,
}

impl Stage {
    async fn new(answers: &[Answer], settings: &[(&str, &str)]) -> Result<Self, Box<dyn Error>> {
        let judge = JudgeService::start(answers)?;
        // What a test sets comes later, and counts.
        let all = FunctionSettings::new()
            .timeout(Duration::from_secs(300))
            .env("JUDGE_TIMEOUT_MS", PATIENT)
            .env("AWS_ENDPOINT_URL_COMPREHEND", judge.url())
            .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", judge.url())
            .envs(settings.iter().copied());
        let emulator = Emulator::start(Settings::new().table("channel-flow")).await?;
        let function = emulator.function(env!("CARGO_BIN_EXE_toxicity"), all)?;
        Ok(Self { _emulator: emulator, function, judge })
    }

    async fn send(&self, content: &str) -> Result<(Delivered, Value), Box<dyn Error>> {
        let delivered = self.function.send(OutgoingMessage::new(content)?).await;
        let InvocationOutcome::Response(settled) = delivered.invocation.outcome() else {
            return Err(delivered.invocation.outcome().to_string().into());
        };
        let settled = serde_json::from_slice(settled)?;
        Ok((delivered, settled))
    }

    fn logs(&self) -> String {
        self.function.logs().iter().map(|line| line.text.clone() + "\n").collect()
    }
}

fn insult(score: f64) -> Answer {
    Answer::labels(&[&[("INSULT", score), ("HATE_SPEECH", 0.02)]])
}

fn throttled() -> Answer {
    Answer::error(400, "ThrottlingException")
}

#[tokio::test]
async fn the_scores_are_seen_wherever_a_decision_is() -> Result<(), Box<dyn Error>> {
    let stage = Stage::new(&[insult(0.83), insult(0.1)], &[("THRESHOLDS", "INSULT=deny:0.8")]).await?;
    let (delivered, settled) = stage.send("a rude word").await?;
    assert_eq!(delivered.decision(), Some(Decision::Deny));
    assert_eq!(settled["Reasons"], json!(["INSULT"]));
    assert_eq!(settled["Scores"], json!({ "HATE_SPEECH": 0.02, "INSULT": 0.83, "TOXICITY": 0.25 }));
    let logs = stage.logs();
    assert!(logs.contains(r#"scores="HATE_SPEECH=0.02,INSULT=0.83,TOXICITY=0.25""#), "{logs}");
    assert!(!logs.contains("rude"), "{logs}");

    let (delivered, settled) = stage.send("Hello").await?;
    assert_eq!((delivered.decision(), settled.get("Reasons")), (Some(Decision::NoChange), None));
    Ok(())
}

#[tokio::test]
async fn a_message_between_hold_and_deny_waits_for_a_person() -> Result<(), Box<dyn Error>> {
    let settings = [("THRESHOLDS", "INSULT=hold:0.6/deny:0.8")];
    let stage = Stage::new(&[insult(0.7), insult(0.83), insult(0.1)], &settings).await?;
    let before = SystemTime::now();
    let (delivered, settled) = stage.send("a rude word").await?;
    let after = SystemTime::now();
    assert_eq!((delivered.decision(), delivered.callbacks.len()), (Some(Decision::Hold), 0));
    assert_eq!((&settled["Reasons"], &settled["Scores"]["INSULT"]), (&json!(["INSULT"]), &json!(0.7)));
    let held_until = delivered.held_until().ok_or("it is held")?;
    let four_hours = Duration::from_secs(4 * 60 * 60);
    // The ticket has the time in milliseconds.
    assert!(before + four_hours <= held_until + Duration::from_millis(1) && held_until <= after + four_hours);

    for expected in [Decision::Deny, Decision::NoChange] {
        assert_eq!(stage.send("a rude word").await?.0.decision(), Some(expected));
    }
    Ok(())
}

#[tokio::test]
async fn a_busy_judge_is_asked_again() -> Result<(), Box<dyn Error>> {
    let stage = Stage::new(&[throttled(), throttled(), insult(0.95)], &[]).await?;
    let (delivered, settled) = stage.send("a rude word").await?;
    assert_eq!(delivered.decision(), Some(Decision::Deny));
    assert_eq!(settled["DecidedBy"], "PROCESSOR");
    assert_eq!(stage.judge.requests().len(), 3);
    Ok(())
}

/// Each with the judge's trouble in the log.
#[tokio::test]
async fn a_judge_without_an_answer_lets_the_message_pass_and_that_is_seen() -> Result<(), Box<dyn Error>> {
    let denied = Answer::error(400, "AccessDeniedException");
    for (answer, timeout, told, requests) in [
        (throttled(), PATIENT, "Amazon Comprehend throttles requests", Some(4)),
        (denied, PATIENT, "grant comprehend:DetectToxicContent to the role of the function", Some(1)),
        // On a machine that is busy, a request may not have come when its time is over.
        (Answer::Hang, "200", "Amazon Comprehend did not answer in time", None),
    ] {
        let stage = Stage::new(&[answer], &[("JUDGE_TIMEOUT_MS", timeout)]).await?;
        let (delivered, settled) = stage.send("a rude word").await?;
        assert_eq!(delivered.decision(), Some(Decision::NoChange), "{told}");
        assert_eq!((&settled["DecidedBy"], settled.get("Scores")), (&json!("FALLBACK_ACTION"), None));
        let logs = stage.logs();
        assert!(logs.contains(told) && logs.contains("decided_by=FallbackAction"), "{logs}");
        assert!(!logs.contains("rude"), "{logs}");
        assert!(requests.is_none_or(|requests| stage.judge.requests().len() == requests), "{told}");
    }
    Ok(())
}

#[tokio::test]
async fn a_region_without_the_judge_is_named() -> Result<(), Box<dyn Error>> {
    let stage = Stage::new(&[], &[("AWS_ENDPOINT_URL_COMPREHEND", &nowhere())]).await?;
    let (delivered, settled) = stage.send("Hello").await?;
    assert_eq!(delivered.decision(), Some(Decision::NoChange));
    assert_eq!(settled["DecidedBy"], "FALLBACK_ACTION");
    let logs = stage.logs();
    assert!(logs.contains("cannot reach Amazon Comprehend: check that us-east-1 has it"), "{logs}");
    Ok(())
}

#[tokio::test]
async fn bedrock_does_as_the_guardrail_says() -> Result<(), Box<dyn Error>> {
    let answer = |action: &str, confidence: &str| {
        let filter = json!({ "type": "INSULTS", "confidence": confidence, "action": "BLOCKED" });
        Answer::guardrail(action, &json!({ "contentPolicy": { "filters": [filter] } }))
    };
    let settings = [("JUDGE", "bedrock"), ("GUARDRAIL_ID", "abc123")];
    let stage = Stage::new(&[answer("GUARDRAIL_INTERVENED", "HIGH"), answer("NONE", "LOW")], &settings).await?;
    let (delivered, settled) = stage.send("a rude word").await?;
    assert_eq!((delivered.decision(), &settled["Reasons"]), (Some(Decision::Deny), &json!(["GUARDRAIL"])));
    assert_eq!(settled["Scores"], json!({ "GUARDRAIL": 1.0, "INSULTS": 0.9 }));
    let (delivered, settled) = stage.send("Hello").await?;
    assert_eq!(delivered.decision(), Some(Decision::NoChange));
    assert_eq!(settled["Scores"], json!({ "GUARDRAIL": 0.0, "INSULTS": 0.3 }));
    assert_eq!(stage.judge.requests()[0].operation, "POST /guardrail/abc123/version/DRAFT/apply");
    assert!(stage.judge.requests()[0].body.contains("a rude word"));
    Ok(())
}

#[tokio::test]
async fn it_does_not_start_with_a_setting_that_makes_no_sense() -> Result<(), Box<dyn Error>> {
    for (thresholds, told) in [
        ("INSULT=0.9", "THRESHOLDS: threshold 1, INSULT: an entry must be"),
        ("INSULT=hold:0.6", "THRESHOLDS: to hold messages, set CHANNEL_FLOW_TABLE"),
    ] {
        let stage = Stage::new(&[], &[("THRESHOLDS", thresholds), ("CHANNEL_FLOW_TABLE", "")]).await?;
        let delivered = stage.function.send(OutgoingMessage::new("Hello")?).await;
        let outcome = delivered.invocation.outcome();
        assert!(matches!(outcome, InvocationOutcome::InitFailed(_)), "{outcome}");
        assert!(stage.logs().contains(told), "{}", stage.logs());
    }
    Ok(())
}
