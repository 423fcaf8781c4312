//! The commands.

/// The answer to `/help`. No answer begins with a slash, so none is a command.
pub(crate) const HELP: &str =
    "I know these commands:\n/help shows this help\n/stats counts the members of this channel";

/// A command, which is the whole text of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Stats,
}

impl Command {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "/help" => Some(Self::Help),
            "/stats" => Some(Self::Stats),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_the_whole_text() {
        assert_eq!(Command::parse("/help"), Some(Command::Help));
        assert_eq!(Command::parse(" /Stats\n"), Some(Command::Stats));
        for text in ["", "help", "/helpme", "/help me", "what does /help do?", "//help", HELP] {
            assert_eq!(Command::parse(text), None, "{text}");
        }
    }
}
