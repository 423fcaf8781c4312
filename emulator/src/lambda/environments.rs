//! The execution environments of one function: as many as its concurrency asks for, started when needed.

use crate::lambda::environment::Environment;
use crate::lambda::host::Host;
use crate::lambda::logs::Logs;
use crate::lambda::program::Program;
use crate::model::invocation::InitFailure;
use std::fmt;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};

/// The environments of a function that can take events, and everything they have in common.
#[derive(Debug)]
pub(crate) struct Environments {
    pub(crate) program: Program,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) logs: Arc<Logs>,
    name: Arc<str>,
    permits: Semaphore,
    places: Mutex<Vec<Arc<Place>>>,
}

/// Room for an environment, which starts with the first event that comes here.
#[derive(Debug, Default)]
pub(crate) struct Place {
    environment: OnceCell<Environment>,
    /// How many events it has in hand; changed with the list of places locked.
    in_hand: AtomicUsize,
}

/// An environment's readiness for one event, given back when dropped.
pub(crate) struct Lease<'a> {
    environments: &'a Environments,
    place: Arc<Place>,
}

/// One execution environment of a function, to do to it what happens to environments.
///
/// It does not keep the process running.
#[derive(Clone)]
pub struct ExecutionEnvironment {
    place: Weak<Place>,
    places: Weak<Environments>,
}

impl Environments {
    pub(crate) fn new(program: Program, host: Arc<dyn Host>, logs: Arc<Logs>) -> Self {
        let settings = &program.settings;
        let at_once = settings.concurrency * settings.concurrency_of_environment;
        let permits = Semaphore::new(at_once.min(Semaphore::MAX_PERMITS));
        let name = program.name().into();
        Self { program, host, logs, name, permits, places: Mutex::default() }
    }

    /// Waits until the concurrency allows for one more event. Those who wait are served in order.
    pub(crate) async fn permit(&self) -> SemaphorePermit<'_> {
        self.permits.acquire().await.expect("it is never closed")
    }

    /// A place for an event, warm if there is one.
    pub(crate) fn lease(&self) -> Lease<'_> {
        let mut places = self.lock();
        let most = self.program.settings.concurrency_of_environment;
        places.retain(|place| place.is_usable(most));
        let free = places.iter().rev().find(|place| place.busy() < most).cloned();
        let place = free.unwrap_or_else(|| {
            let place = Arc::<Place>::default();
            places.push(Arc::clone(&place));
            place
        });
        place.in_hand.fetch_add(1, Ordering::Relaxed);
        Lease { environments: self, place }
    }

    /// Waits until no event is in hand, and ends all environments.
    pub(crate) async fn end_all(&self) {
        let settings = &self.program.settings;
        let all = u32::try_from(settings.concurrency * settings.concurrency_of_environment).unwrap_or(u32::MAX);
        let _permits = self.permits.acquire_many(all).await.expect("it is never closed");
        let places = std::mem::take(&mut *self.lock());
        for place in places {
            place.end_at_rest().await;
        }
    }

    pub(crate) fn handles(self: &Arc<Self>) -> Vec<ExecutionEnvironment> {
        let running = |place: &&Arc<Place>| place.environment.get().is_some_and(Environment::is_alive);
        let places = Arc::downgrade(self);
        let handle = |place| ExecutionEnvironment { place: Arc::downgrade(place), places: Weak::clone(&places) };
        self.lock().iter().filter(running).map(handle).collect()
    }

    fn remove(&self, place: &Arc<Place>) {
        self.lock().retain(|other| !Arc::ptr_eq(other, place));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Place>>> {
        self.places.lock().expect("nothing panics while it holds the lock")
    }
}

impl Place {
    /// Whether it can take an event, now or later. One that is stuck in all it has in hand cannot.
    fn is_usable(&self, most: usize) -> bool {
        let in_use = self.in_hand.load(Ordering::Relaxed) > 0;
        let usable = |environment: &Environment| environment.is_alive() && environment.overdue() < most;
        in_use || self.environment.get().is_none_or(usable)
    }

    /// How many events it has in hand or is stuck in.
    fn busy(&self) -> usize {
        let overdue = self.environment.get().map_or(0, Environment::overdue);
        self.in_hand.load(Ordering::Relaxed) + overdue
    }

    async fn end(&self) {
        if let Some(environment) = self.environment.get() {
            environment.end().await;
        }
    }

    /// Ends it once it is done with the events that it has answered.
    async fn end_at_rest(&self) {
        if let Some(environment) = self.environment.get() {
            environment.at_rest().await;
            environment.end().await;
        }
    }
}

impl Lease<'_> {
    /// The environment, started now if it was not before. One that fails to start leaves its place.
    pub(crate) async fn environment(&self) -> Result<&Environment, InitFailure> {
        let Environments { program, host, logs, name, .. } = self.environments;
        let start = || Environment::start(program, host.issue_credentials(Arc::clone(name)), logs);
        let started = self.place.environment.get_or_try_init(start).await;
        if started.is_err() {
            self.environments.remove(&self.place);
        }
        started
    }

    /// Lets no other event come here, and kills the process.
    pub(crate) async fn end(&self) {
        self.environments.remove(&self.place);
        self.place.end().await;
    }

    /// Freezes the environment before another event can come here.
    pub(crate) async fn freeze(&self) {
        if let Some(environment) = self.place.environment.get() {
            environment.freeze().await;
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let _places = self.environments.lock();
        self.place.in_hand.fetch_sub(1, Ordering::Relaxed);
    }
}

impl ExecutionEnvironment {
    /// Whether its process runs, frozen or not.
    pub fn is_running(&self) -> bool {
        self.with(Environment::is_alive).unwrap_or(false)
    }

    /// Whether it is frozen between two invocations.
    pub fn is_frozen(&self) -> bool {
        self.with(|environment| environment.is_alive() && environment.is_frozen()).unwrap_or(false)
    }

    /// How many events it has in hand.
    pub fn events_in_hand(&self) -> usize {
        self.place.upgrade().map_or(0, |place| place.in_hand.load(Ordering::Relaxed))
    }

    /// The system's id of its process.
    pub fn process_id(&self) -> Option<u32> {
        self.with(|environment| environment.process().id()).flatten()
    }

    /// Kills it with SIGKILL, as the system does for memory. An invocation that is under way ends with it.
    pub fn kill(&self) {
        self.with(|environment| environment.process().kill());
    }

    /// Ends it as Lambda does when it shuts down: gives it no other event, sends SIGTERM to its process, and waits for that
    /// to exit. Returns how it exited; `None` if it ran on after `grace`, and was killed then, or was gone before.
    pub async fn terminate(&self, grace: Duration) -> Option<ExitStatus> {
        let place = self.place.upgrade()?;
        if let Some(environments) = self.places.upgrade() {
            environments.remove(&place);
        }
        place.environment.get()?.terminate(grace).await
    }

    fn with<T>(&self, read: impl FnOnce(&Environment) -> T) -> Option<T> {
        Some(read(self.place.upgrade()?.environment.get()?))
    }
}

impl fmt::Debug for ExecutionEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExecutionEnvironment")
            .field("process_id", &self.process_id())
            .field("is_running", &self.is_running())
            .field("events_in_hand", &self.events_in_hand())
            .finish()
    }
}
