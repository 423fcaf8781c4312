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
    /// To keep words out of a message, use [`mask_texts`](Self::mask_texts) or [`replace_texts`](Self::replace_texts),
    /// which also find words that are hidden from a reader of one kind.
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
        self.update_texts(|content| covered(content, |text| masks(text, mask, find(text.as_str())), usize::MAX))
    }

    /// Returns an update that puts a replacement in the place of each range that `find` finds, in every
    /// [reading](Text::readings) of the content and of the push notification's title and body, in the form in which the
    /// text came. The update is empty if `find` finds nothing.
    ///
    /// `find` is called until it finds nothing more, since a replacement in one reading changes the others. It returns
    /// ranges of its text, in order, and must not find its own replacements.
    ///
    /// A replacement can be longer than the text in its place. If the update would be too long, cover the same ranges by
    /// [`mask_texts`](Self::mask_texts), whose signs never make a text longer.
    ///
    /// # Errors
    ///
    /// Returns a [`LimitError`] if a new text is too long for its field, or is empty.
    ///
    /// # Panics
    ///
    /// Panics if a range does not lie on character boundaries of the text, or starts before the previous range ends, or if
    /// `find` finds something in its own replacements again and again.
    ///
    /// ```
    /// use channel_flow::testing;
    ///
    /// let find = |text: &str| text.match_indices("Alice").map(|(at, name)| (at..at + name.len(), "[name]")).collect();
    ///
    /// let message = testing::message("Hi%20Alice").build();
    /// assert_eq!(message.replace_texts(find)?.content(), Some("Hi%20%5Bname%5D"));
    /// let message = testing::message(r#"{"Messages":[{"Content":"Hi \u0041lice"}]}"#).build();
    /// assert_eq!(message.replace_texts(find)?.content(), Some(r#"{"Messages":[{"Content":"Hi [name]"}]}"#));
    /// # Ok::<_, channel_flow::LimitError>(())
    /// ```
    pub fn replace_texts<R: AsRef<str>>(
        &self,
        mut find: impl FnMut(&str) -> Vec<(Range<usize>, R)>,
    ) -> Result<Update, LimitError> {
        self.update_texts(|content| covered(content, |text| find(text.as_str()), MAX_REPLACEMENTS))
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

/// How often one text is replaced: far more often than a `find` that does not find its own replacements needs.
const MAX_REPLACEMENTS: usize = 64;

/// Replaces what `find` finds in any reading of the content, until it finds nothing that changes the content.
fn covered<R: AsRef<str>>(
    content: &str,
    mut find: impl FnMut(&Text) -> Vec<(Range<usize>, R)>,
    max_times: usize,
) -> Option<String> {
    let mut covered = None;
    for _ in 0..=max_times {
        match covered_once(covered.as_deref().unwrap_or(content), &mut find) {
            Some(more) => covered = Some(more),
            None => return covered,
        }
    }
    panic!("the replacements are found again and again");
}

fn covered_once<R: AsRef<str>>(
    content: &str,
    find: &mut impl FnMut(&Text) -> Vec<(Range<usize>, R)>,
) -> Option<String> {
    Text::readings(content).iter().rev().find_map(|text| {
        let found = find(text);
        if found.is_empty() {
            return None;
        }
        Some(text.replace_ranges(found)).filter(|covered| covered != content)
    })
}

/// A sign for each character of each range. It makes the content shorter or has a sign more in it, so masking comes to an
/// end.
fn masks(text: &Text, mask: Mask, found: Vec<Range<usize>>) -> Vec<(Range<usize>, String)> {
    let cover = |range: Range<usize>| {
        let characters = text.as_str().get(range.clone()).map_or(0, |covered| covered.chars().count());
        (range, mask.sign().repeat(characters))
    };
    found.into_iter().map(cover).collect()
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

    fn short(text: &str) -> Vec<(Range<usize>, &'static str)> {
        hell(text).into_iter().map(|range| (range, "[h]")).collect()
    }

    #[test]
    fn every_text_is_replaced_in_its_form() {
        let push = PushNotification::builder().title("oh hell").body(r#"{"t":"\u0068ell"}"#).build();
        let message = testing::message("a h%65ll of a day").push_notification(push).build();
        let update = message.replace_texts(short).unwrap();
        assert_eq!(update.content(), Some("a %5Bh%5D of a day"));
        let push = update.push_notification().unwrap();
        assert_eq!((push.title(), push.body()), (Some("oh [h]"), Some(r#"{"t":"[h]"}"#)));
        assert!(testing::message("what a day").build().replace_texts(short).unwrap().is_empty());
    }

    #[test]
    fn a_replacement_that_is_too_long_is_an_error() {
        let message = testing::message("hell ".repeat(819)).build();
        let long = |text: &str| hell(text).into_iter().map(|range| (range, "[heck]")).collect();
        assert!(message.replace_texts(long).is_err());
        assert!(message.mask_texts(Mask::default(), hell).is_ok());
    }

    #[test]
    fn what_a_replacement_reveals_is_replaced_too() {
        let gap = |text: &str| text.match_indices("|").map(|(at, gap)| (at..at + gap.len(), "")).take(1).collect();
        let message = testing::message("a||||b").build();
        assert_eq!(message.replace_texts(gap).unwrap().content(), Some("ab"));
    }

    #[test]
    #[should_panic(expected = "again and again")]
    fn replacements_that_are_found_again_are_refused() {
        let swap = |text: &str| vec![(0..text.len(), if text == "a" { "b" } else { "a" })];
        let _ = testing::message("a").build().replace_texts(swap);
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
        fn no_reading_keeps_what_is_replaced(content in "(hell|%68ell|%5B|\\[|\\{\"t\":\"\\\\u0068ell\"\\}|[ -~]){1,12}") {
            let message = testing::message(&*content).build();
            let update = message.replace_texts(short).unwrap();
            prop_assert!(!message.with_update(&update).any_text(|text| text.contains("hell")));
        }

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
