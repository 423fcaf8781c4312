//! Waits until something happens in folders.

use notify_debouncer_mini::notify::{
    self, Config, Event, EventHandler, EventKind, RecommendedWatcher, RecursiveMode, WatcherKind,
};
use notify_debouncer_mini::{Debouncer, new_debouncer_opt};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Editors write a file in several steps. Steps within this time count as one change.
const SETTLED: Duration = Duration::from_millis(150);

pub(super) struct Watcher {
    debouncer: Debouncer<OfWrites>,
    events: UnboundedReceiver<()>,
}

impl Watcher {
    pub(super) fn new() -> notify::Result<Self> {
        let (sender, events) = unbounded_channel();
        let config = notify_debouncer_mini::Config::default().with_timeout(SETTLED);
        let debouncer = new_debouncer_opt(config, move |_| {
            // An error, too, is a reason to look.
            let _ = sender.send(());
        })?;
        Ok(Self { debouncer, events })
    }

    /// Watches these folders, without the folders below them. A folder that was removed and created again must be passed
    /// again.
    pub(super) fn watch(&mut self, folders: &BTreeSet<PathBuf>) -> notify::Result<()> {
        for folder in folders {
            match self.debouncer.watcher().watch(folder, RecursiveMode::NonRecursive) {
                // It went away meanwhile, which the folder above it tells.
                Err(_) if !folder.is_dir() => {}
                result => result?,
            }
        }
        Ok(())
    }

    /// Waits until something has happened since the last call, or since the start.
    pub(super) async fn happened(&mut self) {
        let Some(()) = self.events.recv().await else { return std::future::pending().await };
        while self.events.try_recv().is_ok() {}
    }
}

/// The system's watcher, without the news that a file was opened or read: looking for changes is no change.
struct OfWrites(RecommendedWatcher);

impl notify::Watcher for OfWrites {
    fn new<F: EventHandler>(mut handler: F, config: Config) -> notify::Result<Self> {
        let writes = move |event: notify::Result<Event>| {
            if !matches!(event, Ok(Event { kind: EventKind::Access(_), .. })) {
                handler.handle_event(event);
            }
        };
        <RecommendedWatcher as notify::Watcher>::new(writes, config).map(Self)
    }

    fn watch(&mut self, path: &Path, mode: RecursiveMode) -> notify::Result<()> {
        notify::Watcher::watch(&mut self.0, path, mode)
    }

    fn unwatch(&mut self, path: &Path) -> notify::Result<()> {
        notify::Watcher::unwatch(&mut self.0, path)
    }

    fn kind() -> WatcherKind {
        <RecommendedWatcher as notify::Watcher>::kind()
    }
}
