//! One process of a function, as Lambda would start it.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::process::Stdio;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use channel_flow_emulator::Credentials;

use crate::Error;
use crate::peer::Peer;
use crate::process::Process;
use crate::quota::Group;
use crate::server::{Recorded, Server, Sign};
use crate::tls::Tls;

/// How long an invocation may take before the run is given up.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many files and connections a function may have open in Lambda.
const OPEN_FILES: u64 = 1024;

/// How much of a function's output is shown when something went wrong.
const LINES: usize = 5;

/// A running process and the server it talks to. Dropping it kills the process.
pub(crate) struct Environment {
    name: String,
    started: Instant,
    child: Child,
    process: Process,
    server: Server,
    output: File,
    calls_back: bool,
}

/// What was seen of an invocation.
pub(crate) struct Seen {
    /// When the function asked for its first event, and its CPU time by then. Only its first invocation has this.
    pub(crate) first_poll: Option<(Instant, Duration)>,
    pub(crate) handed_out: Instant,
    /// The callback's arrival; the response's where there is none.
    pub(crate) called_back: Instant,
    pub(crate) response: Instant,
    /// CPU time of the process when it had called back, its start included.
    pub(crate) cpu: Duration,
    pub(crate) callback: Option<Box<Recorded>>,
}

/// What the function is told about itself, and what it gets.
pub(crate) struct Settings {
    /// What an invocation may take.
    pub(crate) timeout: Duration,
    /// In megabytes.
    pub(crate) memory: u32,
    /// The CPU time that it has from its first poll on; no limit without this.
    pub(crate) group: Option<Group>,
}

/// How callbacks come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Http,
    Https,
}

impl Environment {
    /// Starts the process, with `first` waiting as its first event.
    pub(crate) async fn start(
        peer: &Peer,
        transport: Transport,
        tls: &Tls,
        credentials: &Credentials,
        settings: Settings,
        first: Bytes,
    ) -> Result<Self, Error> {
        let tls_acceptor = (transport == Transport::Https).then(|| tls.acceptor.clone());
        let server = Server::start(tls_acceptor, settings.timeout).await?;
        server.events.send(first)?;
        let output = tempfile::tempfile()?;
        let mut command = Command::new(&peer.program);
        command
            .args(&peer.arguments)
            .env_clear()
            .envs(VARIABLES)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", settings.memory.to_string())
            .envs(peer.variables.iter().map(|(name, value)| (name, value)))
            .env("AWS_LAMBDA_RUNTIME_API", server.runtime_api.to_string())
            .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
            .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key())
            .env("AWS_SESSION_TOKEN", credentials.session_token())
            .env("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING", &server.endpoint_url)
            .env(peer.roots_variable, tls.bundle(peer.roots))
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output.try_clone()?)
            .kill_on_drop(true);
        let (started, child) = as_in_lambda(|| (Instant::now(), command.spawn()))?;
        let child = child.map_err(|error| format!("{}: {error}", peer.program.display()))?;
        let id = child.id().ok_or("the process has ended")?;
        let process = Process::new(id)?;
        let group = settings.group;
        server.at_first_poll(move || {
            let cpu = process.cpu()?;
            if let Some(group) = &group {
                group.admit(process.id())?;
            }
            Ok(cpu)
        });
        Ok(Self { name: peer.name.clone(), started, child, process, server, output, calls_back: peer.calls_back })
    }

    /// When the process was started.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Queues an event.
    pub(crate) fn send(&self, event: Bytes) -> Result<(), Error> {
        Ok(self.server.events.send(event)?)
    }

    /// Waits for the end of the invocation that is queued or under way.
    pub(crate) async fn invocation(&mut self) -> Result<Seen, Error> {
        match timeout(PATIENCE, self.watch()).await {
            Ok(Ok(seen)) => Ok(seen),
            Ok(Err(problem)) => Err(self.problem(&problem.to_string()).await),
            Err(_) => Err(self.problem("no answer for a long time").await),
        }
    }

    async fn watch(&mut self) -> Result<Seen, Error> {
        let (mut first_poll, mut handed_out, mut called_back, mut cpu) = (None, None, None, None);
        loop {
            let sign = tokio::select! {
                biased;
                sign = self.server.signs.recv() => sign.ok_or("the server is gone")?,
                status = self.child.wait() => return Err(format!("the process ended: {}", status?).into()),
            };
            match sign {
                Sign::FirstPoll(at, cpu) => first_poll = Some((at, cpu)),
                Sign::HandedOut(at) => handed_out = Some(at),
                Sign::Callback(at, request) if called_back.is_none() => {
                    called_back = Some((at, request));
                    cpu = Some(self.process.cpu()?);
                }
                Sign::Callback(..) => return Err("a second callback for one event".into()),
                Sign::Trouble(trouble) => return Err(trouble.into()),
                Sign::Response(response) => {
                    let handed_out = handed_out.ok_or("a response before the event")?;
                    let cpu = cpu.map_or_else(|| self.process.cpu(), Ok)?;
                    let (called_back, callback) = match called_back {
                        Some((at, request)) => (at, Some(request)),
                        None if self.calls_back => return Err("a response without a callback".into()),
                        None => (response, None),
                    };
                    return Ok(Seen { first_poll, handed_out, called_back, response, cpu, callback });
                }
            }
        }
    }

    /// The process, while it runs.
    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    /// Kills the process and waits for its end.
    pub(crate) async fn end(mut self) -> Result<(), Error> {
        Ok(self.child.kill().await?)
    }

    async fn problem(&mut self, what: &str) -> Error {
        let _ = self.child.kill().await;
        let written = self.last_written().unwrap_or_else(|error| error.to_string());
        format!("{}: {what}; the last that it wrote:\n{written}", self.name).into()
    }

    fn last_written(&mut self) -> io::Result<String> {
        let mut written = Vec::new();
        self.output.rewind()?;
        self.output.read_to_end(&mut written)?;
        let written = String::from_utf8_lossy(&written);
        let lines: Vec<_> = written.lines().collect();
        Ok(lines[lines.len().saturating_sub(LINES)..].join("\n"))
    }
}

/// Starts a process with the limit that it has in Lambda.
fn as_in_lambda<T>(start: impl FnOnce() -> T) -> Result<T, Error> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, OPEN_FILES.min(hard), hard)?;
    let started = start();
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard)?;
    Ok(started)
}

impl Transport {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Https => "HTTPS",
        }
    }
}

/// What Lambda sets and what is the same for all.
const VARIABLES: [(&str, &str); 11] = [
    ("AWS_DEFAULT_REGION", REGION),
    ("AWS_LAMBDA_FUNCTION_NAME", "filter"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/filter"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/08/14/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0"),
    ("AWS_REGION", REGION),
    ("LANG", "en_US.UTF-8"),
    ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
    ("TZ", ":UTC"),
    ("_HANDLER", "bootstrap"),
];

/// The region that all is in.
pub(crate) const REGION: &str = "us-east-1";
