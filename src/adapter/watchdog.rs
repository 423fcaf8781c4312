//! A thread that answers for an invocation if the invocation's own thread does not return.
//!
//! If a processor blocks its thread, it also stops the timers of its tokio runtime, and on a current-thread runtime
//! everything else. The watchdog therefore has its own thread. It sleeps until an invocation should have been decided
//! and is not, or was decided and its callback has not got out. It then sends the missing callback over its own
//! connection, answers the Runtime API for the invocation, and ends the process: an environment with a runaway
//! processor must not be used again.
//!
//! Everything that the thread needs is created when the function starts. The thread shares no thread pool and no
//! connection with code that may be stuck, and takes only locks that the framework holds for a few instructions.

mod client;
mod log;
mod protocol;
mod runtime_api;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::runtime::{self, Runtime};
use tokio::select;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use self::client::CallbacksAfresh;
use self::log::Log;
use self::protocol::{Moment, Number, Protocol, Turn};
use crate::callback::client::ATTEMPT_TIMEOUT;
use crate::callback::settle::{Callback, Callbacks};
use crate::catch_unwind::{CatchUnwind, catch_unwind};
use crate::environment::{RUNTIME_API, var};
use crate::event::Event;
use crate::event::header::Header;
use crate::invocation::PARTING;
use crate::record::Record;
use crate::record::recorder::Recorder;
use crate::response::by::By;
use crate::response::{DecidedBy, Doubt, FallbackCause, Response, Settled};
use crate::{Decision, Error, ErrorKind, FallbackAction, Invocation};

/// The time that a callback gets even if the deadline has passed: the process has not ended yet, so one more attempt is
/// worthwhile.
const LAST_TRY: Duration = Duration::from_millis(300);

/// How long an environment with a runaway processor accepts new events beside those in flight.
const LINGER: Duration = Duration::from_secs(5);

const THREAD_NAME: &str = "channel-flow watchdog";

/// Watches invocations.
pub(crate) struct Watchdog(Arc<Shared>);

/// An invocation that is watched until it is answered or this value is dropped.
pub(crate) struct Watch<'a> {
    shared: &'a Shared,
    number: Number,
}

struct Shared {
    state: Mutex<State>,
    /// Signals that the thread has to look again, and earlier than planned.
    changed: Notify,
}

#[derive(Default)]
struct State {
    protocol: Protocol<Watched>,
    /// When the thread next looks without a signal; `None` if there is nothing to look at.
    looks_at: Option<Instant>,
    ending_since: Option<Instant>,
}

/// The data needed to answer for an event.
struct Watched {
    header: Arc<Header>,
    invocation: Invocation,
    since: Instant,
    /// The decision that is sent if the watchdog has to answer: the fallback action until another decision is made.
    decision: Decision,
    by: By,
    fallback_action: FallbackAction,
    decided: bool,
    /// Why the main path got no callback out, if it knows.
    error: Option<Error>,
    moments: Moments,
}

/// When the watchdog looks at an event, and the deadline by which it has to answer.
#[derive(Clone, Copy)]
struct Moments {
    decision: Instant,
    callback: Instant,
    deadline: Instant,
}

impl Watchdog {
    /// Creates a watchdog with its thread. Returns `None` if there is no Runtime API to answer, for example in a test
    /// of the adapter.
    pub(crate) fn new(callbacks: &Callbacks, recorder: &Recorder) -> Result<Option<Self>, Error> {
        if var(RUNTIME_API).is_none() {
            return Ok(None);
        }
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Notify::new() });
        let log = Log::start()?;
        let metrics = log.clone();
        let recorder = recorder.writing_to(move |line| metrics.accept(line));
        let guard = Guard {
            shared: shared.clone(),
            callbacks: Arc::new(client::afresh(callbacks.clone())?),
            recorder: Arc::new(recorder),
            log,
        };
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::configuration("no tokio runtime for the watchdog").caused_by(error))?;
        thread::Builder::new()
            .name(THREAD_NAME.to_owned())
            .spawn(move || guard.stand(&runtime))
            .map_err(|error| Error::configuration("no thread for the watchdog").caused_by(error))?;
        Ok(Some(Self(shared)))
    }

    /// Starts to watch an invocation. An invocation without a deadline needs no watch. This method does not return if
    /// the process is ending and accepts no more events: Lambda redelivers this one.
    pub(crate) async fn watch(
        &self,
        event: &Event,
        invocation: &Invocation,
        fallback_action: FallbackAction,
    ) -> Option<Watch<'_>> {
        let watched = Watched {
            header: event.header.clone(),
            invocation: invocation.clone(),
            since: Instant::now(),
            decision: fallback_action.decision(),
            by: By::fallback_for(FallbackCause::Blocked),
            fallback_action,
            decided: false,
            error: None,
            moments: Moments::of(invocation)?,
        };
        match self.0.begin(watched) {
            Some(number) => Some(Watch { shared: &self.0, number }),
            None => std::future::pending().await,
        }
    }

    /// Returns whether this is a watchdog's thread, which must not wait for any lock of the process.
    pub(crate) fn is_this_thread() -> bool {
        thread::current().name() == Some(THREAD_NAME)
    }
}

