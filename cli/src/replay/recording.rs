//! Recordings, read before the first event of them is delivered.

use crate::exit::Failure;
use channel_flow_emulator::{Decision, RecordedStep};
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, stdin};
use std::path::{Path, PathBuf};

/// The lines of all files, in order.
pub(super) struct Recording(Vec<Line>);

/// One line, or what is wrong with it.
pub(super) struct Line {
    /// The file as the user named it.
    pub(super) source: String,
    /// Counted from 1.
    pub(super) number: usize,
    pub(super) step: Result<Box<RecordedStep>, String>,
}

impl Recording {
    /// Reads all files. Of a step that was recorded twice, as one is that was decided when it seemed to hang, the later line
    /// counts.
    pub(super) fn read(files: &[PathBuf], recorded: Option<&str>) -> Result<Self, Failure> {
        let mut lines = Vec::new();
        for path in files {
            let cannot_read = |error| Failure::unusable(format!("cannot read {}: {error}", path.display()));
            let (source, reader) = open(path).map_err(cannot_read)?;
            read_lines(&source, BufReader::new(reader), &mut lines).map_err(cannot_read)?;
        }
        let mut recording = Self(lines);
        recording.only(recorded)?;
        recording.drop_superseded();
        Ok(recording)
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.0.iter()
    }

    /// Another processor's events say nothing about this one.
    fn only(&mut self, recorded: Option<&str>) -> Result<(), Failure> {
        let name = |line: &Line| line.step.as_ref().ok().map(|step| step.processor.clone());
        let names: BTreeSet<_> = self.0.iter().filter_map(name).collect();
        let all = || names.iter().map(|name| format!("\n  {name}")).collect::<String>();
        match recorded {
            Some(recorded) if !names.contains(recorded) => {
                return Err(Failure::unusable(format!(
                    "no processor {recorded} was recorded; the recording has:{}",
                    all()
                )));
            }
            None if names.len() > 1 => {
                let message = format!("several processors were recorded; choose one with --recorded:{}", all());
                return Err(Failure::unusable(message));
            }
            _ => {}
        }
        if let Some(recorded) = recorded {
            self.0.retain(|line| line.step.as_ref().map_or(true, |step| step.processor == recorded));
        }
        Ok(())
    }

    fn drop_superseded(&mut self) {
        let ids = |line: &Line| line.step.as_ref().ok()?.event().ids().ok().cloned();
        let last: HashMap<_, _> =
            self.0.iter().enumerate().filter_map(|(position, line)| Some((ids(line)?, position))).collect();
        let mut position = 0..;
        self.0.retain(|line| {
            let position = position.next();
            ids(line).is_none_or(|ids| last.get(&ids).copied() == position)
        });
    }
}

fn open(path: &Path) -> io::Result<(String, Box<dyn Read>)> {
    if path == Path::new("-") {
        return Ok(("standard input".to_owned(), Box::new(stdin())));
    }
    // A folder opens, and fails at the first read.
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok((path.display().to_string(), Box::new(File::open(path)?)))
}

fn read_lines(source: &str, reader: impl BufRead, lines: &mut Vec<Line>) -> io::Result<()> {
    for (number, text) in (1..).zip(reader.split(b'\n')) {
        let text = text?;
        if !text.trim_ascii().is_empty() {
            lines.push(Line { source: source.to_owned(), number, step: read_step(&text).map(Box::new) });
        }
    }
    Ok(())
}

fn read_step(text: &[u8]) -> Result<RecordedStep, String> {
    let step = RecordedStep::read(text).map_err(|error| error.to_string())?;
    if step.event().ids().is_err() {
        return Err("its event lacks the ids that a callback requires".to_owned());
    }
    if step.decision.is_some() && step.decision().is_none() {
        return Err("its decision is not UPDATE, DENY or NO_CHANGE".to_owned());
    }
    if step.dry_run.is_some() && step.dry_run().is_none() {
        return Err("the decision of its dry run is not UPDATE, DENY or NO_CHANGE".to_owned());
    }
    if step.label.as_ref().is_some_and(|label| label.decision.is_some() && label.decision().is_none()) {
        return Err("the decision of its label is not UPDATE, DENY, NO_CHANGE or HOLD".to_owned());
    }
    let releases = step.decision().is_some_and(|decision| !matches!(decision, Decision::Deny | Decision::Hold));
    if !step.masked && releases && step.released().is_none() {
        return Err("its accepted callback is missing or invalid".to_owned());
    }
    Ok(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn step(id: u32, processor: &str) -> Value {
        let callback_id = format!("4c2f1a9e-7f3b-4d58-9a61-{id:012}");
        json!({
            "version": 1, "masked": false, "time": "", "processor": processor, "outcome": "SENT", "decision": "NO_CHANGE",
            "event": {
                "CallbackId": callback_id,
                "ChannelMessage": {
                    "MessageId": "m",
                    "ChannelArn": "arn:aws:chime:us-east-1:123456789012:app-instance/a/channel/b",
                },
            },
            "callbacks": [
                { "accepted": true, "body": { "CallbackId": callback_id, "ChannelMessage": { "MessageId": "m" } } },
            ],
        })
    }

    fn read(text: &str) -> Recording {
        let mut lines = Vec::new();
        read_lines("test", text.as_bytes(), &mut lines).unwrap();
        Recording(lines)
    }

    #[test]
    fn lines_are_read_or_say_why_not() {
        let (good, mut odd) = (step(1, "p"), step(2, "p"));
        odd["decision"] = "MAYBE".into();
        let mut without = step(3, "p");
        without["callbacks"] = json!([]);
        let mut no_ids = step(4, "p");
        no_ids["event"] = json!({});
        let recording = read(&format!("\n{good}\r\nnonsense\n{odd}\n\n{without}\n{no_ids}\n{{\"CallbackId\":\"\"}}"));
        let read = |line: &Line| (line.number, line.step.as_ref().err().cloned().unwrap_or_default());
        let read: Vec<_> = recording.lines().map(read).collect();
        assert_eq!(read[0], (2, String::new()));
        for ((number, problem), (expected_number, expected)) in read[1..].iter().zip([
            (3, "it is not JSON"),
            (4, "its decision is not UPDATE"),
            (6, "its accepted callback is missing"),
            (7, "its event lacks the ids"),
            (8, "it has no version"),
        ]) {
            assert_eq!(*number, expected_number);
            assert!(problem.starts_with(expected), "{problem}");
        }
        assert_eq!(read.len(), 6);
    }

    #[test]
    fn the_later_line_of_a_step_counts() {
        let (one, two) = (step(1, "p"), step(2, "p"));
        let mut recording = read(&format!("{one}\n{two}\n{one}\n?\n"));
        recording.drop_superseded();
        let numbers: Vec<_> = recording.lines().map(|line| line.number).collect();
        assert_eq!(numbers, [2, 3, 4]);
    }

    #[test]
    fn one_processor_and_no_more() {
        let lines = format!("{}\n{}\n?\n", step(1, "filter"), step(2, "translate"));
        let several = read(&lines).only(None).unwrap_err().to_string();
        assert!(several.ends_with("--recorded:\n  filter\n  translate"), "{several}");
        let none = read(&lines).only(Some("other")).unwrap_err().to_string();
        assert!(none.starts_with("no processor other was recorded"), "{none}");
        let mut recording = read(&lines);
        recording.only(Some("translate")).unwrap();
        let numbers: Vec<_> = recording.lines().map(|line| line.number).collect();
        assert_eq!(numbers, [2, 3]);
    }
}
