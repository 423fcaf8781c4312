//! The effects that the work after the callback had: lines in a file.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A file in which each effect leaves a line: the callback id, and the token by which a repetition is known.
pub(crate) struct Effects(TempDir);

/// The effects that a message had.
#[derive(Default)]
pub(crate) struct Had {
    /// How often there was one.
    pub(crate) times: usize,
    /// How many there were for somebody who knows a repetition by its token.
    pub(crate) different: usize,
}

impl Effects {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a temporary directory"))
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.path().join("effects")
    }

    /// Reads the effects by callback id.
    pub(crate) fn read(&self) -> HashMap<String, Had> {
        let mut tokens: HashMap<String, HashSet<String>> = HashMap::new();
        let mut had: HashMap<String, Had> = HashMap::new();
        for line in lines(&self.file()) {
            let (callback_id, token) = line.split_once(' ').expect("a callback id and a token");
            had.entry(callback_id.to_owned()).or_default().times += 1;
            tokens.entry(callback_id.to_owned()).or_default().insert(token.to_owned());
        }
        for (callback_id, tokens) in tokens {
            had.entry(callback_id).or_default().different = tokens.len();
        }
        had
    }
}

/// Without any effect, there is no file.
fn lines(file: &Path) -> Vec<String> {
    std::fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}
