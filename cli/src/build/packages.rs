//! The processors that can be named in this workspace.

use cargo_metadata::{Dependency, DependencyKind, MetadataCommand, Package};
use std::path::PathBuf;

/// The names of the packages with a binary that are written with the framework, in order. Empty if there is no workspace
/// here.
pub(super) async fn processors(cargo: PathBuf) -> Vec<String> {
    let metadata = tokio::task::spawn_blocking(move || {
        let mut command = MetadataCommand::new();
        command.cargo_path(cargo).no_deps().exec().ok()
    });
    let packages = metadata.await.ok().flatten().map(|metadata| metadata.packages).unwrap_or_default();
    let mut names: Vec<String> =
        packages.iter().filter(|package| is_processor(package)).map(|package| package.name.to_string()).collect();
    names.sort();
    names
}

fn is_processor(package: &Package) -> bool {
    let has_one_binary = package.targets.iter().filter(|target| target.is_bin()).count() == 1;
    // A tool may have it as an option, or for its tests.
    let needed = |dependency: &Dependency| dependency.kind == DependencyKind::Normal && !dependency.optional;
    let mut dependencies = package.dependencies.iter();
    has_one_binary && dependencies.any(|dependency| dependency.name == "channel-flow" && needed(dependency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_examples_are_processors_and_this_command_is_none() {
        let processors = processors("cargo".into()).await;
        assert!(processors.iter().any(|name| name == "moderation"), "{processors:?}");
        assert!(!processors.iter().any(|name| name == "cargo-channel-flow"), "{processors:?}");
    }
}
