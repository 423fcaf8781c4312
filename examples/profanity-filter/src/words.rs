//! Finds the profane words of a text, and nothing but them.
//!
//! A word is profane as a whole or not at all, so Scunthorpe passes. The tables were made by `build.rs` and
//! are used in place: nothing is built when the function starts.

use std::cell::LazyCell;
use std::cmp::Reverse;
use std::ops::Range;

use crate::prose;
use crate::spelling::{Glyph, UNSPACED, Word, is_accented, is_plain, reads, span, table_word, tokens};

static PROFANE: &[Word] = &include!(concat!(env!("OUT_DIR"), "/profane.in"));
/// Not profane, whatever they look like.
static PASS: &[Word] = &include!(concat!(env!("OUT_DIR"), "/pass.in"));
/// Profane in English, everyday words in other languages.
static HOMOGRAPHS: &[Word] = &include!(concat!(env!("OUT_DIR"), "/homographs.in"));
/// Profane wherever they stand within a word; no honest word has them inside.
const INSIDE: [&str; 2] = ["asshole", "fuck"];

/// What to find besides the words of the table, and what not to find.
#[derive(Debug, Default)]
pub(crate) struct Words {
    also: Vec<Word>,
    also_as_written: Vec<String>,
    allowed: Vec<String>,
}

impl Words {
    /// `also` is found in every spelling in which the table's words are found, if it has only letters from
    /// a to z and not more than 15 of them; otherwise as it is, in upper or lower case, and so is `allowed`.
    pub(crate) fn new(also: &[String], allowed: &[String]) -> Self {
        let lower = |words: &[String]| words.iter().map(|word| word.to_lowercase()).collect::<Vec<_>>();
        let (plain, also_as_written) = lower(also).into_iter().partition::<Vec<_>, _>(|word| is_plain(word));
        let mut also: Vec<Word> = plain.iter().map(|word| table_word(word)).collect();
        also.sort_unstable();
        Self { also, also_as_written, allowed: lower(allowed) }
    }

    /// The byte ranges of the profane words in order. A word whose letters stand apart gives one range for
    /// each letter.
    pub(crate) fn find(&self, text: &str) -> Vec<Range<usize>> {
        let parts: Vec<Range<usize>> = prose::parts(text).collect();
        let tokens: Vec<Vec<Glyph>> = parts.iter().flat_map(|part| tokens(text, part.clone())).collect();
        let english = LazyCell::new(|| prose::is_english(text));
        let whole = tokens.iter().filter_map(|token| {
            let profane = |part: &&[Glyph]| {
                (self.is_profane(part, || *english) || self.has_profane_inside(part))
                    && !prose::is_name(text, span(part))
            };
            readings(token).into_iter().flatten().find(profane).map(span)
        });
        // Behind this sign, text is shown from right to left: `kcuf` as the word that it is backwards.
        let turned = text.contains('\u{202e}').then(|| {
            tokens.iter().filter_map(|token| {
                let backwards: Vec<Glyph> = token.iter().rev().cloned().collect();
                let [plain, ..] = readings(&backwards);
                plain
                    .filter(|token| self.is_profane(token, || *english) || self.has_profane_inside(token))
                    .map(|_| span(token))
            })
        });
        let turned = turned.into_iter().flatten();
        let apart = runs_of_letters(text, &tokens).into_iter().flat_map(|run| self.profane_in_run(&run));
        let unspaced = parts.iter().flat_map(|part| self.unspaced(text, part.clone()));
        let mut found: Vec<Range<usize>> = whole.chain(turned).chain(apart).chain(unspaced).collect();
        found.sort_unstable_by_key(|range| (range.start, Reverse(range.end)));
        found.dedup_by(|range, before| range.start < before.end);
        found
    }

    /// Words in scripts that put no space between words.
    fn unspaced(&self, text: &str, part: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let words = self.also_as_written.iter().filter(|word| word.chars().all(|c| c >= UNSPACED));
        words.flat_map(move |word| {
            text[part.clone()]
                .match_indices(word)
                .map(move |(offset, word)| part.start + offset..part.start + offset + word.len())
        })
    }

    /// The letters of the word that the whole run says, `F U C K` or `I F U C K`, or of those within it.
    fn profane_in_run(&self, run: &[Glyph]) -> Vec<Range<usize>> {
        let after_article = &run[usize::from(matches!(run[0].c, 'a' | 'A' | 'i' | 'I'))..];
        let whole = [run, after_article].into_iter().find(|run| run.len() > 3 && self.is_profane(run, || true));
        let within = || {
            INSIDE.iter().flat_map(|word| {
                run.windows(word.len())
                    .filter(|part| part.iter().map(|glyph| glyph.c.to_ascii_lowercase()).eq(word.chars()))
            })
        };
        let letters: Vec<&Glyph> = whole.map_or_else(|| within().flatten().collect(), |word| word.iter().collect());
        letters.into_iter().map(|glyph| glyph.at.clone()).collect()
    }

