//! Why the first build takes long.

use std::fs;
use std::io::Write;
use std::path::Path;

/// The largest part of the first build, by the beginning of its file's name.
const SDK: &str = "libaws_sdk_chimesdkmessaging-";

/// Says on standard error what is built and why that takes long, unless it was built before in this folder of cargo's. Cargo
/// shows its progress there, too.
pub(super) fn announce(name: &str, target: &Path) {
    if !was_built(target) {
        let text = "the first build also compiles the AWS SDK, which takes some minutes";
        let _ = writeln!(anstream::stderr(), "building {name}; {text}");
    }
}

/// Whether some profile has the SDK, for this machine (`target/PROFILE`) or another (`target/TRIPLE/PROFILE`).
fn was_built(target: &Path) -> bool {
    let profiles = || folders(target).chain(folders(target).flat_map(|folder| folders(&folder)));
    profiles()
        .any(|profile| entries(&profile.join("deps")).any(|entry| entry.file_name().to_string_lossy().starts_with(SDK)))
}

fn entries(folder: &Path) -> impl Iterator<Item = fs::DirEntry> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten()
}

fn folders(folder: &Path) -> impl Iterator<Item = std::path::PathBuf> + use<> {
    entries(folder).map(|entry| entry.path()).filter(|path| path.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_before_is_seen_in_any_profile() {
        for profile in ["debug", "release", "aarch64-unknown-linux-gnu/release"] {
            let target = tempfile::tempdir().unwrap();
            assert!(!was_built(&target.path().join("none")) && !was_built(target.path()));
            let deps = target.path().join(profile).join("deps");
            fs::create_dir_all(&deps).unwrap();
            assert!(!was_built(target.path()));
            fs::write(deps.join("libaws_sdk_chimesdkmessaging-1.rlib"), "").unwrap();
            assert!(was_built(target.path()), "{profile}");
        }
    }
}
