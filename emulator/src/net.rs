//! Connections: a server on one port, with TLS or without, whose connections can be made to fail.

pub(crate) mod certificate;
pub(crate) mod connection;
pub(crate) mod origin_check;
pub(crate) mod query;
pub(crate) mod server;
pub(crate) mod stream;
