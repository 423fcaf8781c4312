//! `replay`: a recording through another build of the processor.

mod json;
mod junit;
mod recording;
mod rules;
mod sample;
mod shadow;
mod show;
mod step;
mod summary;
mod tally;
mod threshold;
mod totals;

use crate::args::Replay;
use crate::build::Processor;
use crate::exit::{Exit, Failure};
use crate::text::{error_label, printable};
use crate::variables::TABLE;
use crate::{interrupt, logs};
use channel_flow_emulator::{Emulator, Function, Settings};
use junit::JUnit;
use recording::{Line, Recording};
use rules::Rules;
use sample::Sample;
use std::io::{self, Write};
use step::Replayed;
use summary::Summary;
use tally::Tallies;
use totals::Totals;

pub(crate) fn run(args: &Replay) -> Result<Exit, Failure> {
    let processor = Processor::of(&args.processor)?;
    let rules = args.expect.as_deref().map(Rules::read).transpose()?;
    let recording = Recording::read(&args.files, args.recorded.as_deref())?;
    let junit = args.junit.as_deref().map(JUnit::create).transpose()?;
    let work = async {
        let binary = processor.build().await?.binary;
        let emulator = Settings::new().table(TABLE).any_credentials(args.function.uses_own_credentials());
        let emulator = Emulator::start(emulator).await;
        let emulator = emulator.map_err(|error| Failure::not_started(error.to_string()))?;
        let settings = args.function.settings();
        let settings = if args.logs { settings.log_sink(logs::line) } else { settings };
        let function = emulator.function(&binary, settings);
        let function = function.map_err(|error| Failure::not_started(error.to_string()))?;
        let results = Results {
            args,
            rules,
            junit,
            summary: Summary::default(),
            tallies: Tallies::default(),
            samples: Vec::new(),
            worst: Exit::Decided,
            is_read: true,
        };
        results.of(&function, &recording).await
    };
    interrupt::unless_told_to_end(work, async {})
}

/// The results so far, and where they go.
struct Results<'a> {
    args: &'a Replay,
    rules: Option<Rules>,
    junit: Option<JUnit>,
    summary: Summary,
    tallies: Tallies,
    samples: Vec<Sample>,
    worst: Exit,
    /// Whether the output is still being read.
    is_read: bool,
}

impl Results<'_> {
    async fn of(mut self, function: &Function, recording: &Recording) -> Result<Exit, Failure> {
        for line in recording.lines() {
            match &line.step {
                Err(problem) => self.unusable(line, problem)?,
                Ok(step) => {
                    let replayed = Replayed::deliver(function, line, step).await;
                    self.replayed(&replayed)?;
                    if replayed.has_not_started() {
                        self.junit.map_or(Ok(()), JUnit::finish)?;
                        return Err(Failure::not_started("the processor does not start, so the rest was not replayed"));
                    }
                }
            }
            // The exit status and the report need the rest all the same.
            if !self.is_read && self.rules.is_none() && self.junit.is_none() {
                return Ok(self.worst);
            }
        }
        self.finish()
    }

    fn unusable(&mut self, line: &Line, problem: &str) -> Result<(), Failure> {
        self.summary.unusable += 1;
        self.worst = self.worst.max(Exit::Unusable);
        let source = printable(&line.source);
        let _ = writeln!(anstream::stderr(), "{} {source}, line {}: {problem}", error_label(), line.number);
        if let Some(junit) = &mut self.junit {
            junit.problem(line, problem);
        }
        self.write(|args| if args.json { json::problem(line, problem) } else { Ok(()) })
    }

    fn replayed(&mut self, replayed: &Replayed<'_>) -> Result<(), Failure> {
        self.summary.count(replayed.outcome);
        self.tallies.count(replayed);
        self.samples.push(Sample::of(replayed, self.args.show_content));
        self.worst = self.worst.max(replayed.exit(self.rules.is_some()));
        if let Some(junit) = &mut self.junit {
            junit.replayed(replayed, self.rules.is_some());
        }
        if let Some(now) = replayed.now.as_ref().filter(|now| !now.is_decided() && !self.args.logs) {
            logs::latest(&now.logs);
        }
        self.write(|args| if args.json { json::replayed(replayed) } else { show::replayed(replayed) })
    }

    fn finish(mut self) -> Result<Exit, Failure> {
        let rules = self.rules.take();
        let (summary, tallies) = (std::mem::take(&mut self.summary), std::mem::take(&mut self.tallies));
        let totals = Totals::new(summary, tallies, &self.samples);
        let judgements = rules.as_ref().map(|rules| rules.judge(&totals));
        for judgement in judgements.iter().flatten() {
            if !judgement.is_met() {
                self.worst = self.worst.max(Exit::Unmet);
            }
            if let Some(junit) = &mut self.junit {
                junit.judged(judgement);
            }
        }
        self.junit.take().map_or(Ok(()), JUnit::finish)?;
        let judgements = judgements.as_deref();
        self.write(|args| match args.json {
            true => json::totals(&totals, judgements),
            false => show::totals(&totals, judgements),
        })?;
        Ok(self.worst)
    }

    /// Writes as long as somebody reads.
    fn write(&mut self, write: impl FnOnce(&Replay) -> io::Result<()>) -> Result<(), Failure> {
        if !self.is_read {
            return Ok(());
        }
        match write(self.args) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.is_read = false,
            Err(error) => return Err(Failure::not_started(format!("cannot write the result: {error}"))),
            Ok(()) => {}
        }
        Ok(())
    }
}
