//! All texts of a message at once: its content and its push notification.

use std::ops::Range;

use super::Message;
use super::mask::Mask;
use super::text::Text;
use crate::{LimitError, Update};

/// What a phone shows before anybody opens the chat mostly repeats the content. These methods therefore treat the title
/// and the body of the push notification as they treat the content.
impl Message {
    /// Returns whether `matches` is true for any text of the message, in any of the ways in which a chat client may read
    /// it: the [readings](Text::readings) of the content, and those of the push notification's title and body.
    ///
    /// ```
    /// use channel_flow::testing;
    ///
    /// let message = testing::message(r#"{"Messages":[{"Content":"\u0068ttps://example.com"}]}"#).build();
    /// assert!(message.any_text(|text| text.contains("://")));
    /// ```
    pub fn any_text(&self, mut matches: impl FnMut(&str) -> bool) -> bool {
        let push = self.push_notification();
        let texts = [Some(self.content()), push.and_then(|push| push.title()), push.and_then(|push| push.body())];
        texts.into_iter().flatten().any(|text| Text::readings(text).iter().any(|text| matches(text.as_str())))
    }

    /// Returns an update that passes every text that a person reads through `map`: each string of the content, in the
    /// [form](Text) in which the content came, and the title and the body of the push notification. The update is empty
    /// if `map` changes nothing.
    ///
    /// To keep words out of a message, use [`mask_texts`](Self::mask_texts), which also finds words that are hidden
    /// from a reader of one kind.
    ///
    /// # Errors
    ///
    /// Returns a [`LimitError`] if a new text is too long for its field, or is empty.
    ///
    /// ```
    /// use channel_flow::{PushNotification, testing};
    ///
    /// let push = PushNotification::builder().title("Alice").body("Hello%20World").build();
    /// let message = testing::message("Hello%20World").push_notification(push).build();
    /// let update = message.map_texts(|text| text.replace("World", "you"))?;
    /// assert_eq!(update.content(), Some("Hello%20you"));
    /// assert_eq!(update.push_notification().unwrap().title(), Some("Alice"));
    /// assert_eq!(update.push_notification().unwrap().body(), Some("Hello%20you"));
    /// # Ok::<_, channel_flow::LimitError>(())
    /// ```
    pub fn map_texts(&self, mut map: impl FnMut(&str) -> String) -> Result<Update, LimitError> {
        self.update_texts(|content| Text::new(content).map(&mut map))
    }

    /// Returns an update that covers what `find` finds with a mask, a sign for each character, in every
    /// [reading](Text::readings) of the content and of the push notification's title and body. The update is empty if
    /// `find` finds nothing.
    ///
    /// `find` is called until it finds nothing that is not covered, since a cover in one reading changes the others.
    /// It returns ranges of its text, in order. A cover is never longer than what it covers, so that the update fits the
    /// limits that the message fits.
    ///
    /// # Errors
    ///
    /// Returns a [`LimitError`] if the message itself breaks a limit of an update, which no message of the service does.
    ///
    /// # Panics
    ///
    /// Panics if a range does not lie on character boundaries of the text, or starts before the previous range ends.
    ///
    /// ```
    /// use channel_flow::{Mask, testing};
    ///
    /// let find = |text: &str| text.match_indices("heck").map(|(at, word)| at..at + word.len()).collect();
    ///
    /// let message = testing::message("What%20the%20h%65ck%3F").build();
    /// assert_eq!(message.mask_texts(Mask::default(), find)?.content(), Some("What%20the%20****%3F"));
    /// let message = testing::message("What is this?").build();
    /// assert!(message.mask_texts(Mask::default(), find)?.is_empty());
    /// # Ok::<_, channel_flow::LimitError>(())
    /// ```
    pub fn mask_texts(
        &self,
        mask: Mask,
        mut find: impl FnMut(&str) -> Vec<Range<usize>>,
    ) -> Result<Update, LimitError> {
        self.update_texts(|content| masked(content, mask, &mut find))
    }

