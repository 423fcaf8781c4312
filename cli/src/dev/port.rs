//! The address that the service listens on, and errors about it.

use crate::args::Dev;
use crate::exit::Failure;
use crate::text::printable;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

/// How many ports after a taken one are tried.
const OTHERS: u16 = 100;

/// Checks that the port is free, so that the error comes before the build and not after it.
pub(super) fn check(args: &Dev) -> Result<(), Failure> {
    let address = SocketAddr::new(args.address, args.port);
    TcpListener::bind(address).map(drop).map_err(|error| failure(address, &error))
}

/// Why the service cannot listen on `address`, and what to do about it.
pub(super) fn failure(address: SocketAddr, error: &io::Error) -> Failure {
    let port = address.port();
    Failure::not_started(match error.kind() {
        ErrorKind::AddrInUse => {
            let others = (port.saturating_add(1)..=port.saturating_add(OTHERS)).filter(|other| *other != port);
            let free = |other: &u16| TcpListener::bind((address.ip(), *other)).is_ok();
            let other = others.into_iter().find(free).unwrap_or(0);
            format!("port {port} of {} is taken: choose another, such as --port {other}", address.ip())
        }
        ErrorKind::AddrNotAvailable => format!("this machine does not have the address {}", address.ip()),
        ErrorKind::PermissionDenied => format!("no permission for port {port}: choose one above 1023 with --port"),
        _ => format!("cannot listen on {address}: {}", printable(&error.to_string())),
    })
}

/// The service's URL on this machine: the loopback address if the service listens on all addresses.
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
