//! Which function is behind which ARN, and handing events to it.

use crate::lambda::attempt::{Attempt, OnAttempt};
use crate::lambda::event_queue::{Delivery, EventQueue};
use crate::lambda::invocation_fault::{InvocationFault, InvocationScript};
use crate::lambda::scope::while_open;
use crate::lambda::target::InvocationTarget;
use crate::lambda::unreachable::Unreachable;
use crate::messaging::state::SharedState;
use crate::model::activity::ActivityKind;
use crate::model::event::Event;
use crate::model::message::MessageIds;
use std::collections::HashMap;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;
use tokio::sync::watch;

/// The functions that the service can invoke.
#[derive(Debug)]
pub(crate) struct Invoker {
    targets: RwLock<Targets>,
    script: Arc<InvocationScript>,
    state: Arc<SharedState>,
}

#[derive(Debug)]
struct Targets {
    by_arn: HashMap<String, InvocationTarget>,
    /// Work under way ends with it.
    open: Option<watch::Sender<()>>,
}

/// An invocation about to be made. It holds its own function and no other.
struct Handover {
    function_arn: String,
    target: Result<InvocationTarget, Unreachable>,
    fault: Option<InvocationFault>,
    state: Arc<SharedState>,
    /// Ends when the invoker lets go of all functions; `None` if it has done so.
    open: Option<watch::Receiver<()>>,
}

/// Announces the outcome of one event. An event without ids belongs to no message, and is not announced.
#[derive(Clone)]
struct Notifier {
    state: Arc<SharedState>,
    ids: Option<MessageIds>,
}

impl Invoker {
    pub(crate) fn new(script: Arc<InvocationScript>, state: Arc<SharedState>) -> Self {
        let targets = Targets { by_arn: HashMap::new(), open: Some(watch::Sender::new(())) };
        Self { targets: RwLock::new(targets), script, state }
    }

    /// Puts a function behind an ARN. It gets the events that were on their way to that ARN when the service ended last.
    /// Events that an earlier function has taken are finished by that one.
    pub(crate) fn set(&self, function_arn: &str, target: InvocationTarget) {
        let mut targets = self.write();
        if targets.open.is_some() {
            targets.by_arn.insert(function_arn.to_owned(), target);
        }
        drop(targets);
        self.state.change(|state| state.world.resume(function_arn));
    }

    /// Takes a function away. Events that it has taken are finished by it.
    pub(crate) fn remove(&self, function_arn: &str) -> Option<InvocationTarget> {
        self.write().by_arn.remove(function_arn)
    }

    /// Lets go of all functions, and of the events they have in hand.
    pub(crate) fn close(&self) {
        *self.write() = Targets { by_arn: HashMap::new(), open: None };
    }

    /// Hands an event to the function, as `Invoke` with `InvocationType: Event`. Returns once it is taken, which an endpoint
    /// that invokes synchronously says when all is over.
    pub(crate) async fn invoke(&self, function_arn: String, event: &Event) -> Result<(), Unreachable> {
        self.handover(function_arn).run(event).await
    }

    /// Invokes a processor in the background. If it cannot be reached, its fallback action applies.
    pub(crate) fn invoke_processor(&self, function_arn: String, event: Event) {
        let handover = self.handover(function_arn);
        let Some(open) = handover.open.clone() else { return };
        let state = Arc::clone(&self.state);
        tokio::spawn(while_open(open, async move {
            if let Err(unreachable) = handover.run(&event).await {
                // As it is, the message goes on after the next start.
                if state.check_data_file().is_ok() {
                    state.change(|state| state.world.unreachable(&event, unreachable.0));
                }
            }
        }));
    }

    fn handover(&self, function_arn: String) -> Handover {
        let targets = self.read();
        let target = targets.by_arn.get(&function_arn).cloned();
        let fault = target.as_ref().and_then(|_| self.script.next());
        let target = target.ok_or_else(|| Unreachable(format!("there is no function {function_arn}")));
        let open = targets.open.as_ref().map(watch::Sender::subscribe);
        Handover { function_arn, target, fault, state: Arc::clone(&self.state), open }
    }

    fn read(&self) -> RwLockReadGuard<'_, Targets> {
        self.targets.read().expect("nothing panics while it holds the lock")
    }

    fn write(&self) -> RwLockWriteGuard<'_, Targets> {
        self.targets.write().expect("nothing panics while it holds the lock")
    }
}

impl Handover {
    async fn run(self, event: &Event) -> Result<(), Unreachable> {
        let Self { function_arn, target, fault, state, open } = self;
        let target = target?;
        if fault == Some(InvocationFault::Unreachable) {
            return Err(Unreachable("429 TooManyRequestsException: a scripted fault".to_owned()));
        }
        let notifier = Notifier { state, ids: event.ids().ok().cloned() };
        match target {
            InvocationTarget::Queue(queue) => deliver(&queue, event, fault, notifier, open),
            InvocationTarget::Endpoint(endpoint) => {
                if endpoint.invoke(&function_arn, event, fault, &notifier.on_attempt()).await? {
                    notifier.finished(&function_arn);
                }
                Ok(())
            }
        }
    }
}

fn deliver(
    queue: &EventQueue,
    event: &Event,
    fault: Option<InvocationFault>,
    notifier: Notifier,
    open: Option<watch::Receiver<()>>,
) -> Result<(), Unreachable> {
    let deliver = || {
        let crash = fault == Some(InvocationFault::Crash);
        let delivery = Delivery { crash, on_attempt: Some(notifier.on_attempt()) };
        queue.deliver_as(event, delivery).map_err(|error| Unreachable(error.to_string()))
    };
    let first = deliver()?;
    let second = if fault == Some(InvocationFault::Duplicate) { Some(deliver()?) } else { None };
    let Some(open) = open else { return Ok(()) };
    let function_arn = queue.function().arn();
    tokio::spawn(while_open(open, async move {
        first.finished().await;
        if let Some(second) = second {
            second.finished().await;
        }
        notifier.finished(&function_arn);
    }));
    Ok(())
}

impl Notifier {
    fn on_attempt(&self) -> OnAttempt {
        let notifier = self.clone();
        OnAttempt::new(move |attempt| notifier.attempted(attempt))
    }

    fn attempted(&self, attempt: &Attempt<'_>) {
        let Some(ids) = &self.ids else { return };
        let kind = ActivityKind::Attempted {
            ids: ids.clone(),
            function_arn: attempt.function_arn.to_owned(),
            request_id: attempt.request_id.to_owned(),
            outcome: attempt.outcome.clone(),
            success: attempt.success,
            returned: attempt.returned.clone(),
            milliseconds: milliseconds(attempt.duration),
            cold_start_milliseconds: attempt.cold_start.map(milliseconds),
        };
        self.state.change(|state| {
            let now = state.world.clock.now();
            state.world.announce(now, ids.key(), kind);
        });
    }

    /// No other try will come, at the function or wherever its failures go.
    fn finished(&self, function_arn: &str) {
        let Some(ids) = &self.ids else { return };
        self.state.change(|state| {
            let decided = state.message(ids).is_some_and(|message| message.decision().is_some());
            let kind = ActivityKind::Finished { ids: ids.clone(), function_arn: function_arn.to_owned(), decided };
            let now = state.world.clock.now();
            state.world.announce(now, ids.key(), kind);
        });
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
