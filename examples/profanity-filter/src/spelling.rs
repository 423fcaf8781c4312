//! Reads the letters of a word as people see them: `sh1t`, `fuuuck`, `f*ck`, `ｆｕｃｋ`.

use std::ops::Range;

/// A word of a table: `a` to `z`, then zeros to the end.
pub(crate) type Word = [u8; 16];

/// The letter that a character beyond ASCII stands for to the eye.
static LETTERS: &[(char, u8)] = &include!(concat!(env!("OUT_DIR"), "/letters.in"));

const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

/// From here on, scripts put no space between words: Thai, Japanese, Chinese. Hangul is among them, whose words
/// take endings.
pub(crate) const UNSPACED: char = '\u{e00}';

/// A character, the letters it can stand for, and where it is, with the invisible characters that follow it.
#[derive(Clone, Debug)]
pub(crate) struct Glyph {
    pub(crate) c: char,
    pub(crate) at: Range<usize>,
    letters: &'static [u8],
    accent: bool,
}

/// The words of a part of the text, with the signs that can stand for letters.
pub(crate) fn tokens(text: &str, part: Range<usize>) -> Vec<Vec<Glyph>> {
    let mut tokens: Vec<Vec<Glyph>> = vec![Vec::with_capacity(part.len())];
    for (offset, c) in text[part.clone()].char_indices() {
        let at = part.start + offset..part.start + offset + c.len_utf8();
        let token = tokens.last_mut().expect("one token is always open");
        match (Kind::of(c), token.last_mut()) {
            (Kind::Letter(letters), _) => {
                token.push(Glyph {
                    c,
                    at,
                    letters,
                    accent: matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}'),
                });
            }
            (Kind::Accent, Some(glyph)) => (glyph.at.end, glyph.accent) = (at.end, true),
            (Kind::Invisible, Some(glyph)) => glyph.at.end = at.end,
            (Kind::End, Some(_)) => tokens.push(Vec::new()),
            (_, None) => {}
        }
    }
    tokens.retain(|token| !token.is_empty());
    tokens
}

/// Whether the token can be read as a word of the table, in which letters may be drawn out.
pub(crate) fn reads(table: &[Word], token: &[Glyph]) -> bool {
    if !has_enough_letters(token) {
        return false;
    }
    let mut letters: Vec<&[u8]> = Vec::with_capacity(token.len());
    for glyph in token {
        if !letters.ends_with(&[glyph.letters; 3]) {
            letters.push(glyph.letters);
        }
    }
    // In a short word, a letter written twice makes another word.
    let drawn_out = token.len() > 4 || letters.windows(3).any(|run| run == [run[0]; 3]);
    letters.len() < 2 * size_of::<Word>() && spells(table, 0, &letters, drawn_out)
}

pub(crate) fn is_accented(token: &[Glyph]) -> bool {
    token.iter().any(|glyph| glyph.accent)
}

pub(crate) fn span(token: &[Glyph]) -> Range<usize> {
    token[0].at.start..token[token.len() - 1].at.end
}

