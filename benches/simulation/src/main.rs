//! Simulates a channel flow on Lambda at many messages a second.
//!
//! `README.md` of the folder above says how.

mod assumptions;
mod bucket;
mod model;
mod random;
mod times;
mod traffic;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use clap::Parser;
use serde_json::{Value, json};

use crate::assumptions::{GB_SECOND_USD, MILLISECOND, Micros, REQUEST_USD, SECOND};
use crate::model::{Outcome, Settings, run};
use crate::times::Times;
use crate::traffic::Shape;

/// Simulates a channel flow on Lambda at many messages a second.
#[derive(Parser)]
#[command(max_term_width = 100)]
struct Args {
    /// Write the results to this file as JSON, in place of standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Take the function's times from results of the benchmark: results/functions.json.
    #[arg(long, value_name = "FILE")]
    times: Option<PathBuf>,

    /// A cold start on a whole core, in milliseconds, without --times.
    #[arg(long, default_value_t = 4.1)]
    cold_ms: f64,

    /// A warm invocation on a whole core, in milliseconds, without --times.
    #[arg(long, default_value_t = 0.15)]
    warm_ms: f64,

    /// The assumed round trip of a callback, in milliseconds.
    #[arg(long, default_value_t = 10)]
    round_trip_ms: u64,

    /// Runs with the same seed have the same results.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// How many messages one simulated message stands for, from 100,000 messages a second on.
const WEIGHT: f64 = 100.0;

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let times = match &args.times {
        Some(file) => {
            let results: Value = serde_json::from_slice(&fs::read(file)?)?;
            Times::from_results(&results).ok_or("the file has no times of the profanity-filter")?
        }
        None => Times { cold_ms: args.cold_ms, warm_ms: args.warm_ms, measured: None },
    };
    let results = results(&args, &times);
    let text = format!("{results:#}\n");
    match args.json {
        Some(file) => fs::write(file, text)?,
        None => print!("{text}"),
    }
    Ok(())
}

fn results(args: &Args, times: &Times) -> Value {
    let (cold, warm) = times.with_memory(128);
    let usual = |rate: f64, shape| Settings {
        shape,
        rate,
        weight: if rate < 100_000.0 { 1.0 } else { WEIGHT },
        account: 1_000.0,
        rescue_reserved: 0.0,
        provisioned: 0.0,
        cold,
        warm,
        round_trip: args.round_trip_ms * MILLISECOND,
        timeout: 10 * SECOND,
        max_event_age: 300 * SECOND,
        retries: 2,
        callback_quota: None,
        rescue: true,
        patience: 3_600 * SECOND,
        seed: args.seed,
    };
    let low = |shape| usual(1_000.0, shape);
    let high = |shape| usual(100_000.0, shape);
    let row = |name: String, settings: Settings| row(name, 128, &settings);

    let mut traffic = Vec::new();
    for rate in [1_000.0, 100_000.0] {
        for shape in [Shape::Steady, Shape::Ramp, Shape::Burst] {
            traffic.push(row(format!("{rate} a second, {}", shape.name()), usual(rate, shape)));
        }
    }
    let accounts = [1_000.0, 10_000.0, 30_000.0]
        .map(|account| row(format!("{account}"), Settings { account, ..high(Shape::Burst) }));
    let quotas = [500.0, 900.0, 1_000.0, 1_200.0, 2_000.0]
        .map(|quota| row(format!("{quota}"), Settings { callback_quota: Some(quota), ..low(Shape::Steady) }));
    let ages = [60, 300, 3_600].map(|seconds| {
        let max_event_age = seconds * SECOND;
        row(format!("{seconds}"), Settings { max_event_age, patience: 7_200 * SECOND, ..high(Shape::Burst) })
    });
    let reserved = [0.0, 100.0]
        .map(|rescue_reserved| row(format!("{rescue_reserved}"), Settings { rescue_reserved, ..high(Shape::Burst) }));
    let provisioned = [0.0, 50.0, 200.0]
        .map(|provisioned| row(format!("{provisioned}"), Settings { provisioned, ..low(Shape::Burst) }));
    let retries = [0, 1, 2].map(|retries| {
        row(format!("{retries}"), Settings { retries, callback_quota: Some(900.0), ..low(Shape::Steady) })
    });
    let memory = [128, 512, 1_769].map(|mb| {
        let (cold, warm) = times.with_memory(mb);
        self::row(format!("{mb}"), mb, &Settings { cold, warm, ..low(Shape::Steady) })
    });
    json!({
        "command": "cargo run --release -p simulation -- --times results/functions.json --json results/simulation.json",
        "date": time::OffsetDateTime::now_utc().date().to_string(),
        "machine": "simulated",
        "seed": args.seed,
        "weight": { "1000": 1, "100000": WEIGHT },
        "times_ms": { "cold": times.cold_ms, "warm": times.warm_ms, "round_trip": args.round_trip_ms },
        "traffic": traffic,
        "account": accounts,
        "quota": quotas,
        "age": ages,
        "reserved": reserved,
        "provisioned": provisioned,
        "retries": retries,
        "memory": memory,
    })
}

fn row(name: String, memory_mb: u32, settings: &Settings) -> Value {
    let outcome = run(settings);
    let messages = |count: u64| (count as f64 * settings.weight) as u64;
    let seconds = |micros: Micros| micros as f64 / SECOND as f64;
    let share = |count: u64| if outcome.invocations == 0 { 0.0 } else { count as f64 / outcome.invocations as f64 };
    json!({
        "name": name,
        "sent": messages(outcome.sent),
        "decided": messages(outcome.decided),
        "by_rescue": messages(outcome.decided_by_rescue),
        "undecided": messages(outcome.undecided),
        "queued": messages(outcome.queued),
        "environments": messages(outcome.concurrency),
        "cold_share_percent": 100.0 * share(outcome.cold_starts),
        "p50_s": seconds(outcome.latency(0.5)),
        "p99_s": seconds(outcome.latency(0.99)),
        "max_s": seconds(outcome.latency(1.0)),
        "invocations": messages(outcome.invocations),
        "failed_invocations": messages(outcome.failed_invocations),
        "invocations_throttled": messages(outcome.throttled_invocations),
        "callbacks_throttled": messages(outcome.callbacks_throttled),
        "million_usd": million_usd(&outcome, memory_mb),
    })
}

/// What a million messages cost for Lambda.
fn million_usd(outcome: &Outcome, memory_mb: u32) -> f64 {
    let gb_seconds = outcome.billed_ms as f64 / 1e3 * f64::from(memory_mb) / 1_024.0;
    let usd = outcome.invocations as f64 * REQUEST_USD + gb_seconds * GB_SECOND_USD;
    if outcome.sent == 0 { 0.0 } else { usd * 1e6 / outcome.sent as f64 }
}
