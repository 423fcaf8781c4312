//! `send`: messages through a processor, one after the other.

use crate::args::Send;
use crate::build::Processor;
use crate::events::{Input, Source};
use crate::exit::{Exit, Failure};
use crate::text::{error_label, printable};
use crate::variables::TABLE;
use crate::{interrupt, json, logs, show};
use channel_flow_emulator::{Emulator, Event, Function, FunctionSettings, OutgoingMessage, Sender, Settings};
use std::io::{self, Write};
use std::path::Path;
use std::thread;
use tokio::sync::mpsc;

pub(crate) fn run(args: &Send) -> Result<Exit, Failure> {
    let messages = messages(args)?;
    let sources = sources(args)?;
    let processor = Processor::of(&args.processor)?;
    let work = async {
        let binary = processor.build().await?.binary;
        let emulator = Emulator::start(Settings::new().table(TABLE)).await;
        let emulator = emulator.map_err(|error| Failure::not_started(error.to_string()))?;
        let function = emulator.function(&binary, settings(args));
        let function = function.map_err(|error| Failure::not_started(error.to_string()))?;
        let inputs = inputs(messages.into_iter().map(|message| emulator.event(message)).collect(), sources);
        let exit = send_all(args, &function, inputs).await;
        // Shows also the logs that it writes after its last answer.
        function.recycle().await;
        exit
    };
    interrupt::unless_told_to_end(work, async {})
}

fn messages(args: &Send) -> Result<Vec<OutgoingMessage>, Failure> {
    let sender = if args.as_bot { Sender::bot("helper", "Helper") } else { Sender::user("alice", "Alice") };
    let message = |text: &String| {
        let message = OutgoingMessage::new(text)?.sender(sender.clone());
        match &args.metadata {
            Some(metadata) => message.metadata(metadata),
            None => Ok(message),
        }
    };
    let messages = args.texts.iter().enumerate().map(|(position, text)| {
        message(text).map_err(|error| Failure::unusable(format!("message {} cannot be sent: {error}", position + 1)))
    });
    messages.collect()
}

fn sources(args: &Send) -> Result<Vec<Source>, Failure> {
    let open = |path| Source::open(path).map_err(|error| cannot_read(path, &error));
    args.event.iter().map(open).collect()
}

fn cannot_read(path: &Path, error: &io::Error) -> Failure {
    Failure::unusable(format!("cannot read {}: {error}", path.display()))
}

fn settings(args: &Send) -> FunctionSettings {
    let settings = args.function.settings();
    if args.logs { settings.log_sink(logs::line) } else { settings }
}

/// The inputs to send, in order. A separate thread reads files and standard input: it may wait for more input forever, and
/// ends with the process.
fn inputs(events: Vec<Event>, sources: Vec<Source>) -> mpsc::Receiver<Input> {
    let (sender, receiver) = mpsc::channel(1);
    thread::spawn(move || {
        let texts =
            (1..).zip(events).map(|(line, event)| Input { source: "arguments".to_owned(), line, event: Ok(event) });
        for input in texts.chain(sources.into_iter().flat_map(Source::events)) {
            if sender.blocking_send(input).is_err() {
                return;
            }
        }
    });
    receiver
}

async fn send_all(args: &Send, function: &Function, mut inputs: mpsc::Receiver<Input>) -> Result<Exit, Failure> {
    let mut worst = Exit::Decided;
    let mut first = true;
    while let Some(input) = inputs.recv().await {
        let (exit, written) = match &input.event {
            Ok(event) => {
                let delivered = function.deliver(event).await;
                let exit = Exit::of(&delivered);
                let written =
                    if args.json { json::delivered(&delivered, exit) } else { show::delivered(&delivered, first) };
                if exit != Exit::Decided && !args.logs {
                    logs::latest(&delivered.logs);
                }
                first = false;
                (exit, written)
            }
            Err(problem) => {
                let Input { source, line, .. } = &input;
                let source = printable(source);
                let _ = writeln!(anstream::stderr(), "{} {source}, line {line}: {problem}", error_label());
                (Exit::Unusable, if args.json { json::problem(&input, problem) } else { Ok(()) })
            }
        };
        worst = worst.max(exit);
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            Err(error) => return Err(Failure::not_started(format!("cannot write the result: {error}"))),
            Ok(()) => {}
        }
    }
    Ok(worst)
}
