//! The functions that are measured beside each other.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cargo_metadata::Message;
use clap::ValueEnum;

use crate::Error;

/// A built function.
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// Of the binary, in bytes.
    pub(crate) size: u64,
    /// Packages in its dependency tree, itself included, those for building alone excluded.
    pub(crate) crates: Option<usize>,
    pub(crate) roots: Roots,
    pub(crate) calls_back: bool,
    /// Beside those that Lambda sets.
    pub(crate) variables: &'static [(&'static str, &'static str)],
}

const NO_RECORD: &[(&str, &str)] = &[("AWS_LAMBDA_LOG_FORMAT", "JSON"), ("AWS_LAMBDA_LOG_LEVEL", "ERROR")];
const LOG_LINE: &[(&str, &str)] = &[("AWS_LAMBDA_LOG_FORMAT", "JSON"), ("AWS_LAMBDA_LOG_LEVEL", "INFO")];
const METRICS: &[(&str, &str)] =
    &[("AWS_LAMBDA_LOG_FORMAT", "JSON"), ("AWS_LAMBDA_LOG_LEVEL", "INFO"), ("CHANNEL_FLOW_METRICS", "emf")];

/// Which roots a function finds in Lambda; the file that it is given here has as many, and the harness's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Roots {
    /// Those of Amazon Trust Services.
    Amazon,
    /// Those of the system, which are Mozilla's.
    System,
}

/// The peers that this repository has.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PeerName {
    Echo,
    Hand,
    HandTrimmed,
    ProfanityFilter,
}

impl PeerName {
    pub(crate) const ALL: [Self; 4] = [Self::Echo, Self::Hand, Self::HandTrimmed, Self::ProfanityFilter];

    pub(crate) fn package(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Hand => "hand",
            Self::HandTrimmed => "hand-trimmed",
            Self::ProfanityFilter => "profanity-filter",
        }
    }

    /// The manifest of its workspace.
    fn manifest(self) -> PathBuf {
        let benches = Path::new(env!("CARGO_MANIFEST_DIR"));
        let workspace = match self {
            Self::ProfanityFilter => benches.parent().expect("this package lies in the repository"),
            Self::Echo | Self::Hand | Self::HandTrimmed => benches,
        };
        workspace.join("Cargo.toml")
    }
}

impl Peer {
    pub(crate) fn build(name: PeerName) -> Result<Self, Error> {
        let path = build(&name.manifest(), name.package())?;
        Ok(Self {
            size: fs::metadata(&path)?.len(),
            crates: Some(crates(&name.manifest(), name.package())?),
            name: name.package().to_owned(),
            path,
            roots: if name == PeerName::ProfanityFilter { Roots::Amazon } else { Roots::System },
            calls_back: name != PeerName::Echo,
            variables: &[],
        })
    }

    /// The profanity filter by the ways in which it records its events: neither log line nor metrics, metrics, and a log
    /// line as CloudWatch takes it.
    pub(crate) fn by_record(&self) -> [Self; 3] {
        let by = |name: &str, variables| Self {
            name: format!("{}, {name}", self.name),
            path: self.path.clone(),
            crates: self.crates,
            variables,
            ..*self
        };
        [by("no record", NO_RECORD), by("log line", LOG_LINE), by("metrics", METRICS)]
    }

    /// A build of the profanity filter, or of a function like it.
    pub(crate) fn of_binary(name: String, path: PathBuf) -> Result<Self, Error> {
        let size = fs::metadata(&path)?.len();
        Ok(Self { name, path, size, crates: None, roots: Roots::Amazon, calls_back: true, variables: &[] })
    }
}

fn cargo(command: &str, manifest: &Path, package: &str) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    cargo.args([command, "--locked", "--package", package, "--manifest-path"]).arg(manifest);
    // What cargo told this program about itself would make build scripts that look at it run again.
    let told =
        |name: &OsString| ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|told| name.to_string_lossy().starts_with(told));
    for name in env::vars_os().map(|(name, _)| name).filter(told) {
        cargo.env_remove(name);
    }
    cargo
}

/// Builds a package for release. Each by itself: built together, packages share their dependencies' features.
fn build(manifest: &Path, package: &str) -> Result<PathBuf, Error> {
    let mut cargo = cargo("build", manifest, package);
    cargo.args(["--release", "--message-format", "json-render-diagnostics"]).stdout(Stdio::piped());
    let mut building = cargo.spawn()?;
    let messages = building.stdout.take().ok_or("cargo has no standard output")?;
    let mut executable = None;
    for message in Message::parse_stream(BufReader::new(messages)) {
        if let Message::CompilerArtifact(artifact) = message? {
            executable = artifact.executable.or(executable);
        }
    }
    if !building.wait()?.success() {
        return Err(format!("cargo could not build {package}").into());
    }
    Ok(executable.ok_or_else(|| format!("{package} has no binary"))?.into())
}

fn crates(manifest: &Path, package: &str) -> Result<usize, Error> {
    let tree =
        cargo("tree", manifest, package).args(["--edges", "normal", "--prefix", "none", "--format", "{p}"]).output()?;
    if !tree.status.success() {
        return Err(format!("cargo has no tree of {package}: {}", String::from_utf8_lossy(&tree.stderr)).into());
    }
    let tree = String::from_utf8(tree.stdout)?;
    Ok(tree.lines().map(|line| line.trim_end_matches(" (*)")).collect::<BTreeSet<_>>().len())
}
