use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::event::Event;
use crate::event::payload::Payload;
use crate::{
    DecidedBy, DecisionKind, Fallback, FallbackAction, Invocation, LimitError, Outcome, Reason, Score, Scores,
    StepFailure, StepOutcome, StepReport, Update, processor_fn, testing,
};

fn deny(reason: &'static str) -> impl Processor<Error = Infallible> {
    processor_fn(move |_: Message| async move { Ok(Decision::deny().because(reason)) })
}

fn append(text: &'static str) -> impl Processor<Error = LimitError> {
    processor_fn(move |message: Message| async move {
        Ok(Decision::update(format!("{}{text}", message.content()))?.because(text))
    })
}

fn attribute(name: &'static str) -> impl Processor<Error = LimitError> {
    processor_fn(move |_: Message| async move {
        Update::builder().message_attribute(name, ["x"]).build().map(Decision::from)
    })
}

fn fail() -> impl Processor<Error = &'static str> {
    processor_fn(|_: Message| async { Err("no answer") })
}

async fn decide<S: Steps>(flow: &Flow<S>) -> Decision {
    flow.process(&testing::message("a").build()).await.unwrap()
}

fn reports(decision: &Decision) -> Vec<StepReport> {
    decision.trace().unwrap().reports()
}

#[tokio::test]
async fn a_flow_without_steps_changes_nothing() {
    assert_eq!(decide(&Flow::new()).await, Decision::no_change());
}

