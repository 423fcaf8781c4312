//! Deleting what has expired: when the clock is moved, and once a minute.

use crate::assumptions::EXPIRATION_CHECK;
use crate::messaging::state::SharedState;
use crate::messaging::wire::api_error::ApiError;
use std::sync::Weak;
use tokio::time::sleep;

/// How many resources and messages are deleted before others get a turn.
const AT_ONCE: usize = 500;

/// Deletes all that is due by now. Returns once it is safe.
///
/// # Errors
///
/// The data file cannot be written.
pub(crate) async fn expire(state: &SharedState) -> Result<(), ApiError> {
    loop {
        state.check_data_file()?;
        let (more, done) = state.change(|state| state.world.expire(AT_ONCE));
        state.safe(done).await?;
        if !more {
            return Ok(());
        }
    }
}

/// Does so now and then, until the state is gone.
pub(crate) async fn run(state: Weak<SharedState>) {
    loop {
        sleep(EXPIRATION_CHECK).await;
        let Some(state) = state.upgrade() else { return };
        // Requests that change something report what is wrong with the data file.
        let _ = expire(&state).await;
    }
}
