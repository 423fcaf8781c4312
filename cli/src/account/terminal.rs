//! Output for people and programs, and the question before changes.

use std::io::{self, Write};
use std::thread;
use tokio::sync::oneshot;

/// Writes to standard output. A reader that has enough is no error.
pub(crate) fn print(text: &str) {
    let mut stdout = anstream::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// Asks a question on standard error, and reads whether the answer is yes.
///
/// A thread waits for the line, which does not keep Ctrl-C from ending the command.
pub(crate) async fn ask(question: &str) -> io::Result<bool> {
    let mut stderr = anstream::stderr();
    write!(stderr, "{question} [y/N] ")?;
    stderr.flush()?;
    let (tell, told) = oneshot::channel();
    thread::spawn(move || {
        let mut answer = String::new();
        let _ = tell.send(io::stdin().read_line(&mut answer).map(|_| answer));
    });
    let answer = told.await.map_err(io::Error::other)??;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}
