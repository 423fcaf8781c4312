//! A thread that answers in place of one that does not return.
//!
//! A processor that blocks its thread takes the timers of its tokio runtime with it, and on a current-thread runtime
//! everything else. So a thread of its own sleeps until an invocation should have been decided and is not, or was decided
//! and has not got its callback out. It then sends what is missing over a connection of its own, answers the Runtime API
//! for the invocation, and ends the process: an environment with a runaway in it must not be used again.
//!
//! All that the thread needs is made when the function starts. It shares no pool of threads and no connection with what may be
//! stuck, and no lock but those that the framework holds for a few instructions.

mod client;
mod log;
mod protocol;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::runtime::{self, Runtime};
use tokio::select;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use self::log::Log;
use self::protocol::{Moment, Number, Protocol, Turn};
use crate::callback::{Callback, Callbacks, Settlement};
use crate::caught::{Caught, caught};
use crate::client::ATTEMPT_TIMEOUT;
use crate::event::{CallbackIds, Event, Provenance};
use crate::settled::{DecidedBy, Settled};
use crate::{Decision, Doubt, Error, ErrorKind, FallbackAction, Invocation, runtime_api};

/// What the last invocations get to tell Lambda how they ended, before the process does; and the most that a line of the
/// log is waited for.
const PARTING: Duration = Duration::from_millis(100);

/// What a callback gets even if the deadline is there: the process has not ended yet, so it is worth a try.
const LAST_TRY: Duration = Duration::from_millis(300);

/// How long an environment with a runaway takes new events beside the ones it has.
const LINGER: Duration = Duration::from_secs(5);

const THREAD_NAME: &str = "channel-flow watchdog";

/// Watches over invocations.
pub(crate) struct Watchdog(Arc<Shared>);

/// An invocation under watch, until it is answered or this is dropped.
pub(crate) struct Watch<'a> {
    shared: &'a Shared,
    number: Number,
}

struct Shared {
    state: Mutex<State>,
    /// The thread has to look again, and earlier than it knows.
    changed: Notify,
}

#[derive(Default)]
struct State {
    protocol: Protocol<Watched>,
    /// When the thread looks next by itself; none if there is nothing to look at.
    looks_at: Option<Instant>,
    ending_since: Option<Instant>,
}

/// What it takes to answer for an event.
struct Watched {
    ids: CallbackIds,
    provenance: Provenance,
    request_id: String,
    /// What goes out if the watchdog has to answer: the fallback action until something else is decided.
    decision: Decision,
    decided_by: DecidedBy,
    fallback_action: FallbackAction,
    decided: bool,
    /// Why the main path got no callback out, if it knows.
    error: Option<Error>,
    moments: Moments,
}

/// When the watchdog looks at an event, and until when it has for it.
#[derive(Clone, Copy)]
struct Moments {
    decision: Instant,
    callback: Instant,
    deadline: Instant,
}

impl Watchdog {
    /// A watchdog with its thread. None if no Runtime API could be answered: in a test of the adapter, for example.
    pub(crate) fn new(callbacks: &Callbacks) -> Result<Option<Self>, Error> {
        if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
            return Ok(None);
        }
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Notify::new() });
        let guard = Guard {
            shared: shared.clone(),
            callbacks: Arc::new(callbacks.with_client(client::afresh(callbacks.client())?)),
            log: Log::start()?,
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

    /// Puts an invocation under watch; one without a deadline needs none. Does not return if the process is ending and takes
    /// no more events: Lambda delivers this one again.
    pub(crate) async fn watch(
        &self,
        event: &Event,
        invocation: &Invocation,
        fallback_action: FallbackAction,
    ) -> Option<Watch<'_>> {
        let watched = Watched {
            ids: event.ids.clone(),
            provenance: event.provenance.clone(),
            request_id: invocation.request_id().to_owned(),
            decision: fallback_action.decision(),
            decided_by: DecidedBy::FallbackAction,
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

    /// Whether this is a watchdog's thread, which must not wait for any lock of the process.
    pub(crate) fn is_this_thread() -> bool {
        thread::current().name() == Some(THREAD_NAME)
    }
}

impl Watch<'_> {
    /// Tells what was decided. Does not return if the watchdog answers for this invocation: it ends the process when it has.
    pub(crate) async fn decided(&self, decision: &Decision, decided_by: DecidedBy) {
        let turn = self.shared.state().protocol.decided(self.number, |watched| {
            watched.decision = decision.clone();
            watched.decided_by = decided_by;
            watched.decided = true;
        });
        wait_for_the_end_if_lost(turn).await;
    }

    /// Leaves the event to the watchdog at once: the callback got no answer, which can be the fault of what this process is
    /// left with. Does not return, since the watchdog ends the process when it has answered.
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

    /// Ends the watch before Lambda is answered. Does not return if the watchdog answers.
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
        // A second answer is none.
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
        // A thread that looks early enough need not be woken for each invocation.
        if state.looks_at.is_none_or(|looks_at| due < looks_at) {
            state.looks_at = Some(due);
            self.changed.notify_one();
        }
        Some(number)
    }

    /// Takes the events whose moment has come.
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
            // An invocation that is not stuck acts at its processor's deadline; a slow one a little later.
            decision: processor_deadline + reserve / 5,
            callback: invocation.callback_deadline? + reserve / 20,
            deadline,
        })
    }
}

