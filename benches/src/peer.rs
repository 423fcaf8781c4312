//! The functions that are measured beside each other.

mod script;

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{BufReader, Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cargo_metadata::Message;
use clap::ValueEnum;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::Error;

/// A function that can be started.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    /// Of the binary, in bytes.
    pub(crate) size: Option<u64>,
    /// Of a zip file with the binary, in bytes.
    pub(crate) zip: Option<u64>,
    /// Packages in its dependency tree, itself included, those for building alone excluded.
    pub(crate) crates: Option<u64>,
    pub(crate) roots: Roots,
    /// Names the file with the roots.
    pub(crate) roots_variable: &'static str,
    pub(crate) calls_back: bool,
    /// Beside those that Lambda sets.
    pub(crate) variables: Vec<(&'static str, OsString)>,
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
    /// None beside the harness's: the function has roots built in.
    None,
}

/// The peers that this repository has.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PeerName {
    Echo,
    Lean,
    SdkRing,
    Hand,
    HandTrimmed,
    ProfanityFilter,
}

impl PeerName {
    pub(crate) const ALL: [Self; 6] =
        [Self::Echo, Self::Lean, Self::SdkRing, Self::Hand, Self::HandTrimmed, Self::ProfanityFilter];

    pub(crate) fn package(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Lean => "lean",
            Self::SdkRing => "sdk-ring",
            Self::Hand => "hand",
            Self::HandTrimmed => "hand-trimmed",
            Self::ProfanityFilter => "profanity-filter",
        }
    }

    fn roots(self) -> Roots {
        match self {
            Self::Lean | Self::SdkRing | Self::ProfanityFilter => Roots::Amazon,
            Self::Echo | Self::Hand | Self::HandTrimmed => Roots::System,
        }
    }

    fn manifest(self) -> PathBuf {
        let benches = Path::new(env!("CARGO_MANIFEST_DIR"));
        let workspace = match self {
            Self::ProfanityFilter => benches.parent().expect("this package lies in the repository"),
            _ => benches,
        };
        workspace.join("Cargo.toml")
    }
}

impl Peer {
    pub(crate) fn build(name: PeerName) -> Result<Self, Error> {
        let path = build(&name.manifest(), name.package())?;
        Ok(Self {
            crates: Some(crates(&name.manifest(), name.package())?),
            roots: name.roots(),
            calls_back: name != PeerName::Echo,
            ..Self::of_binary(name.package().to_owned(), path)?
        })
    }

    /// The profanity filter by the ways in which it records its events: neither log line nor metrics, metrics, and a log
    /// line as CloudWatch takes it.
    pub(crate) fn by_record(&self) -> [Self; 3] {
        let by = |name: &str, variables: &[(&'static str, &str)]| Self {
            name: format!("{}, {name}", self.name),
            variables: variables.iter().map(|&(name, value)| (name, value.into())).collect(),
            ..self.clone()
        };
        [by("no record", NO_RECORD), by("log line", LOG_LINE), by("metrics", METRICS)]
    }

    /// A build of the profanity filter, or of a function like it.
    pub(crate) fn of_binary(name: String, path: PathBuf) -> Result<Self, Error> {
        let binary = fs::read(&path)?;
        Ok(Self {
            name,
            program: path,
            arguments: Vec::new(),
            size: Some(binary.len() as u64),
            zip: Some(zipped(&binary)?),
            crates: None,
            roots: Roots::Amazon,
            roots_variable: "SSL_CERT_FILE",
            calls_back: true,
            variables: Vec::new(),
        })
    }
}

/// The length of a zip file as it is uploaded to Lambda.
fn zipped(binary: &[u8]) -> Result<u64, Error> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", SimpleFileOptions::default().compression_method(CompressionMethod::Deflated))?;
    zip.write_all(binary)?;
    Ok(zip.finish()?.into_inner().len() as u64)
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

fn crates(manifest: &Path, package: &str) -> Result<u64, Error> {
    let tree =
        cargo("tree", manifest, package).args(["--edges", "normal", "--prefix", "none", "--format", "{p}"]).output()?;
    if !tree.status.success() {
        return Err(format!("cargo has no tree of {package}: {}", String::from_utf8_lossy(&tree.stderr)).into());
    }
    let tree = String::from_utf8(tree.stdout)?;
    Ok(tree.lines().map(|line| line.trim_end_matches(" (*)")).collect::<BTreeSet<_>>().len() as u64)
}
