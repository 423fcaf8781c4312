//! Measures the profanity filter of this repository beside filters written by hand, all in one run.
//!
//! `README.md` beside this package says what is measured and how.

mod check;
mod environment;
mod figures;
mod machine;
mod measure;
mod peer;
mod price;
mod process;
mod quota;
mod results;
mod server;
mod table;
mod tls;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::measure::Plan;
use crate::peer::{Peer, PeerName};
use crate::quota::Quotas;

type Error = Box<dyn std::error::Error>;

/// Measures the profanity filter beside filters written by hand, and prints the figures as a table in Markdown.
#[derive(Parser)]
#[command(max_term_width = 100)]
struct Args {
    /// Cold starts of each peer over HTTP, and as many over HTTPS.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    cold_starts: u32,

    /// Warm invocations of each peer over HTTP; half as many over HTTPS.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(20..=100_000))]
    invocations: u32,

    /// The function's timeout in seconds: what it is told that an invocation may take. Lambda's own default is 3.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=900))]
    timeout: u64,

    /// Measures this peer, and no others but those also named; all of them unless given.
    #[arg(long = "peer", value_name = "NAME")]
    peers: Vec<PeerName>,

    /// Measures the profanity filter also without a record of its events, with a log line in JSON for each, and with
    /// metrics.
    #[arg(long)]
    records: bool,

    /// Measures a filter in JavaScript as well, on AWS's runtime interface client and SDK. Installs both into `target`; needs
    /// Node.js and npm.
    #[arg(long)]
    node: bool,

    /// Measures a filter in Python as well, on AWS's runtime interface client and boto3. Installs both into `target`.
    #[arg(long)]
    python: bool,

    /// Measures cold starts and warm invocations also with the share of a core that Lambda gives a function with this much
    /// memory, in megabytes. Needs a control group with a CPU quota, and so root.
    #[arg(long, value_delimiter = ',', value_name = "MB", value_parser = clap::value_parser!(u32).range(128..=1_769))]
    memory: Vec<u32>,

    /// Repeats all of it, for the spread of the ratios.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,

    /// Writes the results to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Measures a built function as well, such as another build of the profanity filter.
    #[arg(long = "binary", value_name = "NAME=PATH", value_parser = named_path)]
    binaries: Vec<(String, PathBuf)>,
}

fn named_path(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("it takes a name and a path, as in `smaller=target/filter`")?;
    let path = PathBuf::from(path).canonicalize().map_err(|error| format!("{path}: {error}"))?;
    Ok((name.to_owned(), path))
}

// On one thread, so that the functions have a core for themselves where there are two.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // To stop early ends the functions and removes their control groups, like an error.
    let ended = tokio::select! {
        ended = run(Args::parse()) => ended,
        _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Error> {
    let mut peers = Vec::new();
    for name in PeerName::ALL.into_iter().filter(|name| args.peers.is_empty() || args.peers.contains(name)) {
        eprintln!("building {}", name.package());
        let peer = Peer::build(name)?;
        let by_record = (args.records && name == PeerName::ProfanityFilter).then(|| peer.by_record());
        peers.push(peer);
        peers.extend(by_record.into_iter().flatten());
    }
    for (name, path) in args.binaries {
        peers.push(Peer::of_binary(name, path)?);
    }
    if args.node {
        eprintln!("installing node");
        peers.push(Peer::node()?);
    }
    if args.python {
        eprintln!("installing python");
        peers.push(Peer::python()?);
    }
    let plan = Plan {
        cold_starts: args.cold_starts,
        invocations: args.invocations,
        timeout: Duration::from_secs(args.timeout),
        memory: args.memory,
        runs: args.runs,
    };
    let quotas = if plan.memory.is_empty() { None } else { Some(Quotas::find()?) };
    let mut runs = Vec::new();
    for run in 1..=plan.runs {
        eprintln!("run {run} of {}", plan.runs);
        let measured = measure::all(&peers, &plan, quotas.as_ref()).await?;
        runs.push(peers.iter().zip(&measured).map(|(peer, figures)| results::row(peer, figures)).collect());
    }
    let names: Vec<_> = peers.into_iter().map(|peer| peer.name).collect();
    let functions = results::functions(&names, &runs);
    print!("{}", table::tables(&functions, &plan.memory));
    if let Some(path) = args.json {
        let results = results::json(&functions, &plan, quotas.as_ref())?;
        fs::write(&path, format!("{results:#}\n")).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}
