//! A function without any dependency: it turns every message into the same text.

use std::env::var;
use std::io::{Read, Write};
use std::net::TcpStream;

fn main() {
    let api = var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let service = var("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING").unwrap().replace("http://", "");
    loop {
        let next = call("GET", &api, "/2018-06-01/runtime/invocation/next", "", "");
        let (head, event) = next.split_once("\r\n\r\n").unwrap();
        let id = head.lines().find_map(|line| line.strip_prefix("lambda-runtime-aws-request-id: ")).unwrap();
        let (callback, message, channel) = (of(event, "CallbackId"), of(event, "MessageId"), of(event, "ChannelArn"));
        let body = format!(
            r#"{{"CallbackId":"{callback}","ChannelMessage":{{"MessageId":"{message}","Content":"CONTENT"}}}}"#
        );
        let path = format!("/channels/{}?operation=channel-flow-callback", channel.replace(':', "%3A").replace('/', "%2F"));
        // Whoever is not known to the emulator is not asked for a true signature by `dev`.
        let signed = "authorization: AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/chime/aws4_request, \
                      SignedHeaders=host, Signature=0\r\n";
        call("POST", &service, &path, signed, &body);
        call("POST", &api, &format!("/2018-06-01/runtime/invocation/{id}/response"), "", "null");
    }
}

fn of<'a>(event: &'a str, name: &str) -> &'a str {
    event.split_once(&format!("\"{name}\":\"")).unwrap().1.split_once('"').unwrap().0
}

fn call(method: &str, host: &str, path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    let mut connection = TcpStream::connect(host).unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}
