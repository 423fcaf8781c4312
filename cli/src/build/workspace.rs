//! The workspace around a folder, and which of its binaries is meant.

use crate::exit::Failure;
use cargo_metadata::{Dependency, DependencyKind, Error, Metadata, MetadataCommand, Package};
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What the Cargo.toml of a folder, or the nearest one above it, is about.
#[derive(Debug)]
pub(super) struct Workspace {
    manifest: PathBuf,
    metadata: Metadata,
}

/// What cargo is to build.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// As cargo identifies it.
    pub(super) package: String,
    /// As people call it.
    pub(super) name: String,
    pub(super) bin: Option<String>,
}

impl Workspace {
    /// The workspace of the package in `folder`, or of the current folder. Errors of cargo go to standard error.
    pub(super) async fn around(cargo: OsString, folder: Option<&Path>) -> Result<Self, Failure> {
        let manifest = match folder {
            Some(folder) => folder.join("Cargo.toml"),
            None => nearest_manifest()?,
        };
        let mut command = MetadataCommand::new();
        command.cargo_path(cargo).manifest_path(&manifest).no_deps();
        let metadata = tokio::task::spawn_blocking(move || command.exec()).await;
        let metadata = metadata.map_err(|error| Failure::not_started(error.to_string()))?;
        let metadata = metadata.map_err(|error| {
            let error = match error {
                Error::CargoMetadata { stderr } => stderr,
                other => format!("error: {other}\n"),
            };
            let _ = write!(anstream::stderr(), "{error}");
            Failure::not_started(format!("cargo cannot read {}", manifest.display()))
        })?;
        Ok(Self { manifest, metadata })
    }

    /// The folder that cargo builds in.
    pub(super) fn target_folder(&self) -> &Path {
        self.metadata.target_directory.as_std_path()
    }

    /// The binary that is meant, of the package with this name or of the one that the folder stands for. A name that no
    /// package of the workspace has is left to cargo: it may identify a dependency.
    pub(super) fn choose(&self, package: Option<&str>, bin: Option<&str>) -> Result<Choice, Failure> {
        let packages = match package {
            None => self.here(),
            Some(name) => match self.metadata.workspace_packages().into_iter().find(|package| package.name == name) {
                Some(package) => vec![package],
                None => {
                    return Ok(Choice { package: name.to_owned(), name: name.to_owned(), bin: bin.map(str::to_owned) });
                }
            },
        };
        let with_bins: Vec<_> = packages.iter().map(|package| (*package, bins(package, bin))).collect();
        let with_bins: Vec<_> = with_bins.into_iter().filter(|(_, bins)| !bins.is_empty()).collect();
        match with_bins.as_slice() {
            [] => Err(Failure::unusable(self.no_binary(&packages, bin))),
            [(package, bins)] => match bins.as_slice() {
                [bin] => Ok(Choice {
                    package: package.id.repr.clone(),
                    name: package.name.to_string(),
                    bin: Some((*bin).to_owned()),
                }),
                bins => Err(Failure::unusable(format!(
                    "{} has several binaries; choose one with --bin, or set default-run in its Cargo.toml: {}",
                    package.name,
                    bins.join(", ")
                ))),
            },
            several => Err(Failure::unusable(format!(
                "several packages here have a binary; choose one with -p: {}",
                listed(several.iter().map(|(package, _)| *package))
            ))),
        }
    }

    /// The folder that cargo builds in.
    pub(super) fn target(&self) -> PathBuf {
        self.metadata.target_directory.clone().into()
    }

    /// The names of the packages with a binary that are written with the framework, in order.
    pub(super) fn processors(&self) -> String {
        listed(self.metadata.workspace_packages().into_iter().filter(|package| is_processor(package)))
    }

    /// What the folder stands for when no package is named, as for `cargo run`: the package of its Cargo.toml or, at the
    /// root of a workspace, the default members. A root package that has a binary comes before the others.
    fn here(&self) -> Vec<&Package> {
        let is_here = |package: &&Package| is_same(package.manifest_path.as_std_path(), &self.manifest);
        let package = self.metadata.workspace_packages().into_iter().find(is_here);
        let is_root = is_same(self.metadata.workspace_root.join("Cargo.toml").as_std_path(), &self.manifest);
        match package {
            Some(package) if !is_root || !bins(package, None).is_empty() => vec![package],
            _ => self.metadata.workspace_default_packages(),
        }
    }

