//! The panic hook, which keeps the messages of panics out of the logs.

use crate::adapter::watchdog::Watchdog;
use crate::catch_unwind::panic_place;

/// Logs only the location of a panic, never its message, which can quote the text that was processed, as those of string
/// slicing do.
///
/// Replaces the panic hook that is set. [`run`](fn@crate::run) calls this, unless [the builder asks for the
/// messages](crate::AdapterBuilder::show_panic_messages).
pub fn hide_panic_messages() {
    set(false);
}

/// Sets the hook. If `show` is set, the hook that was set before is called too.
pub(super) fn set(show: bool) {
    let shown = show.then(std::panic::take_hook);
    std::panic::set_hook(Box::new(move |panic| {
        if let Some(location) = panic.location() {
            panic_place::note(location);
        }
        match &shown {
            // A hook that prints waits for the thread that has locked standard error.
            Some(show) if !Watchdog::is_this_thread() => show(panic),
            _ => {
                let location = panic.location().map(ToString::to_string);
                tracing::error!(location, "panic");
            }
        }
    }));
}
