//! The page's switchboard of faults.

use crate::assumptions::RepeatedCallback;
use crate::lambda::invocation_fault::InvocationFault;
use crate::messaging::core::Core;
use crate::messaging::fault::Fault;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Switch {
    /// Events are delivered twice.
    Duplicate,
    /// Environments die with the event in their hands.
    Crash,
    /// Functions are not reached.
    Unreachable,
    /// Callbacks are refused with 429.
    Throttle,
    /// Callbacks are refused with 403.
    Forbid,
    /// Callbacks are accepted, and their answer is lost.
    LoseAnswer,
}

/// How a callback for a message that was decided is refused.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Repeated {
    NonPending,
    Conflict,
    Forbidden,
}

/// A change of the switchboard.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", untagged)]
pub(super) enum Change {
    /// The next so many meet it; with 0 none does.
    Set {
        switch: Switch,
        times: u32,
    },
    Repeated {
        repeated_callback: Repeated,
    },
}

/// The fault that a switch sets.
enum Sets {
    Callback(Fault),
    Invocation(InvocationFault),
}

const SWITCHES: [Switch; 6] =
    [Switch::Duplicate, Switch::Crash, Switch::Unreachable, Switch::Throttle, Switch::Forbid, Switch::LoseAnswer];

/// More than anybody waits for.
const TIMES: u32 = 1000;

/// The state of all switches.
pub(super) fn view(core: &Core) -> Value {
    let armed = SWITCHES.iter().map(|switch| json!({ "switch": switch, "times": switch.left(core) }));
    let repeated = match core.state.assumptions().repeated_callback {
        RepeatedCallback::NonPending => Repeated::NonPending,
        RepeatedCallback::Conflict => Repeated::Conflict,
        RepeatedCallback::Forbidden => Repeated::Forbidden,
    };
    json!({ "armed": armed.collect::<Vec<_>>(), "repeatedCallback": repeated })
}

/// Sets a switch, and answers with the state of all switches.
pub(super) fn change(core: &Core, change: Change) -> Value {
    match change {
        Change::Set { switch, times } => switch.set(core, times.min(TIMES)),
        Change::Repeated { repeated_callback } => {
            let repeated = match repeated_callback {
                Repeated::NonPending => RepeatedCallback::NonPending,
                Repeated::Conflict => RepeatedCallback::Conflict,
                Repeated::Forbidden => RepeatedCallback::Forbidden,
            };
            core.state.change(|state| state.world.assumptions.repeated_callback = repeated);
        }
    }
    view(core)
}

impl Switch {
    fn sets(self) -> Sets {
        match self {
            Self::Duplicate => Sets::Invocation(InvocationFault::Duplicate),
            Self::Crash => Sets::Invocation(InvocationFault::Crash),
            Self::Unreachable => Sets::Invocation(InvocationFault::Unreachable),
            Self::Throttle => Sets::Callback(Fault::throttled()),
            Self::Forbid => Sets::Callback(Fault::forbidden()),
            Self::LoseAnswer => Sets::Callback(Fault::lost_answer()),
        }
    }

    fn left(self, core: &Core) -> u64 {
        match self.sets() {
            Sets::Callback(fault) => core.script.left_of(&fault),
            Sets::Invocation(fault) => core.invocation_script.left_of(fault) as u64,
        }
    }

    fn set(self, core: &Core, times: u32) {
        match self.sets() {
            Sets::Callback(fault) => core.script.replace(fault.times(times)),
            Sets::Invocation(fault) => core.invocation_script.replace(fault, times as usize),
        }
    }
}
