//! Measures what the emulator costs: messages a second through a flow, what it adds to a message's way, and its memory.
//!
//! `README.md` of the folder above says how.

mod chat;
mod client;
mod memory;
mod way;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use channel_flow_emulator::{ActivityKind, MessageStatus};
use clap::Parser;
use quantile::milliseconds;
use tokio::time::timeout;

use crate::chat::Chat;
use crate::way::Way;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Measures what the emulator costs, and prints it as a table in Markdown.
#[derive(Parser)]
#[command(max_term_width = 100)]
struct Args {
    /// The function, built for release: target/release/profanity-filter.
    #[arg(long, value_name = "PATH")]
    processor: PathBuf,

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
}

/// How many messages may be undecided at once, so that no run measures a queue that only grows.
const UNDECIDED: usize = 256;

/// How long one message may take before the run ends with an error.
const PATIENCE: Duration = Duration::from_secs(30);

const CONTENT: &str = "What the hell is this, and why are there so many of you in here today?";

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Error> {
    println!(
        "| environments | messages a second | alone, median ms | p99 ms | of it the emulator, median ms | p99 ms | MB before | MB after |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for environments in args.environments {
        let mut chat = Chat::start(&args.processor, environments.into()).await?;
        let way = alone(&mut chat, args.alone).await?;
        let before = memory::resident()?;
        let took = many(&mut chat, args.messages, args.clients.into()).await?;
        let after = memory::resident()?;
        let per_second = f64::from(args.messages) / took.as_secs_f64();
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        println!(
            "| {environments} | {per_second:.0} | {} | {} | {} | {} | {:.0} | {:.0} |",
            milliseconds(way.whole(0.5), 2),
            milliseconds(way.whole(0.99), 2),
            milliseconds(way.added(0.5), 2),
            milliseconds(way.added(0.99), 2),
            megabytes(before),
            megabytes(after),
        );
    }
    Ok(())
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
