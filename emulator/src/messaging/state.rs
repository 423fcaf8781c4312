//! The service's state, behind one lock.

use crate::assumptions::Assumptions;
use crate::messaging::callback_log::CallbackLog;
use crate::messaging::keys::Keys;
use crate::messaging::outbox::{Done, Outbox};
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::world::World;
use crate::model::counts::Counts;
use crate::model::event::Event;
use crate::model::message::{MessageIds, MessageState};
use std::io;
use std::sync::{Mutex, MutexGuard};

/// Everything that the service knows.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) keys: Keys,
    pub(crate) callback_log: CallbackLog,
}

/// The state behind its lock, which is never held across an await, and the outbox for the effects of changes.
#[derive(Debug)]
pub(crate) struct SharedState {
    state: Mutex<State>,
    outbox: Outbox,
}

impl State {
    /// The state of a message.
    pub(crate) fn message(&self, ids: &MessageIds) -> Option<MessageState> {
        self.world.state_of(ids).or_else(|| self.world.strays.state_of(ids).cloned())
    }
}

impl SharedState {
    pub(crate) fn new(state: State, outbox: Outbox) -> Self {
        Self { state: Mutex::new(state), outbox }
    }

    /// Reads the state.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&State) -> R) -> R {
        read(&self.lock())
    }

    /// Changes the state. When [`Done`] comes, the change is safe and its effects are under way.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> (R, Option<Done>) {
        let mut state = self.lock();
        let changed = change(&mut state);
        let batch = state.world.take_batch();
        // With the lock held, so that batches leave in the order of the changes.
        let done = (!batch.is_empty()).then(|| self.outbox.send(batch));
        (changed, done)
    }

    /// Makes the message of `event` pending, unless it is known already or has no usable ids.
    pub(crate) fn register(&self, event: &Event) -> Option<MessageState> {
        let ids = event.ids().ok()?;
        let register = |state: &mut State| {
            let now = state.world.clock.now();
            state.message(ids).or_else(|| state.world.strays.register(event, now))
        };
        self.change(register).0
    }

    /// As [`register`](Self::register), without a look at the message.
    pub(crate) fn note(&self, event: &Event) {
        let of_channel = |state: &State| event.ids().is_ok_and(|ids| state.world.step_state(ids).is_some());
        if !self.read(of_channel) {
            self.register(event);
        }
    }

    /// Whether a message has been decided.
    pub(crate) fn is_decided(&self, ids: &MessageIds) -> bool {
        self.read(|State { world, .. }| match world.step_state(ids) {
            Some(step) => step.decision.is_some(),
            None => world.strays.state_of(ids).is_some_and(|message| message.decision().is_some()),
        })
    }

    /// The state of a message.
    pub(crate) fn message(&self, ids: &MessageIds) -> Option<MessageState> {
        self.read(|state| state.message(ids))
    }

    /// Numbers of messages and callbacks since the start.
    pub(crate) fn counts(&self) -> Counts {
        self.read(|State { world, callback_log, .. }| {
            let mut counts = Counts::default();
            callback_log.count_in(&mut counts);
            let (begun, processing) = world.processed();
            counts.sent = begun + world.strays.count();
            counts.pending = processing + world.strays.pending();
            counts.decided_twice = world.strays.decided_twice();
            counts
        })
    }

    /// The current assumptions.
    pub(crate) fn assumptions(&self) -> Assumptions {
        self.read(|state| state.world.assumptions.clone())
    }

    /// Refuses any change if the data file takes none any more.
    pub(crate) fn check_data_file(&self) -> Result<(), ApiError> {
        self.outbox.failure().map_or(Ok(()), |error| Err(not_written(error)))
    }

    /// Waits until changes are safe.
    pub(crate) async fn safe(&self, done: Option<Done>) -> Result<(), ApiError> {
        let Some(done) = done else { return Ok(()) };
        match done.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(not_written(&error)),
            Err(_) => Err(ApiError::new(Exception::ServiceUnavailable, "the emulator is about to end")),
        }
    }

    /// Closes the data file once all that was accepted is in it. No change is accepted any more.
    pub(crate) async fn close(&self) {
        self.outbox.close().await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the lock")
    }
}

fn not_written(error: &io::Error) -> ApiError {
    ApiError::new(Exception::ServiceFailure, format!("the data file cannot be written: {error}"))
}
