//! The chat page, as its own scripts use it.

use super::chat::{Chat, encoded};
use super::{Response, request};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

/// What only the page sends.
pub(crate) const PAGE: [(&str, &str); 2] = [("content-type", "application/json"), ("x-channel-flow-page", "1")];

pub(crate) fn get(chat: &Chat, path: &str) -> Response {
    request(chat.address, "GET", path, &[], b"")
}

pub(crate) fn post(chat: &Chat, path: &str, body: &Value) -> Response {
    request(chat.address, "POST", path, &PAGE, body.to_string().as_bytes())
}

/// The stream of an open page.
pub(crate) struct Stream(BufReader<TcpStream>);

impl Stream {
    pub(crate) fn open(chat: &Chat, left: &str, right: &str) -> Self {
        let [channel, left, right] = [chat.channel.clone(), chat.arn(left), chat.arn(right)].map(|arn| encoded(&arn));
        let path = format!("/page/stream?channel={channel}&left={left}&right={right}");
        let mut connection = TcpStream::connect(chat.address).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(connection, "GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", chat.address).unwrap();
        let mut stream = Self(BufReader::new(connection));
        assert!(stream.next("hello")["instance"].is_string());
        stream
    }

    /// The next event of this name; others are passed over.
    pub(crate) fn next(&mut self, name: &str) -> Value {
        self.try_next(name).expect("the stream is open")
    }

    pub(crate) fn try_next(&mut self, name: &str) -> Option<Value> {
        let mut is_next = false;
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some(("event", found)) => is_next = found == name,
                Some(("data", data)) if is_next => return Some(serde_json::from_str(data).unwrap()),
                _ => {}
            }
        }
    }

    /// The next story that has come out so.
    pub(crate) fn story(&mut self, outcome: &str) -> Value {
        loop {
            let story = self.next("story");
            if story["outcome"] == outcome {
                return story;
            }
        }
    }
}
