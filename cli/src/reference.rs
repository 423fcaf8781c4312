//! docs/cli.md is the help of all commands.
//!
//! To write it again, run the test with `UPDATE_REFERENCE=1`, with the features `account` and `review`. Without a feature, its
//! commands are placeholders, whose sections are neither compared nor written.

use crate::args::Args;
use clap::{Command, CommandFactory};
use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.md");

/// The page; `None` in a package of this crate alone, which is not in its repository.
fn page() -> Option<String> {
    let is_in_repository = Path::new(REFERENCE).parent()?.join("laptop.md").exists();
    is_in_repository.then(|| fs::read_to_string(REFERENCE).unwrap())
}

/// A command's section: its heading, and its help if this build has it.
type Section = (String, Option<String>);

fn sections() -> Vec<Section> {
    let mut command = Args::command();
    command.build();
    let mut sections = Vec::new();
    add(&mut command, "cargo channel-flow", 2, &mut sections);
    sections
}

fn add(command: &mut Command, name: &str, level: usize, sections: &mut Vec<Section>) {
    let heading = format!("{} `{name}`", "#".repeat(level));
    let is_placeholder = command.is_disable_help_flag_set();
    let help = (!is_placeholder).then(|| without_features(&command.render_long_help().to_string()));
    sections.push((heading, help));
    let visible = |command: &&mut Command| !command.is_hide_set() && command.get_name() != "help";
    for command in command.get_subcommands_mut().filter(visible) {
        let name = format!("{name} {}", command.get_name());
        add(command, &name, 3, sections);
    }
}

/// A placeholder says which feature it needs.
fn without_features(help: &str) -> String {
    let line = |line: &str| match line.split_once(" (needs the feature ") {
        Some((about, _)) => about.to_owned(),
        None => line.trim_end().to_owned(),
    };
    help.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The part of the page before the sections, and the text of each section.
fn parts(page: &str) -> (String, BTreeMap<String, String>) {
    let is_heading = |line: &&str| line.starts_with("## `") || line.starts_with("### `");
    let head: Vec<_> = page.lines().take_while(|line| !is_heading(line)).collect();
    let mut sections = BTreeMap::new();
    let mut heading = None;
    for line in page.lines().skip(head.len()) {
        if is_heading(&line) {
            heading = Some(line.to_owned());
            continue;
        }
        let text: &mut String = sections.entry(heading.clone().unwrap_or_default()).or_default();
        *text += line;
        text.push('\n');
    }
    (head.join("\n"), sections)
}

fn block(help: &str) -> String {
    format!("\n```text\n{help}\n```\n")
}

#[test]
fn the_reference_is_the_help_of_all_commands() {
    let Some(page) = page() else { return };
    let (head, written) = parts(&page);
    let mut expected = head.trim_end().to_owned() + "\n";
    for (heading, help) in sections() {
        let kept = written.get(&heading).map(|text| text.trim_end().to_owned() + "\n");
        let text = help.map(|help| block(&help)).or(kept).unwrap_or_default();
        expected += &format!("\n{heading}\n{text}");
    }
    if env::var_os("UPDATE_REFERENCE").is_some() {
        fs::write(REFERENCE, &expected).unwrap();
    }
    let is_current = env::var_os("UPDATE_REFERENCE").is_some() || page == expected;
    assert!(is_current, "docs/cli.md is not the help: run this test with UPDATE_REFERENCE=1 and --features account");
}

#[test]
fn the_reference_has_all_exit_statuses() {
    let Some(page) = page() else { return };
    for (heading, help) in sections() {
        let help = help.unwrap_or_default();
        let statuses = help.lines().skip_while(|line| !line.starts_with("Exit status")).skip(1);
        for line in statuses.take_while(|line| !line.is_empty()) {
            let status: String = line.trim_start().chars().take_while(char::is_ascii_digit).collect();
            // A continued line has none.
            if line.starts_with("  ") && !line.starts_with("     ") {
                assert!(page.contains(&format!("| {status} |")), "{heading}: {line}");
            }
        }
    }
}
