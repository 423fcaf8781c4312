//! The resources of the API model, as they are stored.

pub(crate) mod app_instance;
pub(crate) mod channel;
pub(crate) mod channel_flow;
pub(crate) mod identity;
pub(crate) mod message;
pub(crate) mod sub_channel;
pub(crate) mod tags;
