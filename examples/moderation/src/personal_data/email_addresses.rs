//! E-mail addresses.

use std::ops::Range;

use linkify::{LinkFinder, LinkKind};

/// The e-mail addresses in a text whose domain can exist: `icon@2x.png` is a file.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Email]);
    let addresses = finder.links(text).filter(|link| {
        let domain = link.as_str().rsplit('@').next().unwrap_or_default().to_lowercase();
        psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix.is_known())
    });
    addresses.map(|link| link.start()..link.end()).collect()
}

#[cfg(test)]
mod tests {
    fn found(text: &str) -> Vec<&str> {
        super::find(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn an_address_is_found_in_running_text() {
        for (text, address) in [
            ("Mail me: jo@example.com, please", "jo@example.com"),
            ("<Jo.O'Neil+chat@mail.example.co.uk>", "Jo.O'Neil+chat@mail.example.co.uk"),
            ("(JO@EXAMPLE.COM)", "JO@EXAMPLE.COM"),
            ("mailto:jo@example.com?subject=hi", "jo@example.com"),
            ("jo@xn--bcher-kva.de", "jo@xn--bcher-kva.de"),
            ("schreib an jo@bücher.de.", "jo@bücher.de"),
        ] {
            assert_eq!(found(text), [address], "{text}");
        }
        assert_eq!(found("a@example.com;b@example.org"), ["a@example.com", "b@example.org"]);
    }

    #[test]
    fn other_texts_with_an_at_are_not_addresses() {
        for text in
            ["@jo, see you", "icon@2x.png", "root@localhost", "npm i left-pad@1.3.0", "3 @ 5 $", "a@b", "@example.com"]
        {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
