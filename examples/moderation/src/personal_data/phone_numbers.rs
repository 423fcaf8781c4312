//! Phone numbers.

use std::ops::Range;

/// Numbers without a country are those of North America, whose area codes are checked too.
const HOME: &str = "US";

/// More bytes than a phone number takes, however it is written.
const LONGEST: usize = 64;

/// The phone numbers in a text that nothing else looks like: those of all countries with their country code, `+49 30
/// 123456` or `0049 30 123456`, and those of North America in groups, `(415) 555-2671`. Ten digits in one can be an order
/// number, and so can most numbers of other countries without a country code.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (start, _) in text.char_indices().filter(|&(at, c)| starts_number(&text[..at], c)) {
        if found.last().is_none_or(|last| last.end <= start) {
            found.extend(number_at(text, start));
        }
    }
    found
}

/// Whether a number can begin with `c` after the text before it, and is not the rest of a word or of a longer number.
fn starts_number(before: &str, c: char) -> bool {
    let in_word = |c: char| c.is_ascii_alphanumeric() || c.is_numeric() || matches!(c, '_' | '+');
    let goes_on = || before.ends_with(['.', '-']) && before[..before.len() - 1].ends_with(char::is_numeric);
    match c {
        '+' | '＋' | '(' => !before.ends_with(in_word),
        c => c.is_numeric() && !before.ends_with(in_word) && !before.ends_with('(') && !goes_on(),
    }
}

/// The number that begins at `start`.
fn number_at(text: &str, start: usize) -> Option<Range<usize>> {
    let part = &text[start..];
    let part = &part[..part.floor_char_boundary(LONGEST)];
    let number = phonelib::extract_phone_numbers_with_country_hint(part, HOME).into_iter().next()?;
    let end = start + number.end;
    let goes_on = text[end..].strip_prefix(['-', '.']).is_some_and(|after| after.starts_with(char::is_numeric));
    // `DE89 3704 0044 …` is a bank account.
    let follows_digits = text[..start].trim_end().ends_with(char::is_numeric);
    let is_number = number.start == 0 && number.is_valid && !goes_on && is_unmistakable(&number.raw, follows_digits);
    let in_parentheses = number.raw.starts_with('(') && number.raw.ends_with(')');
    is_number.then(|| if in_parentheses { start + 1..end - 1 } else { start..end })
}

/// Whether a number is written as nothing else is.
fn is_unmistakable(number: &str, follows_digits: bool) -> bool {
    let number = number.trim_start_matches('(');
    let groups: Vec<usize> =
        number.split(|c: char| !c.is_numeric()).map(|group| group.chars().count()).filter(|&count| count > 0).collect();
    number.starts_with(['+', '＋'])
        || number.starts_with("00") && groups.len() > 1 && !follows_digits
        || matches!(groups[..], [3, 3, 4] | [1, 3, 3, 4])
}

#[cfg(test)]
mod tests {
    fn found(text: &str) -> Vec<&str> {
        super::find(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn a_number_is_found_in_running_text() {
        for (text, number) in [
            ("Call +1 415 555 2671 now", "+1 415 555 2671"),
            ("tel:+14155552671", "+14155552671"),
            ("+44 20 7946 0958.", "+44 20 7946 0958"),
            ("+49 (0) 30 123456", "+49 (0) 30 123456"),
            ("0049 30 1234567", "0049 30 1234567"),
            ("(+33 1 23 45 67 89)", "+33 1 23 45 67 89"),
            ("(415-555-2671)", "415-555-2671"),
            ("call (415) 555-2671", "(415) 555-2671"),
            ("415-555-2671", "415-555-2671"),
            ("415.555.2671", "415.555.2671"),
            ("1-800-555-0199", "1-800-555-0199"),
            ("room 12 (415) 555-2671", "(415) 555-2671"),
            ("1 2 3 415-555-2671 4 5", "415-555-2671"),
            ("on 2024-12-24 415-555-2671", "415-555-2671"),
            ("４１５-５５５-２６７１", "４１５-５５５-２６７１"),
        ] {
            assert_eq!(found(text), [number], "{text}");
        }
        assert_eq!(found("+4930123456,+4930123457"), ["+4930123456", "+4930123457"]);
    }

    #[test]
    fn other_numbers_are_not_phone_numbers() {
        for text in [
            "order 1234567890",
            "order 4155552671",
            "order 0049301234567",
            "order 30-1234567",
            "invoice 2024-000123",
            "2025-11-24 10:30:00",
            "2025-11-24T10:30:00+01:00",
            "24.11.2025 10:30",
            "11/24/2025",
            "20251124103000",
            "1732440000",
            "version 1.2.3.4567, v10.15.7.1",
            "192.168.178.201:8080",
            "10.0.0.1",
            "SSN 078-05-1120",
            "ISBN 978-0-306-40615-7",
            "$1,234,567.89",
            "1 000 000 000",
            "123 456 7890",
            "4111 1111 1111 1111",
            "IBAN DE89 3704 0044 0532 0130 00",
            "48.137154, 11.576124",
            "550e8400-e29b-41d4-a716-446655440000",
            "SKU 12-345-678-9012, 415-555-2671-3",
            "1.2.415.555.2671",
            "C++11, 2 + 2 = 4, +1, +100 points",
            "RFC 2616, 7231, 9110",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
