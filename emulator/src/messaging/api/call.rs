//! One request to an operation.

use crate::messaging::api::input::Input;
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::world::World;
use std::time::SystemTime;

/// One request, while it is dealt with.
pub(crate) struct Call<'a> {
    /// The operation's name.
    pub(crate) operation: &'static str,
    /// The exceptions of its model.
    pub(crate) exceptions: &'static [Exception],
    pub(crate) input: Input,
    pub(crate) world: &'a mut World,
    pub(crate) now: SystemTime,
    /// The host and port that the client knows the service by.
    pub(crate) host: &'a str,
}

impl Call<'_> {
    /// The ARN of the acting user or bot.
    pub(crate) fn bearer(&self) -> &str {
        self.input.text("ChimeBearer")
    }

    /// There is no such resource, said as the model of the operation can say it.
    pub(crate) fn not_found(&self, what: &str) -> ApiError {
        let exception = match self.exceptions.contains(&Exception::NotFound) {
            true => Exception::NotFound,
            false => Exception::Forbidden,
        };
        ApiError::new(exception, format!("there is no such {what}"))
    }
}
