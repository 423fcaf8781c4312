//! Messaging sessions over their WebSocket: who may open one, what is heard there, and how it ends. Plain and over TLS.

mod common;

use aws_sigv4::http_request::{
    SessionTokenMode, SignableBody, SignableRequest, SignatureLocation, SigningInstructions, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use channel_flow_emulator::{Credentials, Fault, MessagingService, Settings};
use common::{Response, request};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tungstenite::handshake::client::generate_key;
use tungstenite::http::Request;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Message, WebSocket};

/// A service with an app instance, two people and a channel that both are in.
struct Stage {
    service: MessagingService,
    credentials: Credentials,
    channel_arn: String,
    alice: String,
    bob: String,
}

impl Stage {
    async fn new() -> Self {
        Self::with(Settings::new()).await
    }

    async fn with(settings: Settings) -> Self {
        let service = MessagingService::start_with(settings).await.unwrap();
        let credentials = service.issue_credentials();
        let call = async |operation: &str, input: Value, member: &str| {
            let answer = service.call(operation, input).await.unwrap();
            answer[member].as_str().unwrap().to_owned()
        };
        let app_instance = call("CreateAppInstance", json!({ "Name": "chat" }), "AppInstanceArn").await;
        let user = async |id: &str| {
            let input = json!({ "AppInstanceArn": app_instance, "AppInstanceUserId": id, "Name": id });
            call("CreateAppInstanceUser", input, "AppInstanceUserArn").await
        };
        let (alice, bob) = (user("alice").await, user("bob").await);
        let input =
            json!({ "AppInstanceArn": app_instance, "Name": "c", "ChimeBearer": alice, "MemberArns": [alice, bob] });
        let channel_arn = call("CreateChannel", input, "ChannelArn").await;
        Self { service, credentials, channel_arn, alice, bob }
    }

    /// Sends a message as Alice that is not kept.
    async fn send(&self, content: &str) {
        self.send_as(content, "NON_PERSISTENT").await;
    }

    async fn send_persistent(&self, content: &str) {
        self.send_as(content, "PERSISTENT").await;
    }

    async fn send_as(&self, content: &str, persistence: &str) {
        let input = json!({
            "ChannelArn": self.channel_arn, "ChimeBearer": self.alice, "Content": content,
            "Type": "STANDARD", "Persistence": persistence,
        });
        self.service.call("SendChannelMessage", input).await.unwrap();
    }

    /// The URL of Bob's session, to be spoilt before it is signed.
    fn url(&self) -> Url {
        Url {
            host: self.service.address().to_string(),
            query: format!("userArn={}&sessionId=1", utf8_percent_encode(&self.bob, NON_ALPHANUMERIC)),
            access_key_id: self.credentials.access_key_id().to_owned(),
            secret_access_key: self.credentials.secret_access_key().to_owned(),
            session_token: self.credentials.session_token().to_owned(),
            region: "us-east-1".to_owned(),
            service: "chime".to_owned(),
            time: SystemTime::now(),
        }
    }

    fn tcp(&self) -> TcpStream {
        tcp(self.service.address())
    }

    fn connect(&self) -> WebSocket<TcpStream> {
        self.connect_with("")
    }

    /// With more in the query.
    fn connect_with(&self, more: &str) -> WebSocket<TcpStream> {
        let url = self.url();
        handshake(self.tcp(), &Url { query: url.query.clone() + more, ..url }, &[]).unwrap()
    }

    /// A client's configuration for TLS, which trusts the service's certificate.
    fn trusting(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.service.certificate_pem().as_bytes()).unwrap()).unwrap();
        tls_client(roots)
    }
}

fn tls_client(roots: RootCertStore) -> Arc<ClientConfig> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_root_certificates(roots).with_no_client_auth())
}

struct Url {
    host: String,
    query: String,
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    region: String,
    service: String,
    time: SystemTime,
}

