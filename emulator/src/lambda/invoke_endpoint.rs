//! Functions behind an HTTP endpoint: whatever on this machine speaks Lambda's `Invoke`.

use crate::assumptions;
use crate::ids;
use crate::json::Members;
use crate::lambda::attempt::{Attempt, OnAttempt};
use crate::lambda::invocation_fault::InvocationFault;
use crate::lambda::unreachable::Unreachable;
use crate::model::event::Event;
use crate::model::invocation::{ANSWERED, REPORTED};
use crate::model::returned::Returned;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// A function behind an endpoint that speaks Lambda's `Invoke`.
///
/// | | endpoint | name |
/// | --- | --- | --- |
/// | `cargo lambda watch` | `http://127.0.0.1:9000` | of the binary |
/// | `sam local start-lambda` | `http://127.0.0.1:3001` | the logical id in the template |
/// | AWS's runtime interface emulator | `http://127.0.0.1:8080` | always `function` |
///
/// Events are sent with `X-Amz-Invocation-Type: Event`. If that is answered at once with 202, the endpoint has a queue,
/// and neither the outcome of the event there nor the reasons that the function returns are known here. Endpoints that
/// invoke synchronously all the same, as two of these do, have no queue: Lambda's retries and destinations do not exist
/// there, and a message whose function fails hangs at once.
///
/// The function calls back to wherever its `AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING` says, with its own credentials: set
/// both when you start it.
#[derive(Clone)]
pub struct InvokeEndpoint {
    timeout: Duration,
    shared: Arc<Shared>,
}

struct Shared {
    uri: Uri,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// Why a text is no [`InvokeEndpoint`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusableEndpoint(&'static str);

/// The outcome of a try of which nothing else will be known.
pub(crate) const QUEUED: &str = "the endpoint has taken the event";

/// How long a connection may take. Nothing on the same machine takes longer.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// How long a name may be, ARNs included, as the `Invoke` of the Lambda API has it.
const NAME_CHARACTERS: usize = 170;

/// The outcome of a request to the endpoint.
enum Answered {
    /// It was reached, and the function answered.
    Response(Returned),
    /// It was reached, and the function failed or gave no answer: in words.
    Failed(String),
    /// It has taken the event, to deliver it by and by.
    Queued,
    /// The event did not reach a function.
    Unreachable(Unreachable),
}

impl InvokeEndpoint {
    /// The function `name` at an endpoint such as `http://127.0.0.1:9000`, which has 15 minutes to answer: Lambda's longest
    /// time for a function, and `cargo lambda watch` answers once it has built it.
    ///
    /// # Errors
    ///
    /// `endpoint` is not `http://host:port`, or `name` is empty.
    pub fn new(endpoint: &str, name: &str) -> Result<Self, UnusableEndpoint> {
        let uri: Uri = endpoint.parse().map_err(|_| UnusableEndpoint("the endpoint is not a URL"))?;
        if uri.scheme_str() != Some("http") {
            return Err(UnusableEndpoint("the endpoint must begin with http://"));
        }
        let authority = uri.authority().ok_or(UnusableEndpoint("the endpoint has no host"))?;
        if authority.as_str().contains('@') {
            return Err(UnusableEndpoint("the endpoint must not have a user"));
        }
        if uri.path() != "/" || uri.query().is_some() {
            return Err(UnusableEndpoint("the endpoint must be a host and a port, with nothing after them"));
        }
        if name.is_empty() || name.chars().count() > NAME_CHARACTERS {
            return Err(UnusableEndpoint("a function's name has 1 to 170 characters"));
        }
        let name = utf8_percent_encode(name, NAME);
        let uri = format!("http://{authority}/2015-03-31/functions/{name}/invocations");
        let uri = uri.parse().map_err(|_| UnusableEndpoint("the endpoint is not a URL"))?;
        Ok(Self::with(uri, Duration::from_secs(15 * 60)))
    }

    /// Sets how long the endpoint has to answer. One that does not has the event all the same, and may be at work on it.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self::with(self.shared.uri.clone(), timeout)
    }

    fn with(uri: Uri, timeout: Duration) -> Self {
        let mut connector = HttpConnector::new();
        // Over before the time for the answer is, so that an absent endpoint is told from a silent one.
        connector.set_connect_timeout(Some(CONNECT_TIME.min(timeout / 2)));
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { timeout, shared: Arc::new(Shared { uri, client }) }
    }

    /// The URL that events are sent to.
    pub fn url(&self) -> String {
        self.shared.uri.to_string()
    }

