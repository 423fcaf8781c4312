//! Lambda, as the messaging service sees it: function ARNs, and what is behind them.

use crate::lambda::attempt::Telling;
use crate::lambda::event_queue::{Delivery, EventQueue, while_open};
use crate::lambda::invocation_fault::{InvocationFault, InvocationScript};
use crate::messaging::core::Core;
use crate::model::event::Event;
use std::collections::HashMap;
use crate::lambda::target::InvocationTarget;
use crate::lambda::unreachable::Unreachable;
use std::future::Future;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::watch;

/// Which function is behind which ARN.
#[derive(Debug, Default)]
pub(crate) struct Lambda {
    targets: RwLock<Targets>,
    pub(crate) script: InvocationScript,
}

#[derive(Debug)]
struct Targets {
    by_arn: HashMap<String, InvocationTarget>,
    /// What is under way ends with it.
    open: Option<watch::Sender<()>>,
}

impl Lambda {
    /// Puts a function behind an ARN. Events that an earlier one has taken are finished by that one.
    pub(crate) fn set(&self, function_arn: String, target: InvocationTarget) {
        let mut targets = self.write();
        if targets.open.is_some() {
            targets.by_arn.insert(function_arn, target);
        }
    }

    /// Takes a function away. Events that it has taken are finished by it.
    pub(crate) fn remove(&self, function_arn: &str) -> Option<InvocationTarget> {
        self.write().by_arn.remove(function_arn)
    }

    /// Lets go of all functions, and of what they have in hand.
    pub(crate) fn close(&self) {
        *self.write() = Targets { by_arn: HashMap::new(), open: None };
    }

    /// Hands an event to the function, as `Invoke` with `InvocationType: Event`. Returns once it is taken, which an endpoint
    /// that invokes synchronously says when all is over.
    pub(crate) async fn invoke(&self, core: &Arc<Core>, function_arn: &str, event: &Event) -> Result<(), Unreachable> {
        let target = self.read().by_arn.get(function_arn).cloned();
        let target = target.ok_or_else(|| Unreachable(format!("there is no function {function_arn}")))?;
        let fault = self.script.next();
        if fault == Some(InvocationFault::Unreachable) {
            return Err(Unreachable("429 TooManyRequestsException: a scripted fault".to_owned()));
        }
        let telling = Telling::new(core, event);
        match target {
            InvocationTarget::Queue(queue) => self.queue(&queue, event, fault, telling),
            InvocationTarget::Endpoint(endpoint) => endpoint.invoke(function_arn, event, fault, &telling).await,
        }
    }

    fn queue(
        &self,
        queue: &EventQueue,
        event: &Event,
        fault: Option<InvocationFault>,
        telling: Telling,
    ) -> Result<(), Unreachable> {
        let deliver = || {
            let delivery = Delivery { crash: fault == Some(InvocationFault::Crash), on_attempt: Some(telling.hook()) };
            queue.deliver_as(event, delivery).map_err(|error| Unreachable(error.to_string()))
        };
        let first = deliver()?;
        let second = if fault == Some(InvocationFault::Duplicate) { Some(deliver()?) } else { None };
        let function_arn = queue.function().arn();
        self.spawn(async move {
            first.finished().await;
            if let Some(second) = second {
                second.finished().await;
            }
            telling.finished(&function_arn);
        });
        Ok(())
    }

    /// Does something until it is done, or all is let go.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Some(open) = &self.read().open {
            tokio::spawn(while_open(open.subscribe(), work));
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Targets> {
        self.targets.read().expect("nothing panics while it holds the lock")
    }

    fn write(&self) -> RwLockWriteGuard<'_, Targets> {
        self.targets.write().expect("nothing panics while it holds the lock")
    }
}

impl Default for Targets {
    fn default() -> Self {
        Self { by_arn: HashMap::new(), open: Some(watch::Sender::new(())) }
    }
}
