//! Measures the profanity filter of this repository beside filters written by hand, all in one run.
//!
//! `README.md` beside this package says what is measured and how.

mod check;
mod environment;
mod figures;
mod measure;
mod peer;
mod server;
mod table;
mod tls;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::measure::Plan;
use crate::peer::{Peer, PeerName};

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
    match run(Args::parse()).await {
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
    let plan = Plan {
        cold_starts: args.cold_starts,
        invocations: args.invocations,
        timeout: Duration::from_secs(args.timeout),
    };
    let measured = measure::all(&peers, &plan).await?;
    print!("{}", table::tables(&peers, &measured));
    Ok(())
}
