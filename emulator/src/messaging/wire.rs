//! How the service's API looks on the wire: shapes of input, JSON of answers, errors.

pub(crate) mod api_error;
pub(crate) mod callback_refusal;
pub(crate) mod common_shapes;
pub(crate) mod output;
pub(crate) mod shape;
