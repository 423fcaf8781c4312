//! Where in the code the last panic of a thread was.

use std::cell::Cell;
use std::panic::Location;

thread_local! {
    static LAST: Cell<Option<String>> = const { Cell::new(None) };
}

/// Remembers the place of a panic. The panic hook calls this, on the thread that panics.
pub(crate) fn note(location: &Location<'_>) {
    // A thread that is ending has no place for it.
    let _ = LAST.try_with(|last| last.set(Some(location.to_string())));
}

/// Returns the place of the last panic on this thread, such as `src/main.rs:18:9`, and forgets it.
pub(super) fn take() -> Option<String> {
    LAST.try_with(Cell::take).ok().flatten()
}
