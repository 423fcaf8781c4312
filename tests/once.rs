//! Work after the callback is done once, whatever happens to the environments and to the table.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use channel_flow_emulator::{
    Decision, Emulator, EventInvokeConfig, EventQueue, FinishedEvent, Function, FunctionSettings, OutgoingMessage,
    Settings,
};
use channel_flow_tests::{LineState, Table};
use tempfile::TempDir;

const TROUBLEMAKER: &str = env!("CARGO_BIN_EXE_troublemaker");
const NOW: Duration = Duration::ZERO;

/// A function with a table, and the file in which each effect of its work leaves a line.
struct Stage {
    emulator: Emulator,
    function: Arc<Function>,
    table: Table,
    folder: TempDir,
}

impl Stage {
    async fn new(settings: FunctionSettings) -> Self {
        let emulator = Emulator::start(Settings::new()).await.expect("a loopback port is free");
        let table = Table::start().await;
        let folder = TempDir::new().expect("a temporary directory");
        let settings = table.variables(settings).env("EFFECTS", folder.path().join("effects"));
        let function = Arc::new(emulator.function(TROUBLEMAKER, settings).expect("the binary is built"));
        Self { emulator, function, table, folder }
    }

    /// Sends a message through Lambda's queue, which repeats an invocation that failed.
    async fn send(&self, content: &str) -> FinishedEvent {
        let queue = EventQueue::new(self.function.clone(), EventInvokeConfig::new().retry_delays(NOW, NOW));
        queue.send(message(content)).finished().await
    }

    /// The lines of the file since the last time: the callback id and the token.
    fn effects(&self) -> Vec<String> {
        let file = self.folder.path().join("effects");
        let effects = std::fs::read_to_string(&file).unwrap_or_default();
        let _ = std::fs::remove_file(file);
        effects.lines().map(str::to_owned).collect()
    }

    fn logs(&self) -> String {
        self.function.logs().iter().map(|line| line.text.clone() + "\n").collect()
    }
}

fn message(content: &str) -> OutgoingMessage {
    OutgoingMessage::new(content).expect("within the limits")
}

fn decision(finished: &FinishedEvent) -> Option<Decision> {
    finished.message.as_ref().and_then(|message| message.decision())
}

#[tokio::test]
async fn two_environments_that_race_do_the_work_once() {
    const MESSAGES: usize = 20;
    let stage = Stage::new(FunctionSettings::new().concurrency(2)).await;
    for _ in 0..MESSAGES {
        let event = stage.emulator.event(message("effect"));
        let [first, second] = stage.function.deliver_twice(&event).await;
        let later = stage.function.deliver(&event).await;
        for delivered in [&first, &second, &later] {
            assert!(delivered.invocation.outcome().is_success(), "{:?}", delivered.invocation.outcome());
            assert!(!delivered.callbacks.is_empty(), "the one that loses calls back all the same");
        }
    }
    assert_eq!(stage.function.environments().len(), 2);
    let effects = stage.effects();
    let different: HashSet<_> = effects.iter().collect();
    assert_eq!((effects.len(), different.len()), (MESSAGES, MESSAGES), "{effects:#?}");
    let counts = stage.emulator.service().counts();
    assert_eq!((counts.decided_twice, counts.pending), (0, 0));
}

#[tokio::test]
async fn work_in_whose_middle_the_function_died_is_done_again_with_its_token() {
    let stage = Stage::new(FunctionSettings::new().concurrency(2)).await;
    for (content, times) in [("effect, and die before", 1), ("effect, and die after", 2)] {
        let finished = stage.send(content).await;
        assert_eq!(finished.attempts.len(), 2, "{content}: the first one dies");
        assert_eq!(decision(&finished), Some(Decision::NoChange), "{content}");
        let effects = stage.effects();
        assert_eq!(effects.len(), times, "{content}: {effects:?}");
        assert_eq!(effects.iter().collect::<HashSet<_>>().len(), 1, "{content}: a repetition has the same token");
    }
}

#[tokio::test]
async fn work_that_may_be_done_at_most_once_is_given_up_if_the_function_died_in_its_middle() {
    let stage = Stage::new(FunctionSettings::new()).await;
    for (content, times) in [("effect at most once, and die before", 0), ("effect at most once, and die after", 1)] {
        let finished = stage.send(content).await;
        assert_eq!(finished.attempts.len(), 2, "{content}: the first one dies");
        assert_eq!(decision(&finished), Some(Decision::NoChange), "{content}");
        assert_eq!(stage.effects().len(), times, "{content}");
    }
    assert_eq!(stage.logs().matches("work_given_up").count(), 2, "{}", stage.logs());
}

#[tokio::test]
async fn without_the_table_the_work_is_done_or_held_back() {
    let stage = Stage::new(FunctionSettings::new()).await;
    stage.table.set_line(LineState::Closed);
    let finished = stage.send("effect").await;
    assert_eq!(decision(&finished), Some(Decision::NoChange));
    assert_eq!(stage.effects().len(), 1, "it goes on");
    assert!(stage.logs().contains("claim_store_failed"), "{}", stage.logs());

    let finished = stage.send("effect at most once").await;
    assert_eq!(decision(&finished), Some(Decision::NoChange));
    assert_eq!(stage.effects(), Vec::<String>::new(), "it is held back");
    assert!(stage.logs().contains("after_callback_failed"), "{}", stage.logs());

    stage.table.set_line(LineState::Up);
    stage.send("effect at most once").await;
    assert_eq!(stage.effects().len(), 1, "the table is back");
}
