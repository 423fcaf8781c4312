//! The messaging service, waiting for callbacks: for tests that deliver events with tools of their own.
//!
//! ```text
//! callbacks IP FILE…
//! ```
//!
//! Each file is an event whose message waits to be decided. The first line says where the service listens. One line for each
//! callback follows, with the file and `update`, `deny`, `no change`, or `refused`. Ends when it is told to.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;
use std::{env, error::Error, fs, io};

use channel_flow_emulator::{Decision, Emulator, Event, Settings};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let address: IpAddr = args.next().ok_or("usage: callbacks IP FILE…")?.parse()?;
    let emulator = Emulator::start(Settings::new().address((address, 0)).any_credentials(true)).await?;
    let mut files = HashMap::new();
    for file in args {
        let event = Event::raw(fs::read(&file)?);
        let message = emulator.service().register(&event).ok_or_else(|| format!("{file} has no ids"))?;
        let name = Path::new(&file).file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(other) = files.insert(message.ids().message_id.clone(), name) {
            return Err(format!("{other} and {file} have the same ids").into());
        }
    }
    say(&emulator.service().endpoint_url())?;
    let mut told = 0;
    loop {
        let callbacks = emulator.service().callbacks();
        for callback in &callbacks[told..] {
            let body: serde_json::Value = serde_json::from_slice(callback.body()).unwrap_or_default();
            let id = body["ChannelMessage"]["MessageId"].as_str().unwrap_or_default();
            let file = files.get(id).map_or("unknown", String::as_str);
            let verdict = match callback.verdict() {
                Ok(Decision::Update) => "update".to_owned(),
                Ok(Decision::Deny) => "deny".to_owned(),
                Ok(Decision::NoChange) => "no change".to_owned(),
                Ok(other) => format!("{other:?}"),
                Err(refusal) => format!("refused, {refusal}"),
            };
            say(&format!("{file}: {verdict}"))?;
        }
        told = callbacks.len();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A line at once, also where standard output is a file.
fn say(line: &str) -> io::Result<()> {
    use io::Write;
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