/// Sends the callback in what is left of the time.
async fn settle(callbacks: &Callbacks, callback: Callback<'_>, deadline: Instant) -> Result<Settlement, Error> {
    let (end, deadline) = last_try(Instant::now(), deadline);
    match timeout_at(end, callbacks.settle_caught(callback, Some(deadline))).await {
        Ok(result) => result,
        Err(_) => {
            let problem =
                "the watchdog's callback got no answer in the time that was left; Lambda delivers the event again";
            Err(Error::new(ErrorKind::CallbackUnavailable, problem))
        }
    }
}

/// When the watchdog stops sending, and the deadline to send by, which is later if the time is short.
///
/// A round of sending is cut to half of a short time, so that another one can follow. Here that would be the end of a
/// connection that was about to be there: with a fourteenth of a core, of which the runaway burns half, it takes some 200 ms.
/// So one attempt has all of a short time.
fn last_try(now: Instant, deadline: Instant) -> (Instant, Instant) {
    let end = deadline.checked_sub(PARTING).unwrap_or(deadline).max(now + LAST_TRY);
    let left = end - now;
    (end, end + PARTING + if left < ATTEMPT_TIMEOUT { left } else { Duration::ZERO })
}

/// What the thread has.
struct Guard {
    shared: Arc<Shared>,
    callbacks: Arc<Callbacks>,
    log: Log,
}

impl Guard {
    /// What the thread does. It ends with the process.
    fn stand(&self, runtime: &Runtime) {
        let _log = tracing::dispatcher::set_default(&self.log.dispatch());
        loop {
            caught(|| runtime.block_on(self.watch()));
            // It has not ended, so it panicked. Not again and again without a pause, whatever it is.
            thread::sleep(PARTING);
        }
    }

    async fn watch(&self) {
        loop {
            for (number, watched) in self.shared.take() {
                let (shared, callbacks, log) = (self.shared.clone(), self.callbacks.clone(), self.log.clone());
                tokio::spawn(async move {
                    // Whatever becomes of this one: it is not to keep the process from its end.
                    Caught::new(watched.answer(&callbacks, &log)).await;
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

    /// Ends the process, unless something is open.
    async fn end(&self) {
        // Others may have their answers on the way.
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

    async fn answer(self, callbacks: &Callbacks, log: &Log) {
        let Self { ids, provenance, request_id, decision, decided_by, fallback_action, decided, error, moments } = self;
        let stuck = if decided { "the callback does not get out" } else { "the processor does not return" };
        let callback = Callback { ids: &ids, decision: &decision, fallback_action, provenance: &provenance };
        let result = settle(callbacks, callback, moments.deadline).await;
        // What the main path knows was found out in more time.
        let result = result.map_err(|own| match own.kind() {
            ErrorKind::CallbackUnavailable => error.unwrap_or(own),
            _ => own,
        });
        let result = result.map(|settlement| Settled::new(&callback, decided_by, settlement));

        let failed = result.as_ref().err().map(|error| format!("{error:?}"));
        let (decision, decided_by, doubt) = match &result {
            Ok(settled) => (settled.decision, settled.decided_by, settled.doubt.map(Doubt::as_str)),
            Err(_) => (decision.name(), decided_by, None),
        };
        let fallback_action = (decided_by == DecidedBy::FallbackAction).then(|| fallback_action.as_str());
        tracing::error!(
            request_id,
            message_id = ids.message_id,
            channel_arn = ids.channel_arn,
            callback_id = ids.callback_id,
            decision,
            ?decided_by,
            fallback_action,
            doubt,
            failed,
            "{stuck}; the watchdog answered in its place, and the process ends"
        );
        // Before Lambda hears of the end, so that the line belongs to this invocation.
        log.written(PARTING).await;
        if let Err(error) = runtime_api::answer(&request_id, result).await {
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
        // The deadline is there, and the process is not dead yet.
        assert_eq!(milliseconds(0), (300, 600));
    }
}
