//! The parts of a text that differ from another.

use similar::{Algorithm, DiffTag, capture_diff_slices};

/// A piece of the new text, and whether it was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    pub(crate) text: &'a str,
    pub(crate) changed: bool,
}

/// `new` in pieces, compared word by word. Removed text leaves no piece.
pub(crate) fn pieces<'a>(old: &str, new: &'a str) -> Vec<Piece<'a>> {
    let tokens = tokens_of(new);
    let mut changed = vec![false; tokens.len()];
    for operation in capture_diff_slices(Algorithm::Myers, &tokens_of(old), &tokens) {
        if operation.tag() != DiffTag::Equal {
            changed[operation.new_range()].fill(true);
        }
    }
    join(new, &tokens, &bridged(&tokens, changed))
}

/// Words, and every other character by itself.
fn tokens_of(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match rest.find(|c: char| !c.is_alphanumeric()) {
            Some(0) => first.len_utf8(),
            Some(end) => end,
            None => rest.len(),
        };
        let (token, after) = rest.split_at(end);
        tokens.push(token);
        rest = after;
    }
    tokens
}

/// Within a word, what lies between two changes counts as changed, and so does what looks the same as a change beside
/// it: `f*ck` to `****` is one change.
fn bridged(tokens: &[&str], mut changed: Vec<bool>) -> Vec<bool> {
    let mut last_change = None;
    for position in 0..tokens.len() {
        if tokens[position].starts_with(char::is_whitespace) {
            last_change = None;
        } else if changed[position] {
            changed[last_change.unwrap_or(position)..position].fill(true);
            last_change = Some(position);
        }
    }
    let pairs = || (1..tokens.len()).filter(|position| tokens[position - 1] == tokens[*position]);
    pairs().for_each(|position| changed[position] |= changed[position - 1]);
    pairs().rev().for_each(|position| changed[position - 1] |= changed[position]);
    changed
}

fn join<'a>(text: &'a str, tokens: &[&str], changed: &[bool]) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let (mut start, mut end) = (0, 0);
    for (position, token) in tokens.iter().enumerate() {
        end += token.len();
        if changed.get(position + 1) != Some(&changed[position]) {
            pieces.push(Piece { text: &text[start..end], changed: changed[position] });
            start = end;
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The new text with the changed pieces in brackets.
    fn marked(old: &str, new: &str) -> String {
        let pieces = pieces(old, new);
        assert_eq!(pieces.iter().map(|piece| piece.text).collect::<String>(), new);
        pieces.iter().map(|piece| if piece.changed { format!("[{}]", piece.text) } else { piece.text.into() }).collect()
    }

    #[test]
    fn changed_words_are_marked() {
        assert_eq!(marked("What the hell is this?", "What the **** is this?"), "What the [****] is this?");
        assert_eq!(marked("hell, damn!", "****, ****!"), "[****], [****]!");
        assert_eq!(marked("same", "same"), "same");
        assert_eq!(marked("", "new"), "[new]");
        assert_eq!(marked("old", ""), "");
        assert_eq!(marked("a b c", "a c"), "a c");
    }

    #[test]
    fn a_word_is_one_change() {
        assert_eq!(marked("what a f*ck", "what a ****"), "what a [****]");
        assert_eq!(marked("Grüße, 日本 👍", "Grüße, ** 👍"), "Grüße, [**] 👍");
    }
}
