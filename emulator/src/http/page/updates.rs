//! The stories of the messages, kept up to date for open pages.

use crate::http::page::stories::Stories;
use crate::ids;
use crate::messaging::watchers::Watchers;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::{broadcast, watch};

/// The state of the page, beside the service itself.
pub(crate) struct Page {
    /// Different after every start, so that a page notices that its content is from an earlier one.
    pub(super) instance: String,
    stories: Mutex<Stories>,
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

impl Page {
    /// Begins to write stories of what happens. Needs a tokio runtime.
    pub(crate) fn start(watchers: &Watchers) -> Arc<Self> {
        let page = Arc::new(Self {
            instance: ids::uuid(),
            stories: Mutex::default(),
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
