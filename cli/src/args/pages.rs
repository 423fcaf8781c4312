//! The command lines in the documentation, given to the parser that users meet: an option with another name fails here.

use super::{Args, of_cargo_or_shell};
use clap::Parser;
use clap::error::ErrorKind;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

const COMMAND: &str = "cargo channel-flow ";
const IN_THE_REPOSITORY: &str = "cargo run -p cargo-channel-flow ";

/// The Markdown files of the repository; of the package alone, if it is not in its repository.
fn pages() -> Vec<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![package.join("README.md")];
    let Some(root) = package.parent().filter(|root| root.join("docs/laptop.md").exists()) else { return pages };
    pages.push(root.join("README.md"));
    let files = |folder: &str| fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
    pages.extend(files("docs").filter(|file| file.extension().is_some_and(|extension| extension == "md")));
    pages.extend(files("examples").map(|example| example.join("README.md")).filter(|file| file.exists()));
    pages
}

/// The commands in the code blocks of a page, each on one line.
fn commands(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    let mut in_block = false;
    while let Some(line) = lines.next() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
            continue;
        }
        let mut command = line.trim().trim_start_matches("$ ").to_owned();
        if !in_block || !(command.starts_with(COMMAND) || command.starts_with(IN_THE_REPOSITORY)) {
            continue;
        }
        while let Some(first) = command.strip_suffix('\\') {
            command = format!("{first} {}", lines.next().expect("the command goes on").trim());
        }
        found.push(command);
    }
    found
}

/// The words of a command, as a shell has them. A substitution is one word, whatever it comes to.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let (mut quote, mut depth) = (None, 0);
    for c in command.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if depth == 0 && word.is_none() => break,
            (None, ' ') if depth == 0 => words.extend(word.take()),
            (quote, c) => {
                depth += i32::from(quote.is_none() && c == '(') - i32::from(quote.is_none() && c == ')');
                word.get_or_insert_default().push(c);
            }
        }
    }
    words.extend(word);
    words
}

/// What the variables and placeholders of the documentation stand for. A longer name comes before one that it begins with.
const STAND_FOR: [(&str, &str); 7] = [
    ("$(output ChannelFlowArn)", "arn:aws:chime:us-east-1:123456789012:app-instance/a/channel-flow/f"),
    ("CHANNEL_FLOW_ARN", "arn:aws:chime:us-east-1:123456789012:app-instance/a/channel-flow/f"),
    ("$APP_INSTANCE", "arn:aws:chime:us-east-1:123456789012:app-instance/a"),
    ("APP_INSTANCE_ARN", "arn:aws:chime:us-east-1:123456789012:app-instance/a"),
    ("$CHANNEL", "arn:aws:chime:us-east-1:123456789012:app-instance/a/channel/c"),
    ("CHANNEL_ARN", "arn:aws:chime:us-east-1:123456789012:app-instance/a/channel/c"),
    ("$ADMIN", "arn:aws:chime:us-east-1:123456789012:app-instance/a/user/admin"),
];

fn filled(word: &str) -> String {
    STAND_FOR.iter().fold(word.to_owned(), |word, (name, value)| word.replace(name, value))
}

/// The arguments of `cargo channel-flow`.
fn arguments(command: &str) -> Vec<String> {
    let words = words(command);
    let mut arguments = vec!["cargo-channel-flow".to_owned()];
    let skipped = match words.iter().position(|word| word == "--") {
        Some(dashes) if command.starts_with(IN_THE_REPOSITORY) => dashes + 1,
        _ => 2,
    };
    arguments
        .extend(words.into_iter().skip(skipped).take_while(|word| !matches!(word.as_str(), "|" | ">" | "&&" | "&")));
    arguments
}

#[test]
fn the_parser_knows_every_command_in_the_documentation() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for page in pages() {
        for command in commands(&fs::read_to_string(&page).unwrap()) {
            count += 1;
            let arguments = arguments(&command).into_iter().map(|word| OsString::from(filled(&word)));
            match Args::try_parse_from(of_cargo_or_shell(arguments)) {
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {}
                Err(error) => wrong.push(format!("{}: {command}\n{error}", page.display())),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Of the package's own page, if no other is there.
    assert!(count > 0 || pages().len() == 1, "no command was found");
}

#[test]
fn words_are_those_of_a_shell() {
    let command = "$ cargo channel-flow send -p x \"a b\" 'c \"d\"' \\\n    $(output Arn) | less   # why\n";
    let found = commands(&format!("```console\n{command}```\n"));
    assert_eq!(found.len(), 1);
    let expected = ["cargo-channel-flow", "send", "-p", "x", "a b", "c \"d\"", "$(output Arn)"];
    assert_eq!(arguments(&found[0]), expected);
    assert_eq!(arguments("cargo run -p cargo-channel-flow --features account -- dev")[1..], ["dev"]);
}
