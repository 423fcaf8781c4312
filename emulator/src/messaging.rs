//! The messaging service without its port.

pub(crate) mod api;
pub(crate) mod callback;
pub(crate) mod callback_log;
pub(crate) mod core;
pub(crate) mod effects;
pub(crate) mod expiration;
pub(crate) mod fault;
pub(crate) mod function_host;
pub(crate) mod invoker;
pub(crate) mod keys;
pub(crate) mod outbox;
pub(crate) mod resource;
pub(crate) mod sessions;
pub(crate) mod state;
pub(crate) mod store;
pub(crate) mod watchers;
pub(crate) mod wire;
pub(crate) mod world;
