//! Runs a processor on the whole corpus, and finds what no processor should do.

use std::fmt;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::carried_over::{MessagePart, losses};
use super::corpus::{ATTRIBUTE_WORD, CONTENT_WORD, METADATA_WORD, NAME_WORD, PUSH_WORD, corpus};
use super::decide::{Undecided, decide_async, own_runtime};
use super::decision_difference::DecisionDifference;
use super::log_capture::LogCapture;
use super::sample::Sample;
use crate::{Decision, Processor};

/// The time that Lambda's default timeout of 3 s leaves a processor after the reserve for the callback.
const TIME_LIMIT: Duration = Duration::from_secs(2);

/// How much longer than its time a processor is waited for before it counts as one that blocks its thread.
const GRACE: Duration = Duration::from_secs(1);

/// How much of an event a failure shows.
const MOST_OF_AN_EVENT: usize = 1_000;

/// The words of the corpus and where they come from.
const WORDS: [(&str, &str); 5] = [
    (CONTENT_WORD, "the content"),
    (METADATA_WORD, "the metadata"),
    (NAME_WORD, "the sender's name"),
    (PUSH_WORD, "the push notification"),
    (ATTRIBUTE_WORD, "a message attribute"),
];

/// Asserts that a processor conforms: that it does on no message of the [corpus](super::corpus) what no processor should
/// do. See [`Conformance`] for what is checked, and for exceptions.
///
/// ```
/// use channel_flow::{Decision, LimitError, Message, Processor, testing};
///
/// struct Calm;
///
/// impl Processor for Calm {
///     type Error = LimitError;
///
///     async fn process(&self, message: &Message) -> Result<Decision, LimitError> {
///         Ok(message.map_texts(str::to_ascii_lowercase)?.into())
///     }
/// }
///
/// testing::conformance(Calm);
/// ```
///
/// # Panics
///
/// Panics if the processor does not conform, and says on which messages and why.
#[track_caller]
pub fn conformance<P: Processor + 'static>(processor: P) {
    if let Err(nonconformance) = Conformance::of(processor).check() {
        panic!("{nonconformance}");
    }
}

/// The conformance suite for a processor: what is checked, with exceptions for a processor that means to do otherwise.
///
/// Each message of the [corpus](super::corpus) is processed twice. The suite checks that the processor:
///
/// - **decides**: it does not panic, and returns no error, since the fallback action would then deny the message. Errors
///   are accepted for messages beyond the limits of the service, which no event can bring. Exception:
///   [`allow_errors`](Self::allow_errors).
/// - **decides in time**: within 2 s, or the [`time_limit`](Self::time_limit). A processor that blocks its thread for
///   longer ends the suite.
/// - **says the same twice**. Exception: [`allow_different_decisions`](Self::allow_different_decisions).
/// - **carries over what it replaces**. An update leaves alone what it does not set, and replaces the metadata, the message
///   attributes and the push notification whole. An update that sets one of these must keep what was in it: the message's
///   own metadata, somewhere in the new one; each message attribute by its name; the title, the body and the type of the
///   push notification, with any texts. Exception: [`allow_loss_of`](Self::allow_loss_of). What a processor meant to do
///   with a text cannot be known, so new texts are not judged.
/// - **keeps messages out of the logs**: none of some words of the corpus, which stand in contents, metadata, names, push
///   notifications and message attributes, appears in an event or a span of `tracing`, at any level, or in the text of the
///   error, which the framework logs. As in a function, crates that log whole requests at level `trace` are silent. What
///   other threads log, and what is printed or logged without `tracing`, is not seen.
///
/// ```
/// use std::time::Duration;
///
/// use channel_flow::testing::{Conformance, MessagePart};
/// use channel_flow::{LimitError, Message, Update, processor_fn};
///
/// let marks = processor_fn(|_: Message| async {
///     Ok::<_, LimitError>(Update::builder().metadata(r#"{"seen":true}"#).build()?.into())
/// });
/// let nonconformance = Conformance::of(marks).check().unwrap_err();
/// assert!(nonconformance.to_string().contains("its update loses the message's own metadata"));
///
/// Conformance::of(marks)
///     .allow_loss_of(MessagePart::Metadata)
///     .time_limit(Duration::from_millis(500))
///     .check()
///     .unwrap();
/// ```
#[must_use]
pub struct Conformance<P> {
    processor: P,
    time_limit: Duration,
    allow_errors: bool,
    allow_different_decisions: bool,
    may_lose: Vec<MessagePart>,
}