    fn is_profane(&self, token: &[Glyph], english: impl Fn() -> bool) -> bool {
        let found = reads(PROFANE, token) && !(reads(HOMOGRAPHS, token) && (is_accented(token) || !english()));
        let is_also_found = || !self.also.is_empty() && reads(&self.also, token);
        let is_also_written = || !self.also_as_written.is_empty() && self.also_as_written.contains(&written(token));
        (found || is_also_found() || is_also_written()) && !self.passes(&written(token))
    }

    fn has_profane_inside(&self, token: &[Glyph]) -> bool {
        let is = |c: char, letter: char| {
            if c.is_ascii() { c.to_ascii_lowercase() == letter } else { c.to_lowercase().eq([letter]) }
        };
        let says =
            |part: &[Glyph], word: &str| part.iter().zip(word.chars()).all(|(glyph, letter)| is(glyph.c, letter));
        let is_inside = |word: &&str| token.windows(word.len()).any(|part| says(part, word));
        INSIDE.iter().any(is_inside) && token[0].c != '@' && !self.passes(&written(token))
    }

    fn passes(&self, written: &str) -> bool {
        let listed = is_plain(written) && PASS.binary_search(&table_word(written)).is_ok();
        listed || self.allowed.iter().any(|allowed| allowed == written)
    }
}

fn written(token: &[Glyph]) -> String {
    token.iter().flat_map(|glyph| glyph.c.to_lowercase()).collect()
}

/// The token without the signs at its ends, then with those that may stand for a letter: `$hit`, `a$$`, `@$$hole`.
/// After an `@` only the latter: `@ss` may be profane, `@dick` is what somebody is called.
fn readings(token: &[Glyph]) -> [Option<&[Glyph]>; 3] {
    let is_letter = |glyph: &Glyph| glyph.c.is_alphanumeric();
    let (Some(first), Some(last)) = (token.iter().position(is_letter), token.iter().rposition(is_letter)) else {
        return [None; 3];
    };
    let signs = token[..first].iter().rev().take_while(|glyph| matches!(glyph.c, '@' | '$')).count();
    let after_at = signs > 0 && token[first - 1].c == '@';
    let dollars_after = token[last + 1..].iter().take_while(|glyph| glyph.c == '$').count() == 2;
    let with_signs = |signs: usize| &token[first - signs..=last + 2 * usize::from(dollars_after)];
    let has_signs = signs > 0 || dollars_after;
    [
        (!after_at).then_some(&token[first..=last]),
        has_signs.then(|| with_signs(signs.min(1))),
        (signs > 1).then(|| with_signs(signs)),
    ]
}

