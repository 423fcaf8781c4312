//! Execution environments: several at once, several events in one, frozen, killed, ended.

#![cfg(unix)]

mod common;

use channel_flow_emulator::{
    Delivered, Emulator, Event, ExecutionEnvironment, Function, FunctionSettings, InvocationOutcome, MessageStatus,
    OutgoingMessage,
};
use common::function::function;
use std::collections::HashSet;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Not a test: what `function.sh` runs.
#[test]
fn acts_as_the_function() {
    common::function::run();
}

/// SIGKILL and SIGTERM, as an exit status has them.
const KILL: Option<i32> = Some(9);
const TERM: Option<i32> = Some(15);

const A_LONG_TIME: Duration = Duration::from_secs(3600);

/// A function whose lines come one by one.
struct Stage {
    _emulator: Emulator,
    function: Function,
    lines: mpsc::UnboundedReceiver<String>,
}

impl Stage {
    async fn new(settings: FunctionSettings) -> Self {
        let (lines, received) = mpsc::unbounded_channel();
        let settings = settings.log_sink(move |line| {
            let _ = lines.send(line.text.clone());
        });
        let (emulator, function) = function(settings).await;
        Self { _emulator: emulator, function, lines: received }
    }

    async fn send(&self, content: &str) -> Delivered {
        self.function.send(OutgoingMessage::new(content).unwrap()).await
    }

    /// The only environment.
    fn environment(&self) -> ExecutionEnvironment {
        let [environment] = &self.function.environments()[..] else { panic!("{:?}", self.function.environments()) };
        environment.clone()
    }

    /// Waits until the function writes this line.
    async fn wrote(lines: &mut mpsc::UnboundedReceiver<String>, text: &str) {
        while lines.recv().await.expect("the function lives") != text {}
    }

    /// Waits until the function, which writes a line every millisecond, writes no more.
    async fn falls_silent(&mut self) {
        let mut lines = 0;
        while timeout(Duration::from_millis(200), self.lines.recv()).await.is_ok() {
            lines += 1;
            assert!(lines < 10_000, "it goes on and on");
        }
    }

    /// Sends a message that hangs, and does something to the environment once it does.
    async fn hang<T>(&mut self, meanwhile: impl AsyncFnOnce(ExecutionEnvironment) -> T) -> (Delivered, T) {
        let function = &self.function;
        let lines = &mut self.lines;
        let hanging = function.send(OutgoingMessage::new("hang").unwrap());
        let done = async {
            Self::wrote(lines, "hanging").await;
            let [environment] = &function.environments()[..] else { panic!("one environment") };
            assert_eq!(environment.events_in_hand(), 1);
            meanwhile(environment.clone()).await
        };
        tokio::join!(hanging, done)
    }
}

