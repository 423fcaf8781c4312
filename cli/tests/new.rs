//! The built command with `new`, and in the folders of packages.

#![cfg(unix)]

mod dev_server;

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;
use toml::Table;

const EXAMPLES: [&str; 8] =
    ["assistant", "flood", "moderation", "presence", "profanity-filter", "review", "toxicity", "traces"];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().canonicalize().unwrap()
}

fn command(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-channel-flow"));
    command.arg("channel-flow").args(args).current_dir(folder).stdin(Stdio::null()).env_remove("CARGO_TARGET_DIR");
    command.output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn failure(folder: &Path, args: &[&str], code: i32) -> String {
    let output = command(folder, args);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
    stderr(&output)
}

/// All files below a folder, as paths in it.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        match entry.path().is_dir() {
            true => found.extend(files(&entry.path()).iter().map(|file| format!("{name}/{file}"))),
            false => {
                found.insert(name);
            }
        }
    }
    found
}

fn table(path: &Path) -> Table {
    fs::read_to_string(path).unwrap().parse().unwrap()
}

/// What cargo knows about a project whose dependencies have the versions of this repository, without a network.
fn metadata(project: &Path) -> Value {
    fs::copy(repository().join("Cargo.lock"), project.join("Cargo.lock")).unwrap();
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["metadata", "--offline", "--format-version", "1"]).current_dir(project);
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_project_is_made_and_says_what_comes_next() {
    let folder = TempDir::new().unwrap();
    let said = stdout(&command(folder.path(), &["new", "guard"]));
    for part in [
        "made ",
        "guard, a processor",
        "  cd guard\n",
        "  cargo test ",
        "cargo channel-flow send",
        "cargo channel-flow dev",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert!(said.contains(&format!("channel-flow in {}", repository().display())), "{said}");
    let guard = folder.path().join("guard");
    let expected = [".gitignore", "Cargo.toml", "README.md", "src/main.rs", "template.yaml", "tests/function.rs"];
    assert_eq!(files(&guard), expected.map(str::to_owned).into());
    // Nothing else, such as a draft.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let manifest = table(&guard.join("Cargo.toml"));
    assert_eq!(manifest["package"]["name"].as_str(), Some("guard"));
    assert_eq!(manifest["dependencies"]["channel-flow"]["path"].as_str(), repository().to_str());
    assert_eq!(
        manifest["dev-dependencies"]["channel-flow-emulator"]["path"].as_str(),
        repository().join("emulator").to_str()
    );
    assert!(fs::read_to_string(guard.join("template.yaml")).unwrap().contains("Binary: \"guard\""));
    let metadata = metadata(&guard);
    assert_eq!(metadata["workspace_members"].as_array().unwrap().len(), 1);
}

#[test]
fn a_version_of_the_framework_can_be_named() {
    let folder = TempDir::new().unwrap();
    let said = stdout(&command(folder.path(), &["new", "guard", "--channel-flow", "0.1.0"]));
    assert!(said.contains("framework  channel-flow 0.1.0"), "{said}");
    let manifest = table(&folder.path().join("guard/Cargo.toml"));
    assert_eq!(manifest["dependencies"]["channel-flow"]["version"].as_str(), Some("0.1.0"));
    let said = failure(folder.path(), &["new", "other", "--channel-flow", "./guard"], 2);
    assert!(said.contains("./guard is no clone of the channel-flow repository"), "{said}");
    assert!(!folder.path().join("other").exists());
}

#[test]
fn nothing_is_replaced_and_nothing_half_made_is_left() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("guard")).unwrap();
    stdout(&command(folder.path(), &["new", "guard"]));
    fs::write(folder.path().join("guard/README.md"), "mine").unwrap();
    let said = failure(folder.path(), &["new", "guard", "--example", "traces"], 2);
    assert!(said.contains("exists and is not empty"), "{said}");
    assert_eq!(fs::read_to_string(folder.path().join("guard/README.md")).unwrap(), "mine");
    fs::write(folder.path().join("file"), "").unwrap();
    assert!(failure(folder.path(), &["new", "file"], 2).contains("exists"));
    for (args, expected) in [
        (&["new", "2guards"][..], "must begin with a letter"),
        (&["new", "a/guard"], "made in the current folder"),
        (&["new", "tokio"], "a dependency with this name"),
        (&["new", "other", "--example", "no-such"], "choose one of assistant, flood, moderation"),
        (&["new"], "<NAME>"),
    ] {
        let said = failure(folder.path(), args, 2);
        assert!(said.contains(expected), "{args:?}: {said}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn each_example_becomes_a_project() {
    let folder = TempDir::new().unwrap();
    for example in EXAMPLES {
        let name = format!("my-{example}");
        let said = stdout(&command(folder.path(), &["new", &name, "--example", example]));
        assert!(said.contains(&format!("from the example {example}")), "{said}");
        let project = folder.path().join(&name);
        let source = repository().join("examples").join(example);
        let own: BTreeSet<_> =
            files(&project).into_iter().filter(|file| !file.starts_with("profanity-filter/")).collect();
        let mut expected = files(&source);
        expected.insert(".gitignore".to_owned());
        assert_eq!(own, expected, "{example}");
        let metadata = metadata(&project);
        let packages = metadata["packages"].as_array().unwrap();
        let package = packages.iter().find(|package| package["name"] == name.as_str()).unwrap();
        let targets = package["targets"].as_array().unwrap();
        assert!(
            targets.iter().any(|target| target["name"] == name.as_str() && target["kind"][0] == "bin"),
            "{example}"
        );
        // The repository's: the registry has not been asked.
        let framework = packages.iter().find(|package| package["name"] == "channel-flow").unwrap();
        assert_eq!(framework["source"], Value::Null);
    }
}

/// They name them once more, so that they need no workspace.
#[test]
fn the_manifests_of_the_examples_and_of_the_template_say_what_the_workspace_says() {
    let workspace = table(&repository().join("Cargo.toml"))["workspace"].as_table().unwrap().clone();
    let version = |spec: &toml::Value| spec.as_str().or_else(|| spec.get("version")?.as_str()).map(str::to_owned);
    let defaults = |spec: &toml::Value| spec.get("default-features").and_then(toml::Value::as_bool).unwrap_or(true);
    let features = |spec: &toml::Value| -> BTreeSet<String> {
        let features = spec.get("features").and_then(toml::Value::as_array).into_iter().flatten();
        features.map(|feature| feature.as_str().unwrap().to_owned()).collect()
    };
    let template = TempDir::new().unwrap();
    stdout(&command(template.path(), &["new", "guard", "--channel-flow", env!("CARGO_PKG_VERSION")]));
    let examples = EXAMPLES.map(|example| repository().join("examples").join(example));
    for folder in examples.iter().chain([&template.path().join("guard")]) {
        let is_example = folder.starts_with(repository());
        let manifest = table(&folder.join("Cargo.toml"));
        for key in ["edition", "rust-version"] {
            assert_eq!(manifest["package"][key], workspace["package"][key], "{folder:?}");
        }
        if is_example {
            for key in ["version", "license"] {
                assert_eq!(manifest["package"][key], workspace["package"][key], "{folder:?}");
            }
            assert_eq!(manifest["lints"], workspace["lints"], "{folder:?}");
        }
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, spec) in manifest.get(kind).and_then(toml::Value::as_table).into_iter().flatten() {
                if spec.get("path").is_some() {
                    continue;
                }
                let common = &workspace["dependencies"][name];
                assert_eq!(version(spec), version(common), "{name} of {folder:?}");
                assert_eq!(defaults(spec), defaults(common), "{name} of {folder:?}");
                assert!(features(spec).is_superset(&features(common)), "{name} of {folder:?}");
            }
        }
    }
}

