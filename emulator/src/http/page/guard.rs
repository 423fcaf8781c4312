//! That nobody but the page asks: its API has no signatures, and any page that a browser shows can reach loopback.

use crate::messaging::wire::api_error::ApiError;
use axum::http::header::{CONTENT_TYPE, HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{Method, Uri};

/// A header that only the page sets. A page of another origin that sets it is asked for its origin first.
const OF_THE_PAGE: &str = "x-channel-flow-page";

/// Lets the page in, and tools that are no browser: they send neither `Origin` nor `Sec-Fetch-Site`.
///
/// That `Host` is a name of this service is known by now. The header that only the page sets is asked of whatever changes
/// something, so that a form or an image of another page never does, in whatever browser.
pub(super) fn check(request: &Parts) -> Result<(), ApiError> {
    let header = |name| request.headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let same_site = header("sec-fetch-site").is_none_or(|site| ["same-origin", "none"].contains(&site));
    let same_origin = header(ORIGIN.as_str()).is_none_or(|origin| {
        let origin = origin.parse::<Uri>().ok();
        let authority = origin.as_ref().and_then(Uri::authority).map(|authority| authority.as_str());
        authority
            .is_some_and(|authority| header(HOST.as_str()).is_some_and(|host| host.eq_ignore_ascii_case(authority)))
    });
    if !same_site || !same_origin {
        return Err(ApiError::forbidden("only the chat page itself may ask for this"));
    }
    let is_json = header(CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with("application/json"));
    if request.method != Method::GET && (header(OF_THE_PAGE).is_none() || !is_json) {
        return Err(ApiError::forbidden(format!("a change needs JSON and the header {OF_THE_PAGE}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn is_let_in(method: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().method(method).uri("/page/messages").header("host", "localhost:8700");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(&request.body(()).unwrap().into_parts().0).is_ok()
    }

    #[test]
    fn the_page_may_ask_and_other_pages_may_not() {
        assert!(is_let_in("GET", &[]));
        assert!(is_let_in("GET", &[("sec-fetch-site", "same-origin")]));
        assert!(is_let_in("GET", &[("origin", "http://localhost:8700")]));
        for other in [
            [("sec-fetch-site", "same-site")],
            [("sec-fetch-site", "cross-site")],
            [("origin", "http://localhost:3000")],
            [("origin", "http://127.0.0.1:8700")],
            [("origin", "null")],
            [("origin", "")],
        ] {
            assert!(!is_let_in("GET", &other), "{other:?}");
            let marked = [other[0], (OF_THE_PAGE, "1"), ("content-type", "application/json")];
            assert!(!is_let_in("POST", &marked), "{other:?}");
        }
    }

    #[test]
    fn a_change_needs_what_only_the_page_sends() {
        let json = ("content-type", "application/json");
        let mark = (OF_THE_PAGE, "1");
        assert!(is_let_in("POST", &[mark, json, ("origin", "http://localhost:8700")]));
        assert!(is_let_in("POST", &[mark, json]));
        assert!(!is_let_in("POST", &[json]));
        assert!(!is_let_in("POST", &[mark]));
        assert!(!is_let_in("POST", &[mark, ("content-type", "text/plain")]));
    }
}