fn signal(delivered: &Delivered) -> Option<i32> {
    match delivered.invocation.outcome() {
        InvocationOutcome::Exited(status) => status.signal(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_as_many_environments_as_the_concurrency_allows() {
    let stage = Stage::new(FunctionSettings::new().concurrency(2)).await;
    let send = || stage.send("call back");
    let delivered = tokio::join!(send(), send(), send(), send(), send(), send());
    let delivered = [delivered.0, delivered.1, delivered.2, delivered.3, delivered.4, delivered.5];
    assert!(delivered.iter().all(Delivered::is_decided));
    assert_eq!(delivered.iter().filter(|delivered| delivered.invocation.cold_start().is_some()).count(), 2);
    let keys: HashSet<_> = delivered.iter().map(|delivered| delivered.callbacks[0].access_key_id()).collect();
    assert_eq!(keys.len(), 2);
    assert!(delivered.iter().all(|delivered| delivered.callbacks.len() == 1));
    assert_eq!(stage.function.environments().len(), 2);
    stage.function.recycle().await;
    assert_eq!(stage.function.environments().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_environment_can_take_several_events_at_once() {
    let stage = Stage::new(FunctionSettings::new().concurrency_of_environment(2)).await;
    for cold in [true, false] {
        // Neither ends without the other.
        let send = || stage.send("meet and call back");
        let (one, other) = tokio::join!(send(), send());
        for delivered in [&one, &other] {
            assert!(delivered.is_decided() && delivered.callbacks.len() == 1, "{delivered:?}");
        }
        let started = [&one, &other].map(|delivered| delivered.invocation.cold_start().is_some());
        assert_eq!(started.contains(&true), cold);
        assert_eq!(stage.function.environments().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_death_of_an_environment_ends_all_that_it_has_in_hand() {
    let mut stage = Stage::new(FunctionSettings::new().concurrency_of_environment(2)).await;
    let (hang, exit) = {
        let hang = stage.function.send(OutgoingMessage::new("hang").unwrap());
        let lines = &mut stage.lines;
        let exit = async {
            Stage::wrote(lines, "hanging").await;
            stage.function.send(OutgoingMessage::new("exit").unwrap()).await
        };
        tokio::join!(hang, exit)
    };
    for delivered in [&hang, &exit] {
        assert!(
            matches!(delivered.invocation.outcome(), InvocationOutcome::Exited(status) if status.code() == Some(7))
        );
    }
    assert!(stage.send("call back").await.is_decided());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_runs_out_of_time_fails_alone_where_there_are_others() {
    let settings = FunctionSettings::new().concurrency_of_environment(2).timeout(Duration::from_secs(1));
    let stage = Stage::new(settings).await;
    assert_eq!(stage.send("hang").await.invocation.outcome(), &InvocationOutcome::TimedOut);
    // The process lives, with one event fewer than it could take.
    let next = stage.send("call back").await;
    assert!(next.is_decided() && next.invocation.cold_start().is_none());
    assert_eq!(stage.send("hang").await.invocation.outcome(), &InvocationOutcome::TimedOut);
    let stuck = stage.environment();
    assert!(stuck.is_running());
    let anew = stage.send("call back").await;
    assert!(anew.is_decided() && anew.invocation.cold_start().is_some());
    assert!(!stuck.is_running());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_environment_does_nothing_until_its_next_event() {
    let mut stage = Stage::new(FunctionSettings::new().freeze(true)).await;
    for round in 0..2 {
        assert!(stage.send("tick").await.invocation.outcome().is_success());
        let environment = stage.environment();
        assert!(environment.is_frozen() && environment.is_running(), "{round}");
        stage.falls_silent().await;
    }
    let again = stage.send("call back").await;
    assert!(again.is_decided() && again.invocation.cold_start().is_none());
    Stage::wrote(&mut stage.lines, "tick").await;
    assert!(stage.environment().is_frozen());
    stage.function.recycle().await;
    assert_eq!(stage.function.environments().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_can_be_killed_within_an_invocation() {
    let mut stage = Stage::new(FunctionSettings::new().timeout(A_LONG_TIME)).await;
    let (killed, environment) = stage
        .hang(async |environment| {
            environment.kill();
            environment
        })
        .await;
    assert_eq!(signal(&killed), KILL);
    assert_eq!(killed.message.unwrap().status(), MessageStatus::Pending);
    assert!(!environment.is_running());
    let next = stage.send("call back").await;
    assert!(next.is_decided() && next.invocation.cold_start().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_can_be_killed_while_idle_and_frozen() {
    for freeze in [false, true] {
        let stage = Stage::new(FunctionSettings::new().freeze(freeze)).await;
        stage.send("call back").await;
        let environment = stage.environment();
        environment.kill();
        // The event after it may still be taken by what dies; then it ends with it, and no other does.
        let mut outcomes = Vec::new();
        for _ in 0..3 {
            outcomes.push(stage.send("call back").await.is_decided());
        }
        assert_eq!(outcomes[1..], [true, true], "{freeze}");
        assert!(!environment.is_running());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_an_environment_that_lets_it() {
    for freeze in [false, true] {
        let stage = Stage::new(FunctionSettings::new().freeze(freeze)).await;
        stage.send("call back").await;
        let environment = stage.environment();
        let status = environment.terminate(A_LONG_TIME).await.expect("it ends by itself");
        assert_eq!(status.signal(), TERM, "{freeze}");
        assert!(stage.function.environments().is_empty());
        assert_eq!(environment.terminate(A_LONG_TIME).await, None);
        assert!(stage.send("call back").await.invocation.cold_start().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_within_an_invocation_ends_that_too() {
    let mut stage = Stage::new(FunctionSettings::new().timeout(A_LONG_TIME)).await;
    let (ended, status) = stage.hang(async |environment| environment.terminate(A_LONG_TIME).await).await;
    assert_eq!(signal(&ended), TERM);
    assert_eq!(status.unwrap().signal(), TERM);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_that_ignores_sigterm_is_killed_after_its_grace() {
    let settings = FunctionSettings::new().timeout(A_LONG_TIME).env("IGNORE_TERM", "1");
    let mut stage = Stage::new(settings).await;
    let (ended, status) = stage.hang(async |environment| environment.terminate(Duration::from_millis(100)).await).await;
    assert_eq!((signal(&ended), status), (KILL, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_can_be_delivered_twice_at_once() {
    let stage = Stage::new(FunctionSettings::new().concurrency(2)).await;
    let event = Event::new(OutgoingMessage::new("call back").unwrap(), "eu-central-1");
    let [one, other] = stage.function.deliver_twice(&event).await;
    assert_ne!(one.invocation.request_id(), other.invocation.request_id());
    assert!(one.invocation.cold_start().is_some() && other.invocation.cold_start().is_some());
    let accepted = [&one, &other].map(|delivered| delivered.decision().is_some());
    assert_eq!(accepted.iter().filter(|accepted| **accepted).count(), 1);
}
