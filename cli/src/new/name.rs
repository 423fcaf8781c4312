//! What the name of a new package may be: what cargo and Lambda accept.

use super::project::Project;
use crate::exit::Failure;
use crate::text::printable;

/// As long as the name of a Lambda function may be.
const LONGEST: usize = 64;

/// The words of the language, which no crate can be named after.
const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "Self", "static", "struct", "super", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Folders of cargo's own, and crates that every program has.
const TAKEN: [&str; 10] =
    ["alloc", "build", "core", "deps", "examples", "incremental", "proc-macro", "proc_macro", "std", "test"];

/// Fails unless a package of `project` can have this name.
pub(super) fn check(name: &str, project: Project) -> Result<(), Failure> {
    let problem = if name.is_empty() || !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        "it must begin with a letter from a to z".to_owned()
    } else if let Some(other) = name.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_')) {
        let other = printable(&other.to_string());
        format!("it may have letters from a to z, digits, - and _, but no '{other}'; it is made in the current folder")
    } else if name.len() > LONGEST {
        format!("it may have {LONGEST} characters, as the name of a Lambda function")
    } else if KEYWORDS.contains(&name) {
        "it is a word of Rust".to_owned()
    } else if TAKEN.contains(&name) {
        "cargo or Rust has something else with this name".to_owned()
    } else if project.depends_on(name) {
        "the package has a dependency with this name".to_owned()
    } else {
        return Ok(());
    };
    Err(Failure::unusable(format!("a package cannot be named {}: {problem}", printable(name))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(name: &str) -> String {
        check(name, Project::of(None).unwrap()).unwrap_err().to_string()
    }

    #[test]
    fn names() {
        for name in ["guard", "my-guard", "Guard_2", "a"] {
            check(name, Project::of(None).unwrap()).unwrap();
        }
        for (name, expected) in [
            ("", "begin with a letter"),
            ("2guards", "begin with a letter"),
            ("-guard", "begin with a letter"),
            ("my guard", "no ' '"),
            ("a/guard", "made in the current folder"),
            ("gärtner", "no 'ä'"),
            ("g\u{1b}", "no '\\u{1b}'"),
            ("match", "a word of Rust"),
            ("test", "something else"),
            ("tokio", "a dependency"),
            ("channel_flow", "a dependency"),
            ("channel-flow-emulator", "a dependency"),
        ] {
            assert!(problem(name).contains(expected), "{name}: {}", problem(name));
        }
        assert!(problem(&"a".repeat(65)).contains("64 characters"));
    }

    #[test]
    fn a_dependency_of_an_example_is_taken_too() {
        let moderation = Project::of(Some("moderation")).unwrap();
        assert!(check("profanity-filter", moderation).is_err());
        assert!(check("moderation", moderation).is_ok());
    }
}
