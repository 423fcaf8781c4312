//! A function's standard output and error, line by line.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

/// Where the lines go as they are written, besides being kept.
pub type LogSink = Arc<dyn Fn(&LogLine) + Send + Sync>;

/// One line that a function wrote. Its `Debug` shows the length alone.
#[derive(Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it was read.
    pub time: SystemTime,
    /// Where it was written.
    pub stream: LogStream,
    /// The line without its end; bytes that are not UTF-8 are replaced.
    pub text: String,
}

/// Where a function writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// The latest lines of one environment, or of all environments of one function.
pub(crate) struct Logs {
    kept: Mutex<Kept>,
    most: usize,
    sink: Option<LogSink>,
    /// The function's lines, if these are an environment's.
    function: Option<Arc<Logs>>,
}

#[derive(Default)]
struct Kept {
    lines: VecDeque<LogLine>,
    written: usize,
}

const LINES_KEPT: usize = 10_000;
const LINES_KEPT_OF_AN_ENVIRONMENT: usize = 1_000;
/// A longer line is kept in pieces: what never ends a line must not fill the memory.
const LINE_BYTES: u64 = 256 * 1024;

impl Logs {
    pub(crate) fn new(sink: Option<LogSink>) -> Self {
        Self { kept: Mutex::default(), most: LINES_KEPT, sink, function: None }
    }

    /// Those of an environment; lines become the function's too.
    pub(crate) fn of_environment(function: &Arc<Self>) -> Self {
        let function = Some(Arc::clone(function));
        Self { kept: Mutex::default(), most: LINES_KEPT_OF_AN_ENVIRONMENT, sink: None, function }
    }

    /// How many lines there have been.
    pub(crate) fn written(&self) -> usize {
        self.lock().written
    }

    /// The lines after the first `written` ones, as far as they are kept.
    pub(crate) fn since(&self, written: usize) -> Vec<LogLine> {
        let kept = self.lock();
        let forgotten = kept.written - kept.lines.len();
        kept.lines.iter().skip(written.saturating_sub(forgotten)).cloned().collect()
    }

    /// Reads lines until the other side is closed.
    pub(crate) async fn read(&self, stream: LogStream, from: impl AsyncRead + Unpin) {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while let Ok(1..) = (&mut from).take(LINE_BYTES).read_until(b'\n', &mut line).await {
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end_matches(['\n', '\r']).to_owned();
            self.add(LogLine { time: SystemTime::now(), stream, text });
            line.clear();
        }
    }

    fn add(&self, line: LogLine) {
        if let Some(sink) = &self.sink {
            sink(&line);
        }
        if let Some(function) = &self.function {
            function.add(line.clone());
        }
        let mut kept = self.lock();
        kept.written += 1;
        if kept.lines.len() == self.most {
            kept.lines.pop_front();
        }
        kept.lines.push_back(line);
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("nothing panics while it holds the lock")
    }
}

impl fmt::Debug for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogLine").field("stream", &self.stream).field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logs").field("written", &self.written()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_kept_in_order_and_passed_on() {
        let passed = Arc::new(Mutex::new(Vec::new()));
        let sink = {
            let passed = Arc::clone(&passed);
            Arc::new(move |line: &LogLine| passed.lock().unwrap().push(line.text.clone()))
        };
        let logs = Logs::new(Some(sink));
        logs.read(LogStream::Stdout, &b"one\r\ntwo\n\nf\xffur"[..]).await;
        let lines: Vec<_> = logs.since(0).into_iter().map(|line| line.text).collect();
        assert_eq!(lines, ["one", "two", "", "f\u{fffd}ur"]);
        assert_eq!(*passed.lock().unwrap(), lines);
        assert_eq!(logs.since(3).len(), 1);
    }

    #[tokio::test]
    async fn neither_lines_nor_their_number_grow_without_end() {
        let logs = Logs::new(None);
        let endless = vec![b'x'; 3 * usize::try_from(LINE_BYTES).unwrap()];
        logs.read(LogStream::Stderr, &endless[..]).await;
        assert_eq!(logs.written(), 3);
        logs.read(LogStream::Stderr, "x\n".repeat(LINES_KEPT).as_bytes()).await;
        assert_eq!(logs.since(0).len(), LINES_KEPT);
        assert_eq!(logs.since(logs.written() - 2).len(), 2);
        assert_eq!(logs.since(logs.written()).len(), 0);
    }
}
