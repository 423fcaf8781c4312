//! Measures 1 to 64 environments of a function, and one environment with 1 to 64 events at once.
//!
//! `README.md` of the folder above says how.

mod chat;
mod machine;
mod processes;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use channel_flow_emulator::FunctionSettings;
use clap::Parser;
use quantile::quantile;
use serde_json::{Value, json};

use crate::chat::Chat;
use crate::processes::{Use, gone};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Measures 1 to 64 environments of a function, and one environment with 1 to 64 events at once.
#[derive(Parser)]
#[command(max_term_width = 100)]
struct Args {
    /// The function, built for release: target/release/profanity-filter.
    #[arg(long, value_name = "PATH")]
    processor: PathBuf,

    /// A function for several events at once, which has several threads: target/release/troublemaker. It gets the variable
    /// THREADS. Without it, only environments are measured.
    #[arg(long, value_name = "PATH")]
    concurrent: Option<PathBuf>,

    /// How many environments, and how many events at once; each number is a run of its own.
    #[arg(long, value_delimiter = ',', default_value = "1,2,4,8,16,32,64", value_parser = clap::value_parser!(u16).range(1..=64))]
    numbers: Vec<u16>,

    /// Messages of each run.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    messages: u32,

    /// Write the results to this file as JSON, in place of standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The threads of the function for several events at once, the least that it starts with.
const THREADS: &str = "2";

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
    let (mut environments, mut concurrent) = (Vec::new(), Vec::new());
    for n in args.numbers.iter().copied().map(usize::from) {
        let settings = FunctionSettings::new().concurrency(n);
        environments.push(measure(&args.processor, settings, n, n, args.messages).await?);
        if let Some(several) = &args.concurrent {
            let settings = FunctionSettings::new().concurrency_of_environment(n).env("THREADS", THREADS);
            concurrent.push(measure(several, settings, 1, n, args.messages).await?);
        }
    }
    let command: Vec<_> = std::env::args().skip(1).collect();
    let results = json!({
        "command": format!("cargo run --release -p scale -- {}", command.join(" ")),
        "date": machine::date(),
        "machine": machine::facts(),
        "messages": args.messages,
        "environments": environments,
        "concurrent": concurrent,
    });
    let text = format!("{results:#}\n");
    match args.json {
        Some(file) => fs::write(file, text)?,
        None => print!("{text}"),
    }
    Ok(())
}

/// Sends messages to so many environments, of which `at_once` are undecided at once.
async fn measure(
    processor: &Path,
    settings: FunctionSettings,
    environments: usize,
    at_once: usize,
    messages: u32,
) -> Result<Value, Error> {
    let mut chat = Chat::start(processor, settings, at_once).await?;
    chat.send(messages / 10, at_once).await?;
    let processes = ids(&chat);
    if processes.len() != environments {
        return Err(format!("there are {} environments, not {environments}", processes.len()).into());
    }

    let before = Use::of(&processes)?;
    let started = Instant::now();
    let took = chat.send(messages, at_once).await?;
    let seconds = started.elapsed().as_secs_f64();
    let after = Use::of(&processes)?;

    chat.check()?;
    // One that ended and was replaced would have other figures.
    if ids(&chat).iter().any(|id| !processes.contains(id)) {
        return Err("an environment was replaced during the run".into());
    }
    chat.function.recycle().await;
    gone(&processes).await?;

    let mebibytes = |bytes: u64| bytes as f64 / environments as f64 / f64::from(1 << 20);
    let milliseconds = |q: f64| quantile(took.iter().copied(), q).as_secs_f64() * 1e3;
    Ok(json!({
        "name": at_once.to_string(),
        "per_second": f64::from(messages) / seconds,
        "median_ms": milliseconds(0.5),
        "p99_ms": milliseconds(0.99),
        "resident_mib": mebibytes(after.resident),
        "proportional_mib": mebibytes(after.proportional),
        "cpu_ms": after.cpu.saturating_sub(before.cpu).as_secs_f64() * 1e3 / f64::from(messages),
    }))
}

/// The processes of the function's environments.
fn ids(chat: &Chat) -> Vec<u32> {
    chat.function.environments().iter().filter_map(|environment| environment.process_id()).collect()
}
