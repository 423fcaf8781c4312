//! Puts the projects that `new` starts from into the command, and the commit that it is built from.
//!
//! Each folder of `projects` is one. It has links to what is elsewhere in the repository, which a package of this crate has as
//! files. Cargo packages no folder with a `Cargo.toml`, so that file has another name there.

#[path = "build/commit.rs"]
mod commit;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build/commit.rs");
    commit::tell();
    let variable = |name| env::var_os(name).map(PathBuf::from).ok_or(io::ErrorKind::NotFound);
    let mut source = String::from("&[\n");
    for project in entries(&variable("CARGO_MANIFEST_DIR")?.join("projects"))? {
        let mut files = Vec::new();
        find_files(&project, "", &mut files)?;
        writeln!(source, "({:?}, &[", name(&project)).map_err(io::Error::other)?;
        for (path, file) in files {
            println!("cargo::rerun-if-changed={}", file.display());
            writeln!(source, "({path:?}, include_str!({file:?})),").map_err(io::Error::other)?;
        }
        source.push_str("]),\n");
    }
    source.push(']');
    fs::write(variable("OUT_DIR")?.join("projects.rs"), source)
}

/// Each file below `folder`, with its path in a new project.
fn find_files(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in entries(folder)? {
        let path = format!("{prefix}{}", name(&entry));
        if entry.is_dir() {
            find_files(&entry, &format!("{path}/"), files)?;
        } else {
            let path = match path.as_str() {
                "manifest.toml" => "Cargo.toml".to_owned(),
                "gitignore" => ".gitignore".to_owned(),
                _ => path,
            };
            files.push((path, entry));
        }
    }
    Ok(())
}

/// What is in a folder, in order. Cargo is told to look for more.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
