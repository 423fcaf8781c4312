//! Where the service listens, and what to say when it cannot.

use crate::args::Dev;
use crate::exit::Failure;
use crate::text::printable;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

/// How many ports after the one that is taken are looked at.
const OTHERS: u16 = 100;

/// That the port can be had, which is better said before a build than after it.
pub(super) fn check(args: &Dev) -> Result<(), Failure> {
    let address = SocketAddr::new(args.address, args.port);
    TcpListener::bind(address).map(drop).map_err(|error| failure(address, &error))
}

/// Why `address` cannot be listened at, and what to do about it.
pub(super) fn failure(address: SocketAddr, error: &io::Error) -> Failure {
    let port = address.port();
    Failure::not_started(match error.kind() {
        ErrorKind::AddrInUse => {
            let others = (port.saturating_add(1)..=port.saturating_add(OTHERS)).filter(|other| *other != port);
            let free = |other: &u16| TcpListener::bind((address.ip(), *other)).is_ok();
            let other = others.into_iter().find(free).unwrap_or(0);
            format!("port {port} of {} is taken: choose another one, such as --port {other}", address.ip())
        }
        ErrorKind::AddrNotAvailable => format!("this machine does not have the address {}", address.ip()),
        ErrorKind::PermissionDenied => format!("port {port} is not for everyone: choose one above 1023 with --port"),
        _ => format!("cannot listen at {address}: {}", printable(&error.to_string())),
    })
}

/// The service's URL as this machine reaches it: where it listens at all addresses, at its own.
pub(super) fn url(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_and_another_one_is_suggested() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = taken.local_addr().unwrap();
        let failure = failure(address, &TcpListener::bind(address).unwrap_err()).to_string();
        let (before, other) = failure.split_once("such as --port ").unwrap();
        assert!(before.contains(&format!("port {} of 127.0.0.1 is taken", address.port())), "{failure}");
        assert_ne!(other.parse::<u16>().unwrap(), address.port());
    }

    #[test]
    fn other_reasons() {
        let address = SocketAddr::from(([192, 0, 2, 1], 80));
        let other = failure(address, &TcpListener::bind(address).unwrap_err()).to_string();
        assert_eq!(other, "this machine does not have the address 192.0.2.1");
        let denied = failure(address, &ErrorKind::PermissionDenied.into()).to_string();
        assert!(denied.contains("above 1023"), "{denied}");
    }

    #[test]
    fn urls() {
        for (address, expected) in [
            ("127.0.0.1:8700", "http://127.0.0.1:8700"),
            ("0.0.0.0:8700", "http://127.0.0.1:8700"),
            ("[::]:1", "http://[::1]:1"),
            ("10.0.0.1:1", "http://10.0.0.1:1"),
        ] {
            assert_eq!(url(address.parse().unwrap()), expected);
        }
    }
}
