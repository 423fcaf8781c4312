//! SigV4, checked by signing the request again.

mod scope;

pub(crate) mod error;
pub(crate) mod header;
pub(crate) mod query;
mod usual;
