//! How many connections there are, and for how long: what a peer leaves open costs memory and file descriptors.

mod common;

use channel_flow_emulator::{Fault, MessagingService, Settings};
use common::chat::{Chat, encoded, start};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const AT_MOST: usize = 8;

/// A service that has few connections.
async fn stage() -> (MessagingService, Chat) {
    start(Settings::new().page(true).connection_limit(AT_MOST)).await
}

fn connect(chat: &Chat) -> TcpStream {
    let connection = TcpStream::connect(chat.address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    connection
}

/// The status of a request on a connection that stays open.
fn ask(connection: &mut TcpStream) -> io::Result<u16> {
    write!(connection, "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")?;
    answer(connection)
}

fn answer(connection: &mut TcpStream) -> io::Result<u16> {
    let mut reader = BufReader::new(connection);
    let (mut line, mut status, mut length) = (String::new(), 0, 0);
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end().split_once([' ', ':']) {
            Some(("HTTP/1.1", rest)) => status = rest[..3].parse().unwrap(),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().unwrap()
            }
            None => break,
            _ => {}
        }
    }
    reader.read_exact(&mut vec![0; length])?;
    Ok(status)
}

fn is_open(connection: &mut TcpStream) -> bool {
    ask(connection).is_ok_and(|status| status == 200)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connection_that_has_been_idle_for_longest_makes_room() {
    let (service, chat) = stage().await;
    service.drop_idle_connections().await;
    let mut connections: Vec<_> = (0..AT_MOST).map(|_| connect(&chat)).collect();
    for connection in &mut connections {
        assert!(is_open(connection));
    }
    // The first one is busy again, so that the second one has been idle for longest.
    assert!(is_open(&mut connections[0]));
    let mut newer = connect(&chat);
    assert!(is_open(&mut newer));
    let open: Vec<_> = connections.iter_mut().map(is_open).collect();
    assert_eq!(open.iter().position(|open| !open), Some(1));
    assert_eq!(open.iter().filter(|open| **open).count(), AT_MOST - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_too_many_is_told_so_if_nobody_is_idle() {
    let (service, chat) = stage().await;
    service.drop_idle_connections().await;
    service.fault(Fault::no_answer().times(AT_MOST as u32).on_status_question());
    let mut busy: Vec<_> = (0..AT_MOST).map(|_| connect(&chat)).collect();
    let path = chat.messages("/m?scope=message-status");
    for connection in &mut busy {
        write!(connection, "GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    }
    while service.status_questions() < AT_MOST as u64 {
        tokio::task::yield_now().await;
    }
    for _ in 0..3 {
        let mut refused = connect(&chat);
        assert_eq!(ask(&mut refused).unwrap(), 503);
        assert_eq!(refused.read(&mut [0]).unwrap_or_default(), 0, "it is closed");
    }
    drop(busy.pop());
    while !is_open(&mut connect(&chat)) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_asks_for_nothing_is_closed_and_one_that_waits_for_an_answer_is_not() {
    let idle = Duration::from_millis(100);
    let (service, chat) = start(Settings::new().page(true).connection_idle(idle)).await;
    service.fault(Fault::late(idle * 5).on_status_question());
    let mut waiting = connect(&chat);
    let path = chat.messages("/m?scope=message-status");
    write!(waiting, "GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut stream = BufReader::new(connect(&chat));
    let stream_path = format!("/page/stream?channel={}", encoded(&chat.channel));
    write!(stream.get_mut(), "GET {stream_path} HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut unused = connect(&chat);
    let mut used = connect(&chat);
    assert_eq!(ask(&mut used).unwrap(), 200);
    for connection in [&mut unused, &mut used] {
        assert_eq!(connection.read(&mut [0]).unwrap(), 0);
    }
    assert_eq!(answer(&mut waiting).unwrap(), 403);
    // The page's stream has heard nothing for as long, and is still open.
    chat.say("hello");
    let mut lines = stream.lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "event: story"));
}
