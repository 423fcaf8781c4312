//! Lambda: functions, their environments and queues, and the Runtime API.

pub(crate) mod attempt;
pub(crate) mod envelope;
pub(crate) mod environment;
pub(crate) mod environments;
pub(crate) mod event_queue;
pub(crate) mod function;
pub(crate) mod function_settings;
pub(crate) mod host;
pub(crate) mod invocation_fault;
pub(crate) mod invoke_endpoint;
pub(crate) mod logs;
pub(crate) mod process;
pub(crate) mod program;
pub(crate) mod runtime_api;
pub(crate) mod scope;
pub(crate) mod sqs;
pub(crate) mod target;
pub(crate) mod unreachable;
