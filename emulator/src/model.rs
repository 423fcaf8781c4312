//! The things that all parts of the emulator speak about: events, messages, decisions, refusals, reports of invocations.

pub(crate) mod activity;
pub(crate) mod callback_record;
pub(crate) mod code;
pub(crate) mod counts;
pub(crate) mod credentials;
pub(crate) mod decision;
pub(crate) mod event;
pub(crate) mod fallback;
pub(crate) mod grant;
pub(crate) mod invocation;
pub(crate) mod message;
pub(crate) mod processor_step;
pub(crate) mod refusal;
pub(crate) mod returned;
pub(crate) mod scores;
pub(crate) mod session_event;
pub(crate) mod step_report;
