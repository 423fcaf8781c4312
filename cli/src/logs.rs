//! What the function writes, on standard error.

use crate::text::{DIM, printable, styled};
use anstream::adapter::strip_str;
use channel_flow_emulator::LogLine;
use std::io::Write;

/// More lines than these are not shown after the fact.
const LINES: usize = 100;

/// Shows a line as it comes.
pub(crate) fn line(line: &LogLine) {
    let text = printable(&strip_str(&line.text).to_string());
    // Who closed standard error does not want to know.
    let _ = writeln!(anstream::stderr(), "{} {text}", styled(DIM, "log"));
}

/// Shows the latest of `lines`, in search of what went wrong.
pub(crate) fn latest(lines: &[LogLine]) {
    let skipped = lines.len().saturating_sub(LINES);
    let note = match (lines.len(), skipped) {
        (0, _) => "the function logged nothing".to_owned(),
        (_, 0) => return lines.iter().for_each(line),
        (_, skipped) => format!("{skipped} lines before these"),
    };
    let _ = writeln!(anstream::stderr(), "{} {}", styled(DIM, "log"), styled(DIM, note));
    lines[skipped..].iter().for_each(line);
}
