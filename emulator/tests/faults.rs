//! Faults of the callback's endpoint as a client sees them, and what the service knows of them.

mod common;

use channel_flow_emulator::{
    Credentials, Event, Fault, MessageIds, MessageStatus, MessagingService, OutgoingMessage, RefusalKind,
    RepeatedCallback,
};
use common::{Call, Response};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

struct Stage {
    service: MessagingService,
    credentials: Credentials,
}

impl Stage {
    async fn new() -> Self {
        let service = MessagingService::start("us-east-1").await.unwrap();
        let credentials = service.issue_credentials();
        Self { service, credentials }
    }

    /// A new pending message.
    fn message(&self) -> MessageIds {
        let event = Event::new(OutgoingMessage::new("hello").unwrap(), "us-east-1");
        self.service.register(&event).unwrap();
        event.ids().unwrap().clone()
    }

    fn call(&self, ids: &MessageIds) -> Call {
        Call::new(self.service.address(), &self.credentials, ids)
    }

    fn status(&self, ids: &MessageIds) -> MessageStatus {
        self.service.message(ids).unwrap().status()
    }

    fn connect(&self) -> TcpStream {
        let connection = TcpStream::connect(self.service.address()).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        connection
    }
}

/// Sends the call on a connection that stays open.
fn write(connection: &mut TcpStream, call: &Call) -> io::Result<()> {
    let mut head = format!("POST {} HTTP/1.1\r\nhost: {}\r\n", call.path, call.address);
    for (name, value) in call.signed_headers() {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("content-type: application/json\r\ncontent-length: {}\r\n\r\n", call.body.len());
    connection.write_all(&[head.as_bytes(), &call.body].concat())
}

/// What comes until the answer is whole, or the connection closed.
fn read(connection: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut answer = Vec::new();
    let mut byte = [0];
    loop {
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && head.lines().any(|line| line == format!("content-length: {}", body.len()))
        {
            return Ok(answer);
        }
        if connection.read(&mut byte)? == 0 {
            return Ok(answer);
        }
        answer.push(byte[0]);
    }
}

fn exchange(connection: &mut TcpStream, call: &Call) -> io::Result<Vec<u8>> {
    write(connection, call)?;
    read(connection)
}

fn error(response: &Response) -> (u16, Option<&str>) {
    (response.status, response.header("x-amzn-errortype"))
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_follow_the_script_and_then_all_is_well() {
    let stage = Stage::new().await;
    let ids = stage.message();
    let service = &stage.service;
    service.fault(Fault::throttled().retry_after(7).times(2));
    service.fault(Fault::status(500));
    service.fault(Fault::status(503));
    service.fault(Fault::unrecognized_client());
    service.fault(Fault::expired_token());
    service.fault(Fault::forbidden());
    service.fault(Fault::conflict());
    service.fault(Fault::status(401));
    service.fault(Fault::status(502));
    service.fault(Fault::html(502));
    assert_eq!(service.faults_left(), 11);
    for _ in 0..2 {
        let throttled = stage.call(&ids).send();
        assert_eq!(error(&throttled), (429, Some("ThrottledClientException")));
        assert_eq!(throttled.header("retry-after"), Some("7"));
    }
    for expected in [
        (500, Some("ServiceFailureException")),
        (503, Some("ServiceUnavailableException")),
        (403, Some("UnrecognizedClientException")),
        (403, Some("ExpiredTokenException")),
        (403, Some("ForbiddenException")),
        (409, Some("ConflictException")),
        (401, Some("UnauthorizedClientException")),
        (502, None),
    ] {
        assert_eq!(error(&stage.call(&ids).send()), expected);
    }
    let page = stage.call(&ids).send();
    assert_eq!((page.status, page.header("content-type")), (502, Some("text/html")));
    assert!(page.body.starts_with("<html>"));
    assert_eq!(stage.status(&ids), MessageStatus::Pending);

    assert_eq!(stage.call(&ids).send().status, 200);
    let counts = service.counts();
    assert_eq!((counts.accepted, counts.pending, counts.faults), (1, 0, 11));
    assert_eq!(counts.refused[&RefusalKind::Fault], 11);
    assert_eq!(service.callbacks()[0].fault(), Some("429 ThrottledClientException"));
}

#[tokio::test(flavor = "multi_thread")]
async fn down_means_every_request_and_spends_no_fault() {
    let stage = Stage::new().await;
    let ids = stage.message();
    stage.service.fault(Fault::conflict());
    stage.service.down();
    for _ in 0..3 {
        assert_eq!(stage.call(&ids).send().status, 503);
    }
    stage.service.up();
    assert_eq!(stage.call(&ids).send().status, 409);
    assert_eq!(stage.call(&ids).send().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_can_be_for_one_message() {
    let stage = Stage::new().await;
    let (one, other) = (stage.message(), stage.message());
    stage.service.fault(Fault::throttled().for_message(&one.message_id));
    assert_eq!(stage.call(&other).send().status, 200);
    assert_eq!(stage.call(&one).send().status, 429);
    assert_eq!(stage.call(&one).send().status, 200);
    stage.service.fault(Fault::throttled().times(9));
    stage.service.clear_faults();
    assert_eq!(stage.call(&stage.message()).send().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_is_a_reset_and_applies_nothing() {
    let stage = Stage::new().await;
    let ids = stage.message();
    for (fault, records) in [(Fault::reset_before_reading(), 0), (Fault::reset_after_reading(), 1)] {
        // Both as the first request of a connection and as a later one.
        let mut connection = stage.connect();
        exchange(&mut connection, &stage.call(&stage.message())).unwrap();
        let before = stage.service.callbacks().len();
        for connection in [&mut connection, &mut stage.connect()] {
            stage.service.fault(fault.clone());
            let reset = exchange(connection, &stage.call(&ids)).unwrap_err();
            assert_eq!(reset.kind(), io::ErrorKind::ConnectionReset, "{fault}");
        }
        assert_eq!(stage.service.callbacks().len(), before + 2 * records, "{fault}");
        assert_eq!(stage.service.faults_left(), 0);
    }
    assert_eq!(stage.status(&ids), MessageStatus::Pending);
    assert_eq!(stage.service.callbacks().last().unwrap().verdict().unwrap_err().status(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_brings_nothing_spends_no_reset() {
    let stage = Stage::new().await;
    stage.service.fault(Fault::reset_before_reading());
    drop(stage.connect());
    stage.service.drop_idle_connections().await;
    assert_eq!(stage.service.faults_left(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_can_be_spoilt_although_the_callback_was_accepted() {
    let stage = Stage::new().await;
    let answer = |fault: Fault| {
        let ids = stage.message();
        stage.service.fault(fault);
        let answer = exchange(&mut stage.connect(), &stage.call(&ids)).unwrap();
        assert_eq!(stage.status(&ids), MessageStatus::Sent);
        String::from_utf8(answer).unwrap()
    };
    assert_eq!(answer(Fault::lost_answer()), "");
    assert_eq!(stage.service.callbacks()[0].fault(), Some("lost answer"));

    let garbage = answer(Fault::garbage());
    assert!(garbage.starts_with("HTTP/1.1 200 OK\r\n"));
    let body = garbage.split_once("\r\n\r\n").unwrap().1;
    assert!(serde_json::from_str::<serde_json::Value>(body).is_err());

    let truncated = answer(Fault::truncated());
    assert!(truncated.starts_with("HTTP/1.1 200 OK\r\n"));
    let (head, body) = truncated.split_once("\r\n\r\n").unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert_eq!(body.len() + 8, length.parse::<usize>().unwrap());

    let late = answer(Fault::late(Duration::from_millis(50)));
    assert!(late.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_lasts_until_the_caller_gives_up() {
    let stage = Stage::new().await;
    let ids = stage.message();
    stage.service.fault(Fault::no_answer());
    let mut connection = stage.connect();
    connection.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let gave_up = exchange(&mut connection, &stage.call(&ids)).unwrap_err();
    assert!(matches!(gave_up.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut), "{gave_up}");
    assert_eq!(stage.status(&ids), MessageStatus::Pending);
    assert_eq!(stage.call(&ids).send().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_are_closed_and_no_others() {
    let stage = Stage::new().await;
    let (mut idle, mut busy, mut unused) = (stage.connect(), stage.connect(), stage.connect());
    exchange(&mut idle, &stage.call(&stage.message())).unwrap();
    exchange(&mut unused, &stage.call(&stage.message())).unwrap();
    stage.service.fault(Fault::no_answer());
    write(&mut busy, &stage.call(&stage.message())).unwrap();
    while stage.service.callbacks().len() < 3 {
        tokio::task::yield_now().await;
    }
    assert_eq!(stage.service.drop_idle_connections().await, 2);
    assert_eq!(idle.read(&mut [0]).unwrap(), 0);
    assert_eq!(unused.read(&mut [0]).unwrap(), 0);
    busy.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert!(busy.read(&mut [0]).is_err());
    assert_eq!(stage.call(&stage.message()).send().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_callback_is_refused_in_the_chosen_shape() {
    let stage = Stage::new().await;
    let ids = stage.message();
    assert_eq!(stage.call(&ids).send().status, 200);
    for (shape, expected) in [
        (RepeatedCallback::Forbidden, (403, Some("ForbiddenException"))),
        (RepeatedCallback::Conflict, (409, Some("ConflictException"))),
        (RepeatedCallback::NonPending, (400, Some("BadRequestException"))),
    ] {
        stage.service.set_repeated_callback(shape);
        let refused = stage.call(&ids).send();
        assert_eq!(error(&refused), expected);
        assert_eq!(refused.body.contains("non-pending"), shape == RepeatedCallback::NonPending);
    }
    let counts = stage.service.counts();
    assert_eq!((counts.sent, counts.accepted, counts.decided_twice), (1, 1, 0));
    assert_eq!(counts.refused[&RefusalKind::DecidedBefore], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_can_come_too_late() {
    let stage = Stage::new().await;
    let (decided, pending) = (stage.message(), stage.message());
    assert_eq!(stage.call(&decided).send().status, 200);
    stage.service.set_callback_lifetime(Duration::ZERO);
    assert_eq!(error(&stage.call(&pending).send()), (403, Some("ForbiddenException")));
    assert_eq!(error(&stage.call(&decided).send()), (400, Some("BadRequestException")));
    assert_eq!(stage.status(&pending), MessageStatus::Pending);
    assert_eq!(stage.service.counts().refused[&RefusalKind::Expired], 1);
    let messages = stage.service.messages();
    assert_eq!(messages.iter().map(|message| message.ids()).collect::<Vec<_>>(), [&decided, &pending]);
}
