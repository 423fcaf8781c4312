//! Measures 1 to 64 environments of a function, and one environment with 1 to 64 events at once.
//!
//! `README.md` of the folder above says how.

mod processes;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use channel_flow_emulator::{
    ActivityKind, Emulator, EventInvokeConfig, EventQueue, FunctionSettings, MessageStatus, Settings,
};
use clap::Parser;
use quantile::quantile;
use serde_json::{Value, json};
use tokio::time::timeout;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Measures 1 to 64 environments of a function, and one environment with 1 to 64 events at once.
#[derive(Parser)]
#[command(max_term_width = 100)]
struct Args {
    /// The function, built for release: target/release/profanity-filter.
    #[arg(long, value_name = "PATH")]
    processor: PathBuf,

    /// The function for several events at once, if it is another one, such as one with several threads.
    #[arg(long, value_name = "PATH")]
    concurrent: Option<PathBuf>,

    /// How many environments, and how many events at once; each number is two runs.
    #[arg(long, value_delimiter = ',', default_value = "1,2,4,8,16,32,64", value_parser = clap::value_parser!(u16).range(1..=64))]
    numbers: Vec<u16>,

    /// Messages of each run.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    messages: u32,

    /// Write the results to this file as JSON, in place of standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

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
    let several = args.concurrent.as_ref().unwrap_or(&args.processor);
    let (mut environments, mut concurrent) = (Vec::new(), Vec::new());
    for &n in &args.numbers {
        let settings = FunctionSettings::new().name("filter");
        let n = usize::from(n);
        environments.push(measure(&args.processor, settings.clone().concurrency(n), n, args.messages).await?);
        let settings = settings.concurrency(1).concurrency_of_environment(n);
        concurrent.push(measure(several, settings, n, args.messages).await?);
    }
    let results = json!({
        "command": "cargo run --release -p scale -- --processor ../target/release/profanity-filter --json results/scale.json",
        "date": time::OffsetDateTime::now_utc().date().to_string(),
        "machine": { "cores": std::thread::available_parallelism()?.get() },
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

/// Sends messages, of which `n` are undecided at once.
async fn measure(processor: &Path, settings: FunctionSettings, n: usize, messages: u32) -> Result<Value, Error> {
    let emulator = Emulator::start(Settings::new().any_credentials(true)).await?;
    let function = emulator.function(processor, settings)?;
    let function_arn = function.arn();
    emulator.service().set_function(&function_arn, EventQueue::new(function, EventInvokeConfig::new()));
    let app = made(&emulator, "CreateAppInstance", json!({ "Name": "load" })).await?;
    let user = json!({ "AppInstanceArn": app, "AppInstanceUserId": "alice", "Name": "Alice" });
    let alice = made(&emulator, "CreateAppInstanceUser", user).await?;
    let channel = json!({ "AppInstanceArn": app, "Name": "load", "ChimeBearer": alice });
    let channel = made(&emulator, "CreateChannel", channel).await?;
    let step = json!({
        "Name": "filter",
        "Configuration": { "Lambda": { "ResourceArn": function_arn, "InvocationType": "ASYNC" } },
        "ExecutionOrder": 1,
        "FallbackAction": "ABORT",
    });
    let flow = json!({ "AppInstanceArn": app, "Name": "load", "Processors": [step] });
    let flow = made(&emulator, "CreateChannelFlow", flow).await?;
    let association = json!({ "ChannelArn": channel, "ChannelFlowArn": flow, "ChimeBearer": alice });
    emulator.service().call("AssociateChannelFlow", association).await?;

    let mut activities = emulator.service().watch();
    // The first tenth starts the environments and does not count.
    let warm_up = messages / 10;
    let (mut sent, mut decided) = (0, 0);
    let mut undecided = HashMap::new();
    let mut latencies = Vec::new();
    let mut started = Instant::now();
    let mut before = processes::children()?;
    while decided < warm_up + messages {
        while undecided.len() < n && sent < warm_up + messages {
            sent += 1;
            let message = json!({
                "ChannelArn": channel,
                "Content": CONTENT,
                "Type": "STANDARD",
                "Persistence": "PERSISTENT",
                "ClientRequestToken": format!("load-{sent}"),
                "ChimeBearer": alice,
            });
            let at = SystemTime::now();
            let answer = emulator.service().call("SendChannelMessage", message).await?;
            let id = answer["MessageId"].as_str().ok_or("an answer without a message's id")?;
            undecided.insert(id.to_owned(), at);
        }
        let activity = timeout(PATIENCE, activities.recv()).await?.ok_or("the emulator ended")?;
        let ActivityKind::Settled { status, .. } = activity.kind else { continue };
        if status != MessageStatus::Sent {
            return Err(format!("a message ended as {status:?}").into());
        }
        let at = undecided.remove(&activity.message_id).ok_or("a message ended twice")?;
        decided += 1;
        if decided == warm_up {
            started = Instant::now();
            before = processes::children()?;
        } else if decided > warm_up {
            latencies.push(activity.at.duration_since(at).unwrap_or_default());
        }
    }
    let took = started.elapsed().as_secs_f64();
    let after = processes::children()?;
    let each = |bytes: u64| bytes as f64 / f64::from(after.processes.max(1)) / f64::from(1 << 20);
    let milliseconds = |q: f64| quantile(latencies.iter().copied(), q).as_secs_f64() * 1e3;
    Ok(json!({
        "n": n,
        "name": n.to_string(),
        "per_second": f64::from(messages) / took,
        "median_ms": milliseconds(0.5),
        "p99_ms": milliseconds(0.99),
        "processes": after.processes,
        "resident_mib": each(after.resident),
        "proportional_mib": each(after.proportional),
        "cpu_ms": (after.cpu - before.cpu) * 1e3 / f64::from(messages),
    }))
}

/// The ARN of what an operation made.
async fn made(emulator: &Emulator, operation: &str, input: Value) -> Result<String, Error> {
    let answer = emulator.service().call(operation, input).await?;
    let arn = answer.as_object().and_then(|members| members.values().find_map(Value::as_str));
    Ok(arn.ok_or("an answer without an ARN")?.to_owned())
}
