//! What the emulator speaks about: events, messages, decisions, refusals, and what came of an invocation.

pub(crate) mod activity;
pub(crate) mod callback_record;
pub(crate) mod counts;
pub(crate) mod credentials;
pub(crate) mod decision;
pub(crate) mod event;
pub(crate) mod grant;
pub(crate) mod invocation;
pub(crate) mod message;
pub(crate) mod refusal;
pub(crate) mod session_event;
