//! Whether anybody has a session, so that notifications that nobody gets need not be made.

use std::sync::Arc;

/// Those who have a session, or are about to open one.
#[derive(Debug, Default)]
pub(crate) struct Listeners(Arc<()>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Listener {
    _of: Arc<()>,
}

impl Listeners {
    /// One more, who gets the notifications of all changes from now on.
    pub(crate) fn listener(&self) -> Listener {
        Listener { _of: Arc::clone(&self.0) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_listeners_until_the_last_one_is_gone() {
        let listeners = Listeners::default();
        assert!(listeners.is_empty());
        let [one, other] = [listeners.listener(), listeners.listener()];
        drop(one);
        assert!(!listeners.is_empty());
        drop(other);
        assert!(listeners.is_empty());
    }
}