impl Url {
    /// The path and query, signed for ten seconds, as AWS's browser SDK does it.
    fn signed(&self) -> String {
        let token = Some(self.session_token.clone());
        let identity =
            aws_credential_types::Credentials::new(&self.access_key_id, &self.secret_access_key, token, None, "test")
                .into();
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.session_token_mode = SessionTokenMode::Include;
        settings.expires_in = Some(Duration::from_secs(10));
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(&self.service)
            .time(self.time)
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let path = format!("/connect?{}", self.query);
        let uri = format!("http://{}{path}", self.host);
        let signable = SignableRequest::new("GET", uri, std::iter::empty(), SignableBody::Bytes(&[])).unwrap();
        let (instructions, _): (SigningInstructions, _) = sign(signable, &params).unwrap().into_parts();
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let added = instructions.params().iter().map(|(name, value)| format!("&{name}={}", encode(value)));
        path + &added.collect::<String>()
    }
}

fn tcp(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Opens a WebSocket, or tells the status and exception that it was refused with.
fn handshake<S: Read + Write>(stream: S, url: &Url, headers: &[(&str, &str)]) -> Result<WebSocket<S>, (u16, String)> {
    let mut request = Request::get(format!("ws://{}{}", url.host, url.signed()))
        .header("host", &url.host)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", generate_key());
    for (name, value) in headers {
        match *name {
            "host" => *request.headers_mut().unwrap().get_mut("host").unwrap() = value.parse().unwrap(),
            name => request = request.header(name, *value),
        }
    }
    match tungstenite::client(request.body(()).unwrap(), stream) {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(response))) => {
            let exception = response.headers().get("x-amzn-errortype").map(|name| name.to_str().unwrap().to_owned());
            Err((response.status().as_u16(), exception.unwrap_or_default()))
        }
        Err(error) => panic!("{error}"),
    }
}

/// The next event: its type, the type of its message, and what it is about.
fn next<S: Read + Write>(socket: &mut WebSocket<S>) -> (String, String, Value) {
    let frame = loop {
        match socket.read().unwrap() {
            Message::Text(text) => break serde_json::from_str::<Value>(&text).unwrap(),
            Message::Ping(_) => {}
            other => panic!("{other:?}"),
        }
    };
    let header = |name: &str| frame["Headers"][name].as_str().unwrap().to_owned();
    let payload = frame.get("Payload").map_or(Value::Null, |p| serde_json::from_str(p.as_str().unwrap()).unwrap());
    (header("x-amz-chime-event-type"), header("x-amz-chime-message-type"), payload)
}

fn assert_established<S: Read + Write>(socket: &mut WebSocket<S>) {
    assert_eq!(next(socket), ("SESSION_ESTABLISHED".to_owned(), "SYSTEM".to_owned(), Value::Null));
}

/// The content of the next event, which has to be a message.
fn content<S: Read + Write>(socket: &mut WebSocket<S>) -> String {
    let (event_type, message_type, message) = next(socket);
    assert_eq!((&*event_type, &*message_type), ("CREATE_CHANNEL_MESSAGE", "STANDARD"));
    message["Content"].as_str().unwrap().to_owned()
}

