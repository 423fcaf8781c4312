//! A thread that answers in place of one that does not return.
//!
//! A processor that blocks its thread takes the timers of its tokio runtime with it, and on a current-thread runtime
//! everything else. So a thread of its own sleeps until an invocation should have been decided and is not, or was decided
//! and cannot get its callback out. It then sends what is missing over a connection of its own, answers the Runtime API
//! for the invocation, and ends the process: an environment with a runaway in it must not be used again.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{self, Handle};

use crate::callback::{Callback, Callbacks};
use crate::event::{CallbackIds, Provenance};
use crate::settled::{DecidedBy, Settled};
use crate::{Decision, Error, FallbackAction, Invocation, client, runtime_api};

/// How long a runtime may take to run a task before it counts as stuck.
const PROBE: Duration = Duration::from_millis(100);

/// What the last invocations get to tell Lambda how they ended, before the process does.
const PARTING: Duration = Duration::from_millis(100);

/// How long an environment with a runaway takes new events beside the ones it has.
const LINGER: Duration = Duration::from_secs(5);

/// Watches over invocations.
pub(crate) struct Watchdog(Arc<Shared>);

/// An invocation under watch, until this is dropped.
pub(crate) struct Watch<'a> {
    shared: &'a Shared,
    number: u64,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    callbacks: Callbacks,
    watched_runtime: Handle,
}

#[derive(Default)]
struct State {
    started: bool,
    next_number: u64,
    watched: HashMap<u64, Watched>,
    /// When the thread looks next by itself; none where there is nothing to look at.
    looks_at: Option<Instant>,
    /// Since when a runaway is known: the process ends when what else is under way is done.
    ending_since: Option<Instant>,
}

struct Watched {
    ids: CallbackIds,
    provenance: Provenance,
    request_id: String,
    /// What goes out if the watchdog has to answer: the fallback action until something else is decided.
    decision: Decision,
    decided_by: DecidedBy,
    decided: bool,
    fallback_action: FallbackAction,
    /// When the watchdog looks whether this is stuck.
    due: Instant,
    deadline: Instant,
    /// The part of the time that is kept for the callback.
    reserve: Duration,
    /// The watchdog answers for this one.
    taken: bool,
}

impl Watchdog {
    /// A watchdog over the tokio runtime it is made in. None where no Runtime API could be answered: in a test of the
    /// adapter, for example.
    pub(crate) fn new(callbacks: &Callbacks) -> Option<Self> {
        std::env::var_os("AWS_LAMBDA_RUNTIME_API")?;
        Some(Self(Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            callbacks: callbacks.clone(),
            watched_runtime: Handle::current(),
        })))
    }

    /// Puts an invocation under watch; one without a deadline needs none. Does not return where the process has been
    /// ending for a while and events keep coming, or else it would not end: Lambda delivers this one again.
    pub(crate) async fn watch(
        &self,
        ids: &CallbackIds,
        provenance: &Provenance,
        invocation: &Invocation,
        fallback_action: FallbackAction,
    ) -> Option<Watch<'_>> {
        if self.0.state().ending_since.is_some_and(|since| since.elapsed() > LINGER) {
            std::future::pending::<()>().await;
        }
        let deadline = invocation.deadline?.into_std();
        let processor_deadline = invocation.processor_deadline?.into_std();
        let reserve = deadline.saturating_duration_since(processor_deadline);
        let watched = Watched {
            ids: ids.clone(),
            provenance: provenance.clone(),
            request_id: invocation.request_id().to_owned(),
            decision: fallback_action.decision(),
            decided_by: DecidedBy::FallbackAction,
            decided: false,
            fallback_action,
            // An invocation that is not stuck acts at its processor's deadline; a slow one a little later.
            due: processor_deadline + reserve / 5,
            deadline,
            reserve,
            taken: false,
        };
        let mut state = self.0.state();
        let number = state.next_number;
        state.next_number += 1;
        // A thread that looks early enough need not be woken for each invocation.
        let wake = state.looks_at.is_none_or(|looks_at| watched.due < looks_at);
        state.watched.insert(number, watched);
        if !state.started {
            state.started = true;
            let shared = self.0.clone();
            thread::Builder::new()
                .name("channel-flow watchdog".to_owned())
                .spawn(move || shared.stand_guard())
                .expect("the system has room for a second thread");
        } else if wake {
            self.0.changed.notify_one();
        }
        Some(Watch { shared: &self.0, number })
    }
}

