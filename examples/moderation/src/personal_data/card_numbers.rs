//! Numbers of payment cards.

use std::ops::Range;

use creditcard::CreditCard;

/// How the digits of a card are grouped on the card, besides all in one.
const GROUPINGS: [&[usize]; 5] = [&[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4], &[4, 4, 4, 4, 3], &[4, 4, 5]];

/// The payment cards in a text: numbers of an issuer, of the length that the issuer has, that pass the Luhn check.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let runs = digit_runs(text);
    let mut cards = Vec::new();
    let mut next = 0;
    while next < runs.len() {
        let rest = &runs[next..];
        let groups = GROUPINGS
            .iter()
            .map(|grouping| grouping.len())
            .chain([1])
            .filter(|&count| rest.get(..count).is_some_and(|runs| is_grouped(text, runs) && is_card(text, runs)));
        match groups.max() {
            Some(count) => {
                cards.push(rest[0].start..rest[count - 1].end);
                next += count;
            }
            None => next += 1,
        }
    }
    cards
}

/// The runs of digits that stand alone: not in a word, and not the fraction of a number.
fn digit_runs(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut runs = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let run = at..at + length;
        let before = text[..run.start].chars().next_back();
        let after = text[run.end..].chars().next();
        let in_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        let is_fraction =
            text[..run.start].strip_suffix('.').is_some_and(|whole| whole.ends_with(|c: char| c.is_ascii_digit()));
        if length > 0 && !in_word(before) && !in_word(after) && !is_fraction {
            runs.push(run);
        }
        at += length.max(1);
        while !text.is_char_boundary(at) {
            at += 1;
        }
    }
    runs
}

/// Whether the runs are grouped as on a card, with the same single separator between them.
fn is_grouped(text: &str, runs: &[Range<usize>]) -> bool {
    let lengths: Vec<usize> = runs.iter().map(|run| run.len()).collect();
    let separator = |pair: &[Range<usize>]| &text[pair[0].end..pair[1].start];
    let mut separators = runs.windows(2).map(separator);
    let first = separators.next();
    (runs.len() == 1 || GROUPINGS.contains(&&lengths[..]))
        && first.is_none_or(|first| matches!(first, " " | "-" | "\u{a0}" | "\u{2011}"))
        && separators.all(|separator| Some(separator) == first)
}

fn is_card(text: &str, runs: &[Range<usize>]) -> bool {
    let digits: String = runs.iter().map(|run| &text[run.clone()]).collect();
    digits.parse::<CreditCard>().is_ok()
}

#[cfg(test)]
mod tests {
    fn found(text: &str) -> Vec<&str> {
        super::find(text).into_iter().map(|range| &text[range]).collect()
    }

    /// Test numbers of payment services.
    #[test]
    fn a_card_is_found_in_running_text() {
        for (text, card) in [
            ("card 4111 1111 1111 1111", "4111 1111 1111 1111"),
            ("card:4111111111111111.", "4111111111111111"),
            ("(5555-5555-5555-4444)", "5555-5555-5555-4444"),
            ("2223 0031 2200 3222 12/27 123", "2223 0031 2200 3222"),
            ("2 4111 1111 1111 1111", "4111 1111 1111 1111"),
            ("3782 822463 10005", "3782 822463 10005"),
            ("3056 930902 5904", "3056 930902 5904"),
            ("6011\u{a0}1111\u{a0}1111\u{a0}1117", "6011\u{a0}1111\u{a0}1111\u{a0}1117"),
            ("3530111333300000", "3530111333300000"),
            ("卡号4111111111111111", "4111111111111111"),
        ] {
            assert_eq!(found(text), [card], "{text}");
        }
        assert_eq!(found("4111111111111111,5555555555554444").len(), 2);
    }

    #[test]
    fn other_numbers_are_not_cards() {
        for text in [
            "4111 1111 1111 1112",
            "1234 5678 9012 3456",
            "0000 0000 0000 0000",
            "order 2024112400012345",
            "tracking 9400 1000 0000 0000 0000 00",
            "1732440000000",
            "1732440000000000",
            "20251124103000",
            "550e8400-e29b-41d4-a716-446655440000",
            "sha 4111111111111111a",
            "x4111111111111111",
            "0.4111111111111111",
            "41111111111111111111",
            "41 11 11 11 11 11 11 11",
            "4111 1111-1111 1111",
            "IMEI 490154203237518",
            "ISBN 978-3-16-148410-0",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