#[test]
fn a_folder_without_a_package_is_told_what_to_do() {
    let folder = TempDir::new().unwrap();
    for args in [&["send", "hello"][..], &["dev", "--port", "0"], &["send", "-p", "guard", "hello"]] {
        let said = failure(folder.path(), args, 2);
        for part in [folder.path().canonicalize().unwrap().to_str().unwrap(), "-p PATH", "cargo channel-flow new NAME"]
        {
            assert!(said.contains(part), "{args:?}: {said}");
        }
    }
}

#[test]
fn several_binaries_are_listed_and_bin_chooses() {
    let folder = TempDir::new().unwrap();
    drop(dev_server::processor_package(folder.path(), "one"));
    fs::create_dir(folder.path().join("src/bin")).unwrap();
    fs::write(folder.path().join("src/bin/broken.rs"), "this is not Rust").unwrap();
    let recording = folder.path().join("recording.jsonl");
    fs::write(&recording, "").unwrap();
    let recording = recording.to_str().unwrap();
    for args in [&["send", "hello"][..], &["dev", "--port", "0"], &["replay", recording]] {
        let said = failure(folder.path(), args, 2);
        assert!(
            said.contains("tiny has several binaries; choose one with --bin") && said.contains("broken, tiny"),
            "{said}"
        );
    }
    let said = failure(folder.path(), &["send", "--bin", "absent", "hello"], 2);
    assert!(said.contains("tiny has no binary absent"), "{said}");
    let said = failure(folder.path(), &["send", "--bin", "broken", "hello"], 1);
    assert!(said.contains("tiny could not be built"), "{said}");
    fs::write(folder.path().join("Cargo.toml"), "not a manifest").unwrap();
    let said = failure(folder.path(), &["send", "hello"], 1);
    assert!(said.contains("cargo cannot read") && said.contains("Cargo.toml"), "{said}");
}
