//! Where the links in a text lead to.

use std::borrow::Cow;

use linkify::{LinkFinder, LinkKind};
use url::{Host, Url};

use super::readable_links::readable_links;

/// The host of a link.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LinkHost {
    /// As a browser reads it.
    Readable(Host),
    /// A browser reads no host, but another client may.
    Unreadable,
}

/// The hosts of the links in a text: of addresses with a scheme, and of bare ones whose suffix exists, as chat clients make
/// links of them.
pub(super) fn link_hosts(text: &str) -> Vec<LinkHost> {
    let text = readable_links(text);
    let (mut hosts, mut others, mut rest) = (Vec::new(), String::new(), &*text);
    while let Some(at) = rest.find("://") {
        let before = &rest[..at];
        others += before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        others.push(' ');
        let address = &rest[at + "://".len()..];
        let end = address.find(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '`'));
        let (address, after) = address.split_at(end.unwrap_or(address.len()));
        hosts.extend(host(address));
        rest = after;
    }
    others += rest;
    hosts.extend(bare_hosts(&others));
    hosts
}

/// The host of an address without its scheme. It ends where a sentence goes on, unless a user's name comes before it, since
/// a browser takes all that comes before an `@` for one.
fn host(address: &str) -> Option<LinkHost> {
    let authority = address.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = match host.split_inclusive(']').next() {
        Some(ipv6) if ipv6.starts_with('[') => ipv6,
        _ => host.split([',', ';', '(', ')', '[', ']', '{', '}', '|', '\'']).next()?,
    };
    let host = host.trim_end_matches(|c: char| !c.is_alphanumeric() && c != ']');
    (!host.is_empty()).then(|| host_of_browser(host).map_or(LinkHost::Unreadable, LinkHost::Readable))
}

fn bare_hosts(text: &str) -> Vec<LinkHost> {
    let text = ascii_domains(text);
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Email, LinkKind::Url]).url_must_have_scheme(false);
    let addresses = finder.links(&text).filter(|link| *link.kind() == LinkKind::Url);
    let domains = addresses.filter_map(|link| match host_of_browser(link.as_str())? {
        Host::Domain(domain) => Some(domain),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    });
    let exists = |domain: &String| {
        domain.contains('.') && psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix.is_known())
    };
    domains.filter(exists).map(|domain| LinkHost::Readable(Host::Domain(domain))).collect()
}

/// The host that a browser goes to.
fn host_of_browser(address: &str) -> Option<Host> {
    match Url::parse(&format!("https://{address}")).ok()?.host()?.to_owned() {
        Host::Domain(domain) => Some(Host::Domain(domain.strip_suffix('.').unwrap_or(&domain).to_owned())),
        address => Some(address),
    }
}