#[tokio::test]
async fn updates_accumulate_with_their_reasons() {
    let flow = Flow::new()
        .step(Step::new("b", append("b")))
        .step(Step::new("one", attribute("one")))
        .step(Step::new("c", append("c")))
        .step(Step::new("two", attribute("two")));
    let decision = decide(&flow).await;
    let update = decision.changes().unwrap();
    assert_eq!(update.content(), Some("abc"));
    assert_eq!(update.message_attributes().keys().collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(decision.reasons(), [Reason::new("b"), Reason::new("c")]);
    assert_eq!(reports(&decision).iter().map(|report| report.name).collect::<Vec<_>>(), ["b", "one", "c", "two"]);
}

#[tokio::test]
async fn the_first_denial_ends_the_flow() {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = calls.clone();
    let count = processor_fn(move |_: Message| {
        counted.fetch_add(1, Ordering::Relaxed);
        async { Ok::<_, Infallible>(Decision::no_change()) }
    });
    let flow = Flow::new()
        .step(Step::new("b", append("b")))
        .step(Step::new("links", deny("links")))
        .step(Step::new("count", count));
    assert_eq!(decide(&flow).await, Decision::deny().because("links"));
    assert_eq!(calls.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_condition_sees_what_the_steps_before_left() {
    let flow = Flow::new()
        .step(Step::new("b", append("b")))
        .step(Step::new("c", append("c")).only_if(|message: &Message| message.content() == "ab"))
        .step(Step::new("d", append("d")).only_if(condition::from_bot()))
        .step(
            Step::new("e", append("e"))
                .only_if(condition::not(condition::any(condition::edited(), condition::from_bot()))),
        );
    assert_eq!(decide(&flow).await.changes().unwrap().content(), Some("abce"));
}

#[tokio::test]
async fn a_step_falls_back_for_itself() {
    let panics = processor_fn(|message: Message| async move {
        match message.content() {
            "" => Ok::<_, Infallible>(Decision::no_change()),
            _ => panic!("a step"),
        }
    });
    let slow = processor_fn(|_: Message| std::future::pending::<Result<Decision, Infallible>>());
    let goes_on = FallbackAction::Continue;
    let flow = Flow::new()
        .step(Step::new("fail", fail()).fallback_action(goes_on))
        .step(Step::new("panics", panics).fallback_action(goes_on))
        .step(Step::new("slow", slow).time_limit(Duration::from_millis(5)).fallback_action(goes_on))
        .step(Step::new("b", append("b")));
    let decision = decide(&flow).await;
    assert_eq!(decision.changes().unwrap().content(), Some("ab"));
    assert!(decision.trace().unwrap().fell_back.is_none());
    let failures: Vec<_> = reports(&decision)
        .into_iter()
        .filter_map(|report| match report.outcome {
            StepOutcome::Failed { failure, .. } => Some(failure),
            StepOutcome::Decided { .. } => None,
        })
        .collect();
    assert_eq!(failures, [StepFailure::Error, StepFailure::Panic, StepFailure::OutOfTime]);

    let flow = Flow::new()
        .step(Step::new("b", append("b")))
        .step(Step::new("fail", fail()).fallback_action(FallbackAction::Abort))
        .step(Step::new("c", append("c")));
    let decision = decide(&flow).await;
    assert_eq!(decision, Decision::deny());
    let fell_back = decision.trace().unwrap().fell_back.clone();
    assert_eq!(fell_back, Some(Fallback::of_step("fail", StepFailure::Error, None)));
}

#[tokio::test]
async fn without_one_the_functions_fallback_action_decides() {
    let flow = Flow::new().step(Step::new("b", append("b"))).step(Step::new("judge", fail()));
    let error = flow.process(&testing::message("a").build()).await.unwrap_err();
    assert_eq!((error.step(), error.failure()), ("judge", StepFailure::Error));
    assert_eq!(error.to_string(), "the step judge failed");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "no answer");
    assert_eq!(flow.retry_after(&error, 1), None);
}

struct Busy(AtomicU32);

impl Processor for Busy {
    type Error = &'static str;

    async fn process(&self, message: &Message) -> Result<Decision, &'static str> {
        assert!(message.invocation().time_left() <= Duration::from_secs(10));
        match self.0.fetch_sub(1, Ordering::Relaxed) {
            0 => Ok(Decision::deny()),
            _ => Err("busy"),
        }
    }

    fn retry_after(&self, _: &&'static str, attempt: u32) -> Option<Duration> {
        Some(if attempt < 3 { Duration::from_millis(1) } else { Duration::from_secs(3600) })
    }
}

#[tokio::test]
async fn a_step_is_asked_again_by_itself() {
    let busy = |times| Step::new("busy", Busy(AtomicU32::new(times))).time_limit(Duration::from_secs(10));
    let flow = Flow::new().step(Step::new("b", append("b"))).step(busy(2));
    assert_eq!(decide(&flow).await, Decision::deny());
    // The next try would come too late: the function may let Lambda deliver the event again.
    let flow = Flow::new().step(busy(5));
    let error = flow.process(&testing::message("a").build()).await.unwrap_err();
    assert_eq!(flow.retry_after(&error, 1), Some(Duration::from_secs(3600)));
}

#[tokio::test]
async fn a_share_of_the_time_is_what_is_left_then() {
    let tells = processor_fn(|message: Message| async move {
        Decision::update(message.invocation().time_left().as_secs().to_string())
    });
    let flow = Flow::new().step(Step::new("half", &tells).time_share(0.5)).step(Step::new("rest", deny("late")));
    let message = testing::message("a").time_left(Duration::from_secs(101)).build();
    let decision = Flow::new().step(Step::new("half", &tells).time_share(0.5)).process(&message).await.unwrap();
    assert_eq!(decision.changes().unwrap().content(), Some("50"));
    assert_eq!(flow.process(&message).await.unwrap(), Decision::deny().because("late"));
}

fn settled() -> Settled {
    Settled {
        message_id: "m".to_owned(),
        decision: DecisionKind::NoChange,
        decided_by: DecidedBy::Processor,
        fallback: None,
        outcome: Outcome::Accepted,
        doubt: None,
        attempts: 1,
        held_until: None,
        dry_run: None,
        reasons: Vec::new(),
        scores: Scores::new(),
        steps: Vec::new(),
    }
}

#[tokio::test]
async fn a_shadow_runs_after_the_callback_and_changes_nothing() {
    let flow = Flow::new()
        .step(Step::new("b", append("b")))
        .step(Step::new("links", deny("links")).shadow(true))
        .step(Step::new("fail", fail()).shadow(true))
        .step(Step::new("c", append("c")).only_if(|message: &Message| message.content() == "ab"));
    let message = testing::message("a").build();
    let decision = flow.process(&message).await.unwrap();
    assert_eq!(decision.changes().unwrap().content(), Some("abc"));
    assert_eq!(reports(&decision).len(), 2);

    flow.after_callback(&message, &decision, &settled()).await.unwrap();
    let shadows: Vec<_> = reports(&decision).into_iter().filter(|report| report.shadow).collect();
    let outcome = StepOutcome::of(&Decision::deny().because("links"));
    assert_eq!((shadows[0].name, &shadows[0].outcome), ("links", &outcome));
    assert_eq!(
        shadows[1].outcome,
        StepOutcome::Failed { failure: StepFailure::Error, panicked_at: None, fallback_action: None }
    );
}

struct Worker(Arc<AtomicU32>, Decision);

impl Processor for Worker {
    type Error = &'static str;

    async fn process(&self, _: &Message) -> Result<Decision, &'static str> {
        Ok(self.1.clone())
    }

    async fn after_callback(&self, _: &Message, _: &Decision, _: &Settled) -> Result<(), &'static str> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err("no answer")
    }
}

