//! Several events in one environment at once, and environments that are told to end.

use std::time::Duration;

use channel_flow_emulator::{Decision, FunctionSettings, InitFailure, InvocationOutcome};
use channel_flow_tests::Stage;
use tokio::join;

async fn stage(settings: FunctionSettings) -> Stage {
    let settings = settings.timeout(Duration::from_secs(4)).env("RESERVE_MS", "2000").env("THREADS", "4");
    Stage::new(env!("CARGO_BIN_EXE_troublemaker"), settings.concurrency_of_environment(4)).await
}

#[tokio::test]
async fn one_stuck_event_does_not_hold_the_others() {
    let stage = stage(FunctionSettings::new()).await;
    assert!(stage.send("good morning").await.is_decided());
    let others = async {
        let mut delivered = Vec::new();
        for _ in 0..5 {
            delivered.push(stage.send("good morning").await);
        }
        delivered
    };
    let (stuck, others) = join!(stage.send("never finish"), others);
    for other in others {
        assert_eq!(other.decision(), Some(Decision::NoChange));
        assert!(other.invocation.duration() < stuck.invocation.duration(), "it waited for the stuck one");
        assert!(other.invocation.cold_start().is_none(), "it was in the environment of the stuck one");
    }
    assert_eq!(stuck.decision(), Some(Decision::Deny));
}

#[tokio::test]
async fn a_runaway_on_one_of_several_threads_is_answered_and_the_others_finish() {
    let stage = stage(FunctionSettings::new()).await;
    assert!(stage.send("good morning").await.is_decided());
    let (runaway, slow, quick) = join!(stage.send("spin"), stage.send("take a second"), stage.send("good morning"));
    assert_eq!(runaway.decision(), Some(Decision::Deny), "{:?}", runaway.invocation.outcome());
    assert_eq!(slow.decision(), Some(Decision::Update), "{:?}", slow.invocation.outcome());
    assert_eq!(quick.decision(), Some(Decision::NoChange), "{:?}", quick.invocation.outcome());
    // It ends as soon as nothing is under way in it.
    let mut next = stage.send("good morning").await;
    for _ in 0..100 {
        if next.invocation.cold_start().is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        next = stage.send("good morning").await;
    }
    assert!(next.is_decided() && next.invocation.cold_start().is_some(), "the environment is still used");
}

#[tokio::test]
async fn as_many_runaways_as_there_is_room_for_are_all_answered() {
    let stage = stage(FunctionSettings::new()).await;
    assert!(stage.send("good morning").await.is_decided());
    let (one, two, three, four) =
        join!(stage.send("spin"), stage.send("sleep"), stage.send("sleep"), stage.send("sleep"));
    for delivered in [one, two, three, four] {
        assert_eq!(delivered.decision(), Some(Decision::Deny), "{:?}", delivered.invocation.outcome());
        assert!(delivered.invocation.outcome().is_success(), "{:?}", delivered.invocation.outcome());
    }
    assert!(stage.send("good morning").await.is_decided());
    assert_eq!(stage.emulator.service().counts().pending, 0);
}

#[tokio::test]
async fn several_at_once_take_threads_to_spare_or_the_function_does_not_start() {
    for threads in [None, Some("1"), Some("2")] {
        let mut settings = FunctionSettings::new().concurrency_of_environment(8);
        if let Some(threads) = threads {
            settings = settings.env("THREADS", threads);
        }
        let stage = Stage::new(env!("CARGO_BIN_EXE_troublemaker"), settings).await;
        let delivered = stage.send("good morning").await;
        if threads == Some("2") {
            assert!(delivered.is_decided(), "{:?}", delivered.invocation.outcome());
            continue;
        }
        let outcome = delivered.invocation.outcome();
        assert!(matches!(outcome, InvocationOutcome::InitFailed(InitFailure::Exited(_))), "{threads:?}: {outcome:?}");
        let logs = stage.logs();
        assert!(logs.contains("AWS_LAMBDA_MAX_CONCURRENCY is 8"), "{threads:?}: {logs}");
        assert!(logs.contains("worker_threads = 2"), "{threads:?}: {logs}");
    }
}

#[tokio::test]
async fn sigterm_lets_what_is_under_way_finish() {
    for concurrent in [1, 4] {
        let settings = FunctionSettings::new().timeout(Duration::from_secs(10)).env("THREADS", "2");
        let settings = settings.concurrency_of_environment(concurrent);
        let stage = Stage::new(env!("CARGO_BIN_EXE_troublemaker"), settings).await;
        assert!(stage.send("good morning").await.is_decided());
        let ending = async {
            // The message is with the processor for a second.
            tokio::time::sleep(Duration::from_millis(300)).await;
            let environment = stage.function.environments().into_iter().next().expect("there is one");
            environment.terminate(Duration::from_secs(8)).await
        };
        let (delivered, ended) = join!(stage.send("take a second"), ending);
        assert_eq!(delivered.decision(), Some(Decision::Update), "{:?}", delivered.invocation.outcome());
        assert!(ended.is_some_and(|status| status.success()), "{concurrent} at once: {ended:?}");
    }
}
