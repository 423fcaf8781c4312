//! The options of `completions`.

use clap::Parser;
use clap_complete::Shell;

/// Print a script that completes this command in a shell
///
/// The script is for the command cargo-channel-flow, which is the same as cargo channel-flow.
#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  cargo channel-flow completions bash > ~/.local/share/bash-completion/completions/cargo-channel-flow
  cargo channel-flow completions zsh > ~/.zfunc/_cargo-channel-flow
  cargo channel-flow completions fish > ~/.config/fish/completions/cargo-channel-flow.fish";
