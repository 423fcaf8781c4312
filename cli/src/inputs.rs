//! What `send` delivers, in order: texts and events, each as soon as it is read.

use crate::args::MessageArgs;
use crate::events::{Input, Source};
use crate::texts::{self, Text};
use channel_flow_emulator::{Event, OutgoingMessage};
use std::thread;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;

/// Makes an event of each message when its turn comes.
pub(crate) struct Inputs<'a> {
    drafts: mpsc::Receiver<Draft>,
    message: &'a MessageArgs,
    region: String,
    latest: SystemTime,
}

enum Draft {
    Message(Text),
    Event(Box<Input>),
}

/// The service has no finer times.
const MILLISECOND: Duration = Duration::from_millis(1);

impl<'a> Inputs<'a> {
    /// The messages with these texts, and then the events of these sources. A separate thread reads: it may wait for more
    /// input forever, and ends with the process.
    pub(crate) fn new(texts: Vec<String>, sources: Vec<Source>, message: &'a MessageArgs, region: &str) -> Self {
        let (sender, drafts) = mpsc::channel(1);
        thread::spawn(move || {
            let messages = texts::of(texts).map(Draft::Message);
            for draft in
                messages.chain(sources.into_iter().flat_map(Source::events).map(|input| Draft::Event(Box::new(input))))
            {
                if sender.blocking_send(draft).is_err() {
                    return;
                }
            }
        });
        Self { drafts, message, region: region.to_owned(), latest: SystemTime::UNIX_EPOCH }
    }

    /// The next one. A message is created now, and later than the one before.
    pub(crate) async fn recv(&mut self) -> Option<Input> {
        Some(match self.drafts.recv().await? {
            Draft::Event(input) => *input,
            Draft::Message(Text { source, line, text }) => {
                let message = text.and_then(|text| self.message.message(&text));
                Input { source, line, event: message.map(|message| self.event(message)) }
            }
        })
    }

    fn event(&mut self, message: OutgoingMessage) -> Event {
        self.latest = SystemTime::now().max(self.latest + MILLISECOND);
        Event::new(message.sent_at(self.latest), &self.region)
    }
}
