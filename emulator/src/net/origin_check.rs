//! Who may talk to the service at all: a page on the internet reaches loopback, too, so names and origins are checked.

use crate::messaging::wire::api_error::ApiError;
use crate::settings::Settings;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, HOST, ORIGIN, VARY,
};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Uri};
use std::net::{IpAddr, SocketAddr};

/// Whether the request may come in.
///
/// A `Host` that is neither a loopback name nor allowed is a name that somebody has pointed here. An `Origin` is a page's,
/// and only pages of this machine, and those that are allowed, may ask. Of two of a kind nobody knows which one counts.
pub(crate) fn check(settings: &Settings, request: &Parts) -> Result<(), ApiError> {
    let authority = authority(&request.uri, &request.headers)?;
    let name = authority.as_ref().map(Authority::host).unwrap_or_default();
    let listens_here = || settings.address.ip().to_string() == name.trim_matches(['[', ']']);
    if !is_loopback(name) && !listens_here() && !settings.allowed_hosts.iter().any(|allowed| allowed == name) {
        let how = "an emulator answers to loopback names and to hosts it was told to allow";
        return Err(ApiError::forbidden(format!("the Host is not one of this service: {how}")));
    }
    let Some(origin) = request.headers.get(ORIGIN) else { return Ok(()) };
    if is_allowed_origin(settings, origin) {
        return Ok(());
    }
    let how = "pages of this machine may ask, and those it was told to allow";
    Err(ApiError::forbidden(format!("the Origin may not use this service: {how}")))
}

/// Whether the request may come in to the Runtime API at this address, which hands out what people say to whoever asks first.
///
/// As [`check`], but for the port, which has to be its own, and for browsers, which have no business there: they send an
/// `Origin`, or say with `Sec-Fetch-…` what they ask for on whose behalf.
pub(crate) fn check_runtime(address: SocketAddr, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
    let authority = authority(uri, headers)?;
    let host = authority.as_ref().filter(|authority| authority.port_u16().unwrap_or(80) == address.port());
    let name = host.map(Authority::host).unwrap_or_default();
    if !is_loopback(name) && name != address.ip().to_string() {
        return Err(ApiError::forbidden("the Host is not this Runtime API: it answers to AWS_LAMBDA_RUNTIME_API"));
    }
    if headers.keys().any(|name| *name == ORIGIN || name.as_str().starts_with("sec-fetch-")) {
        return Err(ApiError::forbidden("the Runtime API is for runtimes, and a browser is none"));
    }
    Ok(())
}

/// Whom the request is for.
fn authority(uri: &Uri, headers: &HeaderMap) -> Result<Option<Authority>, ApiError> {
    for name in [HOST, ORIGIN] {
        if headers.get_all(&name).iter().nth(1).is_some() {
            return Err(ApiError::bad_request(format!("the request has more than one header {name}")));
        }
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    Ok(host.or(uri.authority().map(Authority::as_str)).unwrap_or_default().parse().ok())
}

/// What a browser has to be told so that a page of an allowed origin can read the answer.
pub(crate) fn cross_origin_headers(settings: &Settings, request: &HeaderMap, response: &mut HeaderMap) {
    let mut origins = request.get_all(ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else { return };
    if !is_allowed_origin(settings, origin) {
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

fn is_allowed_origin(settings: &Settings, origin: &HeaderValue) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    let host = origin.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
    host.is_some_and(|host| is_loopback(&host)) || settings.allowed_origins.iter().any(|allowed| allowed == origin)
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

    #[test]
    fn one_host_and_one_origin() {
        let refused = |first: (_, &str), second: (_, &str)| {
            let request = Request::builder().uri("/channels").header(HOST, "localhost");
            let request = request.header(first.0, first.1).header(second.0, second.1).body(()).unwrap();
            let (parts, ()) = request.into_parts();
            let mut response = HeaderMap::new();
            cross_origin_headers(&Settings::new(), &parts.headers, &mut response);
            (check(&Settings::new(), &parts).err().map(|error| error.status()), response.is_empty())
        };
        let (local, foreign) = ("http://localhost", "https://example.com");
        assert_eq!(refused((HOST, "localhost"), (ORIGIN, local)), (Some(400), false));
        assert_eq!(refused((HOST, "example.com"), (ORIGIN, foreign)), (Some(400), true));
        assert_eq!(refused((ORIGIN, local), (ORIGIN, foreign)), (Some(400), true));
        assert_eq!(refused((ORIGIN, local), (ORIGIN, local)), (Some(400), true));
        assert_eq!(refused((ORIGIN, local), (VARY, "")), (None, false));
    }

    fn is_let_in(settings: &Settings, host: &str, origin: Option<&str>) -> bool {
        let mut request = Request::builder().uri("/channels").header(HOST, host);
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        check(settings, &request.body(()).unwrap().into_parts().0).is_ok()
    }

    #[test]
    fn loopback_names_and_no_others() {
        let settings = Settings::new();
        for host in ["localhost", "LOCALHOST:80", "127.0.0.1:8700", "127.9.9.9", "[::1]:8700", "chat.localhost:1"] {
            assert!(is_let_in(&settings, host, None), "{host}");
        }
        for host in ["", "example.com", "localhost.example.com:80", "10.0.0.1", "[::2]", "127.0.0.1.example.com", "a b"]
        {
            assert!(!is_let_in(&settings, host, None), "{host}");
        }
        assert!(is_let_in(&settings.clone().allow_host("example.com"), "example.com:80", None));
        assert!(is_let_in(&settings.address(([10, 0, 0, 1], 80)), "10.0.0.1:80", None));
    }

    #[test]
    fn pages_of_this_machine_and_no_others() {
        let settings = Settings::new();
        for origin in ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:5173"] {
            assert!(is_let_in(&settings, "localhost", Some(origin)), "{origin}");
        }
        for origin in ["null", "https://example.com", "http://localhost.example.com", "file://", ""] {
            assert!(!is_let_in(&settings, "localhost", Some(origin)), "{origin}");
        }
        let settings = settings.allow_origin("https://example.com");
        assert!(is_let_in(&settings, "localhost", Some("https://example.com")));
        assert!(!is_let_in(&settings, "localhost", Some("http://example.com")));
    }
}