impl Watch<'_> {
    /// Tells what was decided. Does not return where the watchdog answers for this invocation already: it ends the
    /// process when it has.
    pub(crate) async fn decided(&self, decision: &Decision, decided_by: DecidedBy) {
        {
            let mut state = self.shared.state();
            // One that the watchdog has taken may be gone from here already.
            if let Some(watched) = state.watched.get_mut(&self.number).filter(|watched| !watched.taken) {
                watched.decision = decision.clone();
                watched.decided_by = decided_by;
                watched.decided = true;
                watched.due = watched.due.max(watched.deadline - watched.reserve / 2);
                return;
            }
        }
        std::future::pending().await
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        if state.watched.get(&self.number).is_some_and(|watched| !watched.taken) {
            state.watched.remove(&self.number);
        }
        if state.ending_since.is_some() {
            self.shared.changed.notify_one();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the thread does. It ends with the process.
    fn stand_guard(&self) {
        loop {
            match self.next_due() {
                Some(number) if self.is_stuck(number) => self.answer(number),
                Some(_) => {}
                None => {
                    thread::sleep(PARTING);
                    if self.state().watched.is_empty() {
                        std::process::exit(1);
                    }
                }
            }
        }
    }

    /// Sleeps until an invocation is due; `None` when the process is to end and nothing is under way any more.
    fn next_due(&self) -> Option<u64> {
        let mut state = self.state();
        loop {
            let next = state.watched.iter().min_by_key(|(_, watched)| watched.due);
            let next = next.map(|(number, watched)| (*number, watched.due));
            let now = Instant::now();
            match next {
                Some((number, due)) if due <= now => {
                    // Until this one is dealt with the thread looks at nothing else.
                    state.looks_at = Some(now);
                    return Some(number);
                }
                Some((_, due)) => {
                    state.looks_at = Some(due);
                    state = self.changed.wait_timeout(state, due - now).unwrap_or_else(PoisonError::into_inner).0;
                }
                None if state.ending_since.is_some() => return None,
                None => {
                    state.looks_at = None;
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Whether the watchdog has to answer for this invocation, which is due; if so, it is taken.
    fn is_stuck(&self, number: u64) -> bool {
        let decided = match self.state().watched.get(&number) {
            Some(watched) => watched.decided,
            None => return false,
        };
        // Undecided now means stuck. Decided can mean that the callback is being tried again and again, which is well.
        let stuck = !decided || !self.runtime_answers();
        let mut state = self.state();
        let Some(watched) = state.watched.get_mut(&number) else { return false };
        if stuck {
            watched.taken = true;
        } else {
            watched.due = Instant::now() + (watched.reserve / 5).max(PROBE);
        }
        stuck
    }

    fn runtime_answers(&self) -> bool {
        let (sender, receiver) = mpsc::channel();
        self.watched_runtime.spawn(async move { sender.send(()) });
        receiver.recv_timeout(PROBE).is_ok()
    }

    /// Answers for an invocation that is taken, and for the others where the whole runtime is stuck.
    fn answer(&self, number: u64) {
        let whole_runtime = !self.runtime_answers();
        let mut taken = Vec::new();
        {
            let mut state = self.state();
            state.ending_since.get_or_insert_with(Instant::now);
            for (other, watched) in &mut state.watched {
                watched.taken |= whole_runtime;
                if whole_runtime || *other == number {
                    taken.push(*other);
                }
            }
            let taken: Vec<_> = taken.iter().filter_map(|number| state.watched.remove(number)).collect();
            drop(state);
            let answering = async {
                // One connection for all of them, made for this runtime: those of the other one may be stuck with it.
                let callbacks = self.callbacks.with_client(client::afresh(self.callbacks.client())?);
                for watched in taken {
                    watched.answer(&callbacks).await;
                }
                Ok::<_, Error>(())
            };
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            let answered =
                runtime.map_err(|error| Error::configuration("no runtime for the watchdog").caused_by(error));
            if let Err(error) = answered.and_then(|runtime| runtime.block_on(answering)) {
                log_aside(move || {
                    tracing::error!(
                        ?error,
                        "a processor blocks its thread, and the watchdog cannot answer in its place"
                    );
                });
            }
        }
    }
}

impl Watched {
    async fn answer(self, callbacks: &Callbacks) {
        let Self { ids, provenance, request_id, decision, decided_by, fallback_action, deadline, .. } = self;
        let callback = Callback { ids: &ids, decision: &decision, fallback_action, provenance: &provenance };
        let settling = callbacks.settle(callback, Some(deadline.into()));
        let result = settling.await.map(|settlement| Settled::new(&callback, decided_by, settlement));
        let failed = result.as_ref().err().map(|error| format!("{error:?}"));
        let untold = runtime_api::answer(&request_id, result).await.err().map(|error| error.to_string());
        let decision = decision.name();
        log_aside(move || {
            tracing::error!(
                request_id,
                message_id = ids.message_id,
                channel_arn = ids.channel_arn,
                callback_id = ids.callback_id,
                decision,
                ?decided_by,
                failed,
                untold,
                "a processor blocks its thread; the watchdog answered in its place, and the process ends"
            );
        });
    }
}

/// Logs, unless the stuck thread keeps standard output locked.
fn log_aside(log: impl FnOnce() + Send + 'static) {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        log();
        // Nobody listens any more where this took too long.
        let _ = sender.send(());
    });
    let _ = receiver.recv_timeout(PARTING);
}