/// Whether a reader sees nothing: characters that steer the writing direction, control characters, fillers.
fn is_invisible(c: char) -> bool {
    c.is_control() && !c.is_whitespace()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Whether the word can stand in a table.
pub(crate) fn is_plain(word: &str) -> bool {
    word.len() < size_of::<Word>() && word.bytes().all(|letter| letter.is_ascii_lowercase())
}

/// A [plain](is_plain) word as a table has it.
pub(crate) fn table_word(plain: &str) -> Word {
    let mut word = Word::default();
    word[..plain.len()].copy_from_slice(plain.as_bytes());
    word
}

enum Kind {
    /// Can stand for these letters; for none, where it is another script's or a digit that looks like no letter.
    Letter(&'static [u8]),
    Accent,
    Invisible,
    /// Ends a word.
    End,
}

impl Kind {
    fn of(c: char) -> Self {
        let letter = |letter: u8| &ALPHABET[usize::from(letter - b'a')..][..1];
        Self::Letter(match c.to_ascii_lowercase() {
            '@' | '4' => b"a",
            '8' => b"b",
            '3' => b"e",
            '1' | '!' | '|' => b"il",
            '0' => b"o",
            '$' | '5' => b"s",
            '7' | '+' => b"t",
            'v' => b"uv",
            '*' | '#' => ALPHABET,
            c @ 'a'..='z' => letter(c as u8),
            '0'..='9' => b"",
            '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' => {
                return Self::Accent;
            }
            c if is_invisible(c) => return Self::Invisible,
            c => match LETTERS.binary_search_by_key(&c, |row| row.0) {
                Ok(row) => letter(LETTERS[row].1),
                Err(_) if matches!(c, '\u{964}' | '\u{965}') => return Self::End,
                Err(_) if c.is_alphabetic() && c < UNSPACED || matches!(c, '\u{900}'..='\u{dff}') => b"",
                Err(_) => return Self::End,
            },
        })
    }
}

/// Whether there are letters enough to read the rest: `A55` is a road, `4ss` a number, `f***` anything, `5h1t` is not.
fn has_enough_letters(token: &[Glyph]) -> bool {
    let count = |is: fn(&Glyph) -> bool| token.iter().filter(|glyph| is(glyph)).count();
    // Greek and Cyrillic letters pass for Latin ones only among Latin ones.
    let certain = count(|glyph| glyph.c.is_alphabetic() && !matches!(glyph.c, '\u{370}'..='\u{52f}'));
    let digits = count(|glyph| glyph.c.is_numeric());
    let open = count(|glyph| glyph.letters == ALPHABET);
    let needed = 1 + usize::from(digits + open > 0) + usize::from(token[0].c.is_numeric() && token.len() < 4);
    certain >= needed && certain >= digits && certain >= open && token[0].letters != ALPHABET
}

/// Whether `letters` spell the rest of one of `words`, all of which begin with the same `depth` letters.
fn spells(words: &[Word], depth: usize, letters: &[&[u8]], drawn_out: bool) -> bool {
    let Some(first) = words.first() else { return false };
    let Some((letter, rest)) = letters.split_first() else { return depth > 0 && first[depth] == 0 };
    let goes_on = letter.iter().any(|&letter| {
        let start = words.partition_point(|word| word[depth] < letter);
        let end = words.partition_point(|word| word[depth] <= letter);
        spells(&words[start..end], depth + 1, rest, drawn_out)
    });
    let repeats = drawn_out && depth > 0 && *letter != ALPHABET && letter.contains(&first[depth - 1]);
    goes_on || repeats && spells(words, depth, rest, drawn_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(text: &str) -> bool {
        let table = ["bull", "heck", "jeez"].map(table_word);
        let [token] = &tokens(text, 0..text.len())[..] else { return false };
        super::reads(&table, token)
    }

    #[test]
    fn a_word_is_read_in_many_spellings() {
        for text in [
            "heck",
            "HECK",
            "heeeck",
            "heeck",
            "h3ck",
            "h*ck",
            "hëck",
            "he\u{308}ck",
            "h\u{200b}eck",
            "ｈｅｃｋ",
            "𝒽𝑒𝒸𝓀",
            "hес\u{43a}",
            "8ull",
            "bu1l",
            "h\u{2066}e\u{0}c\u{e0020}k\u{7}",
        ] {
            assert!(reads(text), "{text}");
        }
    }

    #[test]
    fn other_words_are_not() {
        for text in ["hek", "hecks", "check", "bul", "8u11", "h***", "*eck", "h3c", "jez", "ΗΕСК", "he ck", ""] {
            assert!(!reads(text), "{text}");
        }
    }

    #[test]
    fn a_glyph_has_the_invisible_characters_that_follow_it() {
        let text = "\u{feff}n\u{303}o\u{200b}!";
        let tokens = tokens(text, 0..text.len());
        assert_eq!(tokens.len(), 1);
        assert_eq!(
            tokens[0].iter().map(|glyph| &text[glyph.at.clone()]).collect::<Vec<_>>(),
            ["n\u{303}", "o\u{200b}", "!"]
        );
    }

    #[test]
    fn every_latin_letter_has_its_place() {
        assert!(LETTERS.is_sorted() && LETTERS.iter().all(|(_, letter)| letter.is_ascii_lowercase()));
        let missing: String =
            ('\u{c0}'..='\u{17f}').filter(|&c| c.is_alphabetic() && matches!(Kind::of(c), Kind::End)).collect();
        assert_eq!(missing, "");
    }
}
