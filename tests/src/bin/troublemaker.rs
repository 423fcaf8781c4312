//! A processor that does what the content of a message tells it to.

use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use channel_flow::store::{IfStoreAway, Interrupted};
use channel_flow::{
    Adapter, Attempt, Decision, FallbackAction, Hold, Message, Occasion, Once, Processor, PushNotification,
    PushNotificationType, Settled, Ticket, Update,
};
use channel_flow_dynamodb::DynamoDbStore;

#[derive(Default)]
struct Troublemaker {
    tries: AtomicU32,
    memory: Option<Memory>,
}

/// What a troublemaker with a table can do.
struct Memory {
    store: DynamoDbStore,
    /// A file with a line for each effect.
    effects: PathBuf,
}

impl Memory {
    /// Has an effect once: a line with the token by which a repetition is known. Some die before it, and some after it.
    async fn effect_once(&self, message: &Message) -> Result<(), Failure> {
        let once = Once::new(self.store.clone());
        let (once, name) = match message.content().starts_with("effect at most once") {
            true => (once.interrupted(Interrupted::GiveUp).if_store_away(IfStoreAway::HoldBack), "at-most-once"),
            false => (once, "at-least-once"),
        };
        let done = once.run(Occasion::of(message, name), |attempt| self.effect(message, attempt)).await;
        done.map_err(Failure::new)?;
        Ok(())
    }

    async fn effect(&self, message: &Message, attempt: Attempt) -> Result<(), std::io::Error> {
        let dies = |when: &str| !attempt.is_repeated() && message.content().ends_with(when);
        if dies("die before") {
            std::process::exit(9);
        }
        let line = format!("{} {}\n", message.callback_id(), attempt.token());
        std::fs::OpenOptions::new().append(true).create(true).open(&self.effects)?.write_all(line.as_bytes())?;
        if dies("die after") {
            std::process::exit(9);
        }
        Ok(())
    }
}

/// What passes by itself, and what it says.
#[derive(Debug)]
struct Throttled(&'static str);

impl fmt::Display for Throttled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Throttled {}

/// An error that makes trouble itself: what happens when it is shown, and when it is dropped.
struct Troubling {
    show: fn(&mut fmt::Formatter<'_>) -> fmt::Result,
    drop: fn(),
}

impl fmt::Debug for Troubling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.show)(f)
    }
}

impl fmt::Display for Troubling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.show)(f)
    }
}

impl std::error::Error for Troubling {}

impl Drop for Troubling {
    fn drop(&mut self) {
        (self.drop)();
    }
}

/// The processor's error. Most are passed on as they are.
struct Failure {
    error: Box<dyn std::error::Error + Send + Sync>,
    /// Panics when it is made into the error that the framework takes.
    panics: bool,
}

impl Failure {
    fn new(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { error: error.into(), panics: false }
    }