    /// Sends an event, twice if it is to be duplicated. Whether it is known that nothing else comes of it.
    pub(crate) async fn invoke(
        &self,
        function_arn: &str,
        event: &Event,
        fault: Option<InvocationFault>,
        on_attempt: &OnAttempt,
    ) -> Result<bool, Unreachable> {
        let invoke = || self.invoke_once(function_arn, event, fault, on_attempt);
        match fault {
            Some(InvocationFault::Duplicate) => {
                let (one, other) = tokio::join!(invoke(), invoke());
                // Reached once is reached.
                match (one, other) {
                    (Ok(one), Ok(other)) => Ok(one && other),
                    (Ok(known), Err(_)) | (Err(_), Ok(known)) => Ok(known),
                    (Err(unreachable), Err(_)) => Err(unreachable),
                }
            }
            _ => invoke().await,
        }
    }

    /// Whether it is known that nothing else comes of the event.
    async fn invoke_once(
        &self,
        function_arn: &str,
        event: &Event,
        fault: Option<InvocationFault>,
        on_attempt: &OnAttempt,
    ) -> Result<bool, Unreachable> {
        // Until the endpoint names its id of the request, if it does.
        let mut request_id = ids::uuid();
        let started = Instant::now();
        let answered = match fault {
            Some(InvocationFault::Crash) => {
                let outcome = "the function ended in the invocation: a scripted fault".to_owned();
                Answered::Failed(outcome)
            }
            _ => {
                let (answered, id) = self.send(event).await;
                request_id = id.unwrap_or(request_id);
                answered
            }
        };
        let (known, success, outcome, returned) = match answered {
            Answered::Response(returned) => (true, true, ANSWERED.to_owned(), returned),
            Answered::Failed(outcome) => (true, false, outcome, Returned::default()),
            Answered::Queued => (false, true, QUEUED.to_owned(), Returned::default()),
            Answered::Unreachable(unreachable) => return Err(unreachable),
        };
        on_attempt.call(&Attempt {
            function_arn,
            request_id: &request_id,
            outcome,
            success,
            returned,
            duration: started.elapsed(),
            cold_start: None,
        });
        Ok(known)
    }

    /// The outcome of a request, and the endpoint's id of it.
    async fn send(&self, event: &Event) -> (Answered, Option<String>) {
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.shared.uri.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("x-amz-invocation-type", "Event")
            .body(Full::new(event.json().clone()))
            .expect("all of it is known to be valid");
        let answer = timeout(self.timeout, async {
            let response = self.shared.client.request(request).await.map_err(|error| self.unreachable(&error))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, assumptions::RESPONSE_BYTES).collect().await;
            // A truncated answer is an answer all the same.
            let body = body.map(|body| body.to_bytes()).unwrap_or_default();
            Ok((head.status, head.headers, body))
        });
        match answer.await {
            Ok(Ok((status, headers, body))) => {
                let id = headers.get("x-amzn-requestid").and_then(|id| id.to_str().ok()).map(str::to_owned);
                (read(status, &headers, &body), id)
            }
            Ok(Err(unreachable)) => (Answered::Unreachable(unreachable), None),
            Err(_) => {
                let outcome = format!("the endpoint did not answer in {} s", self.timeout.as_secs_f64());
                (Answered::Failed(outcome), None)
            }
        }
    }

    fn unreachable(&self, error: &hyper_util::client::legacy::Error) -> Unreachable {
        let endpoint = self.shared.uri.authority().map_or("", |authority| authority.as_str());
        let what =
            if error.is_connect() { "no connection to" } else { "the connection broke before an answer came from" };
        let mut cause: &dyn std::error::Error = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        Unreachable(format!("{what} {endpoint}: {cause}"))
    }
}

/// The meaning of an answer. A header marks a function's error or, with `cargo lambda watch`, by status 500; its body is
/// that of the Runtime API, which no error of an endpoint itself has.
fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Answered {
    let members = Members::read(body);
    let text = |key| members.as_ref().and_then(|members| members.string(key));
    let reported = text("errorType");
    if (status.is_success() && headers.contains_key("x-amz-function-error")) || reported.is_some() {
        let mut outcome = format!("{REPORTED} an error");
        // The message may quote content.
        if let Some(error_type) = reported.filter(|error_type| !error_type.is_empty()) {
            outcome = format!("{REPORTED} {error_type}");
        }
        return Answered::Failed(outcome);
    }
    if status == StatusCode::ACCEPTED {
        return Answered::Queued;
    }
    if status.is_success() {
        return Answered::Response(Returned::read(body));
    }
    let said = text("Message").or_else(|| text("message")).or_else(|| text("detail"));
    let said =
        said.filter(|said| !said.is_empty()).map(|said| format!(": {}", said.chars().take(200).collect::<String>()));
    let name = status.canonical_reason().unwrap_or_default();
    Answered::Unreachable(Unreachable(format!(
        "the endpoint refused the event with {} {name}{}",
        status.as_u16(),
        said.unwrap_or_default()
    )))
}

