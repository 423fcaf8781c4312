//! Functions behind ARNs, as the messaging service invokes them: local binaries, and endpoints.

#![cfg(unix)]

mod common;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use channel_flow_emulator::{
    Activity, ActivityKind, Destination, Emulator, Event, EventInvokeConfig, EventQueue, FunctionMap, FunctionSettings,
    InvocationFault, InvokeEndpoint, MessageStatus, OutgoingMessage, Settings,
};
use common::function::{another, function};
use std::collections::VecDeque;
use std::future::pending;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Not a test: what `function.sh` runs.
#[test]
fn acts_as_the_function() {
    common::function::run();
}

fn config() -> EventInvokeConfig {
    EventInvokeConfig::new().retry_delays(Duration::from_millis(1), Duration::from_millis(2))
}

fn event(content: &str) -> Event {
    Event::new(OutgoingMessage::new(content).unwrap(), "eu-central-1")
}

fn status(emulator: &Emulator, event: &Event) -> MessageStatus {
    emulator.service().message(event.ids().unwrap()).unwrap().status()
}

/// What watchers are told of an event's tries: `true` or `false` for each, in order, and whether it was decided in the end.
async fn told(activities: &mut UnboundedReceiver<Activity>, event: &Event) -> (Vec<bool>, bool) {
    let mut attempts = Vec::new();
    loop {
        match activities.recv().await.unwrap().kind {
            ActivityKind::Attempted { ids, success, .. } if &ids == event.ids().unwrap() => attempts.push(success),
            ActivityKind::Finished { ids, decided, .. } if &ids == event.ids().unwrap() => return (attempts, decided),
            _ => {}
        }
    }
}

