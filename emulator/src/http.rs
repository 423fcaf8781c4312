//! The service over HTTP.

pub(crate) mod answer;
pub(crate) mod authenticate;
pub(crate) mod channel_flow_callback;
pub(crate) mod connect;
#[cfg(feature = "dynamodb")]
pub(crate) mod dynamodb;
pub(crate) mod faulty_answer;
pub(crate) mod get_channel_message_status;
pub(crate) mod long_body;
pub(crate) mod operation;
pub(crate) mod page;
pub(crate) mod router;
