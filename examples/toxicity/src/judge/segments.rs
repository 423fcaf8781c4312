//! Texts in pieces that a judge takes.

/// The longest piece, in bytes. Comprehend takes 1 KB, and AWS does not say whether that is 1,000 or 1,024 bytes.
const LONGEST: usize = 1_000;

/// Returns the text in pieces of at most 1,000 bytes, cut between words, or between characters in a word that is longer
/// than a piece. The spaces at a cut are left out, and so are pieces of nothing but spaces.
pub(crate) fn segments(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text.trim();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (segment, after) = rest.split_at(cut(rest));
        rest = after.trim_start();
        Some(segment.trim_end())
    })
}

/// Returns the end of the first piece of a text that does not begin with a space.
fn cut(text: &str) -> usize {
    if text.len() <= LONGEST {
        return text.len();
    }
    let end = text.floor_char_boundary(LONGEST);
    if text[end..].starts_with(char::is_whitespace) {
        return end;
    }
    text[..end].rfind(char::is_whitespace).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lengths(text: &str) -> Vec<usize> {
        segments(text).map(str::len).collect()
    }

    #[test]
    fn a_text_is_cut_between_words() {
        assert_eq!(lengths(""), [0_usize; 0]);
        assert_eq!(lengths(" \n "), [0_usize; 0]);
        assert_eq!(segments(" Hello you ").collect::<Vec<_>>(), ["Hello you"]);
        assert_eq!(lengths(&"a".repeat(1000)), [1000]);
        // Words of nine letters and a space: 100 of them fit, and the space after the last one is left out.
        assert_eq!(lengths(&"ninelette ".repeat(250)), [999, 999, 499]);
        assert_eq!(lengths(&format!("{} b", "a".repeat(1000))), [1000, 1]);
        assert_eq!(lengths(&format!("b {}", "a".repeat(1000))), [1, 1000]);
    }

    #[test]
    fn a_long_word_is_cut_between_characters() {
        assert_eq!(lengths(&"a".repeat(2100)), [1000, 1000, 100]);
        // Three bytes a character.
        assert_eq!(lengths(&"嗨".repeat(400)), [999, 201]);
    }

    proptest! {
        #[test]
        fn nothing_but_spaces_is_lost(text in "(\\PC{0,20}|[a-z ]{0,900}|🦀{0,400}|\\s{0,5}){0,6}") {
            let pieces: Vec<_> = segments(&text).collect();
            prop_assert!(pieces.iter().all(|piece| piece.len() <= LONGEST && !piece.trim().is_empty()));
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&pieces.concat()), letters(&text));
        }
    }
}