    /// `change` returns the new content of a field, or `None` if the field stays.
    fn update_texts(&self, mut change: impl FnMut(&str) -> Option<String>) -> Result<Update, LimitError> {
        let content = change(self.content());
        let push = self.push_notification();
        let title = push.and_then(|push| change(push.title()?));
        let body = push.and_then(|push| change(push.body()?));

        let mut update = Update::builder();
        if let Some(content) = content {
            update = update.content(content);
        }
        if let Some(push) = push.filter(|_| title.is_some() || body.is_some()) {
            let mut push = push.clone().into_builder();
            if let Some(title) = title {
                push = push.title(title);
            }
            if let Some(body) = body {
                push = push.body(body);
            }
            update = update.push_notification(push.build());
        }
        update.build()
    }
}

fn masked(content: &str, mask: Mask, find: &mut impl FnMut(&str) -> Vec<Range<usize>>) -> Option<String> {
    let mut masked = None;
    // A mask makes the content shorter or has a sign more in it, so this comes to an end.
    while let Some(more) = masked_once(masked.as_deref().unwrap_or(content), mask, find) {
        masked = Some(more);
    }
    masked
}

fn masked_once(content: &str, mask: Mask, find: &mut impl FnMut(&str) -> Vec<Range<usize>>) -> Option<String> {
    Text::readings(content).iter().rev().find_map(|text| {
        let found = find(text.as_str());
        if found.is_empty() {
            return None;
        }
        let cover = |range: Range<usize>| {
            let characters = text.as_str().get(range.clone()).map_or(0, |covered| covered.chars().count());
            (range, mask.sign().repeat(characters))
        };
        Some(text.replace_ranges(found.into_iter().map(cover))).filter(|masked| masked != content)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PushNotification, testing};
    use proptest::prelude::*;

    fn hell(text: &str) -> Vec<Range<usize>> {
        text.match_indices("hell").map(|(at, word)| at..at + word.len()).collect()
    }

    #[test]
    fn every_text_is_covered() {
        let push = PushNotification::builder().title("oh hell").body(r#"{"t":"\u0068ell"}"#).build();
        let message = testing::message("a h%65ll of a day").push_notification(push).build();
        let update = message.mask_texts(Mask::new('-').unwrap(), hell).unwrap();
        assert_eq!(update.content(), Some("a ---- of a day"));
        let push = update.push_notification().unwrap();
        assert_eq!((push.title(), push.body()), (Some("oh ----"), Some(r#"{"t":"----"}"#)));
        assert!(!message.with_update(&update).any_text(|text| text.contains("hell")));
    }

    #[test]
    fn a_mask_that_is_found_again_comes_to_an_end() {
        let message = testing::message("a%2Ab").build();
        let everything = |text: &str| std::iter::once(0..text.len()).collect();
        assert_eq!(message.mask_texts(Mask::default(), everything).unwrap().content(), Some("***"));
        let covered = testing::message("***").build();
        assert!(covered.mask_texts(Mask::default(), everything).unwrap().is_empty());
    }

    #[test]
    fn a_map_reaches_every_string_and_nothing_beside_them() {
        let content = r#"{"Messages":[{"Content":"Good \u004Dorning"},{"ImageResponseCard":{"Title":"GOOD"}}]}"#;
        let message = testing::message(content).build();
        let update = message.map_texts(str::to_lowercase).unwrap();
        let expected = r#"{"Messages":[{"Content":"good morning"},{"ImageResponseCard":{"Title":"good"}}]}"#;
        assert_eq!(update.content(), Some(expected));
        assert!(message.map_texts(str::to_owned).unwrap().is_empty());
        assert!(message.map_texts(|_| "x".repeat(4096)).is_err());
    }

    proptest! {
        #[test]
        fn a_mask_never_makes_a_text_longer(content in "(hell|%68ell|%2A|\\*|\\{\"t\":\"\\\\u0068ell\"\\}|[ -~]){1,12}") {
            let message = testing::message(&*content).build();
            let update = message.mask_texts(Mask::default(), hell).unwrap();
            let masked = update.content().unwrap_or(&content);
            prop_assert!(masked.len() <= content.len());
            prop_assert!(!testing::message(masked).build().any_text(|text| text.contains("hell")));
        }
    }
}
