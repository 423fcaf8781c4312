//! Links that only a browser reads.

use std::borrow::Cow;

/// The text with links that browsers follow written as everyone reads them: `https:\\example.com`, `https:example.com` and
/// `//example.com` lead to `example.com`, and so does a name with invisible characters in it. A script that puts no space
/// between words gets one beside Latin letters.
pub(super) fn readable_links(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii() && byte != b'\\' && byte != b'/' && byte != b':';
    if text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let slashes: String = text.chars().filter(|&c| !is_invisible(c)).map(|c| if c == '\\' { '/' } else { c }).collect();
    let mut readable = String::with_capacity(slashes.len());
    let mut rest = &*slashes;
    while let Some(c) = rest.chars().next() {
        let is_word = readable.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ':' | '/' | '.' | '+' | '-'));
        let scheme = ["https:", "http:"].into_iter().find(|&scheme| starts_with_ignoring_case(rest, scheme));
        match scheme.filter(|_| !is_word) {
            Some(scheme) => {
                let address = rest[scheme.len()..].trim_start_matches('/');
                let leads_somewhere = address.starts_with(|c: char| c.is_alphanumeric() || c == '[');
                readable += if leads_somewhere { scheme.trim_end_matches(':') } else { "" };
                readable += if leads_somewhere { "://" } else { " " };
                rest = address;
            }
            None if rest.starts_with("//") && !is_word => {
                readable.push(' ');
                rest = rest.trim_start_matches('/');
            }
            None => {
                if readable.chars().next_back().is_some_and(|before| is_boundary(before, c)) {
                    readable.push(' ');
                }
                readable.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    Cow::Owned(readable)
}

/// Whether a word in Latin letters begins or ends between these characters.
fn is_boundary(before: char, after: char) -> bool {
    let is_unspaced = |c: char| matches!(c, '\u{e00}'..='\u{e7f}' | '\u{3040}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}');
    before.is_ascii_alphanumeric() && is_unspaced(after) || is_unspaced(before) && after.is_ascii_alphanumeric()
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Whether browsers leave the character out of the name of a host.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_written_as_everyone_reads_them() {
        for (text, readable) in [
            ("hello", "hello"),
            ("https://a.com/b//c", "https://a.com/b//c"),
            (r"HTTPS:\\a.com\b", "https://a.com/b"),
            ("http:a.com", "http://a.com"),
            ("(//a.com)", "( a.com)"),
            ("see http: 404", "see   404"),
            ("x-http://a.com", "x-http://a.com"),
            ("a\u{200b}.com", "a.com"),
            ("ä//", "ä//"),
            ("看a.com吧", "看 a.com 吧"),
        ] {
            assert_eq!(readable_links(text), readable, "{text}");
        }
    }
}
