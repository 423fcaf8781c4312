//! The stories of the messages, kept up to date for open pages.

use crate::http::page::held::Held;
use crate::http::page::stories::Stories;
use crate::ids;
use crate::messaging::watchers::Watchers;
#[cfg(feature = "dynamodb")]
use crate::review_desk::ReviewDesk;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
#[cfg(feature = "dynamodb")]
use std::time::Duration;
use tokio::sync::{broadcast, watch};
#[cfg(feature = "dynamodb")]
use tokio::time::sleep;

/// The state of the page, beside the service itself.
pub(crate) struct Page {
    /// Different after every start, so that a page notices that its content is from an earlier one.
    pub(super) instance: String,
    stories: Mutex<Stories>,
    pub(super) held: Held,
    pub(super) updates: broadcast::Sender<Update>,
    pub(super) closed: watch::Sender<bool>,
}

/// An update of a story, for open pages.
#[derive(Clone)]
pub(super) struct Update {
    pub(super) channel_arn: Arc<str>,
    /// The story as JSON.
    pub(super) story: Arc<str>,
}

/// How many updates a page that is slow may be behind before it has to ask for all.
const UPDATES: usize = 1024;

/// How long the desk is left alone after it was asked.
#[cfg(feature = "dynamodb")]
const PAUSE: Duration = Duration::from_millis(50);

impl Page {
    /// Begins to write stories of what happens. Needs a tokio runtime.
    pub(crate) fn start(watchers: &Watchers) -> Arc<Self> {
        let page = Arc::new(Self {
            instance: ids::uuid(),
            stories: Mutex::default(),
            held: Held::default(),
            updates: broadcast::Sender::new(UPDATES),
            closed: watch::Sender::new(false),
        });
        let mut activities = watchers.watch();
        let writer = Arc::clone(&page);
        tokio::spawn(async move {
            while let Some(activity) = activities.recv().await {
                let mut stories = writer.stories();
                let Some(story) = stories.take(activity) else { continue };
                if writer.updates.receiver_count() == 0 {
                    continue;
                }
                let channel_arn = Arc::from(story.channel_arn.as_str());
                let Ok(json) = serde_json::to_string(&story.view()) else { continue };
                // With the lock held, so that a page that asks for all stories misses none. Nobody may listen any more.
                let _ = writer.updates.send(Update { channel_arn, story: json.into() });
            }
        });
        page
    }

    /// Lists what a desk says to open pages, at once and whenever the table was written to.
    #[cfg(feature = "dynamodb")]
    pub(crate) fn set_review_desk(self: &Arc<Self>, desk: Arc<dyn ReviewDesk>, mut written: watch::Receiver<()>) {
        if !self.held.set_desk(desk) {
            return;
        }
        let page = Arc::clone(self);
        tokio::spawn(async move {
            let mut closed = page.closed.subscribe();
            let keep_up = async {
                loop {
                    written.mark_unchanged();
                    page.held.refresh().await;
                    // A flood of messages is no reason to ask without a pause.
                    sleep(PAUSE).await;
                    if written.changed().await.is_err() {
                        return;
                    }
                }
            };
            tokio::select! {
                () = keep_up => {}
                _ = closed.wait_for(|closed| *closed) => {}
            }
        });
    }

    /// Ends the streams of open pages, which would otherwise keep the service.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }

    pub(super) fn stories(&self) -> MutexGuard<'_, Stories> {
        self.stories.lock().expect("nothing panics while it holds the lock")
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").finish_non_exhaustive()
    }
}