#[tokio::test]
async fn only_steps_that_ran_work_after_the_callback() {
    let worked = Arc::new(AtomicU32::new(0));
    let worker = |decision| Step::new("worker", Worker(worked.clone(), decision));
    let flow = Flow::new()
        .step(worker(Decision::no_change()))
        .step(worker(Decision::no_change()).only_if(condition::from_bot()))
        .step(worker(Decision::deny()))
        .step(worker(Decision::no_change()));
    let message = testing::message("a").build();
    let decision = flow.process(&message).await.unwrap();
    let error = flow.after_callback(&message, &decision, &settled()).await.unwrap_err();
    assert_eq!(error.step(), "worker");
    assert_eq!(worked.load(Ordering::Relaxed), 2);
}

struct Retrying(Arc<AtomicU32>);

impl Processor for Retrying {
    type Error = &'static str;

    async fn process(&self, _: &Message) -> Result<Decision, &'static str> {
        Ok(Decision::no_change())
    }

    async fn after_callback(&self, _: &Message, _: &Decision, _: &Settled) -> Result<(), &'static str> {
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Err("busy"),
            _ => Ok(()),
        }
    }

    fn retry_after(&self, _: &&'static str, _: u32) -> Option<Duration> {
        Some(Duration::from_millis(1))
    }
}

#[tokio::test]
async fn the_work_of_one_step_is_repeated_without_that_of_the_others() {
    let (retried, worked) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let flow = Flow::new()
        .step(Step::new("retrying", Retrying(retried.clone())))
        .step(Step::new("worker", Worker(worked.clone(), Decision::no_change())));
    let message = testing::message("a").build();
    let decision = flow.process(&message).await.unwrap();
    let error = flow.after_callback(&message, &decision, &settled()).await.unwrap_err();
    assert_eq!((error.step(), flow.retry_after(&error, 1)), ("worker", None));
    assert_eq!((retried.load(Ordering::Relaxed), worked.load(Ordering::Relaxed)), (2, 1));
}

#[tokio::test]
async fn a_flow_can_be_a_step() {
    let inner = Flow::new().step(Step::new("fail", fail()).fallback_action(FallbackAction::Abort));
    let flow = Flow::new().step(Step::new("b", append("b"))).step(Step::new("inner", inner));
    let decision = decide(&flow).await;
    assert_eq!(decision, Decision::deny());
    let fell_back = decision.trace().unwrap().fell_back.clone();
    assert_eq!(fell_back, Some(Fallback::of_step("fail", StepFailure::Error, None)));

    let worked = Arc::new(AtomicU32::new(0));
    let worker = Step::new("worker", Worker(worked.clone(), Decision::no_change()));
    let inner = Flow::new().step(Step::new("skipped", fail()).only_if(condition::from_bot())).step(worker);
    let inner = inner.step(Step::new("links", deny("links")).shadow(true));
    let flow = Flow::new().step(Step::new("inner", inner)).step(Step::new("b", append("b")));
    let message = testing::message("a").build();
    let decision = flow.process(&message).await.unwrap();
    flow.after_callback(&message, &decision, &settled()).await.unwrap_err();
    assert_eq!(worked.load(Ordering::Relaxed), 1);
    let names: Vec<_> = reports(&decision).iter().map(|report| report.name).collect();
    assert_eq!(names, ["inner", "b", "worker", "links"]);
}

