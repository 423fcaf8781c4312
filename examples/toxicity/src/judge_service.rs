//! A judge on this machine that answers as scripted, for the tests.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// Returns an endpoint whose name has no address, as in a region without the judge. No name server is asked: a part of a
/// name has at most 63 characters.
pub(crate) fn nowhere() -> String {
    format!("http://{}.invalid", "a".repeat(64))
}

/// An HTTP endpoint that speaks for Comprehend or Bedrock.
pub(crate) struct JudgeService {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    /// The answers to come. The last one is repeated.
    answers: Vec<Answer>,
    requests: Vec<Request>,
    /// Connections that are never answered, kept open.
    hanging: Vec<TcpStream>,
}

/// What the service does with a request.
#[derive(Clone)]
pub(crate) enum Answer {
    /// The status, the code of the error if it is one, and the body.
    Http(u16, Option<&'static str>, String),
    /// Takes the request and never answers.
    Hang,
}

/// A request as the service got it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    /// `POST /` and the header `x-amz-target`, if there is one.
    pub(crate) operation: String,
    pub(crate) body: String,
}

impl Answer {
    /// An answer of Comprehend, with the labels and their scores of each segment.
    pub(crate) fn labels(segments: &[&[(&str, f64)]]) -> Self {
        let segments = segments.iter().map(|labels| {
            let labels = labels.iter().map(|(name, score)| json!({ "Name": name, "Score": score }));
            json!({ "Labels": labels.collect::<Vec<_>>(), "Toxicity": 0.25 })
        });
        Self::Http(200, None, json!({ "ResultList": segments.collect::<Vec<_>>() }).to_string())
    }

    /// An answer of Bedrock.
    pub(crate) fn guardrail(action: &str, assessment: &Value) -> Self {
        let usage = json!({
            "topicPolicyUnits": 1, "contentPolicyUnits": 1, "wordPolicyUnits": 1, "sensitiveInformationPolicyUnits": 1,
            "sensitiveInformationPolicyFreeUnits": 0, "contextualGroundingPolicyUnits": 0,
        });
        let body = json!({ "usage": usage, "action": action, "outputs": [], "assessments": [assessment] });
        Self::Http(200, None, body.to_string())
    }

    /// An error of either. Its text quotes the message, as a service may do it.
    pub(crate) fn error(status: u16, code: &'static str) -> Self {
        Self::Http(status, Some(code), json!({ "message": "1 validation error: a rude word" }).to_string())
    }
}

impl JudgeService {
    /// Starts the service. It ends with the test.
    pub(crate) fn start(answers: impl Into<Vec<Answer>>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let state = State { answers: answers.into(), requests: Vec::new(), hanging: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let shared = state.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                thread::spawn(move || serve(&stream, &shared));
            }
        });
        Ok(Self { address, state })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state.lock().unwrap().requests.clone()
    }
}

/// Answers the requests of a connection until the client closes it.
fn serve(stream: &TcpStream, state: &Mutex<State>) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader)? {
        let answer = {
            let mut state = state.lock().unwrap();
            state.requests.push(request);
            if state.answers.len() > 1 { state.answers.remove(0) } else { state.answers[0].clone() }
        };
        let Answer::Http(status, code, body) = answer else {
            state.lock().unwrap().hanging.push(stream.try_clone()?);
            return Ok(());
        };
        let error = code.map_or_else(String::new, |code| format!("x-amzn-errortype: {code}\r\n"));
        let length = body.len();
        let head = format!("HTTP/1.1 {status} Answer\r\ncontent-type: application/x-amz-json-1.1\r\n{error}");
        // In one piece: the second of two small ones would wait for the client's acknowledgement of the first.
        (&*stream).write_all(format!("{head}content-length: {length}\r\n\r\n{body}").as_bytes())?;
    }
    Ok(())
}

fn read(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut request =
        Request { operation: line.trim_end().trim_end_matches(" HTTP/1.1").to_owned(), ..Request::default() };
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "x-amz-target" => request.operation += &format!(" {value}"),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    request.body = String::from_utf8(body).unwrap();
    Ok(Some(request))
}
