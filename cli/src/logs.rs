//! The function's logs, on standard error.

use crate::text::{DIM, printable, styled};
use anstream::adapter::strip_str;
use channel_flow_emulator::LogLine;
use std::io::Write;

/// The most lines that are shown after the fact.
const LINES: usize = 100;

/// Shows a line as it comes.
pub(crate) fn line(line: &LogLine) {
    let text = printable(&strip_str(&line.text).to_string());
    // A closed standard error is no error.
    let _ = writeln!(anstream::stderr(), "{} {text}", styled(DIM, "log"));
}

/// Shows the latest of `lines`, to help find the cause of a failure.
pub(crate) fn latest(lines: &[LogLine]) {
    let skipped = lines.len().saturating_sub(LINES);
    let note = match (lines.len(), skipped) {
        (0, _) => "the function logged nothing".to_owned(),
        (_, 0) => return lines.iter().for_each(line),
        (_, skipped) => format!("{skipped} earlier lines omitted"),
    };
    let _ = writeln!(anstream::stderr(), "{} {}", styled(DIM, "log"), styled(DIM, note));
    lines[skipped..].iter().for_each(line);
}
