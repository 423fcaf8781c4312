//! Measures what a message costs that a function remembers in DynamoDB.
//!
//! `README.md` in the folder above says what is measured and how.

mod processors;
mod requests;
mod results;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use channel_flow::testing::{CallbackService, invoke, message};
use channel_flow::{Adapter, BoxProcessor};
use channel_flow_dynamodb::aws_sdk_dynamodb::Client;
use channel_flow_dynamodb::aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use channel_flow_dynamodb::{DynamoDbStore, create_table};
use clap::Parser;
use dynoxide::Database;
use nix::time::{ClockId, clock_gettime};
use tokio::net::TcpListener;

use crate::requests::Requests;

type Error = Box<dyn std::error::Error>;

const TABLE: &str = "channel-flow";
const TIMEOUT: Duration = Duration::from_secs(10);

/// The messages of a row come in this many parts, between which the other rows have their turn.
const PARTS: u32 = 10;

/// Messages before the time is taken.
const WARM_UP: u32 = 50;

/// Measures what a message costs that a function remembers in DynamoDB, and prints the figures as a table in Markdown.
#[derive(Parser)]
#[command(max_term_width = 100)]
struct Args {
    /// Messages for each row.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    messages: u32,

    /// Also writes the figures to a file, from which `benches/figures` makes the tables of the documentation.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// A function, and what its messages cost so far.
struct Row {
    name: &'static str,
    adapter: Adapter<BoxProcessor>,
    requests: u32,
    times: Vec<Duration>,
    cpu: Duration,
}

// On one thread, whose CPU clock then has the function's share and nothing of the table's.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(Args { messages, json }: Args) -> Result<(), Error> {
    let requests = Requests::default();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "benchmark"))
        .endpoint_url(serve_table()?)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .interceptor(requests.clone());
    let client = Client::from_conf(config.build());
    create_table(&client, TABLE).await?;
    let store = DynamoDbStore::new(client, TABLE);
    let mut rows = Vec::new();
    for (name, processor) in processors::all(&store) {
        // Each callback is accepted at once.
        let service = CallbackService::new([]);
        let adapter = Adapter::builder(processor).client(service.client()).tickets(store.clone()).build().await?;
        rows.push(Row { name, adapter, requests: 0, times: Vec::new(), cpu: Duration::ZERO });
    }
    let mut number = 0;
    for part in 0..=PARTS {
        eprintln!("part {part} of {PARTS}");
        for row in &mut rows {
            let count = if part == 0 { WARM_UP } else { messages / PARTS };
            let (before, cpu) = (requests.count(), cpu()?);
            let mut times = Vec::new();
            for _ in 0..count {
                number += 1;
                times.push(invocation(&row.adapter, number).await?);
            }
            if part > 0 {
                row.cpu += self::cpu()? - cpu;
                row.requests += requests.count() - before;
                row.times.extend(times);
            }
        }
    }
    print!("{}", results::table(&rows));
    if let Some(file) = json {
        std::fs::write(file, results::json(&rows))?;
    }
    Ok(())
}

/// Sends a message with an id of its own through the function, and returns how long the invocation took.
async fn invocation(adapter: &Adapter<BoxProcessor>, number: u32) -> Result<Duration, Error> {
    let message = message("see you all on Thursday, same place");
    let event =
        message.id(&format!("message-{number}")).callback_id(&format!("callback-id-of-the-message-{number:08}"));
    let event = event.to_event();
    let started = Instant::now();
    invoke(adapter, event, TIMEOUT).await?;
    Ok(started.elapsed())
}

/// Starts DynamoDB's API on loopback, on a thread of its own, and returns its URL.
fn serve_table() -> Result<String, Error> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a tokio runtime");
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
            tell.send(listener.local_addr().expect("it is bound")).expect("the main thread waits");
            dynoxide::server::serve_on(listener, Database::memory().expect("there is memory")).await;
        });
    });
    Ok(format!("http://{}", told.recv()?))
}

/// The CPU time of this thread.
fn cpu() -> Result<Duration, Error> {
    Ok(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?.into())
}
