//! The latest stories of all channels.

use crate::http::page::story::Story;
use crate::model::activity::{Activity, ActivityKind};
use crate::model::processor_step::callback_id;
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};

/// How many stories are kept.
pub(super) const KEPT: usize = 1000;

/// How many stories the page gets at once.
const AT_ONCE: usize = 100;

/// The latest stories, by number, without gaps.
#[derive(Default)]
pub(super) struct Stories {
    latest: VecDeque<Story>,
    /// How many there have been before those.
    dropped: u64,
    /// The numbers of a message's stories, by its id.
    numbers: HashMap<String, Vec<u64>>,
}

impl Stories {
    /// Goes on with what happened. Returns the story that it belongs to, if that is known.
    pub(super) fn take(&mut self, activity: Activity) -> Option<&Story> {
        let Activity { at, channel_arn, message_id, kind } = activity;
        if matches!(kind, ActivityKind::Sent { .. }) {
            let story = Story::sent(at, channel_arn, message_id, kind)?;
            return Some(self.begin(story));
        }
        let number = self.number_of(&channel_arn, &message_id, &kind)?;
        let story = self.get_mut(number)?;
        story.take(at, kind).then_some(&*story)
    }

    /// The latest stories of a channel, or those before one of them, latest first.
    pub(super) fn of_channel(&self, channel_arn: &str, before: Option<u64>) -> Value {
        let before = before.unwrap_or(u64::MAX);
        let mut older =
            self.latest.iter().rev().filter(|story| story.number < before && story.channel_arn == channel_arn);
        let stories: Vec<_> = older.by_ref().take(AT_ONCE).map(Story::view).collect();
        let more = older.next().is_some();
        json!({ "stories": stories, "more": more })
    }

    /// The events and callbacks of a story.
    pub(super) fn raw(&mut self, number: Option<u64>) -> Option<Value> {
        self.get_mut(number?).map(|story| story.raw())
    }

    fn begin(&mut self, mut story: Story) -> &Story {
        if self.latest.len() == KEPT {
            self.drop_oldest();
        }
        story.number = self.dropped + self.latest.len() as u64;
        self.numbers.entry(story.message_id.clone()).or_default().push(story.number);
        self.latest.push_back(story);
        &self.latest[self.latest.len() - 1]
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.latest.pop_front() else { return };
        self.dropped += 1;
        if let Some(numbers) = self.numbers.get_mut(&oldest.message_id) {
            numbers.retain(|number| *number != oldest.number);
            if numbers.is_empty() {
                self.numbers.remove(&oldest.message_id);
            }
        }
    }

    /// Which of a message's stories something belongs to: the one with the callback id, else the one that waits, else the
    /// latest.
    fn number_of(&self, channel_arn: &str, message_id: &str, kind: &ActivityKind) -> Option<u64> {
        let numbers = self.numbers.get(message_id)?;
        let stories = || {
            let stories = numbers.iter().rev().filter_map(|number| self.get(*number));
            stories.filter(|story| story.channel_arn == channel_arn)
        };
        let with_id = callback_id(kind).and_then(|id| stories().find(|story| story.has(id)));
        let waiting = || stories().rfind(|story| story.is_pending());
        with_id.or_else(waiting).or_else(|| stories().next()).map(|story| story.number)
    }

    fn position(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.dropped)?).ok()
    }

    fn get(&self, number: u64) -> Option<&Story> {
        self.latest.get(self.position(number)?)
    }

    fn get_mut(&mut self, number: u64) -> Option<&mut Story> {
        let position = self.position(number)?;
        self.latest.get_mut(position)
    }
}
