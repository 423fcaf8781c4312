//! `send`: messages through a processor, one after the other.

use crate::args::Send;
use crate::build::Processor;
use crate::events::{Input, Source};
use crate::exit::{Exit, Failure};
use crate::inputs::Inputs;
use crate::text::{NEUTRAL, error_label, printable, styled};
use crate::variables::TABLE;
use crate::{interrupt, json, logs, show, texts};
use channel_flow_emulator::{Emulator, Event, Function, FunctionSettings, Settings};
use serde_json::Value;
use std::io::{self, Write};
use std::path::Path;

/// The region of events that nothing runs for, which is the emulator's.
const REGION: &str = "us-east-1";

pub(crate) fn run(args: &Send) -> Result<Exit, Failure> {
    let texts = texts(args)?;
    let sources = sources(args)?;
    if let Some(note) = args.message.note() {
        let _ = writeln!(anstream::stderr(), "{} {note}", styled(NEUTRAL, "note:"));
    }
    if args.print_event {
        let inputs = Inputs::new(texts, sources, &args.message, REGION);
        return interrupt::unless_told_to_end(print_events(args, inputs), async {});
    }
    let processor = Processor::of(&args.processor)?;
    let work = async {
        let binary = processor.build().await?.binary;
        let emulator = Settings::new().table(TABLE).any_credentials(args.function.uses_own_credentials());
        let emulator = Emulator::start(emulator).await;
        let emulator = emulator.map_err(|error| Failure::not_started(error.to_string()))?;
        let function = emulator.function(&binary, settings(args));
        let function = function.map_err(|error| Failure::not_started(error.to_string()))?;
        let inputs = Inputs::new(texts, sources, &args.message, emulator.service().region());
        let exit = send_all(args, &function, inputs).await;
        // Shows also the logs that it writes after its last answer.
        function.recycle().await;
        exit
    };
    interrupt::unless_told_to_end(work, async {})
}

/// The texts of the messages, after a look at those that are known, and at the options.
fn texts(args: &Send) -> Result<Vec<String>, Failure> {
    let standard_input = || "-".to_owned();
    let texts = match args.texts.as_slice() {
        [] if args.event.is_empty() => vec![standard_input()],
        texts => texts.to_vec(),
    };
    args.message.message("-").map_err(Failure::unusable)?;
    if texts.iter().filter(|text| texts::is_standard_input(text)).count() > 1 {
        return Err(Failure::unusable("standard input can be read only once: give - only once"));
    }
    for (position, text) in texts.iter().enumerate() {
        args.message
            .message(text)
            .map_err(|error| Failure::unusable(format!("message {} cannot be sent: {error}", position + 1)))?;
    }
    Ok(texts)
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

async fn send_all(args: &Send, function: &Function, mut inputs: Inputs<'_>) -> Result<Exit, Failure> {
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
                tell_problem(&input, problem);
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

fn tell_problem(Input { source, line, .. }: &Input, problem: &str) {
    let source = printable(source);
    let _ = writeln!(anstream::stderr(), "{} {source}, line {line}: {problem}", error_label());
}

/// Prints each event in place of sending it: that of a single text for people to read, others one a line.
async fn print_events(args: &Send, mut inputs: Inputs<'_>) -> Result<Exit, Failure> {
    let indented = matches!(args.texts.as_slice(), [text] if !texts::is_standard_input(text));
    let mut worst = Exit::Decided;
    while let Some(input) = inputs.recv().await {
        match &input.event {
            Ok(event) => match print_event(event, indented) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
                Err(error) => return Err(Failure::not_started(format!("cannot write the event: {error}"))),
                Ok(()) => {}
            },
            Err(problem) => {
                tell_problem(&input, problem);
                worst = Exit::Unusable;
            }
        }
    }
    Ok(worst)
}

fn print_event(event: &Event, indented: bool) -> io::Result<()> {
    let mut text = if indented {
        serde_json::to_vec_pretty(&serde_json::from_slice::<Value>(event.json())?)?
    } else {
        event.json().to_vec()
    };
    text.push(b'\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(&text)?;
    stdout.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn printed_events_are_of_the_emulators_region() {
        let emulator = Emulator::start(Settings::new()).await.unwrap();
        assert_eq!(emulator.service().region(), REGION);
    }
}