/// An emulator with the function `filter`, and whoever watches it.
async fn stage(settings: FunctionSettings, config: EventInvokeConfig) -> (Emulator, UnboundedReceiver<Activity>) {
    let (emulator, function) = function(settings.name("filter")).await;
    emulator.service().set_function("filter", EventQueue::new(function, config));
    let activities = emulator.service().watch();
    (emulator, activities)
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_are_told_of_each_try() {
    let (emulator, mut activities) = stage(FunctionSettings::new(), config()).await;
    let arn = "arn:aws:lambda:eu-central-1:123456789012:function:filter";
    let event = event("call back");
    emulator.service().invoke(arn, &event).await.unwrap();
    let callback = activities.recv().await.unwrap();
    assert!(matches!(callback.kind, ActivityKind::Callback(record) if record.is_accepted()));
    let attempted = activities.recv().await.unwrap();
    assert_eq!(attempted.message_id, event.ids().unwrap().message_id);
    let ActivityKind::Attempted {
        function_arn,
        request_id,
        outcome,
        success,
        milliseconds,
        cold_start_milliseconds,
        ..
    } = attempted.kind
    else {
        panic!("{attempted:?}");
    };
    assert_eq!((function_arn.as_str(), outcome.as_str(), success), (arn, "the function answered", true));
    assert!(request_id.len() == 36 && milliseconds > 0.0 && cold_start_milliseconds.is_some());
    let finished = activities.recv().await.unwrap();
    assert!(matches!(finished.kind, ActivityKind::Finished { decided: true, .. }), "{finished:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_see_that_a_message_hangs() {
    let (emulator, mut activities) = stage(FunctionSettings::new(), config()).await;
    for (content, tries) in [("error", vec![false; 3]), ("answer", vec![true])] {
        let event = event(content);
        emulator.service().invoke("filter", &event).await.unwrap();
        assert_eq!(told(&mut activities, &event).await, (tries, false), "{content}");
        assert_eq!(status(&emulator, &event), MessageStatus::Pending);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rescue_is_told_as_a_try_of_its_own() {
    let (emulator, function) = function(FunctionSettings::new().name("filter")).await;
    let rescue = another(&emulator, FunctionSettings::new().name("rescue"));
    let rescue = EventQueue::new(rescue, config());
    let config = config().maximum_retry_attempts(0).on_failure(Destination::Function(rescue));
    emulator.service().set_function("filter", EventQueue::new(function, config));
    let mut activities = emulator.service().watch();
    let event = event("error");
    emulator.service().invoke("filter", &event).await.unwrap();
    assert_eq!(told(&mut activities, &event).await, (vec![false, true], true));
    assert_eq!(status(&emulator, &event), MessageStatus::Sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_behind_an_arn_is_unreachable() {
    let (emulator, mut activities) = stage(FunctionSettings::new(), config()).await;
    let service = emulator.service();
    let unreachable = service.invoke("other", &event("call back")).await.unwrap_err();
    assert_eq!(unreachable.reason(), "there is no function arn:aws:lambda:eu-central-1:123456789012:function:other");
    assert!(service.remove_function("filter").is_some());
    assert!(service.remove_function("filter").is_none());
    assert!(service.invoke("filter", &event("call back")).await.is_err());
    let not_json = service.invoke("filter", &Event::raw("{")).await;
    assert!(not_json.is_err());
    assert!(activities.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swap_loses_nothing_that_is_in_flight() {
    let (emulator, mut activities) = stage(FunctionSettings::new(), config()).await;
    let service = emulator.service();
    // Of the one environment's queue, the first is in flight at most, and the others wait.
    let mut events: Vec<_> = (0..5).map(|_| event("call back")).collect();
    for event in &events {
        service.invoke("filter", event).await.unwrap();
    }
    let anew = another(&emulator, FunctionSettings::new().name("anew"));
    service.set_function("filter", EventQueue::new(anew, config()));
    events.push(event("call back"));
    service.invoke("filter", events.last().unwrap()).await.unwrap();
    let mut finished = 0;
    while finished < events.len() {
        if let ActivityKind::Finished { decided, .. } = activities.recv().await.unwrap().kind {
            assert!(decided);
            finished += 1;
        }
    }
    let by = |event: &Event| service.message(event.ids().unwrap()).unwrap().decided_by().map(str::to_owned);
    let by: Vec<_> = events.iter().map(by).map(Option::unwrap).collect();
    assert_eq!(by, ["filter", "filter", "filter", "filter", "filter", "anew"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_away_finishes_what_it_has() {
    let (emulator, mut activities) = stage(FunctionSettings::new(), config()).await;
    let event = event("call back");
    emulator.service().invoke("filter", &event).await.unwrap();
    drop(emulator.service().remove_function("filter"));
    assert_eq!(told(&mut activities, &event).await, (vec![true], true));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_emulator_ends_functions_behind_arns() {
    let hostage = common::function::Hostage::new();
    let settings = FunctionSettings::new().env("HELD_BY", hostage.address()).timeout(Duration::from_secs(3600));
    let (emulator, _happenings) = stage(settings, config()).await;
    emulator.service().invoke("filter", &event("hold")).await.unwrap();
    let held = hostage.held().await;
    drop(emulator);
    held.released().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invocations_meet_faults_in_order() {
    let settings = FunctionSettings::new().concurrency(2);
    let (emulator, mut activities) = stage(settings, config()).await;
    let service = emulator.service();
    service.fault_invocation(InvocationFault::Unreachable);
    service.fault_invocation(InvocationFault::Crash);
    service.fault_invocation(InvocationFault::Duplicate);
    assert_eq!(service.invocation_faults_left(), 3);

    let throttled = event("call back");
    let unreachable = service.invoke("filter", &throttled).await.unwrap_err();
    assert!(unreachable.to_string().starts_with("429 TooManyRequestsException"), "{unreachable}");

    let crashed = event("call back");
    service.invoke("filter", &crashed).await.unwrap();
    assert_eq!(told(&mut activities, &crashed).await, (vec![false, true], true));
    assert_eq!(service.callbacks().len(), 1);

    let twice = event("call back");
    service.invoke("filter", &twice).await.unwrap();
    assert_eq!(told(&mut activities, &twice).await, (vec![true, true], true));
    let verdicts: Vec<_> = service.callbacks()[1..].iter().map(|callback| callback.is_accepted()).collect();
    assert_eq!(verdicts, [true, false]);

    assert_eq!(service.invocation_faults_left(), 0);
    service.fault_invocation(InvocationFault::Unreachable);
    service.clear_invocation_faults();
    assert!(service.invoke("filter", &event("call back")).await.is_ok());
}

/// A stand-in for whatever speaks Lambda's `Invoke`: it answers as it is told, and shows what it got.
struct StandIn {
    address: SocketAddr,
    answers: Answers,
    requests: UnboundedReceiver<Got>,
}

/// A path, an invocation type, and a body.
type Got = (String, String, Vec<u8>);

type Answers = Arc<Mutex<VecDeque<Option<(u16, &'static str)>>>>;

impl StandIn {
    async fn new() -> Self {
        let answers = Answers::default();
        let (sender, requests) = unbounded_channel();
        let router = Router::new().fallback(answer).with_state((Arc::clone(&answers), sender));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, router).into_future());
        Self { address, answers, requests }
    }

    /// Says how the next request is answered; `None` is not at all.
    fn answers(&self, answer: Option<(u16, &'static str)>) {
        self.answers.lock().unwrap().push_back(answer);
    }

    fn endpoint(&self) -> InvokeEndpoint {
        format!("http://{}/function", self.address).parse().unwrap()
    }
}

async fn answer(State((answers, requests)): State<(Answers, UnboundedSender<Got>)>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let kind = request.headers()["x-amz-invocation-type"].to_str().unwrap().to_owned();
    let body = axum::body::to_bytes(request.into_body(), 100_000).await.unwrap();
    requests.send((path, kind, body.to_vec())).unwrap();
    let answer = answers.lock().unwrap().pop_front().unwrap();
    match answer {
        Some((status, body)) => {
            (StatusCode::from_u16(status).unwrap(), [("x-amzn-requestid", "of-the-endpoint")], body).into_response()
        }
        None => pending().await,
    }
}

/// An emulator with `filter` behind a stand-in.
async fn endpoint_stage() -> (Emulator, StandIn, UnboundedReceiver<Activity>) {
    let emulator = Emulator::start(Settings::new().region("eu-central-1")).await.unwrap();
    let stand_in = StandIn::new().await;
    emulator.service().set_function("filter", stand_in.endpoint());
    let activities = emulator.service().watch();
    (emulator, stand_in, activities)
}

#[tokio::test]
async fn an_endpoint_gets_the_event_byte_for_byte() {
    let (emulator, mut stand_in, mut activities) = endpoint_stage().await;
    stand_in.answers(Some((200, "null")));
    let event = event("hello");
    emulator.service().invoke("filter", &event).await.unwrap();
    let (path, kind, body) = stand_in.requests.recv().await.unwrap();
    assert_eq!((path.as_str(), kind.as_str()), ("/2015-03-31/functions/function/invocations", "Event"));
    assert_eq!(body, &event.json()[..]);
    // It answered, and had not called back.
    assert_eq!(told(&mut activities, &event).await, (vec![true], false));
}

#[tokio::test]
async fn a_functions_error_is_an_attempt_and_not_unreachable() {
    let (emulator, stand_in, mut activities) = endpoint_stage().await;
    for status in [200, 500] {
        stand_in.answers(Some((status, r#"{"errorType":"Boom","errorMessage":"it broke"}"#)));
        let event = event("hello");
        emulator.service().invoke("filter", &event).await.unwrap();
        assert_eq!(told(&mut activities, &event).await, (vec![false], false), "{status}");
    }
}

#[tokio::test]
async fn an_endpoint_that_answers_tells_the_reasons_and_the_steps() {
    let (emulator, stand_in, mut activities) = endpoint_stage().await;
    let settled = r#"{"Reasons":["links"],"Steps":[{"Name":"links","Decision":"DENY","DurationMs":1}]}"#;
    for (status, body, expected) in [(200, settled, 1), (200, "null", 0), (202, settled, 0)] {
        stand_in.answers(Some((status, body)));
        emulator.service().invoke("filter", &event("hello")).await.unwrap();
        let ActivityKind::Attempted { returned, .. } = activities.recv().await.unwrap().kind else {
            panic!("an attempt")
        };
        assert_eq!((returned.reasons.len(), returned.steps.len()), (expected, expected), "{status} {body}");
        if status == 200 {
            assert!(matches!(activities.recv().await.unwrap().kind, ActivityKind::Finished { .. }));
        }
    }
}

#[tokio::test]
async fn an_endpoint_with_a_queue_says_no_more_than_that_it_has_the_event() {
    let (emulator, stand_in, mut activities) = endpoint_stage().await;
    stand_in.answers(Some((202, "")));
    emulator.service().invoke("filter", &event("hello")).await.unwrap();
    let attempted = activities.recv().await.unwrap();
    let ActivityKind::Attempted { success: true, request_id, .. } = attempted.kind else { panic!("{attempted:?}") };
    assert_eq!(request_id, "of-the-endpoint");
    assert!(activities.try_recv().is_err());
}

#[tokio::test]
async fn an_endpoint_that_refuses_is_unreachable() {
    let (emulator, stand_in, mut activities) = endpoint_stage().await;
    for (status, body, expected) in [
        (404, r#"{"Type":"User","Message":"Function not found"}"#, "404 Not Found: Function not found"),
        (429, "", "429 Too Many Requests"),
        (503, "<html>", "503 Service Unavailable"),
    ] {
        stand_in.answers(Some((status, body)));
        let unreachable = emulator.service().invoke("filter", &event("hello")).await.unwrap_err();
        assert_eq!(unreachable.reason(), format!("the endpoint refused the event with {expected}"));
    }
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let gone: InvokeEndpoint = format!("http://{gone}/function").parse().unwrap();
    emulator.service().set_function("filter", gone);
    let unreachable = emulator.service().invoke("filter", &event("hello")).await.unwrap_err();
    assert!(unreachable.reason().starts_with("no connection to 127.0.0.1:"), "{unreachable}");
    assert!(activities.try_recv().is_err());
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_keeps_nobody_waiting() {
    let (emulator, mut stand_in, mut activities) = endpoint_stage().await;
    stand_in.answers(None);
    stand_in.answers(Some((200, "null")));
    let (silent, quick) = (event("silent"), event("quick"));
    let service = emulator.service();
    let hangs = service.invoke("filter", &silent);
    let goes_on = async {
        stand_in.requests.recv().await.unwrap();
        service.invoke("filter", &quick).await.unwrap();
    };
    tokio::select! {
        _ = hangs => panic!("there is no answer"),
        () = goes_on => {}
    }
    assert_eq!(told(&mut activities, &quick).await, (vec![true], false));

    service.set_function("filter", stand_in.endpoint().timeout(Duration::from_millis(50)));
    stand_in.answers(None);
    let late = event("late");
    service.invoke("filter", &late).await.unwrap();
    assert_eq!(told(&mut activities, &late).await, (vec![false], false));
}

#[tokio::test]
async fn endpoints_meet_faults_too() {
    let (emulator, mut stand_in, mut activities) = endpoint_stage().await;
    let service = emulator.service();
    for fault in InvocationFault::ALL {
        service.fault_invocation(fault);
    }
    stand_in.answers(Some((200, "null")));
    stand_in.answers(Some((503, "")));
    let (twice, crashed) = (event("twice"), event("crashed"));
    service.invoke("filter", &twice).await.unwrap();
    assert_eq!(told(&mut activities, &twice).await, (vec![true], false));
    service.invoke("filter", &crashed).await.unwrap();
    assert_eq!(told(&mut activities, &crashed).await, (vec![false], false));
    assert!(service.invoke("filter", &event("throttled")).await.is_err());
    let bodies = [stand_in.requests.recv().await.unwrap().2, stand_in.requests.recv().await.unwrap().2];
    assert!(bodies.iter().all(|body| body == &twice.json()[..]));
    assert!(stand_in.requests.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_puts_functions_behind_arns() {
    let emulator = Emulator::start(Settings::new().region("eu-central-1")).await.unwrap();
    let mut stand_in = StandIn::new().await;
    let test_binary = std::env::current_exe().unwrap();
    let map = serde_json::json!({ "functions": {
        "filter": { "binary": "tests/function.sh", "env": { "TEST_BINARY": test_binary }, "retries": 0 },
        "arn:aws:lambda:us-west-2:111122223333:function:far": { "endpoint": format!("http://{}", stand_in.address) },
    } });
    let map = FunctionMap::parse(&map.to_string(), Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    map.set(&emulator, &FunctionSettings::new(), &EventInvokeConfig::new()).unwrap();
    let mut activities = emulator.service().watch();
    for (content, attempts) in [("call back", (vec![true], true)), ("error", (vec![false], false))] {
        let event = event(content);
        emulator.service().invoke("filter", &event).await.unwrap();
        assert_eq!(told(&mut activities, &event).await, attempts);
    }
    stand_in.answers(Some((200, "null")));
    emulator.service().invoke("arn:aws:lambda:us-west-2:111122223333:function:far", &event("x")).await.unwrap();
    assert_eq!(stand_in.requests.recv().await.unwrap().0, "/2015-03-31/functions/far/invocations");

    let gone: FunctionMap =
        FunctionMap::parse(r#"{"functions":{"f":{"binary":"no/such/binary"}}}"#, Path::new("/")).unwrap();
    assert!(gone.set(&emulator, &FunctionSettings::new(), &EventInvokeConfig::new()).is_err());
}