#[tokio::test]
async fn the_innermost_step_is_the_cause() {
    let panic = processor_fn(|_: Message| async { panic!("private") as Result<Decision, Infallible> });
    let inner = Flow::new().step(Step::new("panicking", panic));
    let flow = Flow::new().step(Step::new("inner", inner));
    let error: Box<dyn std::error::Error + Send + Sync> =
        flow.process(&testing::message("a").build()).await.unwrap_err().into();
    let expected = Fallback { panicked_at: None, ..Fallback::of_step("panicking", StepFailure::Panic, None) };
    assert_eq!(FlowError::fallback_of(&*error), Some(expected));
    assert_eq!(FlowError::fallback_of(&std::io::Error::other("x")), None);
}

#[tokio::test]
async fn a_flow_that_failed_as_a_step_takes_no_other_step_for_its_own() {
    let worked = Arc::new(AtomicU32::new(0));
    let never = Step::new("never", Worker(worked.clone(), Decision::no_change()));
    let inner = Flow::new().step(Step::new("fail", fail())).step(never);
    let inner = Step::new("inner", inner).fallback_action(FallbackAction::Continue);
    let flow = Flow::new().step(Step::new("b", append("b"))).step(inner);
    let message = testing::message("a").build();
    let decision = flow.process(&message).await.unwrap();
    flow.after_callback(&message, &decision, &settled()).await.unwrap();
    assert_eq!(worked.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn the_error_of_a_flow_carries_what_its_steps_did() {
    let worked = Arc::new(AtomicU32::new(0));
    let inner = Flow::new()
        .step(Step::new("worker", Worker(worked.clone(), Decision::no_change())))
        .step(Step::new("fail", fail()))
        .step(Step::new("never", deny("never")));
    let flow = Flow::new()
        .step(Step::new("b", append("b")))
        .step(Step::new("links", deny("links")).shadow(true))
        .step(Step::new("inner", inner));
    let message = testing::message("a").build();
    let error: Box<dyn std::error::Error + Send + Sync> = flow.process(&message).await.unwrap_err().into();
    let decision = Decision::deny().traced(FlowError::trace_of(&*error).unwrap());
    let text = decision.trace().unwrap().steps_text().unwrap();
    assert!(text.starts_with("b=UPDATE ") && text.contains(" ms, inner=ERROR "), "{text}");

    // The work after the callback and the shadows are those of any other message.
    let failed = Settled { decided_by: DecidedBy::FallbackAction, ..settled() };
    flow.after_callback(&message, &decision, &failed).await.unwrap_err();
    assert_eq!(worked.load(Ordering::Relaxed), 1);
    let names: Vec<_> = reports(&decision).iter().map(|report| (report.name, report.shadow)).collect();
    let expected = [("b", false), ("inner", false), ("worker", false), ("fail", false), ("links", true)];
    assert_eq!(names, expected);
    let failed = StepOutcome::Failed { failure: StepFailure::Error, panicked_at: None, fallback_action: None };
    assert_eq!(reports(&decision)[1].outcome, failed);
    assert!(FlowError::trace_of(&std::io::Error::other("x")).is_none());
}

#[tokio::test(start_paused = true)]
async fn shadows_share_the_time_that_is_left() {
    let slow = || processor_fn(|_: Message| std::future::pending::<Result<Decision, Infallible>>());
    let tells = processor_fn(|message: Message| async move {
        Decision::update(message.invocation().time_left().as_secs().to_string())
    });
    let flow = Flow::new()
        .step(Step::new("slow", slow()).shadow(true))
        .step(Step::new("skipped", slow()).shadow(true).only_if(condition::from_bot()))
        .step(Step::new("limited", slow()).shadow(true).time_limit(Duration::from_secs(2)))
        .step(Step::new("tells", tells).shadow(true))
        .step(Step::new("last", slow()).shadow(true));
    let mut context = lambda_runtime::Context::default();
    // A deadline of 1970 says how long: 100 s, with a tenth of a second for the parting.
    context.deadline = 100_100;
    let invocation = Invocation::new(&context, Duration::from_secs(1));
    let event = testing::message("a").to_event();
    let message = Event::read(&Payload::read(&event), &invocation).unwrap().message.unwrap();
    let started = tokio::time::Instant::now();
    let decision = flow.process(&message).await.unwrap();
    flow.after_callback(&message, &decision, &settled()).await.unwrap();
    let shadows = reports(&decision);
    let times: Vec<_> = shadows.iter().map(|shadow| (shadow.name, shadow.duration.as_secs())).collect();
    assert_eq!(times, [("slow", 25), ("limited", 2), ("tells", 0), ("last", 73)]);
    assert!(started.elapsed() <= Duration::from_secs(100));
    let out_of_time = StepOutcome::Failed { failure: StepFailure::OutOfTime, panicked_at: None, fallback_action: None };
    for slow in [0, 1, 3] {
        assert_eq!(shadows[slow].outcome, out_of_time);
    }
}

#[tokio::test]
async fn a_shadow_is_told_its_time_after_the_callback() {
    let told = Arc::new(std::sync::Mutex::new(Duration::ZERO));
    let telling = told.clone();
    let tells = processor_fn(move |message: Message| {
        *telling.lock().unwrap() = message.invocation().time_left();
        async { Ok::<_, Infallible>(Decision::no_change()) }
    });
    let flow = Flow::new().step(Step::new("tells", tells).shadow(true));
    // The processor's time was over when it had decided.
    let message = testing::message("a").time_left(Duration::ZERO).build();
    let decision = flow.process(&message).await.unwrap();
    flow.after_callback(&message, &decision, &settled()).await.unwrap();
    assert_eq!(*told.lock().unwrap(), Duration::MAX);
}

#[tokio::test]
async fn the_steps_are_one_field_of_the_log() {
    let flow = Flow::new().step(Step::new("b", append("b"))).step(Step::new("links", deny("links")));
    let text = decide(&flow).await.trace().unwrap().steps_text().unwrap();
    let outcomes: Vec<_> = text.split(", ").map(|step| step.split(' ').next().unwrap()).collect();
    assert_eq!(outcomes, ["b=UPDATE", "links=DENY"]);
    assert!(text.ends_with(" ms"), "{text}");
    assert_eq!(decide(&Flow::new()).await.trace().unwrap().steps_text(), None);
}

#[tokio::test]
async fn scores_stay_with_the_step_that_has_them() {
    let scores: Scores = [("INSULT", Score::new(0.83).unwrap())].into_iter().collect();
    let judge = processor_fn({
        let scores = scores.clone();
        move |_: Message| {
            let decision = Decision::deny().because("INSULT").with_scores(scores.clone());
            async move { Ok::<_, Infallible>(decision) }
        }
    });
    let flow = Flow::new()
        .step(Step::new("shadow", &judge).shadow(true))
        .step(Step::new("b", append("b")))
        .step(Step::new("judge", &judge));
    let message = testing::message("a").build();
    let decision = flow.process(&message).await.unwrap();
    assert_eq!((decision.scores(), decision.reasons().len()), (None, 1));
    flow.after_callback(&message, &decision, &settled()).await.unwrap();
    let judged = StepOutcome::Decided { decision: DecisionKind::Deny, reasons: decision.reasons().to_vec(), scores };
    let outcomes: Vec<_> = reports(&decision).into_iter().map(|report| report.outcome).collect();
    assert_eq!(outcomes, [StepOutcome::of(&Decision::update("ab").unwrap().because("b")), judged.clone(), judged]);

    let report = StepReport { name: "judge", outcome: outcomes[1].clone(), shadow: false, duration: Duration::ZERO };
    let json = serde_json::to_string(&report).unwrap();
    let scores = r#""Scores":{"INSULT":0.83}"#;
    assert_eq!(json, format!(r#"{{"Name":"judge","Decision":"DENY","Reasons":["INSULT"],{scores},"DurationMs":0.0}}"#));
}

#[test]
fn a_report_is_one_flat_object() {
    let outcome = StepOutcome::of(&Decision::deny().because("links"));
    let report = StepReport { name: "links", outcome, shadow: true, duration: Duration::from_micros(1500) };
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(json, r#"{"Name":"links","Decision":"DENY","Reasons":["links"],"Shadow":true,"DurationMs":1.5}"#);
    let outcome = StepOutcome::Failed {
        failure: StepFailure::OutOfTime,
        panicked_at: None,
        fallback_action: Some(FallbackAction::Continue),
    };
    let report = StepReport { name: "judge", outcome, shadow: false, duration: Duration::ZERO };
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(json, r#"{"Name":"judge","Failure":"OUT_OF_TIME","FallbackAction":"CONTINUE","DurationMs":0.0}"#);
}