/// Letters that stand apart, with blanks or one other character between two of them.
fn runs_of_letters(text: &str, tokens: &[Vec<Glyph>]) -> Vec<Vec<Glyph>> {
    let single = |token: &[Glyph]| token.len() == 1 && token[0].c.is_alphabetic();
    if tokens.iter().filter(|token| single(token)).count() <= 3 {
        return Vec::new();
    }
    let runs = |apart: fn(&str) -> bool| {
        let gap = |a: &[Glyph], b: &[Glyph]| &text[a[0].at.end..b[0].at.start];
        tokens.chunk_by(move |a, b| single(a) && single(b) && apart(gap(a, b)))
    };
    // A wider gap may stand between words, `F U C K  Y O U`, or between letters, `F  U  C  K`.
    let one_blank = |gap: &str| gap.chars().count() == 1 && gap.contains(char::is_whitespace);
    let blanks = |gap: &str| !gap.is_empty() && gap.chars().all(char::is_whitespace);
    let one_sign = |gap: &str| gap.chars().count() == 1 && !gap.contains(char::is_whitespace);
    let runs = runs(one_blank).chain(runs(blanks)).chain(runs(one_sign));
    runs.filter(|run| run.len() > 3).map(<[_]>::concat).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The messages of a file of the corpus, which says itself how it is written.
    fn corpus(file: &str) -> Vec<String> {
        let is_comment = |line: &&str| line.is_empty() || *line == "#" || line.starts_with("# ");
        file.lines().filter(|line| !is_comment(line)).map(|line| line.replace('⏎', "\n")).collect()
    }

    fn censored(words: &Words, text: &str) -> String {
        let mut censored = text.to_owned();
        for range in words.find(text).into_iter().rev() {
            let stars = "*".repeat(text[range.clone()].chars().count());
            censored.replace_range(range, &stars);
        }
        censored
    }

    /// `oh {shit}` as it was written, and as everyone is to see it.
    fn marked(line: &str) -> (String, String) {
        let mut within = false;
        let (mut written, mut expected) = (String::new(), String::new());
        for c in line.chars() {
            match c {
                '{' => within = true,
                '}' => within = false,
                c => {
                    written.push(c);
                    expected.push(if within { '*' } else { c });
                }
            }
        }
        (written, expected)
    }

    #[test]
    fn clean_messages_pass_byte_for_byte() {
        let messages = corpus(include_str!("../corpus/clean.txt"));
        let changed: Vec<_> = messages
            .iter()
            .map(|text| censored(&Words::default(), text))
            .zip(&messages)
            .filter(|(after, before)| after != *before)
            .collect();
        println!("{} clean messages, {} changed", messages.len(), changed.len());
        assert!(messages.len() >= 300 && changed.is_empty(), "{changed:#?}");
    }

    #[test]
    fn profane_words_are_replaced_and_nothing_beside_them() {
        let messages = corpus(include_str!("../corpus/profane.txt"));
        let censored = |line: &String| (censored(&Words::default(), &marked(line).0), marked(line).1);
        let wrong: Vec<_> = messages.iter().map(censored).filter(|(after, expected)| after != expected).collect();
        println!("{} profane messages, {} not censored as marked", messages.len(), wrong.len());
        assert!(messages.len() >= 150 && wrong.is_empty(), "{wrong:#?}");
    }

    /// A message that is found now belongs to `profane.txt`.
    #[test]
    fn the_known_misses_are_those_listed() {
        let messages = corpus(include_str!("../corpus/missed.txt"));
        let found: Vec<_> = messages.iter().filter(|text| !Words::default().find(text).is_empty()).collect();
        println!("{} messages known to be missed, {} found", messages.len(), found.len());
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn the_tables_are_in_order() {
        for table in [PROFANE, PASS, HOMOGRAPHS] {
            assert!(table.is_sorted() && table.iter().all(|word| word[0] != 0 && word[word.len() - 1] == 0));
        }
    }

    /// Nothing of it would be seen in a file.
    #[test]
    fn what_steers_the_writing_hides_no_word() {
        let words = Words::default();
        assert_eq!(censored(&words, "oh \u{202e}kcuf\u{202c} you"), "oh \u{202e}***** you");
        let hidden = "s\u{2066}h\u{2069}it, \u{61c}f\u{0}u\u{8}ck, f\u{3164}uck";
        assert_eq!(censored(&words, hidden), "******, \u{61c}******, *****");
        assert_eq!(censored(&words, "kcuf, \u{2067}kcuf"), "kcuf, \u{2067}kcuf");
    }

    #[test]
    fn words_can_be_added_and_allowed() {
        let words = |list: &[&str]| list.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        let words = Words::new(&words(&["heck", "straße", "чёрт", "くそ", "くそったれ"]), &words(&["hell"]));
        assert_eq!(censored(&words, "hell HECK, h3ck, h e c k; h e l l"), "hell ****, ****, * * * *; h e l l");
        assert_eq!(censored(&words, "Straße bastard Чёрт, чёрта"), "****** ******* ****, чёрта");
        assert_eq!(censored(&words, "このくそったれが、くそ！"), "この*****が、**！");
    }

    /// Text in which words, spellings and signs meet in ways nobody thought of.
    fn text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<String>(),
            "[a-zA-Z0-9 .,!*@$#/_`'-]{0,12}",
            prop::sample::select(vec![
                "fuck",
                "sh1t",
                "hell",
                "F U C K",
                "ｆｕｃｋ",
                "fü\u{308}ck",
                "a$$",
                "`",
                "```",
                "\u{200b}",
                " ",
                "\n",
                "/",
                "_",
                "@",
                "://"
            ])
            .prop_map(str::to_owned),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn ranges_are_in_order_and_censoring_twice_is_censoring_once(text in text()) {
            let words = Words::default();
            let found = words.find(&text);
            prop_assert!(found.windows(2).all(|pair| pair[0].end <= pair[1].start));
            prop_assert!(found.iter().all(|range| !range.is_empty() && text.get(range.clone()).is_some()));

            let once = censored(&words, &text);
            prop_assert_eq!(once.chars().count(), text.chars().count());
            prop_assert!(once.chars().zip(text.chars()).all(|(after, before)| after == before || after == '*'));
            prop_assert_eq!(censored(&words, &once), once);
        }
    }

    /// A message has at most 4 KB; none of them may keep the function busy.
    #[test]
    fn the_worst_text_takes_few_steps() {
        for piece in ["fuck ", "hell ", "f u c k ", "`", "` `` ", "s", "a$$", "f*", "*f", "/", "ä"] {
            let text = piece.repeat(4096 / piece.len());
            Words::default().find(&text);
        }
    }
}
