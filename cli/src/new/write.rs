//! The folder of a new project, which is there as a whole or not at all.

use crate::exit::Failure;
use crate::text::printable;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Writes files into a new folder of the current one. An empty folder with this name is used, and nothing is ever replaced.
pub(super) fn files(name: &str, files: &[(String, String)]) -> Result<PathBuf, Failure> {
    let here = std::env::current_dir()
        .map_err(|error| Failure::not_started(format!("cannot tell the current folder: {error}")))?;
    let folder = here.join(name);
    let shown = printable(&folder.display().to_string());
    if !is_free(&folder) {
        return Err(Failure::unusable(format!(
            "{shown} exists and is not empty: choose another name, or move it away"
        )));
    }
    let cannot_write = |error: io::Error| Failure::not_started(format!("cannot write {shown}: {error}"));
    let draft = Draft { folder: here.join(format!(".{name}.new-{}", std::process::id())) };
    fs::create_dir(&draft.folder).map_err(cannot_write)?;
    for (path, text) in files {
        let path = draft.folder.join(path);
        path.parent().map_or(Ok(()), fs::create_dir_all).map_err(cannot_write)?;
        fs::write(path, text).map_err(cannot_write)?;
    }
    // Fails if something is in it now.
    match fs::remove_dir(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(cannot_write(error)),
        _ => fs::rename(&draft.folder, &folder).map_err(cannot_write)?,
    }
    Ok(folder)
}

fn is_free(folder: &Path) -> bool {
    match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// A folder that goes away unless it gets another name.
struct Draft {
    folder: PathBuf,
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
