//! A table of DynamoDB on loopback, behind a connection that can be cut.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use channel_flow_dynamodb::aws_sdk_dynamodb::Client;
use channel_flow_dynamodb::aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use channel_flow_dynamodb::{DynamoDbStore, create_table};
use channel_flow_emulator::FunctionSettings;
use dynoxide::Database;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::sleep;

const NAME: &str = "channel-flow";

/// A table of DynamoDB with the schema of channel-flow.
pub struct Table {
    backend: SocketAddr,
    front: SocketAddr,
    line: Arc<Line>,
}

/// The connection between the functions and the table.
#[derive(Default)]
struct Line {
    state: AtomicU8,
    cut: Notify,
}

/// How the connection to the table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum LineState {
    /// It works.
    Up,
    /// Each connection is closed at once.
    Closed,
    /// Requests get no answer.
    Silent,
    /// Requests reach the table, and their answers are lost.
    AnswersLost,
}

impl Table {
    /// Starts it with an empty table. It ends with the tokio runtime.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
        let backend = listener.local_addr().expect("it is bound");
        tokio::spawn(dynoxide::server::serve_on(listener, Database::memory().expect("there is memory")));
        let front = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
        let address = front.local_addr().expect("it is bound");
        let line = Arc::new(Line::default());
        tokio::spawn(forward(front, backend, line.clone()));
        create_table(&client(backend), NAME).await.expect("the table is new");
        Self { backend, front: address, line }
    }

    /// Returns a store with a connection of its own, which stays up.
    pub fn store(&self) -> DynamoDbStore {
        DynamoDbStore::new(client(self.backend), NAME)
    }

    /// Returns the settings with the variables by which a function finds the table.
    pub fn variables(&self, settings: FunctionSettings) -> FunctionSettings {
        settings.env("CHANNEL_FLOW_TABLE", NAME).env("AWS_ENDPOINT_URL_DYNAMODB", format!("http://{}", self.front))
    }

    /// Sets how the connection of the functions is, and cuts those that are open unless it is up.
    pub fn set_line(&self, state: LineState) {
        self.line.state.store(state as u8, Ordering::Relaxed);
        if state != LineState::Up {
            self.line.cut.notify_waiters();
        }
    }
}

async fn forward(front: TcpListener, backend: SocketAddr, line: Arc<Line>) {
    while let Ok((mut client, _)) = front.accept().await {
        let line = line.clone();
        tokio::spawn(async move {
            let cut = line.cut.notified();
            match line.state() {
                LineState::Up => {
                    let Ok(mut server) = TcpStream::connect(backend).await else { return };
                    tokio::select! {
                        // Either side may hang up at any time.
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                        () = cut => {}
                    }
                }
                LineState::Closed => {}
                LineState::Silent => sleep(Duration::from_secs(60)).await,
                LineState::AnswersLost => {
                    let Ok(server) = TcpStream::connect(backend).await else { return };
                    let (mut read, _) = client.into_split();
                    let (_answers, mut write) = server.into_split();
                    // The connection stays open for the answer that does not come.
                    let _ = tokio::io::copy(&mut read, &mut write).await;
                }
            }
        });
    }
}

impl Line {
    fn state(&self) -> LineState {
        match self.state.load(Ordering::Relaxed) {
            0 => LineState::Up,
            1 => LineState::Closed,
            2 => LineState::Silent,
            _ => LineState::AnswersLost,
        }
    }
}

fn client(address: SocketAddr) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "tests"))
        .endpoint_url(format!("http://{address}"))
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    Client::from_conf(config.build())
}
