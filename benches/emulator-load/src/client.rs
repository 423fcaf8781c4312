//! A chat client that keeps its connection.
//!
//! It shares the machine with the emulator, so it does as little as it can: each request is bytes that are written at once,
//! most of them made before the first one.

use std::io;
use std::net::SocketAddr;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Error;

/// Keys that nobody gave out: the emulator is told to take any, and does not look at the signature.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/chime/aws4_request, \
     SignedHeaders=host;x-amz-date, Signature=0000000000000000000000000000000000000000000000000000000000000000";

/// More headers than an answer has.
const HEADERS: usize = 32;

pub(crate) struct Client {
    connection: TcpStream,
    /// The head of each request up to the number of the body's bytes.
    head: String,
    request: Vec<u8>,
    answer: Vec<u8>,
    name: u64,
    sent: u64,
}

impl Client {
    /// One that sends as `bearer` to a channel. `name` sets it apart from the other clients.
    pub(crate) async fn connect(address: SocketAddr, channel: &str, bearer: &str, name: u64) -> Result<Self, Error> {
        let connection = TcpStream::connect(address).await?;
        connection.set_nodelay(true)?;
        let channel = utf8_percent_encode(channel, NON_ALPHANUMERIC);
        let head = format!(
            "POST /channels/{channel}/messages HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
             x-amz-date: 20260101T000000Z\r\nx-amz-chime-bearer: {bearer}\r\nauthorization: {AUTHORIZATION}\r\n\
             content-length: "
        );
        Ok(Self { connection, head, request: Vec::new(), answer: Vec::new(), name, sent: 0 })
    }

    /// Sends a message. Returns once the emulator has taken it.
    pub(crate) async fn send(&mut self, content: &str) -> Result<(), Error> {
        self.sent += 1;
        let body = json!({
            "Content": content,
            "Type": "STANDARD",
            "Persistence": "PERSISTENT",
            "ClientRequestToken": format!("{}-{}", self.name, self.sent),
        });
        let body = body.to_string();
        self.request.clear();
        self.request.extend_from_slice(self.head.as_bytes());
        self.request.extend_from_slice(format!("{}\r\n\r\n{body}", body.len()).as_bytes());
        self.connection.write_all(&self.request).await?;
        self.answer.clear();
        loop {
            if self.connection.read_buf(&mut self.answer).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            match answered(&self.answer)? {
                Some(201) => return Ok(()),
                Some(status) => {
                    return Err(format!("{status} {}", String::from_utf8_lossy(&self.answer)).into());
                }
                None => {}
            }
        }
    }
}

/// The status of an answer that is there as a whole.
fn answered(answer: &[u8]) -> Result<Option<u16>, Error> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(answer)? else { return Ok(None) };
    let length = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = str::from_utf8(length.ok_or("an answer without content-length")?.value)?.parse::<usize>()?;
    Ok(response.code.filter(|_| answer.len() >= head + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_when_all_of_it_is_there() {
        let answer = b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(answered(answer).unwrap(), Some(201));
        for end in 0..answer.len() {
            assert_eq!(answered(&answer[..end]).unwrap(), None, "{end}");
        }
    }
}
