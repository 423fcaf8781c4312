//! Measures what the emulator costs: messages a second through a flow, CPU time of each side, what it adds to a message's
//! way, and its memory.
//!
//! `README.md` of the folder above says how.

mod chat;
mod client;
mod cpu;
mod machine;
mod memory;
mod row;
mod way;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use channel_flow_emulator::{ActivityKind, MessageStatus};
use clap::Parser;
use serde_json::json;
use tokio::runtime::{Builder, Handle};
use tokio::time::timeout;

use crate::chat::Chat;
use crate::row::{Row, table};
use crate::way::Way;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Measures what the emulator costs, and prints it as a table in Markdown.
#[derive(Parser)]
#[command(max_term_width = 100)]
struct Args {
    /// The function, built for release: target/release/profanity-filter. May be given several times.
    #[arg(long, value_name = "PATH", required = true)]
    processor: Vec<PathBuf>,

    /// How many execution environments it has; each number is a run of its own.
    #[arg(long, value_delimiter = ',', default_value = "1,4", value_parser = clap::value_parser!(u16).range(1..=64))]
    environments: Vec<u16>,

    /// Messages of each run.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    messages: u32,

    /// How many clients send at once, each its next message once the one before is taken.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    clients: u16,

    /// Messages sent one after the other, for the time that one takes.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(100..=100_000))]
    alone: u32,

    /// Also writes the results as JSON to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// How many messages may be undecided at once, so that no run measures a queue that only grows.
const UNDECIDED: usize = 256;

/// Messages by many clients that do not count.
const WARM_UP: u32 = 2_000;

/// How long one message may take before the run ends with an error.
const PATIENCE: Duration = Duration::from_secs(30);

const CONTENT: &str = "What the hell is this, and why are there so many of you in here today?";

/// The name of the emulator's threads, by which their CPU time is known.
const EMULATOR: &str = "emulator";

/// The name of the one thread of the clients.
const CLIENTS: &str = "clients";

fn main() -> ExitCode {
    let args = Args::parse();
    // The emulator has threads of its own, as many as there are cores.
    let emulator = Builder::new_multi_thread().thread_name(EMULATOR).enable_all().build();
    let ran = emulator.map_err(Error::from).and_then(|emulator| {
        let handle = emulator.handle().clone();
        let clients = std::thread::Builder::new().name(CLIENTS.to_owned());
        let clients =
            clients.spawn(move || Builder::new_current_thread().enable_all().build()?.block_on(run(args, handle)));
        clients?.join().map_err(|_| Error::from("the clients panicked"))?
    });
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args, emulator: Handle) -> Result<(), Error> {
    let mut rows = Vec::new();
    for processor in &args.processor {
        for environments in &args.environments {
            rows.push(measure(&args, &emulator, processor, *environments).await?);
        }
    }
    print!("{}", table(&rows));
    if let Some(file) = &args.json {
        let command: Vec<_> = std::env::args().skip(1).collect();
        let results = json!({
            "command": format!("cargo run --release -p emulator-load -- {}", command.join(" ")),
            "date": machine::date(),
            "machine": machine::facts(),
            "rows": rows.iter().map(Row::to_json).collect::<Vec<_>>(),
        });
        std::fs::write(file, format!("{results:#}\n"))?;
    }
    Ok(())
}

/// One function with so many environments.
async fn measure(args: &Args, emulator: &Handle, processor: &Path, environments: u16) -> Result<Row, Error> {
    let path = processor.to_owned();
    let mut chat = emulator.spawn(async move { Chat::start(&path, environments.into()).await }).await??;
    let way = alone(&mut chat, args.alone).await?;
    // So that every environment is there before the CPU time is counted.
    many(&mut chat, WARM_UP, args.clients.into()).await?;
    let resident_before = memory::resident()?;
    let before = used(&chat)?;
    let took = many(&mut chat, args.messages, args.clients.into()).await?;
    let after = used(&chat)?;
    let [emulator_cpu, clients_cpu, functions_cpu] =
        std::array::from_fn(|side| after[side].saturating_sub(before[side]) / args.messages);
    let function = processor.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Row {
        function,
        environments,
        per_second: f64::from(args.messages) / took.as_secs_f64(),
        way,
        emulator_cpu,
        clients_cpu,
        functions_cpu,
        resident_before,
        resident_after: memory::resident()?,
    })
}

/// The CPU time so far of the emulator, the clients and the functions.
fn used(chat: &Chat) -> Result<[Duration; 3], Error> {
    Ok([cpu::of_own_threads(EMULATOR)?, cpu::of_own_threads(CLIENTS)?, cpu::of_processes(chat.processes())?])
}

/// Messages one after the other, each decided before the next is sent.
async fn alone(chat: &mut Chat, messages: u32) -> Result<Way, Error> {
    let mut client = chat.client().await?;
    let mut way = Way::default();
    let warm_up = messages / 10;
    for number in 0..warm_up + messages {
        let sent = Instant::now();
        client.send(CONTENT).await?;
        let mut one = way::One::default();
        while !one.is_whole() {
            let activity = timeout(PATIENCE, chat.activities.recv()).await?.ok_or("the emulator ended")?;
            one.note(&activity, sent)?;
        }
        if number >= warm_up {
            way.add(&one);
        }
    }
    Ok(way)
}

/// Messages by many clients at once; the time from the first that is sent to the last that is decided.
async fn many(chat: &mut Chat, messages: u32, clients: u32) -> Result<Duration, Error> {
    let places = std::sync::Arc::new(tokio::sync::Semaphore::new(UNDECIDED));
    let started = Instant::now();
    let mut senders = tokio::task::JoinSet::new();
    for number in 0..clients {
        let mut client = chat.client().await?;
        let places = places.clone();
        let share = messages / clients + u32::from(number < messages % clients);
        senders.spawn(async move {
            for _ in 0..share {
                // Given back when the message is decided.
                places.acquire().await?.forget();
                client.send(CONTENT).await?;
            }
            Ok::<_, Error>(())
        });
    }
    let mut undecided = messages;
    while undecided > 0 {
        let activity = tokio::select! {
            activity = timeout(PATIENCE, chat.activities.recv()) => activity?.ok_or("the emulator ended")?,
            Some(ended) = senders.join_next() => {
                ended??;
                continue;
            }
        };
        if let ActivityKind::Settled { status, .. } = activity.kind {
            if status != MessageStatus::Sent {
                return Err(format!("a message ended as {status:?}").into());
            }
            undecided -= 1;
            places.add_permits(1);
        }
    }
    Ok(started.elapsed())
}