/// The characters that are escaped in a name, which may be an ARN.
const NAME: &percent_encoding::AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

impl FromStr for InvokeEndpoint {
    type Err = UnusableEndpoint;

    /// Reads `http://host:port/NAME`.
    fn from_str(text: &str) -> Result<Self, UnusableEndpoint> {
        let problem = UnusableEndpoint("write it as http://host:port/NAME");
        let host = text.find("://").ok_or_else(|| problem.clone())? + 3;
        let slash = text[host..].find('/').ok_or(problem)? + host;
        Self::new(&text[..slash], &text[slash + 1..])
    }
}

impl fmt::Debug for InvokeEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvokeEndpoint")
            .field("uri", &self.shared.uri)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for UnusableEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for UnusableEndpoint {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_a_host_a_port_and_a_name() {
        let endpoint: InvokeEndpoint = "http://127.0.0.1:9000/my-filter".parse().unwrap();
        assert_eq!(endpoint.url(), "http://127.0.0.1:9000/2015-03-31/functions/my-filter/invocations");
        let endpoint = InvokeEndpoint::new("http://[::1]:3001/", "arn:aws:lambda:x").unwrap();
        assert_eq!(endpoint.url(), "http://[::1]:3001/2015-03-31/functions/arn%3Aaws%3Alambda%3Ax/invocations");
        for (text, expected) in [
            ("127.0.0.1:9000/x", "write it as"),
            ("http://127.0.0.1:9000", "write it as"),
            ("http://127.0.0.1:9000/", "1 to 170"),
            ("https://127.0.0.1:9000/x", "must begin with http://"),
            ("http:///x", "not a URL"),
            ("http://a:b@127.0.0.1/x", "must not have a user"),
        ] {
            let problem = text.parse::<InvokeEndpoint>().unwrap_err().to_string();
            assert!(problem.contains(expected), "{text}: {problem}");
        }
        assert!(InvokeEndpoint::new("http://localhost:1/a", "x").is_err());
    }

    fn verdict(status: u16, headers: &[(&'static str, &str)], body: &str) -> String {
        let headers = headers.iter().map(|(name, value)| {
            (axum::http::HeaderName::from_static(name), axum::http::HeaderValue::from_str(value).unwrap())
        });
        match read(StatusCode::from_u16(status).unwrap(), &headers.collect(), body.as_bytes()) {
            Answered::Response(returned) => format!("answered: {}", returned.reasons.join(", ")),
            Answered::Failed(outcome) => format!("failed: {outcome}"),
            Answered::Queued => "queued".to_owned(),
            Answered::Unreachable(unreachable) => unreachable.0,
        }
    }

    #[test]
    fn what_answers_mean() {
        assert_eq!(verdict(200, &[], "null"), "answered: ");
        assert_eq!(verdict(202, &[], ""), "queued");
        assert_eq!(verdict(204, &[], ""), "answered: ");
        assert_eq!(verdict(200, &[], r#"{"Decision":"DENY","Reasons":["links"]}"#), "answered: links");
        let error = r#"{"errorType":"Boom","errorMessage":"secret"}"#;
        for status in [200, 202, 500] {
            assert_eq!(verdict(status, &[], error), "failed: the function reported Boom");
        }
        assert_eq!(
            verdict(200, &[("x-amz-function-error", "Unhandled")], "x"),
            "failed: the function reported an error"
        );
        assert_eq!(verdict(500, &[], "x"), "the endpoint refused the event with 500 Internal Server Error");
        assert_eq!(
            verdict(404, &[], r#"{"Type":"User","Message":"Function not found"}"#),
            "the endpoint refused the event with 404 Not Found: Function not found"
        );
        assert_eq!(verdict(429, &[], ""), "the endpoint refused the event with 429 Too Many Requests");
        assert_eq!(verdict(301, &[], ""), "the endpoint refused the event with 301 Moved Permanently");
    }
}
