//! The difference between two strings.

use std::ops::Range;

/// Returns the parts of `old` that differ from `new`, in order, with their replacements.
///
/// Strings with the same number of characters are compared character by character, so that a mask changes nothing beside
/// what it covers. Other strings differ in one part.
pub(super) fn edits<'a>(old: &str, new: &'a str) -> impl Iterator<Item = (Range<usize>, &'a str)> {
    let edits = if old.chars().count() == new.chars().count() { each(old, new) } else { vec![middle(old, new)] };
    edits.into_iter()
}

fn each<'a>(old: &str, new: &'a str) -> Vec<(Range<usize>, &'a str)> {
    let mut runs: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    let characters = old.char_indices().zip(new.char_indices());
    for ((at, c), (new_at, new_c)) in characters.filter(|((_, c), (_, new_c))| c != new_c) {
        let (end, new_end) = (at + c.len_utf8(), new_at + new_c.len_utf8());
        match runs.last_mut() {
            Some((range, new_range)) if range.end == at => (range.end, new_range.end) = (end, new_end),
            _ => runs.push((at..end, new_at..new_end)),
        }
    }
    runs.into_iter().map(|(range, new_range)| (range, &new[new_range])).collect()
}

fn middle<'a>(old: &str, new: &'a str) -> (Range<usize>, &'a str) {
    let same = |(a, b): &(char, char)| a == b;
    let start: usize = old.chars().zip(new.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let rest = old_rest.chars().rev().zip(new_rest.chars().rev());
    let end: usize = rest.take_while(same).map(|(c, _)| c.len_utf8()).sum();
    (start..old.len() - end, &new_rest[..new_rest.len() - end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn applied(old: &str, new: &str) -> String {
        let mut text = old.to_owned();
        for (range, replacement) in edits(old, new).collect::<Vec<_>>().into_iter().rev() {
            text.replace_range(range, replacement);
        }
        text
    }

    #[test]
    fn only_what_differs_is_an_edit() {
        let edits = |old, new| edits(old, new).collect::<Vec<_>>();
        assert_eq!(edits("a hell of a hell", "a **** of a ****"), [(2..6, "****"), (12..16, "****")]);
        assert_eq!(edits("same", "same"), []);
        assert_eq!(edits("aXb", "aYYb"), [(1..2, "YY")]);
        assert_eq!(edits("aaa", "aa"), [(2..3, "")]);
        assert_eq!(edits("", "new"), [(0..0, "new")]);
    }

    proptest! {
        #[test]
        fn the_edits_make_the_new_string(old in "[aé\u{1F600}b]{0,8}", new in "[aé\u{1F600}b]{0,8}") {
            prop_assert_eq!(applied(&old, &new), new);
        }
    }
}
