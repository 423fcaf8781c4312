//! Lambda, as the messaging service sees it: function ARNs, and what is behind them.

use crate::event::Event;
use crate::event_queue::EventQueue;
use std::collections::HashMap;
use std::sync::RwLock;

/// Which function is behind which ARN.
#[derive(Debug, Default)]
pub(crate) struct Lambda {
    targets: RwLock<HashMap<String, InvocationTarget>>,
}

/// What runs a function.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum InvocationTarget {
    /// A binary on this machine, behind Lambda's queue.
    Queue(EventQueue),
}

/// Why a function could not be invoked; `failureReason` of the event on EventBridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreachable(pub(crate) String);

impl Lambda {
    /// Puts a function behind an ARN. Events that an earlier one has taken are finished by that one.
    pub(crate) fn set(&self, function_arn: String, target: InvocationTarget) {
        self.targets.write().expect("nothing panics while it holds the lock").insert(function_arn, target);
    }

    /// Hands an event to the function, as `Invoke` with `InvocationType: Event`. Returns once it is taken.
    pub(crate) async fn invoke(&self, function_arn: &str, event: &Event) -> Result<(), Unreachable> {
        let target = self.targets.read().expect("nothing panics while it holds the lock").get(function_arn).cloned();
        match target {
            None => Err(Unreachable(format!("there is no function {function_arn}"))),
            Some(InvocationTarget::Queue(queue)) => match queue.deliver(event) {
                Ok(queued) => {
                    tokio::spawn(queued.finished());
                    Ok(())
                }
                Err(error) => Err(Unreachable(error.to_string())),
            },
        }
    }
}

impl From<EventQueue> for InvocationTarget {
    fn from(queue: EventQueue) -> Self {
        Self::Queue(queue)
    }
}