impl<P: Processor + 'static> Conformance<P> {
    /// Returns the suite for a processor, without exceptions.
    pub fn of(processor: P) -> Self {
        Self {
            processor,
            time_limit: TIME_LIMIT,
            allow_errors: false,
            allow_different_decisions: false,
            may_lose: Vec::new(),
        }
    }

    /// Sets the time that the processor has for a message. The default is 2 s.
    pub fn time_limit(mut self, time_limit: Duration) -> Self {
        self.time_limit = time_limit;
        self
    }

    /// Allows the processor to return errors.
    pub fn allow_errors(mut self) -> Self {
        self.allow_errors = true;
        self
    }

    /// Allows the processor to decide otherwise the second time, as one does that counts messages.
    pub fn allow_different_decisions(mut self) -> Self {
        self.allow_different_decisions = true;
        self
    }

    /// Allows an update to lose what this part of the message held.
    pub fn allow_loss_of(mut self, part: MessagePart) -> Self {
        self.may_lose.push(part);
        self
    }

    /// Checks the processor. It runs on its own thread with a current-thread runtime, in a test with or without a runtime.
    ///
    /// # Errors
    ///
    /// Returns a [`Nonconformance`] if the processor does not conform.
    ///
    /// # Panics
    ///
    /// Panics if the system has no thread for the processor.
    pub fn check(self) -> Result<(), Nonconformance> {
        let patience = self.time_limit.saturating_add(GRACE);
        let samples = corpus();
        let (runs, checked) = mpsc::channel();
        let on_thread = samples.clone();
        // The thread is left alone if the processor blocks it, which nothing can end.
        thread::spawn(move || self.run(&on_thread, &runs));
        let mut nonconformance = Nonconformance { checked: 0, failures: Vec::new() };
        for sample in samples {
            // A message is processed twice.
            let problems = [checked.recv_timeout(patience), checked.recv_timeout(patience)];
            let is_blocked = problems.contains(&Err(RecvTimeoutError::Timeout));
            assert!(!problems.contains(&Err(RecvTimeoutError::Disconnected)), "the suite runs to its end");
            let mut problems: Vec<_> = problems.into_iter().flatten().flatten().collect();
            problems.dedup();
            if is_blocked {
                problems.push("it blocks its thread, so that nothing can stop it; the suite ends here".to_owned());
            }
            nonconformance.checked += 1;
            if !problems.is_empty() {
                nonconformance.failures.push(Failure { sample, problems });
            }
            if is_blocked {
                break;
            }
        }
        if nonconformance.failures.is_empty() { Ok(()) } else { Err(nonconformance) }
    }

    /// Sends the problems of each run, two for each sample.
    fn run(&self, samples: &[Sample], runs: &mpsc::Sender<Vec<String>>) {
        let runtime = own_runtime();
        let logs = LogCapture::default();
        for sample in samples {
            let mut first = None;
            for _ in 0..2 {
                let message = sample.ending_in(self.time_limit);
                let started = Instant::now();
                let decided = logs.during(|| runtime.block_on(decide_async(&self.processor, &message)));
                let mut problems = self.problems(sample, &decided, started.elapsed());
                problems.extend(logged_words(&logs.take()));
                problems.extend(self.difference(first.replace(decided.clone()).as_ref(), &decided));
                if runs.send(problems).is_err() {
                    return;
                }
            }
        }
        // Dropping the runtime would wait for blocking calls that nobody waits for any more.
        runtime.shutdown_background();
    }

    fn problems(&self, sample: &Sample, decided: &Result<Decision, Undecided>, took: Duration) -> Vec<String> {
        let mut problems = Vec::new();
        match decided {
            Ok(decision) => {
                if took > self.time_limit {
                    problems.push(format!(
                        "it took {took:.1?}, longer than {:.1?}, and blocked its thread",
                        self.time_limit
                    ));
                }
                let losses = decision.changes().map(|update| losses(sample, update)).unwrap_or_default();
                let losses = losses.into_iter().filter(|(part, _)| !self.may_lose.contains(part));
                problems.extend(losses.map(|(_, lost)| format!("its update loses {lost}")));
            }
            Err(Undecided::Error(text) | Undecided::NoTimeForRetry(text)) => {
                if let Some(part) = part_in(text) {
                    problems.push(format!("the text of its error, which is logged, shows {part}: {text}"));
                } else if !self.allow_errors && sample.is_within_limits() {
                    problems.push(format!("it returned an error: {text}"));
                }
            }
            Err(Undecided::Panicked) => problems.push("it panicked".to_owned()),
            Err(Undecided::OutOfTime) => problems.push(format!("it did not decide within {:.1?}", self.time_limit)),
        }
        problems
    }

    fn difference(
        &self,
        first: Option<&Result<Decision, Undecided>>,
        second: &Result<Decision, Undecided>,
    ) -> Option<String> {
        if self.allow_different_decisions {
            return None;
        }
        match (first?, second) {
            (Ok(first), Ok(second)) => {
                let difference = DecisionDifference::between(first, second)?;
                Some(format!("its second decision is not its first one\n{difference}"))
            }
            (Err(_), Ok(_)) | (Ok(_), Err(_)) => Some("it decided in one of two runs only".to_owned()),
            (Err(_), Err(_)) => None,
        }
    }
}

