//! The check of `Host` and `Origin`: a page on the internet can reach loopback, too.

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, HOST, ORIGIN, VARY,
};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use std::net::{IpAddr, SocketAddr};

/// The hosts and origins that a service accepts, beside loopback names and pages of this machine.
#[derive(Clone, Debug)]
pub(crate) struct Allowed {
    /// Where the service listens.
    pub(crate) address: IpAddr,
    pub(crate) hosts: Vec<String>,
    pub(crate) origins: Vec<String>,
}

/// Why a request may not come in.
#[derive(Debug)]
pub(crate) struct OriginError {
    /// 400 or 403.
    pub(crate) status: StatusCode,
    pub(crate) message: String,
}

impl OriginError {
    fn bad_request(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into() }
    }

    fn forbidden(message: impl Into<String>) -> Self {
        Self { status: StatusCode::FORBIDDEN, message: message.into() }
    }
}

/// Whether the request may come in.
///
/// A `Host` that is neither a loopback name nor allowed is a name that somebody has pointed here. An `Origin` is a page's,
/// and only pages of this machine, and those that are allowed, may ask. Of two of a kind nobody knows which one counts.
pub(crate) fn check(allowed: &Allowed, request: &Parts) -> Result<(), OriginError> {
    let authority = authority(&request.uri, &request.headers)?;
    let name = authority.as_ref().map(Authority::host).unwrap_or_default();
    let listens_here = || allowed.address.to_string() == name.trim_matches(['[', ']']);
    if !is_loopback(name) && !listens_here() && !allowed.hosts.iter().any(|host| host == name) {
        let how = "an emulator answers to loopback names and to hosts it was told to allow";
        return Err(OriginError::forbidden(format!("the Host is not one of this service: {how}")));
    }
    let Some(origin) = request.headers.get(ORIGIN) else { return Ok(()) };
    if is_allowed_origin(allowed, origin) {
        return Ok(());
    }
    let how = "pages of this machine may ask, and those it was told to allow";
    Err(OriginError::forbidden(format!("the Origin may not use this service: {how}")))
}

/// Whether the request may reach the Runtime API at this address, which hands each event, content included, to the first
/// client that asks.
///
/// As [`check`], but for the port, which has to be its own, and for browsers, which have no business there: they send an
/// `Origin` or headers `Sec-Fetch-…`.
pub(crate) fn check_runtime(address: SocketAddr, uri: &Uri, headers: &HeaderMap) -> Result<(), OriginError> {
    let authority = authority(uri, headers)?;
    let host = authority.as_ref().filter(|authority| authority.port_u16().unwrap_or(80) == address.port());
    let name = host.map(Authority::host).unwrap_or_default();
    if !is_loopback(name) && name != address.ip().to_string() {
        return Err(OriginError::forbidden("the Host is not this Runtime API: it answers to AWS_LAMBDA_RUNTIME_API"));
    }
    if headers.keys().any(|name| *name == ORIGIN || name.as_str().starts_with("sec-fetch-")) {
        return Err(OriginError::forbidden("the Runtime API is for runtimes, and a browser is none"));
    }
    Ok(())
}

/// The host that the request is for.
fn authority(uri: &Uri, headers: &HeaderMap) -> Result<Option<Authority>, OriginError> {
    for name in [HOST, ORIGIN] {
        if headers.get_all(&name).iter().nth(1).is_some() {
            return Err(OriginError::bad_request(format!("the request has more than one header {name}")));
        }
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    Ok(host.or(uri.authority().map(Authority::as_str)).unwrap_or_default().parse().ok())
}

/// Adds the headers that let a page of an allowed origin read the answer.
pub(crate) fn cross_origin_headers(allowed: &Allowed, request: &HeaderMap, response: &mut HeaderMap) {
    let mut origins = request.get_all(ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else { return };
    if !is_allowed_origin(allowed, origin) {
        return;
    }
    response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    response.append(VARY, HeaderValue::from_static("origin"));
    response.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("x-amzn-errortype,x-amzn-requestid,x-amzn-trace-id,date"),
    );
    if let Some(headers) = request.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        response.insert(ACCESS_CONTROL_ALLOW_HEADERS, headers.clone());
        response.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET,POST,PUT,DELETE"));
        response.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
}

fn is_allowed_origin(allowed: &Allowed, origin: &HeaderValue) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    let host = origin.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
    host.is_some_and(|host| is_loopback(&host)) || allowed.origins.iter().any(|allowed| allowed == origin)
}

/// `localhost`, a name below it, or a loopback address. None of them can be a name of someone else's.
fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    /// Nobody beside this machine.
    fn allowed() -> Allowed {
        Allowed { address: [127, 0, 0, 1].into(), hosts: Vec::new(), origins: Vec::new() }
    }

    #[test]
    fn one_host_and_one_origin() {
        let refused = |first: (_, &str), second: (_, &str)| {
            let request = Request::builder().uri("/channels").header(HOST, "localhost");
            let request = request.header(first.0, first.1).header(second.0, second.1).body(()).unwrap();
            let (parts, ()) = request.into_parts();
            let mut response = HeaderMap::new();
            cross_origin_headers(&allowed(), &parts.headers, &mut response);
            (check(&allowed(), &parts).err().map(|error| error.status.as_u16()), response.is_empty())
        };
        let (local, foreign) = ("http://localhost", "https://example.com");
        assert_eq!(refused((HOST, "localhost"), (ORIGIN, local)), (Some(400), false));
        assert_eq!(refused((HOST, "example.com"), (ORIGIN, foreign)), (Some(400), true));
        assert_eq!(refused((ORIGIN, local), (ORIGIN, foreign)), (Some(400), true));
        assert_eq!(refused((ORIGIN, local), (ORIGIN, local)), (Some(400), true));
        assert_eq!(refused((ORIGIN, local), (VARY, "")), (None, false));
    }

    fn is_let_in(allowed: &Allowed, host: &str, origin: Option<&str>) -> bool {
        let mut request = Request::builder().uri("/channels").header(HOST, host);
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        check(allowed, &request.body(()).unwrap().into_parts().0).is_ok()
    }

    #[test]
    fn loopback_names_and_no_others() {
        let allowed = allowed();
        for host in ["localhost", "LOCALHOST:80", "127.0.0.1:8700", "127.9.9.9", "[::1]:8700", "chat.localhost:1"] {
            assert!(is_let_in(&allowed, host, None), "{host}");
        }
        for host in ["", "example.com", "localhost.example.com:80", "10.0.0.1", "[::2]", "127.0.0.1.example.com", "a b"]
        {
            assert!(!is_let_in(&allowed, host, None), "{host}");
        }
        let more = Allowed { hosts: vec!["example.com".to_owned()], ..allowed.clone() };
        assert!(is_let_in(&more, "example.com:80", None));
        assert!(is_let_in(&Allowed { address: [10, 0, 0, 1].into(), ..allowed }, "10.0.0.1:80", None));
    }

    #[test]
    fn pages_of_this_machine_and_no_others() {
        let allowed = allowed();
        for origin in ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:5173"] {
            assert!(is_let_in(&allowed, "localhost", Some(origin)), "{origin}");
        }
        for origin in ["null", "https://example.com", "http://localhost.example.com", "file://", ""] {
            assert!(!is_let_in(&allowed, "localhost", Some(origin)), "{origin}");
        }
        let allowed = Allowed { origins: vec!["https://example.com".to_owned()], ..allowed };
        assert!(is_let_in(&allowed, "localhost", Some("https://example.com")));
        assert!(!is_let_in(&allowed, "localhost", Some("http://example.com")));
    }
}