/// The text with names of hosts in Punycode, which the finder of links finds whatever their suffix.
fn ascii_domains(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let in_host = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '\u{300}'..='\u{36f}');
    let ascii = |token: &str| match Host::parse(token.trim_end_matches('.')) {
        Ok(Host::Domain(domain)) if !token.is_ascii() && token.contains('.') => domain + " ",
        _ => token.to_owned(),
    };
    // Each piece is part of a host and the character that ends it.
    let pieces = text.split_inclusive(|c| !in_host(c)).map(|piece| {
        let token = piece.trim_end_matches(|c| !in_host(c));
        ascii(token) + &piece[token.len()..]
    });
    Cow::Owned(pieces.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(text: &str) -> Vec<String> {
        let text_of = |host| match host {
            LinkHost::Readable(host) => host.to_string(),
            LinkHost::Unreadable => "?".to_owned(),
        };
        link_hosts(text).into_iter().map(text_of).collect()
    }

    #[test]
    fn the_host_is_the_one_that_a_browser_goes_to() {
        for (text, host) in [
            ("see https://evil.com/good.com?good.com#good.com", "evil.com"),
            ("HTTPS://EVIL.COM.", "evil.com"),
            ("https://evil.com./x", "evil.com"),
            ("https://evil.com:8443", "evil.com"),
            ("https://good.com@evil.com", "evil.com"),
            ("https://good.com:443@evil.com/", "evil.com"),
            ("https://good.com%40evil.com", "?"),
            ("https://good.com%2Eru/50%", "good.com.ru"),
            ("https://good.com(@evil.com/", "evil.com"),
            ("https://a_b.evil.com", "a_b.evil.com"),
            ("https://good.com!.evil.com", "good.com!.evil.com"),
            ("https://good.com,https://good.org", "good.com"),
            ("(https://good.com), [x](https://good.org)!", "good.com,good.org"),
            ("https://пример.рф/", "xn--e1afmkfd.xn--p1ai"),
            ("https://ｅｖｉｌ.ｃｏｍ", "evil.com"),
            (r"https://evil.com\@good.com", "evil.com"),
            (r"https:\\evil.com", "evil.com"),
            ("https:/evil.com", "evil.com"),
            ("http:evil.com", "evil.com"),
            ("https:////evil.com", "evil.com"),
            ("//evil.com/x", "evil.com"),
            ("[good.com/](//evil.com)", "good.com,evil.com"),
            ("[good.com](https://evil.com)", "evil.com,good.com"),
            (r#"<a href="//evil.com">x</a>"#, "evil.com"),
            ("https://ｅｖｉｌ。ｃｏｍ", "evil.com"),
            ("https://evi\u{200b}l.com", "evil.com"),
            ("https://büch\u{ad}er.de", "xn--bcher-kva.de"),
            ("https://xn--bcher-kva.de", "xn--bcher-kva.de"),
            ("http://192.168.0.1/", "192.168.0.1"),
            ("http://0x7f.1/", "127.0.0.1"),
            ("http://[2001:db8::1]:80/", "[2001:db8::1]"),
            ("ftp://Evil.com/x", "evil.com"),
            ("app://evil.com", "evil.com"),
            ("https://good.com/a/evil.com?next=https://evil.com", "good.com"),
            ("https://good.com)evil.com", "good.com"),
            ("请看https://good.com。然后", "good.com.xn--fqr719d"),
            ("https://good.com看这里", "good.com"),
            ("http://localhost:3000", "localhost"),
        ] {
            assert_eq!(hosts(text).join(","), host, "{text}");
        }
    }

    #[test]
    fn a_bare_address_is_a_link_if_its_suffix_exists() {
        for (text, host) in [
            ("go to evil.com now", "evil.com"),
            ("Evil.COM/path", "evil.com"),
            ("www.evil.co.uk.", "www.evil.co.uk"),
            ("evil.com:8080", "evil.com"),
            ("(evil.com)", "evil.com"),
            ("bücher.de", "xn--bcher-kva.de"),
            ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
            ("jo.github.io", "jo.github.io"),
            ("看这里evil.com吧", "evil.com"),
            ("例え.jp", "xn--r8jz45g.jp"),
        ] {
            assert_eq!(hosts(text), [host], "{text}");
        }
    }

    #[test]
    fn other_texts_with_dots_are_not_links() {
        for text in [
            "version 1.2.3, v2.0.1-rc.1",
            "192.168.0.1 and 10.0.0.1:80",
            "24.11.2025, 3.14",
            "index.html, notes.txt, photo.jpg, report.pdf",
            "Wait...what? e.g. this, i.e. that",
            "a.m. and p.m.",
            "std::fmt::Display, self.field, foo.baz()",
            "jo@example.com",
            "Hello.Everyone",
            "你好。世界",
            "https://..., https://…, file:///etc/hosts",
            "and/or, 24/7, // TODO, a//b",
            "https://",
            "http: 404",
            "see src/main.rs",
        ] {
            assert_eq!(hosts(text), [""; 0], "{text}");
        }
    }

    /// What ends in a top-level domain is a link, as it is for chat clients.
    #[test]
    fn some_files_and_some_code_are_links() {
        assert_eq!(hosts("open main.rs and call self.name. Hello.World"), ["main.rs", "self.name", "hello.world"]);
    }
}
