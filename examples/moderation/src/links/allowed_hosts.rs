//! The hosts that links may lead to.

use profanity_filter::InvalidSetting;
use url::Host;

use super::link_hosts::LinkHost;

/// Hosts as browsers spell them: in lower case, in Punycode, and without a dot at the end.
pub(super) struct AllowedHosts(Vec<Host>);

impl AllowedHosts {
    pub(super) fn parse(hosts: &str) -> Result<Self, InvalidSetting> {
        let hosts: Option<Vec<Host>> = hosts.split(',').map(|host| parse_host(host.trim())).collect();
        let accepted = "host names, with commas between them: `example.com,example.org`";
        hosts.map(Self).ok_or(InvalidSetting::new("ALLOWED_LINK_HOSTS", accepted))
    }

    /// Whether the host is one of these, or a subdomain of one.
    pub(super) fn contain(&self, host: &LinkHost) -> bool {
        let LinkHost::Readable(host) = host else { return false };
        self.0.iter().any(|allowed| match (allowed, host) {
            (Host::Domain(allowed), Host::Domain(host)) => {
                let subdomain = host.strip_suffix(&**allowed);
                subdomain.is_some_and(|subdomain| subdomain.is_empty() || subdomain.ends_with('.'))
            }
            (allowed, host) => allowed == host,
        })
    }
}

/// A host name or an address, without a port, a scheme or a wildcard.
fn parse_host(text: &str) -> Option<Host> {
    let is_name = !text.contains(['*', '_', '~', '!', '$', '&', '\'', '(', ')', '+', ';', '=']);
    match Host::parse(text.strip_suffix('.').unwrap_or(text)).ok()? {
        Host::Domain(domain) if !is_name || domain.is_empty() || domain.starts_with('.') => None,
        host => Some(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(hosts: &str, host: &str) -> bool {
        let host = LinkHost::Readable(Host::parse(host).unwrap());
        AllowedHosts::parse(hosts).unwrap().contain(&host)
    }

    #[test]
    fn a_host_and_its_subdomains_are_allowed() {
        let hosts = "example.com, Example.ORG. ,bücher.de,192.0.2.1,[2001:db8::1]";
        for host in [
            "example.com",
            "www.example.com",
            "a.b.example.org",
            "xn--bcher-kva.de",
            "shop.bücher.de",
            "192.0.2.1",
            "[2001:DB8:0::1]",
        ] {
            assert!(allows(hosts, host), "{host}");
        }
        for host in ["example.net", "badexample.com", "example.com.evil.net", "com", "192.0.2.2", "1.192.0.2.1.net"] {
            assert!(!allows(hosts, host), "{host}");
        }
        assert!(!AllowedHosts::parse(hosts).unwrap().contain(&LinkHost::Unreadable));
    }

    #[test]
    fn other_values_are_refused() {
        for hosts in
            [",", "a.com,,b.com", "https://a.com", "a.com/b", "a.com:443", "*.a.com", ".a.com", "a b", "a@b.com"]
        {
            assert!(AllowedHosts::parse(hosts).is_err(), "{hosts}");
        }
    }
}
