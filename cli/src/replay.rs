//! `replay`: a recording through another build of the processor.

mod json;
mod recording;
mod show;

use crate::args::Replay;
use crate::build::Processor;
use crate::exit::{Exit, Failure};
use crate::text::{error_label, printable};
use crate::{interrupt, logs};
use channel_flow_emulator::{
    Decision, Delivered, Emulator, Function, InvocationOutcome, MessageFields, RecordedStep, Settings,
};
use recording::{Line, Recording};
use std::io::{self, Write};

pub(crate) fn run(args: &Replay) -> Result<Exit, Failure> {
    let processor = Processor::parse(&args.processor)?;
    let recording = Recording::read(&args.files, args.recorded.as_deref())?;
    let work = async {
        let binary = processor.build(args.function.release).await?.binary;
        let emulator = Emulator::start(Settings::new()).await;
        let emulator = emulator.map_err(|error| Failure::not_started(error.to_string()))?;
        let settings = args.function.settings();
        let settings = if args.logs { settings.log_sink(logs::line) } else { settings };
        let function = emulator.function(&binary, settings);
        let function = function.map_err(|error| Failure::not_started(error.to_string()))?;
        replay(args, &function, recording).await
    };
    interrupt::unless_told_to_end(work, async {})
}

/// The decision, and the released message; no message if it was denied.
#[derive(PartialEq)]
struct Verdict {
    decision: Option<Decision>,
    released: Option<MessageFields>,
}

/// The result of a recorded step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Same,
    Changed,
    Undecided,
    /// It is masked, so there is nothing to compare.
    Decided,
    /// Its processor was not reached, so there is nothing to compare either.
    Skipped,
}

/// A step that was replayed, unless it was skipped.
struct Replayed<'a> {
    line: &'a Line,
    step: &'a RecordedStep,
    outcome: Outcome,
    before: Option<Verdict>,
    now: Option<Delivered>,
}

/// How many steps ended in which way.
#[derive(Default)]
struct Summary {
    same: u64,
    changed: u64,
    undecided: u64,
    decided: u64,
    skipped: u64,
    unusable: u64,
}

async fn replay(args: &Replay, function: &Function, recording: Recording) -> Result<Exit, Failure> {
    let (mut summary, mut worst) = (Summary::default(), Exit::Decided);
    for line in recording.lines() {
        let written = match &line.step {
            Err(problem) => {
                summary.unusable += 1;
                worst = worst.max(Exit::Unusable);
                let source = printable(&line.source);
                let _ = writeln!(anstream::stderr(), "{} {source}, line {}: {problem}", error_label(), line.number);
                if args.json { json::problem(line, problem) } else { Ok(()) }
            }
            Ok(step) => {
                let replayed = deliver(function, line, step).await;
                summary.count(replayed.outcome);
                worst = worst.max(replayed.exit());
                if let Some(now) = replayed.now.as_ref().filter(|now| !now.is_decided() && !args.logs) {
                    logs::latest(&now.logs);
                }
                if args.json { json::replayed(&replayed) } else { show::replayed(&replayed) }
            }
        };
        if !go_on(written)? {
            return Ok(worst);
        }
        if worst == Exit::NotStarted {
            return Err(Failure::not_started("the processor does not start, so the rest was not replayed"));
        }
    }
    go_on(if args.json { json::summary(&summary) } else { show::summary(&summary) })?;
    Ok(worst)
}

/// Whether the output is still being read.
fn go_on(written: io::Result<()>) -> Result<bool, Failure> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::not_started(format!("cannot write the result: {error}"))),
        Ok(()) => Ok(true),
    }
}

async fn deliver<'a>(function: &Function, line: &'a Line, step: &'a RecordedStep) -> Replayed<'a> {
    let before = (!step.masked).then(|| Verdict { decision: step.decision(), released: step.released() });
    if step.unreachable.is_some() {
        return Replayed { line, step, outcome: Outcome::Skipped, before: None, now: None };
    }
    let now = function.deliver(&step.event()).await;
    let outcome = match &before {
        _ if now.decision().is_none() => Outcome::Undecided,
        None => Outcome::Decided,
        Some(before) if *before == Verdict::of(&now) => Outcome::Same,
        Some(_) => Outcome::Changed,
    };
    Replayed { line, step, outcome, before, now: Some(now) }
}

impl Verdict {
    fn of(delivered: &Delivered) -> Self {
        let message = delivered.message.as_ref();
        Self {
            decision: delivered.decision(),
            released: message.and_then(|message| message.seen_by_everyone()).cloned(),
        }
    }
}

impl Replayed<'_> {
    fn exit(&self) -> Exit {
        let not_started = |now: &Delivered| matches!(now.invocation.outcome(), InvocationOutcome::InitFailed(_));
        match self.outcome {
            Outcome::Undecided if self.now.as_ref().is_some_and(not_started) => Exit::NotStarted,
            Outcome::Undecided => Exit::Undecided,
            Outcome::Changed => Exit::Changed,
            Outcome::Same | Outcome::Decided | Outcome::Skipped => Exit::Decided,
        }
    }
}

impl Summary {
    fn count(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Same => &mut self.same,
            Outcome::Changed => &mut self.changed,
            Outcome::Undecided => &mut self.undecided,
            Outcome::Decided => &mut self.decided,
            Outcome::Skipped => &mut self.skipped,
        } += 1;
    }
}
