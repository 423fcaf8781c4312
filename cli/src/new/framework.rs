//! Where a new project gets the framework from.

use crate::exit::Failure;
use crate::text::printable;
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::path::Path;

/// The folder that this command's package had when it was built.
const BUILT_IN: &str = env!("CARGO_MANIFEST_DIR");
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The framework's crates, and their folders in its repository.
const CRATES: [(&str, &str); 3] =
    [("channel-flow", ""), ("channel-flow-dynamodb", "/dynamodb"), ("channel-flow-emulator", "/emulator")];

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Framework {
    /// A clone of the repository.
    Clone(String),
    /// A registry, in this version.
    Version(String),
}

impl Framework {
    /// The one that the user names, or the one that this command was built with.
    pub(super) fn of(named: Option<&str>) -> Result<Self, Failure> {
        match named {
            Some(text) if text.starts_with('.') || text.contains(std::path::is_separator) => {
                Self::clone_at(Path::new(text))
            }
            Some(version) => Self::version(version),
            None => Self::built_with(Path::new(BUILT_IN)),
        }
    }

    /// The framework beside the package in `folder`, or of the same version if that is a registry's.
    fn built_with(folder: &Path) -> Result<Self, Failure> {
        let clone = folder.parent().filter(|clone| is_framework(clone));
        if let Some(clone) = clone {
            return Self::clone_at(clone);
        }
        let registry = folder.components().map(|part| part.as_os_str()).collect::<Vec<_>>();
        if registry.windows(2).any(|parts| parts == [OsStr::new("registry"), OsStr::new("src")]) {
            return Self::version(VERSION);
        }
        Err(Failure::unusable(format!(
            "this command was built in {}, which is no clone of the channel-flow repository now: name a clone with \
             --channel-flow PATH, or a version in the registry with --channel-flow VERSION",
            printable(&folder.display().to_string())
        )))
    }

    fn clone_at(path: &Path) -> Result<Self, Failure> {
        let shown = printable(&path.display().to_string());
        if !is_framework(path) {
            return Err(Failure::unusable(format!(
                "{shown} is no clone of the channel-flow repository: it has no Cargo.toml of the package channel-flow"
            )));
        }
        let path = path.canonicalize().map_err(|error| Failure::unusable(format!("cannot use {shown}: {error}")))?;
        match path.into_os_string().into_string() {
            Ok(path) => Ok(Self::Clone(path)),
            Err(_) => Err(Failure::unusable(format!("{shown} is no Unicode, so a Cargo.toml cannot name it"))),
        }
    }

    fn version(text: &str) -> Result<Self, Failure> {
        let is_known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
        if !text.starts_with(|first: char| first.is_ascii_digit()) || !text.chars().all(is_known) {
            return Err(Failure::unusable(format!(
                "{} is no version, such as {VERSION}; to name the folder of a clone, write its path with a slash",
                printable(text)
            )));
        }
        Ok(Self::Version(text.to_owned()))
    }

    /// Where the documentation and the examples are.
    pub(super) fn repository(&self) -> String {
        match self {
            Self::Clone(path) => path.clone(),
            Self::Version(_) => format!("{}/blob/main", env!("CARGO_PKG_REPOSITORY")),
        }
    }

    /// What a dependency on one of the framework's crates has in place of a version, if it is one.
    pub(super) fn source_of(&self, krate: &str) -> Option<String> {
        let (_, folder) = CRATES.iter().find(|(name, _)| *name == krate)?;
        Some(match self {
            Self::Clone(path) => format!("path = {}", quoted(&format!("{path}{folder}"))),
            Self::Version(version) => format!("version = {}", quoted(version)),
        })
    }
}

impl fmt::Display for Framework {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clone(path) => write!(f, "channel-flow in {path}"),
            Self::Version(version) => write!(f, "channel-flow {version}"),
        }
    }
}

/// The most that is common to TOML and JSON: the one has all escapes that the other writes.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn is_framework(folder: &Path) -> bool {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).ok();
    let manifest = manifest.and_then(|text| text.parse::<toml::Table>().ok());
    let name = manifest.as_ref().and_then(|manifest| manifest.get("package")?.get("name")?.as_str());
    name == Some("channel-flow")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clone_that_the_command_was_built_in() {
        let Framework::Clone(path) = Framework::of(None).unwrap() else { panic!() };
        assert_eq!(Path::new(&path), Path::new(BUILT_IN).parent().unwrap().canonicalize().unwrap());
        let framework = Framework::Clone("/a \"b\"\\c".into());
        assert_eq!(framework.source_of("channel-flow").unwrap(), r#"path = "/a \"b\"\\c""#);
        assert_eq!(framework.source_of("channel-flow-emulator").unwrap(), r#"path = "/a \"b\"\\c/emulator""#);
        assert_eq!(framework.source_of("tokio"), None);
    }

    #[test]
    fn the_version_that_came_from_a_registry() {
        let folder = Path::new("/home/a/.cargo/registry/src/registry-0000/cargo-channel-flow-0.1.0");
        let framework = Framework::built_with(folder).unwrap();
        assert_eq!(framework, Framework::Version(VERSION.into()));
        assert_eq!(framework.source_of("channel-flow-dynamodb").unwrap(), format!("version = \"{VERSION}\""));
        let gone = Framework::built_with(Path::new("/gone/cli")).unwrap_err().to_string();
        assert!(gone.contains("/gone/cli") && gone.contains("--channel-flow PATH"), "{gone}");
    }

    #[test]
    fn what_the_user_names() {
        assert!(matches!(Framework::of(Some("..")), Ok(Framework::Clone(_))));
        assert_eq!(Framework::of(Some("0.2")).unwrap(), Framework::Version("0.2".into()));
        for (named, expected) in [("./src", "is no clone"), ("../emulator", "is no clone"), ("newest", "is no version")]
        {
            let failure = Framework::of(Some(named)).unwrap_err().to_string();
            assert!(failure.contains(expected), "{failure}");
        }
    }
}
