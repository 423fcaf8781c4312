//! Builds the processor that the user names.

mod first_build;
mod group;
mod workspace;

use crate::args::ProcessorArgs;
use crate::exit::Failure;
use cargo_metadata::Message;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use tokio::process::Command;
use workspace::Workspace;

/// The processor that the user names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Processor {
    source: Source,
    bin: Option<String>,
    release: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    /// What the current folder stands for.
    Here,
    Package(String),
    Folder(PathBuf),
    Binary(PathBuf),
}

impl Processor {
    /// The one that the arguments name.
    pub(crate) fn of(args: &ProcessorArgs) -> Result<Self, Failure> {
        let source = args.processor.as_deref().map_or(Ok(Source::Here), Source::parse)?;
        match (&source, &args.bin) {
            (Source::Binary(path), Some(_)) => Err(Failure::unusable(format!(
                "{} is a binary already: leave --bin out, or give a package with --processor",
                path.display()
            ))),
            _ => Ok(Self { source, bin: args.bin.clone(), release: args.release }),
        }
    }

    /// Builds it unless it is already a binary. Cargo's progress and errors go to standard error, as always.
    pub(crate) async fn build(&self) -> Result<Built, Failure> {
        let (package, folder) = match &self.source {
            Source::Binary(path) => return Ok(Built::already(path)),
            Source::Here => (None, None),
            Source::Package(package) => (Some(package.as_str()), None),
            Source::Folder(folder) => (None, Some(folder.as_path())),
        };
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let workspace = Workspace::around(cargo.clone(), folder).await?;
        let choice = workspace.choose(package, self.bin.as_deref())?;
        let mut what = vec![OsString::from("--package"), choice.package.into()];
        if let Some(bin) = choice.bin {
            what.extend(["--bin".into(), bin.into()]);
        }
        if let Some(folder) = folder {
            what.extend(["--manifest-path".into(), folder.join("Cargo.toml").into()]);
        }
        if self.release {
            what.push("--release".into());
        }
        first_build::announce(&choice.name, workspace.target_folder());
        build(cargo, &choice.name, &what, &workspace).await
    }
}

impl Source {
    /// A text with a slash or a leading dot is a path.
    fn parse(text: &str) -> Result<Self, Failure> {
        if !text.starts_with('.') && !text.contains(std::path::is_separator) {
            return Ok(Self::Package(text.to_owned()));
        }
        let path = Path::new(text);
        if path.is_file() {
            Ok(Self::Binary(path.to_owned()))
        } else if path.join("Cargo.toml").is_file() {
            Ok(Self::Folder(path.to_owned()))
        } else if path.is_dir() {
            Err(Failure::unusable(format!("{text} has no Cargo.toml, so it is not a package directory")))
        } else {
            Err(Failure::unusable(format!("there is no {text}: give the path of a binary or of a package directory")))
        }
    }
}

/// The result of a build.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) binary: PathBuf,
    /// The folders of the packages in it whose sources are on this machine and not a registry's.
    pub(crate) packages: BTreeSet<PathBuf>,
    /// Where cargo writes, which may be inside one of them.
    pub(crate) target: Option<PathBuf>,
}

impl Built {
    /// A binary that somebody else has built.
    fn already(binary: &Path) -> Self {
        Self { binary: binary.to_owned(), packages: BTreeSet::new(), target: None }
    }
}

async fn build(cargo: OsString, name: &str, what: &[OsString], workspace: &Workspace) -> Result<Built, Failure> {
    let mut command = Command::new(&cargo);
    command.args(["build", "--message-format", "json-render-diagnostics"]).args(what);
    // `cargo run` describes this package to it by variables, and build scripts that look at them would run again, and
    // all that depends on them, each time the user changes between this command and cargo's own.
    let of_this_package = |name: &OsString| {
        let name = name.to_string_lossy();
        ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"].iter().any(|prefix| name.starts_with(prefix))
    };
    for name in std::env::vars_os().map(|(name, _)| name).filter(of_this_package) {
        command.env_remove(name);
    }
    let not_run = |error| {
        let cargo = cargo.to_string_lossy();
        Failure::not_started(format!("cannot run {cargo} to build the processor: {error}"))
    };
    let (status, output) = group::output(command).await.map_err(not_run)?;
    let (mut binaries, mut packages, mut tried) = (Vec::new(), BTreeSet::new(), false);
    for message in Message::parse_stream(&*output) {
        match message {
            Ok(Message::CompilerArtifact(artifact)) => {
                if artifact.package_id.repr.contains("path+file:") {
                    packages.extend(artifact.manifest_path.parent().map(|folder| folder.as_std_path().to_owned()));
                }
                binaries.extend(artifact.executable.map(PathBuf::from));
            }
            Ok(Message::BuildFinished(_)) => tried = true,
            _ => {}
        }
    }
    if !status.success() {
        let hint = if tried { String::new() } else { hint(&workspace.processors()) };
        return Err(Failure::not_started(format!("{name} could not be built{hint}")));
    }
    Ok(Built { binary: one(name, binaries)?, packages, target: Some(workspace.target()) })
}

/// What can be named instead of a package that cargo does not know.
fn hint(processors: &str) -> String {
    let hint = "; name a package in this workspace, or a path, with --processor";
    if processors.is_empty() { hint.to_owned() } else { format!("{hint}: {processors}") }
}

/// Of a package in another workspace, cargo builds all binaries.
fn one(name: &str, mut binaries: Vec<PathBuf>) -> Result<PathBuf, Failure> {
    match binaries.len() {
        1 => Ok(binaries.remove(0)),
        0 => Err(Failure::unusable(format!("{name} has no binary: a processor needs a main.rs that runs it"))),
        _ => {
            let mut paths: Vec<_> = binaries.iter().map(|path| path.display().to_string()).collect();
            paths.sort();
            let paths = paths.join("\n  ");
            Err(Failure::unusable(format!("{name} has several binaries; choose one with --processor:\n  {paths}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_paths() {
        assert_eq!(Source::parse("some-name").unwrap(), Source::Package("some-name".into()));
        assert_eq!(Source::parse("../cli").unwrap(), Source::Folder("../cli".into()));
        assert_eq!(Source::parse("./Cargo.toml").unwrap(), Source::Binary("./Cargo.toml".into()));
        for (text, expected) in [("./src", "has no Cargo.toml"), ("./nothing", "there is no ./nothing")] {
            let failure = Source::parse(text).unwrap_err().to_string();
            assert!(failure.contains(expected), "{failure}");
        }
    }

    #[test]
    fn a_binary_has_no_other_in_it() {
        let args = |processor: Option<&str>| ProcessorArgs {
            processor: processor.map(str::to_owned),
            bin: Some("filter".into()),
            release: false,
        };
        let failure = Processor::of(&args(Some("./Cargo.toml"))).unwrap_err().to_string();
        assert!(failure.contains("leave --bin out"), "{failure}");
        assert_eq!(Processor::of(&args(None)).unwrap().source, Source::Here);
    }

    #[test]
    fn a_name_that_is_wrong_is_answered_with_those_that_exist() {
        assert_eq!(hint(""), "; name a package in this workspace, or a path, with --processor");
        assert!(hint("a, b").ends_with("with --processor: a, b"));
    }

    #[test]
    fn one_binary_and_no_more() {
        assert_eq!(one("p", vec!["a".into()]).unwrap(), Path::new("a"));
        assert!(one("p", vec![]).unwrap_err().to_string().contains("no binary"));
        let several = one("p", vec!["b".into(), "a".into()]).unwrap_err().to_string();
        assert!(several.ends_with("--processor:\n  a\n  b"), "{several}");
    }
}
