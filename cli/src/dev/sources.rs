//! The source files of a processor, and whether they have changed.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Where to look for changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    /// Folders of packages. A package below one of them is not a part of it.
    pub(super) packages: BTreeSet<PathBuf>,
    /// Files beside them.
    pub(super) files: BTreeSet<PathBuf>,
    /// Files that are no sources wherever they are.
    pub(super) ignored: BTreeSet<PathBuf>,
}

/// The state of all files at some time.
#[derive(Debug, Default)]
pub(super) struct Seen {
    files: BTreeMap<PathBuf, Stamp>,
    /// Every folder that has some of them.
    pub(super) folders: BTreeSet<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

impl Sources {
    /// The state of all files now. Unreadable files count as missing.
    pub(super) fn look(&self) -> Seen {
        let mut seen = Seen::default();
        for package in &self.packages {
            self.look_into(package, &mut seen);
        }
        for file in &self.files {
            if let Some(stamp) = Stamp::of(file) {
                seen.files.insert(file.clone(), stamp);
            }
            // A folder that is gone may come back.
            seen.folders.extend(file.ancestors().skip(1).find(|folder| folder.is_dir()).map(Path::to_owned));
        }
        seen
    }

    fn look_into(&self, folder: &Path, seen: &mut Seen) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        seen.folders.insert(folder.to_owned());
        for entry in entries.flatten() {
            let path = entry.path();
            if is_nobodys(&entry.file_name()) || self.ignored.contains(&path) {
                continue;
            }
            // A link is followed to a file, but not to a folder, which may lead back here.
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                if !is_package_or_cache(&path) {
                    self.look_into(&path, seen);
                }
            } else if let Some(stamp) = Stamp::of(&path) {
                seen.files.insert(path, stamp);
            }
        }
    }
}

impl Seen {
    /// The first file that is not in `now` as it was, or was not there.
    pub(super) fn changed<'a>(&'a self, now: &'a Self) -> Option<&'a Path> {
        let other = now.files.iter().find(|(path, stamp)| self.files.get(*path) != Some(stamp));
        let gone = || self.files.keys().find(|path| !now.files.contains_key(*path));
        other.map(|(path, _)| path).or_else(gone).map(PathBuf::as_path)
    }

    /// Takes in files that were not known, unless they were changed after a build began at `started`, which may have read
    /// them before. Cargo itself writes `Cargo.lock`.
    pub(super) fn learn(&mut self, now: Self, started: SystemTime) {
        for (path, stamp) in now.files {
            if stamp.modified.is_none_or(|modified| modified <= started) || path.ends_with("Cargo.lock") {
                self.files.entry(path).or_insert(stamp);
            }
        }
    }
}

impl Stamp {
    /// That of a file, if there is one.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok().filter(Metadata::is_file)?;
        Some(Self { modified: metadata.modified().ok(), length: metadata.len() })
    }
}

/// The `Cargo.lock` of a package: beside it, or above it in its workspace.
pub(super) fn lock_file(package: &Path) -> Option<PathBuf> {
    package.ancestors().map(|folder| folder.join("Cargo.lock")).find(|file| file.is_file())
}

/// Hidden, or what editors write beside a file while they work on it.
fn is_nobodys(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let swap = |extension: &str| matches!(extension, "swp" | "swo" | "swx" | "tmp");
    name.starts_with(['.', '#'])
        || name.ends_with('~')
        || name == "4913"
        || name.rsplit_once('.').is_some_and(|(_, extension)| swap(extension))
}

/// Another package, or a cache folder, which Cargo marks as it does `target`.
fn is_package_or_cache(folder: &Path) -> bool {
    ["Cargo.toml", "CACHEDIR.TAG"].iter().any(|name| folder.join(name).is_file()) || folder.ends_with("node_modules")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tempfile::TempDir;

    fn write(folder: &TempDir, path: &str, text: &str) {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn sources(folder: &TempDir) -> Sources {
        Sources { packages: [folder.path().to_owned()].into(), ..Sources::default() }
    }

    fn names(folder: &TempDir, seen: &Seen) -> Vec<String> {
        let name = |path: &PathBuf| path.strip_prefix(folder.path()).unwrap().display().to_string();
        seen.files.keys().map(name).collect()
    }

    #[test]
    fn a_package_without_what_is_not_its_source() {
        let folder = TempDir::new().unwrap();
        for path in [
            "Cargo.toml",
            "src/main.rs",
            "src/deep/words.txt",
            ".git/HEAD",
            "src/.main.rs.swp",
            "src/main.rs~",
            "src/4913",
            "src/#main.rs#",
            "src/main.rs.swx",
            "target/CACHEDIR.TAG",
            "target/debug/main",
            "other/Cargo.toml",
            "other/src/main.rs",
            "chat.redb",
        ] {
            write(&folder, path, "");
        }
        let mut sources = sources(&folder);
        sources.ignored.insert(folder.path().join("chat.redb"));
        let seen = sources.look();
        assert_eq!(names(&folder, &seen), ["Cargo.toml", "src/deep/words.txt", "src/main.rs"]);
        let folders: BTreeSet<_> = ["", "src", "src/deep"].map(|path| folder.path().join(path)).into();
        assert_eq!(seen.folders, folders);
    }

    #[test]
    fn changed_new_and_gone() {
        let folder = TempDir::new().unwrap();
        write(&folder, "src/main.rs", "one");
        let sources = sources(&folder);
        let before = sources.look();
        assert_eq!(before.changed(&sources.look()), None);
        write(&folder, "src/main.rs", "another");
        let after = sources.look();
        assert_eq!(before.changed(&after), Some(&*folder.path().join("src/main.rs")));
        write(&folder, "src/words.rs", "");
        let new = sources.look();
        assert_eq!(after.changed(&new), Some(&*folder.path().join("src/words.rs")));
        assert_eq!(new.changed(&after), Some(&*folder.path().join("src/words.rs")));
    }

    #[test]
    fn what_changed_after_a_build_began_is_a_change() {
        let folder = TempDir::new().unwrap();
        write(&folder, "src/main.rs", "");
        let sources = sources(&folder);
        let mut seen = Seen::default();
        seen.learn(sources.look(), SystemTime::now() - Duration::from_secs(3600));
        assert!(seen.changed(&sources.look()).is_some());
        seen.learn(sources.look(), SystemTime::now() + Duration::from_secs(3600));
        assert_eq!(seen.changed(&sources.look()), None);
    }

    #[test]
    fn a_file_whose_folder_is_gone() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("build/deep/bootstrap");
        let sources = Sources { files: [file.clone()].into(), ..Sources::default() };
        let before = sources.look();
        assert_eq!(before.folders, [folder.path().to_owned()].into());
        write(&folder, "build/deep/bootstrap", "");
        let after = sources.look();
        assert_eq!(before.changed(&after), Some(&*file));
        assert_eq!(after.folders, [folder.path().join("build/deep")].into());
    }
}