    fn troubling(show: fn(&mut fmt::Formatter<'_>) -> fmt::Result, drop: fn()) -> Self {
        Self::new(Troubling { show, drop })
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

impl From<Failure> for Box<dyn std::error::Error + Send + Sync> {
    fn from(failure: Failure) -> Self {
        if failure.panics {
            panic!("private: while it is converted");
        }
        failure.error
    }
}

impl Processor for Troublemaker {
    type Error = Failure;

    async fn process(&self, message: &Message) -> Result<Decision, Self::Error> {
        match message.content() {
            "deny" => Ok(Decision::deny()),
            "update everything" => Ok(everything()?.into()),
            "update metadata" => Ok(Update::builder().metadata("{}").build()?.into()),
            "update nothing" => Ok(Update::default().into()),
            "update too much" => Ok(Decision::update("x".repeat(4097))?),
            "tell the invocation" => {
                let invocation = message.invocation();
                Ok(Decision::update(format!("{} {}", invocation.request_id(), invocation.time_left().as_millis()))?)
            }
            // The most that the process has had, in KiB. Linux only.
            "tell the memory" => {
                let status = std::fs::read_to_string("/proc/self/status")?;
                let peak = status
                    .lines()
                    .find_map(|line| line.strip_prefix("VmHWM:"))
                    .ok_or(Failure::new("no peak is known"))?;
                Ok(Decision::update(peak.trim_end_matches("kB").trim())?)
            }
            "fail" => Err(Failure::new("the moderation service said no")),
            "fail in several lines" => Err(Failure::new("one\ntwo\u{1b}[31mred")),
            "fail, and panic when shown" => Err(Failure::troubling(|_| panic!("private: while it is shown"), || {})),
            "fail, and cannot be shown" => Err(Failure::troubling(|_| Err(fmt::Error), || {})),
            "fail, and panic when converted" => Err(Failure { panics: true, ..Failure::new("it is not seen") }),
            "fail, and panic when dropped" => {
                Err(Failure::troubling(|f| f.write_str("it is seen"), || panic!("private: while it is dropped")))
            }
            "fail, and never end being shown" => Err(Failure::troubling(
                |_| loop {
                    std::hint::spin_loop();
                },
                || {},
            )),
            "fail, and never end being dropped" => Err(Failure::troubling(
                |_| Ok(()),
                || loop {
                    std::hint::spin_loop();
                },
            )),
            "panic" => panic!("private: {}", message.content()),
            "panic with a number" => std::panic::panic_any(7),
            "panic while slicing" => Ok(Decision::update(&"é is private"[1..])?),
            "panic in a task" => tokio::spawn(async { panic!("private: in a task") }).await?,
            "never finish" => std::future::pending().await,
            "spin" => loop {
                std::hint::spin_loop();
            },
            "sleep" => {
                std::thread::sleep(Duration::from_secs(60));
                Ok(Decision::no_change())
            }
            "spin and hold the log" => {
                let _log = std::io::stdout().lock();
                loop {
                    std::hint::spin_loop();
                }
            }
            "take a second" => {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Ok(Decision::update("took a second")?)
            }
            "die" => std::process::exit(9),
            "abort" => std::process::abort(),
            "stop" => {
                // Neither this thread nor any other goes on: what only Lambda's timeout ends.
                let process = std::process::id().to_string();
                std::process::Command::new("kill").args(["-STOP", &process]).status()?;
                Ok(Decision::no_change())
            }
            "decide, then block" => {
                tokio::spawn(async { std::thread::sleep(Duration::from_secs(60)) });
                Ok(Decision::update("decided in time")?)
            }
            "decide, then block with the log" => {
                tokio::spawn(async {
                    let _log = std::io::stdout().lock();
                    std::thread::sleep(Duration::from_secs(60));
                });
                Ok(Decision::update("decided in time")?)
            }
            "decide, then keep the thread busy" => {
                for _ in 0..1500 {
                    tokio::spawn(async { std::thread::sleep(Duration::from_millis(2)) });
                }
                Ok(Decision::update("decided in time")?)
            }
            "hang all blocking threads" => {
                for _ in 0..520 {
                    tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_secs(3600)));
                }
                Ok(Decision::update("decided in time")?)
            }
            "try again once" => {
                if self.tries.fetch_add(1, Ordering::Relaxed) == 0 {
                    return Err(Throttled("the moderation service is busy").into());
                }
                Ok(Decision::update("the second try")?)
            }
            "always try again" => Err(Throttled("the moderation service is busy").into()),
            "always try again in several lines" => {
                Err(Throttled("busy\nforged line\r\u{1b}[31mforged colour\u{9b}2J\u{202e}\u{2028}forged line").into())
            }
            "hold" => Ok(Decision::hold(Hold::new(Duration::from_secs(7200))?).because("held")),
            "hold briefly" => Ok(Decision::hold(Hold::new(Duration::from_millis(300))?).because("held")),
            "hold briefly, then release" => {
                let hold = Hold::new(Duration::from_millis(300))?.fallback_action(FallbackAction::Continue);
                Ok(Decision::hold(hold.approval(Update::builder().content("held and released").build()?)))
            }
            "hold, and die" => {
                // The ticket is stored, and then the function dies: see `after_hold`.
                Ok(Decision::hold(Hold::new(Duration::from_millis(300))?))
            }
            "log who sent it" => {
                tracing::info!("sent by {}", message.sender().arn());
                Ok(Decision::no_change())
            }
            _ => {
                let text = message.to_text();
                let words = text.as_str().match_indices("shit");
                let edits: Vec<_> = words.map(|(at, word)| (at..at + word.len(), "****")).collect();
                if edits.is_empty() {
                    return Ok(Decision::no_change());
                }
                Ok(Decision::update(text.replace_ranges(edits))?)
            }
        }
    }

    async fn after_callback(&self, message: &Message, _: &Decision, _: &Settled) -> Result<(), Self::Error> {
        match &self.memory {
            Some(memory) if message.content().starts_with("effect") => memory.effect_once(message).await,
            _ => Ok(()),
        }
    }

    async fn after_hold(&self, message: &Message, _: &Decision, _: &Ticket) -> Result<(), Self::Error> {
        match message.content() {
            "hold, and die" => std::process::exit(9),
            _ => Ok(()),
        }
    }

    fn retry_after(&self, error: &Self::Error, _: u32) -> Option<Duration> {
        error.error.is::<Throttled>().then_some(Duration::from_millis(20))
    }
}

fn everything() -> Result<Update, channel_flow::LimitError> {
    let push = PushNotification::builder().title("T").body("B").notification_type(PushNotificationType::Voip).build();
    Update::builder()
        .content("new content")
        .metadata("new metadata")
        .push_notification(push)
        .message_attribute("one", ["1", "2"])
        .sub_channel_id("sub-1")
        .content_type("text/plain")
        .build()
}

fn main() -> Result<(), channel_flow::Error> {
    let var = |name| std::env::var(name).ok();
    let mut runtime = match var("THREADS").and_then(|threads| threads.parse().ok()) {
        Some(threads) => {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(threads);
            builder
        }
        None => tokio::runtime::Builder::new_current_thread(),
    };
    runtime.enable_all().build().expect("a tokio runtime").block_on(run())
}

async fn run() -> Result<(), channel_flow::Error> {
    let var = |name| std::env::var(name).ok();
    let mut processor = Troublemaker::default();
    let store = match var("CHANNEL_FLOW_TABLE") {
        Some(_) => Some(DynamoDbStore::from_environment().await.expect("the table's variables are set")),
        None => None,
    };
    if let (Some(store), Some(effects)) = (&store, var("EFFECTS")) {
        processor.memory = Some(Memory { store: store.clone(), effects: effects.into() });
    }
    let mut adapter = Adapter::builder(processor);
    if let Some(store) = store {
        adapter = adapter.tickets(store).after_decided_before(true);
    }
    if var("FALLBACK_ACTION").as_deref() == Some("CONTINUE") {
        adapter = adapter.fallback_action(FallbackAction::Continue);
    }
    if let Some(milliseconds) = var("RESERVE_MS").and_then(|value| value.parse().ok()) {
        adapter = adapter.reserve(Duration::from_millis(milliseconds));
    }
    if var("REDELIVER").is_some() {
        adapter = adapter.redeliver(true);
    }
    adapter = adapter.show_panic_messages(var("SHOW_PANIC_MESSAGES").is_some());
    adapter.run().await
}
