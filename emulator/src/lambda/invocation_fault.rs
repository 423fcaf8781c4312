//! Faults of invocation, scripted: failures between the service and its functions.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard};

/// Something that goes wrong with one invocation of a processor.
///
/// [`MessagingService::fault_invocation`](crate::MessagingService::fault_invocation) queues it, and each meets one
/// invocation, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvocationFault {
    /// The event is delivered twice at once, with a request id for each.
    Duplicate,
    /// The environment is killed as soon as it has taken the event, before it can answer; Lambda tries again.
    ///
    /// A function behind an [`InvokeEndpoint`](crate::InvokeEndpoint) cannot be killed from here: it does not get the event,
    /// as if it had died with it in its hands.
    Crash,
    /// The function is not reached, as when Lambda throttles it: the processor's fallback action applies.
    Unreachable,
}

/// The faults that invocations have yet to meet.
#[derive(Debug, Default)]
pub(crate) struct InvocationScript(Mutex<VecDeque<InvocationFault>>);

impl InvocationScript {
    pub(crate) fn add(&self, fault: InvocationFault) {
        self.lock().push_back(fault);
    }

    pub(crate) fn left(&self) -> usize {
        self.lock().len()
    }

    /// How many invocations will meet this one.
    pub(crate) fn left_of(&self, fault: InvocationFault) -> usize {
        self.lock().iter().filter(|queued| **queued == fault).count()
    }

    /// Forgets those of this kind, and adds so many.
    pub(crate) fn replace(&self, fault: InvocationFault, times: usize) {
        let mut queued = self.lock();
        queued.retain(|queued| *queued != fault);
        queued.extend(std::iter::repeat_n(fault, times));
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    pub(crate) fn next(&self) -> Option<InvocationFault> {
        self.lock().pop_front()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<InvocationFault>> {
        self.0.lock().expect("nothing panics while it holds the lock")
    }
}

impl InvocationFault {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Duplicate, Self::Crash, Self::Unreachable];
}

impl fmt::Display for InvocationFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Duplicate => "duplicate",
            Self::Crash => "crash",
            Self::Unreachable => "unreachable",
        })
    }
}

impl FromStr for InvocationFault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|fault| fault.to_string() == text);
        known.ok_or_else(|| "a fault of invocation is duplicate, crash or unreachable".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_meets_one_invocation_in_order() {
        let script = InvocationScript::default();
        script.add(InvocationFault::Crash);
        script.add(InvocationFault::Duplicate);
        assert_eq!(script.left(), 2);
        assert_eq!(script.next(), Some(InvocationFault::Crash));
        assert_eq!(script.next(), Some(InvocationFault::Duplicate));
        assert_eq!(script.next(), None);
        script.add(InvocationFault::Unreachable);
        script.clear();
        assert_eq!((script.left(), script.next()), (0, None));
    }

    #[test]
    fn faults_have_names() {
        for fault in InvocationFault::ALL {
            assert_eq!(fault.to_string().parse(), Ok(fault));
        }
        assert!("Crash!".parse::<InvocationFault>().is_err());
    }
}
