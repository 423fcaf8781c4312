//! The built command with `dev`, and a client for what it serves.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use serde_json::{Value, json};
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

const APP_INSTANCE: &str = "arn:aws:chime:us-east-1:123456789012:app-instance/demo";
/// The same for a path.
pub(crate) const ENCODED: &str = "arn%3Aaws%3Achime%3Aus-east-1%3A123456789012%3Aapp-instance%2Fdemo";

/// Far longer than anything takes, a build included.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Dev {
    child: Child,
    stdout: Lines,
    stderr: Lines,
    host: String,
}

type Lines = Arc<Mutex<Vec<String>>>;

impl Dev {
    pub(crate) fn command(args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-channel-flow"));
        command.args(["channel-flow", "dev"]).args(args);
        command.env("TEST_BINARY", env::current_exe().unwrap()).env_remove("CARGO_TARGET_DIR");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts it on a free port and waits until it says that it serves.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_command(Self::command(args))
    }

    /// The same with more than arguments.
    pub(crate) fn start_command(mut command: Command) -> Self {
        let mut child = command.args(["--port", "0"]).spawn().unwrap();
        let stdout = lines(child.stdout.take().unwrap());
        let stderr = lines(child.stderr.take().unwrap());
        let mut dev = Self { child, stdout, stderr, host: String::new() };
        dev.line(|line| line.contains("Ctrl-C stops everything"));
        let endpoint = dev.line(|line| line.starts_with("endpoint"));
        dev.host = endpoint.split_once("http://").unwrap().1.to_owned();
        dev
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.host)
    }

    pub(crate) fn banner(&self) -> String {
        self.stdout.lock().unwrap().join("\n")
    }

    /// Waits for a line on standard output.
    pub(crate) fn line(&self, wanted: impl Fn(&str) -> bool) -> String {
        self.wait(&self.stdout, wanted)
    }

    /// Waits for a line on standard error.
    pub(crate) fn error_line(&self, wanted: impl Fn(&str) -> bool) -> String {
        self.wait(&self.stderr, wanted)
    }

    fn wait(&self, lines: &Lines, wanted: impl Fn(&str) -> bool) -> String {
        let started = Instant::now();
        loop {
            if let Some(line) = lines.lock().unwrap().iter().find(|line| wanted(line)) {
                return line.clone();
            }
            if started.elapsed() > PATIENCE {
                panic!("{:#?}\n{:#?}", self.stdout.lock().unwrap(), self.stderr.lock().unwrap());
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends a message as Alice, and returns its id.
    pub(crate) fn send(&self, content: &str) -> String {
        let message = json!({
            "Content": content, "Type": "STANDARD", "Persistence": "PERSISTENT",
            "ClientRequestToken": format!("{:?}", Instant::now()).replace(|c: char| !c.is_ascii_digit(), ""),
        });
        let (status, answer) = self.call("POST", &format!("/channels/{ENCODED}%2Fchannel%2Fgeneral/messages"), message);
        assert_eq!(status, 201, "{answer}");
        answer["MessageId"].as_str().unwrap().to_owned()
    }

    pub(crate) fn message(&self, id: &str) -> Value {
        let path = format!("/channels/{ENCODED}%2Fchannel%2Fgeneral/messages/{id}");
        let (status, answer) = self.call("GET", &path, Value::Null);
        assert_eq!(status, 200, "{answer}");
        answer["ChannelMessage"].clone()
    }

    /// Waits until a message is sent, and returns it.
    pub(crate) fn wait_until_decided(&self, id: &str) -> Value {
        wait_for(|| Some(self.message(id)).filter(|message| message["Status"]["Value"] != "PENDING"))
    }

    /// A request as Alice, signed by nobody.
    pub(crate) fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n\
             x-amz-chime-bearer: {APP_INSTANCE}/user/alice\r\nauthorization: AWS4-HMAC-SHA256 \
             Credential=A/20260101/us-east-1/chime/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n",
            self.host,
            body.len(),
        );
        let mut connection = TcpStream::connect(&self.host).unwrap();
        connection.write_all(head.as_bytes()).unwrap();
        connection.write_all(body.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let status = answer[9..12].parse().unwrap();
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        (status, serde_json::from_str(body).unwrap_or_default())
    }

    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill").args(["-s", signal, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.signal("TERM");
            let _ = self.child.wait();
        }
    }
}

fn lines(from: impl Read + Send + 'static) -> Lines {
    let lines = Lines::default();
    let kept = Arc::clone(&lines);
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            kept.lock().unwrap().push(line);
        }
    });
    lines
}

/// Asks until there is an answer.
pub(crate) fn wait_for<T>(ask: impl Fn() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(started.elapsed() < PATIENCE, "it never comes");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A package in `folder` without dependencies, whose function turns every message into `content`. What is returned writes
/// another `main.rs`.
pub(crate) fn processor_package(folder: &Path, content: &str) -> impl Fn(&str) {
    let manifest = "[package]\nname = \"tiny\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n";
    let source = folder.join("src/main.rs");
    fs::create_dir_all(folder.join("src")).unwrap();
    if !folder.join("Cargo.toml").exists() {
        fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    }
    fs::write(&source, include_str!("tiny.rs").replace("CONTENT", content)).unwrap();
    move |text| fs::write(&source, text).unwrap()
}