/// The code and reason that the socket is closed with, and how many texts came before.
fn closed<S: Read + Write>(socket: &mut WebSocket<S>) -> (u16, String, usize) {
    let mut texts = 0;
    loop {
        match socket.read().unwrap() {
            Message::Text(_) => texts += 1,
            Message::Close(Some(frame)) => return (frame.code.into(), frame.reason.to_string(), texts),
            Message::Close(None) => panic!("a code says why"),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoint_is_where_the_client_came_to() {
    let stage = Stage::with(Settings::new().any_credentials(true)).await;
    let address = stage.service.address();
    let port = address.port();
    let signed = "AWS4-HMAC-SHA256 Credential=A/20260814/us-east-1/chime/aws4_request, SignedHeaders=host, Signature=0";
    for host in [format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}")] {
        let mut connection = tcp(address);
        let head = "GET /endpoints/messaging-session HTTP/1.1\r\nconnection: close\r\n";
        write!(connection, "{head}host: {host}\r\nauthorization: {signed}\r\n\r\n").unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{answer}");
        assert_eq!(serde_json::from_str::<Value>(body).unwrap(), json!({ "Endpoint": { "Url": host } }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_session_hears_all_that_its_user_is_told_in_order() {
    let stage = Stage::new().await;
    let (mut first, mut second) = (stage.connect(), stage.connect());
    assert_established(&mut first);
    assert_established(&mut second);
    let said: Vec<_> = (0..50).map(|number| format!("{number}: \"é\"\n")).collect();
    for content in &said {
        stage.send(content).await;
    }
    let mut late = stage.connect();
    assert_established(&mut late);
    stage.send("last").await;
    for socket in [&mut first, &mut second] {
        let (event_type, _, message) = next(socket);
        assert_eq!(event_type, "CREATE_CHANNEL_MESSAGE");
        assert_eq!((&message["Content"], &message["ChannelArn"]), (&json!(said[0]), &json!(stage.channel_arn)));
        assert_eq!(message["Sender"]["Arn"], json!(stage.alice));
        let rest: Vec<_> = said[1..].iter().map(|_| content(socket)).collect();
        assert_eq!(rest, said[1..]);
        assert_eq!(content(socket), "last");
    }
    assert_eq!(content(&mut late), "last");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_asks_for_it_is_told_of_its_channels_first() {
    let stage = Stage::new().await;
    stage.send_persistent("before").await;
    for more in ["", "&prefetch-sort-by=unread", "&prefetch-sort-by=last-message-timestamp"] {
        let mut socket = stage.connect_with(&format!("&prefetch-on=connect{more}"));
        assert_established(&mut socket);
        let (event_type, message_type, details) = next(&mut socket);
        assert_eq!((&*event_type, &*message_type), ("CHANNEL_DETAILS", "SYSTEM"));
        assert_eq!(details["Channel"]["ChannelArn"], json!(stage.channel_arn));
        assert_eq!(details["ChannelMessages"][0]["Content"], "before");
        let member = |arn: &str, name: &str| json!({ "Member": { "Arn": arn, "Name": name } });
        assert_eq!(details["ChannelMemberships"], json!([member(&stage.alice, "alice"), member(&stage.bob, "bob")]));
        stage.send("after").await;
        assert_eq!(content(&mut socket), "after");
    }
    for wrong in ["prefetch-on=1", "prefetch-on=connect&prefetch-sort-by=name"] {
        let (code, why, before) = closed(&mut stage.connect_with(&format!("&{wrong}")));
        assert!(why.contains("prefetch-"), "{why}");
        assert_eq!((code, before), (1008, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_first_and_what_is_told_then_fit_together() {
    let directory = tempfile::tempdir().unwrap();
    // With a file changes are known for a while before anybody may be told.
    let stage = Arc::new(Stage::with(Settings::new().data(directory.path().join("data"))).await);
    let talking = Arc::clone(&stage);
    let (enough, mut is_enough) = tokio::sync::oneshot::channel::<()>();
    let talker = tokio::spawn(async move {
        for number in 0.. {
            talking.send_persistent(&number.to_string()).await;
            if is_enough.try_recv().is_ok() {
                return;
            }
        }
    });
    let number = |content: &Value| content.as_str().unwrap().parse::<u64>().unwrap();
    for _ in 0..20 {
        let mut socket = stage.connect_with("&prefetch-on=connect");
        assert_established(&mut socket);
        let (_, _, details) = next(&mut socket);
        let told: Vec<_> = details["ChannelMessages"].as_array().unwrap().iter().rev().collect();
        let mut told: Vec<_> = told.into_iter().map(|message| number(&message["Content"])).collect();
        told.extend((0..5).map(|_| number(&content(&mut socket).into())));
        let first = told[0];
        assert_eq!(told, (first..first + told.len() as u64).collect::<Vec<_>>());
    }
    enough.send(()).unwrap();
    talker.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_says_is_ignored_unless_it_is_far_too_much() {
    let stage = Stage::new().await;
    let mut socket = stage.connect();
    assert_established(&mut socket);
    for said in [Message::text("hello"), Message::binary(vec![0; 1000]), Message::Ping(vec![1].into())] {
        socket.send(said).unwrap();
    }
    assert!(matches!(socket.read().unwrap(), Message::Pong(_)));
    stage.send("hello").await;
    assert_eq!(content(&mut socket), "hello");

    let _ = socket.send(Message::binary(vec![0; 1024 * 1024]));
    while socket.read().is_ok() {}
    let mut again = stage.connect();
    assert_established(&mut again);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_open_a_session_is_told_so_and_does_not_come_again() {
    let stage = Stage::new().await;
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let url = || stage.url();
    for (url, code, reason) in [
        (Url { secret_access_key: "x".into(), ..url() }, 4401, "another secret"),
        (Url { region: "eu-central-1".into(), ..url() }, 4401, "another region"),
        (Url { service: "execute-api".into(), ..url() }, 4401, "another service"),
        (Url { time: url().time - minutes(1), ..url() }, 4401, "expired"),
        (Url { time: url().time + minutes(6), ..url() }, 4401, "five minutes"),
        (Url { access_key_id: "ASIAUNKNOWN".into(), ..url() }, 4401, "access key"),
        (Url { session_token: "x".into(), ..url() }, 4401, "session token"),
        (Url { query: url().query.replace("bob", "nobody"), ..url() }, 4003, "no app-instance user or bot"),
        (Url { query: url().query.replace("userArn", "user"), ..url() }, 1008, "userArn is missing"),
        (Url { query: url().query.replace("sessionId=1", "sessionId="), ..url() }, 1008, "sessionId is missing"),
    ] {
        let mut socket = handshake(stage.tcp(), &url, &[]).unwrap();
        let (closed_with, why, before) = closed(&mut socket);
        assert!(why.contains(reason), "{why}");
        assert_eq!((closed_with, before), (code, 0), "{why}");
    }
    let other_host = Url { host: "localhost:1".into(), ..url() };
    let headers = [("host", &*url().host)];
    assert_eq!(closed(&mut handshake(stage.tcp(), &other_host, &headers).unwrap()).0, 4401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_websocket_is_refused_as_other_requests_are() {
    let stage = Stage::new().await;
    let get = |url: &Url| request(stage.service.address(), "GET", &url.signed(), &[], b"");
    let refused = |response: Response| (response.status, response.header("x-amzn-errortype").unwrap().to_owned());
    assert_eq!(refused(get(&stage.url())), (400, "BadRequestException".to_owned()));
    let stranger = Url { secret_access_key: "x".into(), ..stage.url() };
    assert_eq!(refused(get(&stranger)), (403, "InvalidSignatureException".to_owned()));
    let unsigned = request(stage.service.address(), "GET", "/connect", &[], b"");
    assert_eq!(refused(unsigned), (403, "MissingAuthenticationTokenException".to_owned()));
    let nobody = Url { query: stage.url().query.replace("bob", "nobody"), ..stage.url() };
    assert_eq!(refused(get(&nobody)), (403, "ForbiddenException".to_owned()));
    let post = request(stage.service.address(), "POST", &stage.url().signed(), &[], b"");
    assert_eq!(refused(post), (404, "UnknownOperationException".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_credentials_are_for_those_who_allow_them() {
    let stage = Stage::with(Settings::new().any_credentials(true)).await;
    let url = Url { access_key_id: "AKIDEXAMPLE".into(), secret_access_key: "secret".into(), ..stage.url() };
    assert_established(&mut handshake(stage.tcp(), &url, &[]).unwrap());
    let wrong = Url { secret_access_key: "x".into(), ..stage.url() };
    assert_eq!(closed(&mut handshake(stage.tcp(), &wrong, &[]).unwrap()).0, 4401);
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_hosts_and_origins_do_not_get_as_far_as_a_websocket() {
    let stage = Stage::new().await;
    let ours = ("origin", "http://localhost:3000");
    let refused = handshake(stage.tcp(), &stage.url(), &[ours, ("origin", "https://example.com")]).unwrap_err();
    assert_eq!(refused, (400, "BadRequestException".to_owned()));
    for header in [("host", "example.com"), ("origin", "https://example.com"), ("origin", "null")] {
        let refused = handshake(stage.tcp(), &stage.url(), &[header]).unwrap_err();
        assert_eq!(refused, (403, "ForbiddenException".to_owned()), "{header:?}");
    }
    assert_established(&mut handshake(stage.tcp(), &stage.url(), &[ours]).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_falls_behind_is_closed_and_the_others_are_not() {
    let stage = Stage::new().await;
    let (mut slow, mut quick) = (stage.connect(), stage.connect());
    assert_established(&mut slow);
    assert_established(&mut quick);
    // Until the buffers between here and there are full, and the queue behind them too.
    let rest = "x".repeat(4000);
    let mut sent = 0;
    while stage.service.open_sessions() == 2 {
        for _ in 0..100 {
            stage.send(&format!("{sent} {rest}")).await;
            sent += 1;
        }
        for number in sent - 100..sent {
            assert!(content(&mut quick).starts_with(&format!("{number} ")));
        }
    }
    let (code, reason, heard) = closed(&mut slow);
    assert_eq!(code, 1011, "{reason}");
    assert!((1024..sent).contains(&heard), "{heard} of {sent}");
    assert_eq!(stage.service.open_sessions(), 1);
    stage.send("last").await;
    assert_eq!(content(&mut quick), "last");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_closed_so_that_clients_come_again() {
    let stage = Stage::new().await;
    let (mut first, mut second) = (stage.connect(), stage.connect());
    assert_established(&mut first);
    assert_established(&mut second);
    assert_eq!(stage.service.drop_idle_connections().await, 0, "a session is not idle");
    stage.send("hello").await;
    assert_eq!(stage.service.close_sessions(), 2);
    for socket in [&mut first, &mut second] {
        assert_eq!(content(socket), "hello");
        assert_eq!(closed(socket).0, u16::from(CloseCode::Away));
    }
    assert_eq!(stage.service.open_sessions(), 0);
    let mut again = stage.connect();
    assert_established(&mut again);
    drop(stage);
    assert_eq!(closed(&mut again).0, u16::from(CloseCode::Away));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_its_client_closes_ends_cleanly() {
    let stage = Stage::new().await;
    for code in [Some(CloseCode::Normal), Some(CloseCode::from(4999)), None] {
        let (mut socket, mut waiting) = (stage.connect(), stage.connect());
        assert_established(&mut socket);
        assert_established(&mut waiting);
        // Whatever is under way comes before the answer.
        stage.send("hello").await;
        let goodbye = code.map(|code| CloseFrame { code, reason: "enough".into() });
        socket.close(goodbye).unwrap();
        let answer = loop {
            match socket.read().unwrap() {
                Message::Close(answer) => break answer.map(|frame| frame.code),
                message => assert!(message.is_text(), "{message:?}"),
            }
        };
        assert_eq!(answer, code);
        // The server closes the connection, which is up to it, and does not break it off.
        assert!(matches!(socket.read(), Err(tungstenite::Error::ConnectionClosed)));
        assert_eq!(socket.get_mut().read(&mut [0]).unwrap(), 0);
        assert_eq!(content(&mut waiting), "hello");
        drop(waiting);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_and_plain_http_share_the_port() {
    let stage = Stage::new().await;
    let port = stage.service.address().port();
    let config = stage.trusting();
    for (name, host) in [
        ("localhost", format!("localhost:{port}")),
        ("127.0.0.1", format!("127.0.0.1:{port}")),
        ("::1", format!("[::1]:{port}")),
    ] {
        let name = ServerName::try_from(name).unwrap();
        let client = ClientConnection::new(Arc::clone(&config), name).unwrap();
        let stream = StreamOwned::new(client, stage.tcp());
        let mut secure = handshake(stream, &Url { host, ..stage.url() }, &[]).unwrap();
        let mut plain = stage.connect();
        assert_established(&mut secure);
        assert_established(&mut plain);
        stage.send("hello").await;
        assert_eq!(content(&mut secure), "hello");
        assert_eq!(content(&mut plain), "hello");
        assert_eq!(stage.service.close_sessions(), 2);
        assert_eq!(closed(&mut secure).0, 1001);
    }
}

/// One request over TLS; what comes of it.
fn https(stage: &Stage, config: Arc<ClientConfig>, name: &'static str) -> std::io::Result<String> {
    let client = ClientConnection::new(config, ServerName::try_from(name).unwrap()).unwrap();
    let mut stream = StreamOwned::new(client, stage.tcp());
    write!(stream, "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map(|_| answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_http_1_1_is_agreed_on_and_nothing_else() {
    let stage = Stage::new().await;
    let agreed = |offered: &[&[u8]]| {
        let mut config = Arc::unwrap_or_clone(stage.trusting());
        config.alpn_protocols = offered.iter().map(|name| name.to_vec()).collect();
        let mut client = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
        client.complete_io(&mut stage.tcp()).map(|_| client.alpn_protocol().map(<[u8]>::to_vec))
    };
    assert_eq!(agreed(&[b"h2", b"http/1.1"]).unwrap(), Some(b"http/1.1".to_vec()));
    assert_eq!(agreed(&[]).unwrap(), None);
    assert!(agreed(&[b"h2"]).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_and_faults_are_the_same_over_tls() {
    let stage = Stage::new().await;
    let status = |answer: std::io::Result<String>| answer.map(|answer| answer[9..12].to_owned());
    assert_eq!(status(https(&stage, stage.trusting(), "localhost")).unwrap(), "404");
    stage.service.fault(Fault::reset_before_reading());
    assert!(https(&stage, stage.trusting(), "localhost").is_err());
    assert_eq!(stage.service.faults_left(), 0);
    assert_eq!(status(https(&stage, stage.trusting(), "localhost")).unwrap(), "404");
    // A client that does not trust the certificate, and one that looks for another name, spend no fault.
    stage.service.fault(Fault::reset_before_reading());
    assert!(https(&stage, tls_client(RootCertStore::empty()), "localhost").is_err());
    assert!(https(&stage, stage.trusting(), "example.com").is_err());
    assert_eq!(stage.service.faults_left(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_is_kept_where_the_user_wants_it_and_is_of_allowed_hosts_too() {
    let directory = tempfile::tempdir().unwrap();
    let settings = Settings::new().certificate(directory.path().join("tls")).allow_host("chat.example.com");
    let first = Stage::with(settings.clone()).await;
    let second = Stage::with(settings).await;
    assert_eq!(first.service.certificate_pem(), second.service.certificate_pem());
    let written = std::fs::read_to_string(directory.path().join("tls/certificate.pem")).unwrap();
    assert_eq!(written, first.service.certificate_pem());
    assert!(https(&second, first.trusting(), "chat.example.com").is_ok());
    assert_ne!(Stage::new().await.service.certificate_pem(), written);
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_that_only_begin_keep_nobody_waiting() {
    let stage = Stage::new().await;
    let begun: Vec<_> = (0..64)
        .map(|number| {
            let mut peer = stage.tcp();
            peer.write_all(if number % 2 == 0 { &[0x16] } else { b"G" }).unwrap();
            peer
        })
        .collect();
    assert_established(&mut stage.connect());
    assert!(https(&stage, stage.trusting(), "localhost").is_ok());
    // What is neither TLS nor HTTP is answered, or let go.
    for garbage in [&[0x16, 3, 1, 255, 255, 0, 0, 0][..], &[0; 64], b"\r\n\r\n", &[0x80, 0x2e, 1, 3, 1]] {
        let mut peer = stage.tcp();
        peer.write_all(garbage).unwrap();
        peer.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = peer.read_to_end(&mut Vec::new());
    }
    assert_established(&mut stage.connect());
    drop(begun);
}
