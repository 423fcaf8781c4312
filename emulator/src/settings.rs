//! How the emulator is set up.

use crate::assumptions::{self, Assumptions};
use crate::net::connection::Bounds;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// How the emulator is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(crate) region: String,
    pub(crate) address: SocketAddr,
    pub(crate) data: Option<PathBuf>,
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) session_ping: Duration,
    pub(crate) any_credentials: bool,
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) processors_of_a_flow: usize,
    pub(crate) assumptions: Assumptions,
    pub(crate) callbacks_kept: usize,
    pub(crate) page: bool,
    #[cfg(feature = "dynamodb")]
    pub(crate) table: Option<String>,
    pub(crate) bounds: Bounds,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            region: "us-east-1".to_owned(),
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            data: None,
            certificate: None,
            session_ping: assumptions::SESSION_PING,
            any_credentials: false,
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            processors_of_a_flow: assumptions::PROCESSORS_OF_A_FLOW,
            assumptions: Assumptions::default(),
            callbacks_kept: 10_000,
            page: false,
            #[cfg(feature = "dynamodb")]
            table: None,
            bounds: Bounds { most: assumptions::CONNECTIONS, idle: assumptions::CONNECTION_IDLE },
        }
    }
}

impl Settings {
    /// Region `us-east-1`, a loopback port that the system chooses, everything in memory, callers with the credentials of
    /// [`MessagingService::issue_credentials`](crate::MessagingService::issue_credentials) only, and one processor a flow.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the region of the service, the function and the demo channel.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// Sets the address of the service. Anything but a loopback address lets other machines in.
    #[must_use]
    pub fn address(mut self, address: impl Into<SocketAddr>) -> Self {
        self.address = address.into();
        self
    }

    /// Keeps the state of the service in this file, so that it outlives the process.
    ///
    /// A request is answered, and others are notified, once the file system says that its changes are on the disk. If the
    /// file cannot be written, because the disk is full for example, the request gets 500 `ServiceFailureException` and
    /// nothing comes of it. From then on every request that would change something gets that, until the service is started
    /// again with the data in the file: everything that was accepted. Requests that only read are answered, from memory,
    /// which may still show the change that was refused.
    #[must_use]
    pub fn data(mut self, path: impl Into<PathBuf>) -> Self {
        self.data = Some(path.into());
        self
    }

    /// Keeps the certificate for TLS, with its key, in this directory, so that a client that trusts it does so after the
    /// next start, too. It is written if there is none, or if it has expired. Without this every start makes a new one.
    #[must_use]
    pub fn certificate(mut self, directory: impl Into<PathBuf>) -> Self {
        self.certificate = Some(directory.into());
        self
    }

    /// Takes requests that are signed with credentials nobody gave out, whose signature cannot be checked.
    #[must_use]
    pub fn any_credentials(mut self, any: bool) -> Self {
        self.any_credentials = any;
        self
    }

    /// Takes requests whose `Host` is this name, beside loopback names and addresses.
    #[must_use]
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.allowed_hosts.push(host.into());
        self
    }

    /// Takes requests of pages of this origin, such as `https://example.com`, beside those of loopback hosts.
    #[must_use]
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.allowed_origins.push(origin.into());
        self
    }

    /// Sets the assumptions about behavior that AWS does not document.
    #[must_use]
    pub fn assumptions(mut self, assumptions: Assumptions) -> Self {
        self.assumptions = assumptions;
        self
    }

    /// Sets how many callbacks [`MessagingService::callbacks`](crate::MessagingService::callbacks) and deliveries know, the
    /// latest ones: 10,000 if it is not set. The outcome of messages does not depend on it.
    #[must_use]
    pub fn callbacks_kept(mut self, callbacks: usize) -> Self {
        self.callbacks_kept = callbacks;
        self
    }

    /// Sets how many connections may be open at once: [`assumptions::CONNECTIONS`] if it is not set. To make room for a new
    /// one, the one that has been idle for longest is closed. If none is idle, the new one gets 503
    /// `ServiceUnavailableException`.
    #[must_use]
    pub fn connection_limit(mut self, most: usize) -> Self {
        self.bounds.most = most;
        self
    }

    /// Sets how long a connection may wait for its next request before it is closed: [`assumptions::CONNECTION_IDLE`] if it
    /// is not set. Messaging sessions, and connections that wait for an answer, do not count as idle.
    #[must_use]
    pub fn connection_idle(mut self, idle: Duration) -> Self {
        self.bounds.idle = idle;
        self
    }

    /// Sets the quota of processors a flow; the API model knows 3 at most.
    #[must_use]
    pub fn processors_of_a_flow(mut self, processors: usize) -> Self {
        self.processors_of_a_flow = processors;
        self
    }

    /// Serves Amazon DynamoDB's API on the port of the service, with this table in it, in the schema of the crate
    /// `channel-flow-dynamodb`. The table is in memory or, with a [data file](Self::data), in a file beside it.
    ///
    /// Functions get its name as `CHANNEL_FLOW_TABLE` and the URL as `AWS_ENDPOINT_URL_DYNAMODB`, unless their settings have a
    /// variable `CHANNEL_FLOW_TABLE`: then the table of the user is meant, in an account. Signatures are not checked.
    #[cfg(feature = "dynamodb")]
    #[must_use]
    pub fn table(mut self, name: impl Into<String>) -> Self {
        self.table = Some(name.into());
        self
    }

    /// Serves the chat page at `/`, which shows what two people of a channel see and the work of its flow on each message.
    /// Anybody who can open it can do anything that the people of the channels can.
    #[must_use]
    pub fn page(mut self, page: bool) -> Self {
        self.page = page;
        self
    }
}
