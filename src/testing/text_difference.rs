//! Two texts, with the difference between them marked.

use std::fmt::{self, Write};

/// The number of characters that are shown before and after a difference.
const CONTEXT: usize = 40;

/// Two texts that differ, each shown on one line with a mark below the part that the other one lacks.
pub(super) struct TextDifference {
    expected: Shown,
    actual: Shown,
}

struct Shown {
    text: String,
    /// The column at which the mark begins, and its length.
    mark: (usize, usize),
}

impl TextDifference {
    pub(super) fn new(expected: &str, actual: &str) -> Self {
        let (expected, actual) = (escaped(expected), escaped(actual));
        let prefix = common(expected.iter(), actual.iter());
        let suffix = common(expected[prefix..].iter().rev(), actual[prefix..].iter().rev());
        let show = |characters: &[char]| Shown::new(characters, prefix, characters.len() - suffix);
        Self { expected: show(&expected), actual: show(&actual) }
    }
}

impl Shown {
    /// The characters from `start` to `end` differ.
    fn new(characters: &[char], start: usize, end: usize) -> Self {
        let (from, to) = (start.saturating_sub(CONTEXT), characters.len().min(end + CONTEXT));
        let mut text = String::from("\"");
        if from > 0 {
            text.push('…');
        }
        text.extend(&characters[from..start]);
        let column = columns(text.chars());
        text.extend(&characters[start..end]);
        let mark = (column, columns(characters[start..end].iter().copied()));
        text.extend(&characters[end..to]);
        if to < characters.len() {
            text.push('…');
        }
        text.push('"');
        Self { text, mark }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, label: &str) -> fmt::Result {
        write!(f, "{label}{}", self.text)?;
        let (column, length) = self.mark;
        if length > 0 {
            f.write_char('\n')?;
            write!(f, "{:width$}{}", "", "^".repeat(length), width = label.len() + column)?;
        }
        Ok(())
    }
}

impl fmt::Display for TextDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expected.write(f, "  expected: ")?;
        f.write_char('\n')?;
        self.actual.write(f, "    actual: ")
    }
}

/// Characters that a terminal does not show as they are become escapes.
fn escaped(text: &str) -> Vec<char> {
    text.escape_debug().collect()
}

fn common<'a>(one: impl Iterator<Item = &'a char>, other: impl Iterator<Item = &'a char>) -> usize {
    one.zip(other).take_while(|(one, other)| one == other).count()
}

/// Returns the width in a terminal, in which East Asian characters and emoji take two columns.
fn columns(characters: impl Iterator<Item = char>) -> usize {
    let is_wide = |c: char| {
        matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}')
    };
    characters.map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(expected: &str, actual: &str) -> Vec<String> {
        TextDifference::new(expected, actual).to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_difference_is_marked() {
        assert_eq!(
            shown("good morning", "good mooning"),
            [
                r#"  expected: "good morning""#,
                r#"                    ^"#,
                r#"    actual: "good mooning""#,
                r#"                    ^"#,
            ]
        );
        // The text that is too much is marked.
        assert_eq!(shown("aa", "aaa"), [r#"  expected: "aa""#, r#"    actual: "aaa""#, r#"               ^"#]);
    }

    #[test]
    fn wide_characters_and_escapes_keep_the_mark_in_place() {
        assert_eq!(shown("日本 a", "日本 b")[1], format!("{}^", " ".repeat(12 + 1 + 5)));
        assert_eq!(shown("\n a", "\n b")[0], r#"  expected: "\n a""#);
        assert_eq!(shown("\n a", "\n b")[1], format!("{}^", " ".repeat(12 + 1 + 3)));
    }

    #[test]
    fn a_long_text_is_shown_around_the_difference() {
        let long = "x".repeat(4000);
        let lines = shown(&format!("{long}a{long}"), &format!("{long}b{long}"));
        let around = "x".repeat(CONTEXT);
        assert_eq!(lines[0], format!("  expected: \"…{around}a{around}…\""));
    }
}