    fn no_binary(&self, packages: &[&Package], bin: Option<&str>) -> String {
        let names = listed(packages.iter().copied());
        if let Some(bin) = bin {
            let mut bins: Vec<_> = packages.iter().flat_map(|package| all_bins(package)).collect();
            bins.sort_unstable();
            return match bins.as_slice() {
                [] => format!("{names} has no binary {bin}, nor any other: a processor needs a main.rs that runs it"),
                bins => format!("{names} has no binary {bin}; choose one with --bin: {}", bins.join(", ")),
            };
        }
        let hint = match self.processors() {
            others if others.is_empty() => String::new(),
            others => format!("; name a package with one with -p: {others}"),
        };
        format!("{names} has no binary: a processor needs a main.rs that runs it{hint}")
    }
}

/// The Cargo.toml of the current folder, or the nearest one above, as cargo finds it.
fn nearest_manifest() -> Result<PathBuf, Failure> {
    let here = std::env::current_dir()
        .map_err(|error| Failure::not_started(format!("cannot tell the current folder: {error}")))?;
    let manifest = here.ancestors().map(|folder| folder.join("Cargo.toml")).find(|file| file.is_file());
    manifest.ok_or_else(|| {
        Failure::unusable(format!(
            "{} is in no package: it has no Cargo.toml, and no folder above it has one. Name the processor by its path \
             with -p PATH, or make a package for a new one with `cargo channel-flow new NAME`",
            here.display()
        ))
    })
}

fn is_same(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

/// The binary with this name or, without one, those that can be meant.
fn bins<'a>(package: &'a Package, bin: Option<&str>) -> Vec<&'a str> {
    let mut bins = all_bins(package);
    if let Some(wanted) = bin.or(package.default_run.as_deref()) {
        bins.retain(|name| *name == wanted);
    }
    bins
}

fn all_bins(package: &Package) -> Vec<&str> {
    let mut bins: Vec<_> =
        package.targets.iter().filter(|target| target.is_bin()).map(|target| target.name.as_str()).collect();
    bins.sort_unstable();
    bins
}

fn listed<'a>(packages: impl Iterator<Item = &'a Package>) -> String {
    let mut names: Vec<_> = packages.map(|package| package.name.as_str()).collect();
    names.sort_unstable();
    names.join(", ")
}