impl Watch<'_> {
    /// Records the decision. Does not return if the watchdog answers for this invocation: the watchdog ends the process
    /// after its answer.
    pub(crate) async fn decided(&self, decision: &Decision, by: &By) {
        let turn = self.shared.state().protocol.decided(self.number, |watched| {
            watched.decision = decision.clone();
            watched.by = by.clone();
            watched.decided = true;
        });
        wait_for_the_end_if_lost(turn).await;
    }

    /// Hands the event over to the watchdog at once: the callback got no answer, and the state of this process may be
    /// the cause. Does not return, since the watchdog ends the process after its answer.
    pub(crate) async fn hands_over(&self, error: Error) -> ! {
        {
            let mut state = self.shared.state();
            let now = Instant::now();
            state.protocol.hands_over(self.number, |watched| {
                watched.moments.callback = now;
                watched.error = Some(error);
            });
        }
        self.shared.changed.notify_one();
        std::future::pending().await
    }

    /// Ends the watch before Lambda gets its answer. Does not return if the watchdog answers.
    pub(crate) async fn answers(self) {
        let turn = self.shared.state().protocol.answers(self.number);
        wait_for_the_end_if_lost(turn).await;
    }
}

async fn wait_for_the_end_if_lost(turn: Turn) {
    if turn == Turn::Lost {
        std::future::pending::<()>().await;
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        // If the event has been answered, this does nothing.
        let _ = state.protocol.answers(self.number);
        if state.protocol.is_ending() {
            self.shared.changed.notify_one();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, watched: Watched) -> Option<Number> {
        let mut state = self.state();
        if state.ending_since.is_some_and(|since| since.elapsed() > LINGER) {
            state.protocol.close();
        }
        let due = watched.due(Moment::Decision);
        let number = state.protocol.begin(watched)?;
        // If the thread looks early enough anyway, it need not be woken for each invocation.
        if state.looks_at.is_none_or(|looks_at| due < looks_at) {
            state.looks_at = Some(due);
            self.changed.notify_one();
        }
        Some(number)
    }

    /// Takes the events that are due.
    fn take(&self) -> Vec<(Number, Watched)> {
        let mut state = self.state();
        let now = Instant::now();
        let due = state.protocol.waiting().filter(|(_, moment, watched)| watched.due(*moment) <= now);
        let due: Vec<_> = due.map(|(number, moment, _)| (number, moment)).collect();
        let taken = due.into_iter().filter_map(|(number, moment)| Some((number, state.protocol.take(number, moment)?)));
        let taken: Vec<_> = taken.collect();
        if !taken.is_empty() {
            state.ending_since.get_or_insert(now);
        }
        state.looks_at = state.protocol.waiting().map(|(_, moment, watched)| watched.due(moment)).min();
        taken
    }
}

impl Moments {
    fn of(invocation: &Invocation) -> Option<Self> {
        let deadline = invocation.deadline?;
        let processor_deadline = invocation.processor_deadline?;
        let reserve = deadline.saturating_duration_since(processor_deadline);
        Some(Self {
            // An invocation that is not stuck acts at its processor's deadline, and a slow one acts a little later.
            decision: processor_deadline + reserve / 5,
            callback: invocation.callback_deadline? + reserve / 20,
            deadline,
        })
    }
}

/// Sends the callback in the time left.
async fn settle(callbacks: &Callbacks, callback: Callback<'_>, deadline: Instant) -> Result<Settled, Error> {
    let (end, deadline) = last_try(Instant::now(), deadline);
    match timeout_at(end, callbacks.settle(callback, Some(deadline))).await {
        Ok(result) => result,
        Err(_) => {
            let problem =
                "the watchdog's callback got no answer in the time that was left; Lambda delivers the event again";
            Err(Error::new(ErrorKind::CallbackUnavailable, problem))
        }
    }
}

/// Returns when the watchdog stops sending, and the deadline to send by, which is later if the time is short.
///
/// If the time is short, a round of sending is cut to half of it, so that another round can follow. Here, that would
/// cut off a connection that is about to be established: with a fourteenth of a core, of which the runaway processor
/// burns half, connecting takes long. One attempt therefore gets all of a short time.
fn last_try(now: Instant, deadline: Instant) -> (Instant, Instant) {
    let end = deadline.checked_sub(PARTING).unwrap_or(deadline).max(now + LAST_TRY);
    let left = end - now;
    (end, end + PARTING + if left < ATTEMPT_TIMEOUT { left } else { Duration::ZERO })
}

/// The data of the thread.
struct Guard {
    shared: Arc<Shared>,
    callbacks: Arc<CallbacksAfresh>,
    recorder: Arc<Recorder>,
    log: Log,
}

impl Guard {
    /// Runs the thread, which ends with the process.
    fn stand(&self, runtime: &Runtime) {
        let _log = tracing::dispatcher::set_default(&self.log.dispatch());
        loop {
            let _ = catch_unwind(|| runtime.block_on(self.watch()));
            // `watch` has returned without ending the process, so it panicked. Pause, so that it does not panic in a
            // tight loop.
            thread::sleep(PARTING);
        }
    }

    async fn watch(&self) {
        loop {
            for (number, watched) in self.shared.take() {
                let (shared, callbacks) = (self.shared.clone(), self.callbacks.clone());
                let (recorder, log) = (self.recorder.clone(), self.log.clone());
                tokio::spawn(async move {
                    // Whatever happens to this answer, it must not keep the process from ending.
                    let _ = CatchUnwind::new(watched.answer(&callbacks, &recorder, &log)).await;
                    shared.state().protocol.answered(number);
                    shared.changed.notify_one();
                });
            }
            let looks_at = {
                let state = self.shared.state();
                (state.looks_at, state.protocol.is_ending() && state.protocol.waiting().next().is_none())
            };
            match looks_at {
                (Some(looks_at), _) => select! {
                    () = sleep_until(looks_at) => {}
                    () = self.shared.changed.notified() => {}
                },
                (None, false) => self.shared.changed.notified().await,
                (None, true) => self.end().await,
            }
        }
    }

    /// Ends the process unless an event is open.
    async fn end(&self) {
        // Other events may have their answers in flight.
        sleep(PARTING).await;
        if self.shared.state().protocol.end() {
            std::process::exit(1);
        }
    }
}

impl Watched {
    fn due(&self, moment: Moment) -> Instant {
        match moment {
            Moment::Decision => self.moments.decision,
            Moment::Callback => self.moments.callback,
        }
    }

    async fn answer(self, callbacks: &Callbacks, recorder: &Recorder, log: &Log) {
        let Self { header, invocation, since, decision, by, fallback_action, decided, error, moments } = self;
        let processor_time = since.elapsed();
        let request_id = invocation.request_id();
        let ids = &header.ids;
        let stuck = if decided { "the callback does not get out" } else { "the processor does not return" };
        let callback = Callback {
            header: &header,
            decision: &decision,
            by: &by,
            fallback_action: Some(fallback_action),
            xray_trace_id: invocation.xray_trace_id(),
        };
        let result = settle(callbacks, callback, moments.deadline).await;
        // What the main path knows was found out in more time.
        let result = result.map_err(|own| match own.kind() {
            ErrorKind::CallbackUnavailable => error.unwrap_or(own),
            _ => own,
        });
        match &result {
            Ok(settled) => {
                let record = Record {
                    ids,
                    invocation: &invocation,
                    trace: decision.trace().map(|trace| &**trace),
                    fallback_action: None,
                    // The process ends, whenever it began.
                    cold_start: false,
                    by_watchdog: true,
                    processor_time,
                    duration: since.elapsed(),
                };
                recorder.count(&record, settled);
            }
            Err(error) => recorder.failed(Some(ids), &invocation, error),
        }
        let failed = result.as_ref().err().map(|error| format!("{error:?}"));
        let (decision, decided_by, fallback, doubt) = match &result {
            Ok(settled) => {
                let fallback = settled.fallback.clone();
                (settled.decision, settled.decided_by, fallback, settled.doubt.map(Doubt::as_str))
            }
            Err(_) => (decision.kind(), by.decided_by(), by.fallback(), None),
        };
        let fallback_action = (decided_by == DecidedBy::FallbackAction).then(|| fallback_action.as_str());
        tracing::error!(
            request_id,
            message_id = ids.message_id,
            channel_arn = ids.channel_arn,
            callback_id = ids.callback_id,
            decision = decision.as_str(),
            ?decided_by,
            fallback_action,
            fallback_cause = fallback.as_ref().map(|fallback| fallback.cause.as_str()),
            fallback_step = fallback.as_ref().and_then(|fallback| fallback.step),
            panicked_at = fallback.as_ref().and_then(|fallback| fallback.panicked_at.as_deref()),
            doubt,
            failed,
            "{stuck}; the watchdog answered in its place, and the process ends"
        );
        // Write the line before Lambda learns of the end, so that the line belongs to this invocation.
        log.written(PARTING).await;
        let result = Response::of(result.map(Response::Settled), &invocation);
        if let Err(error) = runtime_api::answer(request_id, result).await {
            tracing::error!(request_id, %error, "the watchdog could not tell Lambda how the invocation ended");
            log.written(PARTING).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_attempt_has_all_of_a_short_time() {
        let now = Instant::now();
        let milliseconds = |left| {
            let (end, deadline) = last_try(now, now + Duration::from_millis(left));
            ((end - now).as_millis(), (deadline - PARTING - now).as_millis())
        };
        assert_eq!(milliseconds(500), (400, 800));
        assert_eq!(milliseconds(5_000), (4_900, 4_900));
        // The deadline has passed, and the process has not ended yet.
        assert_eq!(milliseconds(0), (300, 600));
    }
}