/// Returns the problem with the first line that shows a part of a message.
fn logged_words(lines: &[String]) -> Option<String> {
    lines.iter().find_map(|line| Some(format!("it logs {}: {line}", part_in(line)?)))
}

/// Returns the part of the message that a text shows.
fn part_in(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    WORDS.iter().find(|(word, _)| text.contains(word)).map(|(_, part)| *part)
}

/// What a processor did that no processor should do, and on which messages.
///
/// `Display` and `Debug` show each of these messages with its event, content included: the crate made them up.
#[derive(Clone)]
pub struct Nonconformance {
    checked: usize,
    failures: Vec<Failure>,
}

#[derive(Clone)]
struct Failure {
    sample: Sample,
    problems: Vec<String>,
}

impl Nonconformance {
    /// Returns the messages on which the processor does not conform.
    pub fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.failures.iter().map(|failure| &failure.sample)
    }
}

impl fmt::Display for Nonconformance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { checked, failures } = self;
        write!(f, "the processor does not conform on {} of {checked} messages", failures.len())?;
        for Failure { sample, problems } in failures {
            writeln!(f)?;
            for problem in problems {
                write!(f, "\n{}: {problem}", sample.name())?;
            }
            let event: String = sample.event().chars().take(MOST_OF_AN_EVENT).collect();
            let cut = if event.len() < sample.event().len() { "…" } else { "" };
            write!(f, "\n  in the event {event}{cut}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Nonconformance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Nonconformance {}

impl<P> fmt::Debug for Conformance<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conformance")
            .field("processor", &std::any::type_name::<P>())
            .field("time_limit", &self.time_limit)
            .field("allow_errors", &self.allow_errors)
            .field("allow_different_decisions", &self.allow_different_decisions)
            .field("may_lose", &self.may_lose)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LimitError, Mask, Message, PushNotification, Update, processor_fn};
    use std::sync::atomic::{AtomicU32, Ordering};

    type Processed = Result<Decision, Box<dyn std::error::Error + Send + Sync>>;

    /// Returns the suite for a processor that decides without waiting.
    fn suite(decide: impl Fn(&Message) -> Processed + Send + Sync + 'static) -> Conformance<impl Processor> {
        Conformance::of(processor_fn(move |message: Message| std::future::ready(decide(&message))))
    }

    fn failure(decide: impl Fn(&Message) -> Processed + Send + Sync + 'static) -> Nonconformance {
        suite(decide).check().unwrap_err()
    }

    fn assert_fails(nonconformance: &Nonconformance, sample: &str, problem: &str) {
        let found = nonconformance.failures.iter().find(|failure| failure.sample.name() == sample);
        let problems = found.map(|failure| failure.problems.join("\n")).unwrap_or_default();
        assert!(problems.contains(problem), "{sample}: {problems}");
    }

    #[test]
    fn ready_processors_conform() {
        suite(|_| Ok(Decision::no_change())).check().unwrap();
        suite(|_| Ok(Decision::deny())).check().unwrap();
        suite(|message| Ok(message.map_texts(str::to_ascii_uppercase)?.into())).check().unwrap();
        suite(|message| {
            let find = |text: &str| text.match_indices("shit").map(|(at, word)| at..at + word.len()).collect();
            Ok(message.mask_texts(Mask::default(), find)?.into())
        })
        .check()
        .unwrap();
    }

    #[test]
    fn a_panic_is_found_with_its_event() {
        let nonconformance = failure(|message| {
            let lowercase = message.content().to_lowercase();
            let at = lowercase.find("quindalith").unwrap_or(0);
            // The index is one of another string.
            Ok(Decision::update(message.content()[..at].to_owned() + "x")?)
        });
        assert_fails(&nonconformance, "lower-case-that-is-shorter", "it panicked");
        let shown = nonconformance.to_string();
        assert!(shown.contains("lower-case-that-is-shorter: it panicked\n  in the event {"), "{shown}");
        assert!(nonconformance.samples().any(|sample| sample.content().starts_with('\u{212a}')));
    }

    #[test]
    fn an_error_is_found_unless_it_is_allowed() {
        let fails = |message: &Message| match message.content() {
            "" => Err("no content".into()),
            _ => Ok(Decision::no_change()),
        };
        assert_fails(&failure(fails), "empty-content", "it returned an error: no content");
        suite(fails).allow_errors().check().unwrap();
    }

    #[test]
    fn a_text_in_the_logs_is_found() {
        let logs = failure(|message| {
            tracing::debug!(sender = message.sender().name(), "asked");
            Ok(Decision::no_change())
        });
        assert_fails(
            &logs,
            "new-message",
            "it logs the sender's name: DEBUG channel_flow::testing::conformance::tests:",
        );
        let errors = failure(|message| Err(format!("cannot judge {}", message.content()).into()));
        assert_fails(&errors, "shouting", "the text of its error, which is logged, shows the content");
        let ids = suite(|message| {
            tracing::info!(message = ?message, "asked");
            Ok(Decision::no_change())
        });
        ids.check().unwrap();
    }

    #[test]
    fn another_decision_is_found_unless_it_is_allowed() {
        let counts = || {
            let count = AtomicU32::new(0);
            move |_: &Message| {
                Ok(if count.fetch_add(1, Ordering::Relaxed) == 9 { Decision::deny() } else { Decision::no_change() })
            }
        };
        let nonconformance = failure(counts());
        assert_eq!(nonconformance.failures.len(), 1);
        assert!(nonconformance.to_string().contains("its second decision is not its first one\ndecision\n"));
        suite(counts()).allow_different_decisions().check().unwrap();
    }

    #[test]
    fn what_an_update_loses_is_found_unless_it_is_allowed() {
        let replaces = |_: &Message| -> Processed {
            let push = PushNotification::builder().title("New message").build();
            let update = Update::builder().metadata("{}").message_attribute("seen", ["1"]).push_notification(push);
            Ok(update.build()?.into())
        };
        let nonconformance = failure(replaces);
        for lost in ["the message's own metadata", "the message attribute \"CHIME.mentions\"", "the body of the push"] {
            assert_fails(&nonconformance, "everything-shouted", lost);
        }
        let all = [MessagePart::Metadata, MessagePart::MessageAttributes, MessagePart::PushNotification];
        all.into_iter().fold(suite(replaces), Conformance::allow_loss_of).check().unwrap();
    }

    #[test]
    fn a_processor_that_takes_too_long_is_found() {
        let waits = processor_fn(|message: Message| async move {
            if message.content() == "q" {
                std::future::pending::<()>().await;
            }
            Ok::<_, LimitError>(Decision::no_change())
        });
        let nonconformance = Conformance::of(waits).time_limit(Duration::from_millis(50)).check().unwrap_err();
        assert_fails(&nonconformance, "one-character", "it did not decide within 50.0ms");

        let sleeps = |message: &Message| {
            if message.content() == "q" {
                thread::sleep(Duration::from_millis(200));
            }
            Ok(Decision::no_change())
        };
        let nonconformance = suite(sleeps).time_limit(Duration::from_millis(50)).check().unwrap_err();
        assert_fails(&nonconformance, "one-character", "and blocked its thread");

        let blocks = |message: &Message| {
            if message.content() == "q" {
                thread::sleep(Duration::from_secs(60));
            }
            Ok(Decision::no_change())
        };
        let nonconformance = suite(blocks).time_limit(Duration::from_millis(50)).check().unwrap_err();
        assert_fails(&nonconformance, "one-character", "the suite ends here");
        assert!(nonconformance.checked < corpus().len());
    }

    #[tokio::test]
    async fn a_test_with_a_runtime_works_too() {
        conformance(processor_fn(|_: Message| async { Ok::<_, LimitError>(Decision::no_change()) }));
    }
}