fn is_processor(package: &Package) -> bool {
    // A tool may have it as an option, or for its tests.
    let needed = |dependency: &Dependency| dependency.kind == DependencyKind::Normal && !dependency.optional;
    let mut dependencies = package.dependencies.iter();
    !bins(package, None).is_empty()
        && dependencies.any(|dependency| dependency.name == "channel-flow" && needed(dependency))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    fn write(folder: &TempDir, path: &str, text: &str) {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn package(folder: &TempDir, at: &str, extra: &str, sources: &[&str]) {
        let name = Path::new(at).file_name().map_or("root".into(), |name| name.to_string_lossy());
        let manifest = format!("[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n{extra}");
        write(folder, &format!("{at}/Cargo.toml"), &manifest);
        sources.iter().for_each(|source| write(folder, &format!("{at}/src/{source}"), "fn main() {}"));
    }

    async fn around(folder: &Path) -> Workspace {
        Workspace::around("cargo".into(), Some(folder)).await.unwrap()
    }

    fn chosen(choice: Result<Choice, Failure>) -> (String, String) {
        let choice = choice.unwrap();
        (choice.name, choice.bin.unwrap())
    }

    fn error(choice: Result<Choice, Failure>) -> String {
        choice.unwrap_err().to_string()
    }

    fn pair(package: &str, bin: &str) -> (String, String) {
        (package.to_owned(), bin.to_owned())
    }

    #[tokio::test]
    async fn in_this_repository_the_default_is_the_profanity_filter() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let workspace = around(&root).await;
        assert_eq!(chosen(workspace.choose(None, None)), pair("profanity-filter", "profanity-filter"));
        assert_eq!(chosen(workspace.choose(Some("moderation"), None)), pair("moderation", "moderation"));
        let processors = workspace.processors();
        assert!(processors.contains("moderation") && !processors.contains("cargo-channel-flow"), "{processors}");
        let library = error(around(&root.join("dynamodb")).await.choose(None, None));
        assert!(library.starts_with("channel-flow-dynamodb has no binary") && library.contains("-p: "), "{library}");
    }

    #[tokio::test]
    async fn a_package_with_one_binary_or_several() {
        let folder = TempDir::new().unwrap();
        package(&folder, "guard", "[workspace]", &["main.rs"]);
        let guard = folder.path().join("guard");
        assert_eq!(chosen(around(&guard).await.choose(None, None)), pair("guard", "guard"));

        package(&folder, "guard", "[workspace]", &["bin/tool.rs"]);
        let workspace = around(&guard).await;
        let several = error(workspace.choose(None, None));
        assert!(
            several.contains("guard has several binaries")
                && several.ends_with("--bin, or set default-run in its Cargo.toml: guard, tool"),
            "{several}"
        );
        assert_eq!(chosen(workspace.choose(None, Some("tool"))), pair("guard", "tool"));
        assert_eq!(chosen(workspace.choose(Some("guard"), Some("tool"))), pair("guard", "tool"));
        let absent = error(workspace.choose(None, Some("absent")));
        assert_eq!(absent, "guard has no binary absent; choose one with --bin: guard, tool");

        package(&folder, "guard", "default-run = \"tool\"\n[workspace]", &[]);
        let workspace = around(&guard).await;
        assert_eq!(chosen(workspace.choose(None, None)), pair("guard", "tool"));
        assert_eq!(chosen(workspace.choose(None, Some("guard"))), pair("guard", "guard"));
    }

    #[tokio::test]
    async fn a_member_of_a_workspace_and_its_root() {
        let folder = TempDir::new().unwrap();
        write(&folder, "Cargo.toml", "[workspace]\nmembers = [\"one\", \"library\"]\nresolver = \"3\"");
        package(&folder, "one", "", &["main.rs"]);
        package(&folder, "library", "", &["lib.rs"]);
        package(&folder, "two", "", &["main.rs"]);
        assert_eq!(chosen(around(folder.path()).await.choose(None, None)), pair("one", "one"));

        write(&folder, "Cargo.toml", "[workspace]\nmembers = [\"one\", \"library\", \"two\"]\nresolver = \"3\"");
        let workspace = around(folder.path()).await;
        assert_eq!(
            error(workspace.choose(None, None)),
            "several packages here have a binary; choose one with -p: one, two"
        );
        assert_eq!(chosen(workspace.choose(None, Some("two"))), pair("two", "two"));
        assert_eq!(chosen(workspace.choose(Some("two"), None)), pair("two", "two"));
        assert_eq!(chosen(around(&folder.path().join("two")).await.choose(None, None)), pair("two", "two"));
        let library = error(workspace.choose(Some("library"), None));
        assert_eq!(library, "library has no binary: a processor needs a main.rs that runs it");
        let left_to_cargo = workspace.choose(Some("serde@1"), None).unwrap();
        assert_eq!(left_to_cargo, Choice { package: "serde@1".into(), name: "serde@1".into(), bin: None });
    }

    #[tokio::test]
    async fn a_root_package_comes_before_other_members() {
        let folder = TempDir::new().unwrap();
        package(&folder, ".", "[workspace]\nmembers = [\"one\"]\ndefault-members = [\".\", \"one\"]", &["lib.rs"]);
        package(&folder, "one", "", &["main.rs"]);
        assert_eq!(chosen(around(folder.path()).await.choose(None, None)), pair("one", "one"));
        write(&folder, "src/main.rs", "fn main() {}");
        assert_eq!(chosen(around(folder.path()).await.choose(None, None)), pair("root", "root"));
    }
}
