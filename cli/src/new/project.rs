//! What a new project consists of.

use super::framework::Framework;
use crate::exit::Failure;
use crate::text::printable;
use std::collections::BTreeSet;

/// The names of the projects in this command, each with the paths and texts of its files.
const PROJECTS: &[(&str, &[(&str, &str)])] = include!(concat!(env!("OUT_DIR"), "/projects.rs"));

/// The one that is no example, but a template for `cargo lambda new --template` too.
const TEMPLATE: &str = "processor";

/// What the manifest of an example lacks, because its workspace has it.
const PROFILES: &str = r#"
# A smaller binary starts faster.
[profile.release]
lto = "fat"
codegen-units = 1
strip = true
# Without this line, `cargo lambda build` sets "abort", and a panic would end the process.
panic = "unwind"

# Nobody debugs into the AWS SDK, and its debug information takes a fifth of its build time.
[profile.dev.package."*"]
debug = false

# A separate workspace, even inside the folder of another one.
[workspace]
"#;

#[derive(Clone, Copy, Debug)]
pub(super) struct Project {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
}

impl Project {
    /// An example, or what a project is made of otherwise.
    pub(super) fn of(example: Option<&str>) -> Result<Self, Failure> {
        let found = PROJECTS.iter().find(|(name, _)| match example {
            None => *name == TEMPLATE,
            Some(example) => *name == example && *name != TEMPLATE,
        });
        let project = found.map(|(name, files)| Self { name, files });
        project.ok_or_else(|| {
            let examples: Vec<_> = PROJECTS.iter().map(|(name, _)| *name).filter(|name| *name != TEMPLATE).collect();
            let example = printable(example.unwrap_or_default());
            Failure::unusable(format!("there is no example {example}; choose one of {}", examples.join(", ")))
        })
    }

    /// In half a sentence.
    pub(super) fn description(self) -> String {
        if self.name == TEMPLATE {
            "a processor that turns shouting into lowercase".to_owned()
        } else {
            format!("from the example {}", self.name)
        }
    }

    /// A message on which it decides something that can be seen.
    pub(super) fn sample(self) -> &'static str {
        match self.name {
            "moderation" => "Mail me: jo@example.com",
            "profanity-filter" => "What the hell is this?",
            "review" => "See https://example.com",
            "assistant" => "/help",
            _ => "GOOD MORNING",
        }
    }

    /// Whether it has a dependency that is named like this, or whose crate is.
    pub(super) fn depends_on(self, name: &str) -> bool {
        let name = name.replace('-', "_");
        let manifest = rendered(self.text("Cargo.toml"), self.name, &Framework::Version(String::new()));
        let manifest = manifest.parse::<toml::Table>().expect("each manifest is TOML, as a test checks");
        let tables = ["dependencies", "dev-dependencies", "build-dependencies"].map(|table| manifest.get(table));
        let mut dependencies =
            tables.into_iter().flatten().filter_map(|table| table.as_table()).flat_map(|table| table.keys());
        dependencies.any(|dependency| dependency.replace('-', "_") == name)
    }

    /// The files of a package with this name: their paths, and what is in them.
    pub(super) fn files(self, name: &str, framework: &Framework) -> Result<Vec<(String, String)>, Failure> {
        if self.name == TEMPLATE {
            return Ok(self
                .files
                .iter()
                .map(|(path, text)| ((*path).to_owned(), rendered(text, name, framework)))
                .collect());
        }
        let mut files = Vec::new();
        for (path, text) in self.files {
            let text = match *path {
                "Cargo.toml" => format!("{}{PROFILES}", self.manifest(name, text, framework)),
                _ => self.renamed(name, text, framework),
            };
            files.push(((*path).to_owned(), text));
        }
        files.push((".gitignore".to_owned(), Self::of(None)?.text(".gitignore").to_owned()));
        for neighbour in self.neighbours() {
            let neighbour = Self::of(Some(neighbour))?;
            for (path, text) in neighbour.files {
                let text = match *path {
                    "Cargo.toml" => neighbour.manifest(neighbour.name, text, framework),
                    _ => neighbour.renamed(neighbour.name, text, framework),
                };
                files.push((format!("{}/{path}", neighbour.name), text));
            }
        }
        Ok(files)
    }

    /// The text of one of its files, or none.
    fn text(self, wanted: &str) -> &'static str {
        self.files.iter().find(|(path, _)| *path == wanted).map_or("", |(_, text)| text)
    }

    /// The examples that it has as dependencies.
    fn neighbours(self) -> BTreeSet<&'static str> {
        let names = PROJECTS.iter().map(|(name, _)| *name);
        names.filter(|name| self.text("Cargo.toml").contains(&beside(name))).collect()
    }

    /// An example's manifest in a project with this name.
    fn manifest(self, name: &str, text: &str, framework: &Framework) -> String {
        let mut manifest = String::with_capacity(text.len());
        for line in text.lines() {
            let krate = line.split(['=', ' ']).next().unwrap_or_default();
            match framework.source_of(krate) {
                _ if line == format!("name = \"{}\"", self.name) => manifest.push_str(&format!("name = \"{name}\"")),
                Some(source) => manifest.push_str(&dependency(line, &source)),
                None => manifest.push_str(line),
            }
            manifest.push('\n');
        }
        PROJECTS
            .iter()
            .fold(manifest, |manifest, (name, _)| manifest.replace(&beside(name), &format!("path = \"{name}\"")))
    }

    /// A file of an example in a project with this name.
    fn renamed(self, name: &str, text: &str, framework: &Framework) -> String {
        let old = self.name;
        let mut text = text
            .replace(&format!("CARGO_BIN_EXE_{old}\""), &format!("CARGO_BIN_EXE_{name}\""))
            .replace("cargo run -p cargo-channel-flow -- ", "cargo channel-flow ")
            // Links of a README.
            .replace("](../../", &format!("]({}/", framework.repository()))
            .replace("](../", &format!("]({}/examples/", framework.repository()));
        for option in [" --processor ", " -p "] {
            text = without_word(&text, &format!("{option}{old}"));
        }
        if self.files.iter().any(|(path, _)| *path == "src/lib.rs") {
            let snake = |name: &str| format!("{}::", name.replace('-', "_"));
            text = text.replace(&snake(old), &snake(name));
        }
        match text.strip_prefix(&format!("# {old}\n")) {
            Some(rest) => format!("# {name}\n{rest}"),
            None => text,
        }
    }
}

/// How an example's manifest names another one.
fn beside(name: &str) -> String {
    format!("path = \"../{name}\"")
}

/// A dependency of an example, with another source in place of its version.
fn dependency(line: &str, source: &str) -> String {
    let Some((name, version)) = line.split_once(" = ") else { return line.to_owned() };
    match version.strip_prefix("{ version = \"").and_then(|rest| rest.split_once('"')) {
        Some((_, rest)) => format!("{name} = {{ {source}{rest}"),
        None => format!("{name} = {{ {source} }}"),
    }
}

/// `text` without `words`, unless they are the start of something longer.
fn without_word(text: &str, words: &str) -> String {
    let mut parts = text.split(words);
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        if part.starts_with(|next: char| next.is_alphanumeric() || matches!(next, '-' | '_')) {
            result.push_str(words);
        }
        result.push_str(part);
    }
    result
}

/// A file of the template, which is written for cargo lambda: its condition on another name for the binary, and its variables.
fn rendered(text: &str, name: &str, framework: &Framework) -> String {
    const IF: &str = "{% if binary_name %}";
    let mut parts = text.split(IF);
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (conditional, rest) = part.split_once("{% endif %}").unwrap_or(("", part));
        result.push_str(conditional.split_once("{% else %}").map_or("", |(_, other)| other));
        result.push_str(rest);
    }
    let result = result.replace("{{ project_name }}", name);
    let source = |result: String, (krate, folder): (&str, &str)| {
        let source = framework.source_of(krate).unwrap_or_default();
        result.replace(&format!("path = \"{{{{ channel_flow }}}}{folder}\""), &source)
    };
    [("channel-flow-emulator", "/emulator"), ("channel-flow", "")].into_iter().fold(result, source)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framework() -> Framework {
        Framework::Version("0.1.0".into())
    }

    fn names() -> impl Iterator<Item = Option<&'static str>> {
        PROJECTS.iter().map(|(name, _)| Some(*name).filter(|name| *name != TEMPLATE))
    }

    #[test]
    fn nothing_is_left_of_what_is_replaced() {
        for example in names() {
            let project = Project::of(example).unwrap();
            let files = project.files("guard-2", &framework()).unwrap();
            assert!(files.len() > 3, "{example:?}");
            for (path, text) in &files {
                for rest in ["{{ ", "{% ", "workspace = true", "{ path = \"../", "cargo run -p", "](../"] {
                    assert!(!text.contains(rest), "{example:?}: {path} has {rest}");
                }
            }
            let has = |path: &str| files.iter().any(|(file, _)| file == path);
            let common = ["Cargo.toml", "README.md", ".gitignore", "src/main.rs", "tests/function.rs"];
            assert!(common.iter().all(|path| has(path)), "{example:?}: {files:?}");
            assert!(!has("CargoLambda.toml"));
            assert!(!project.depends_on("guard-2"));
            let manifest = &files.iter().find(|(file, _)| file == "Cargo.toml").unwrap().1;
            let manifest = manifest.parse::<toml::Table>().unwrap();
            assert_eq!(manifest["package"]["name"].as_str(), Some("guard-2"), "{example:?}");
            assert_eq!(manifest["dependencies"]["channel-flow"].as_table().map_or(0, |table| table.len().min(1)), 1);
        }
    }

    #[test]
    fn an_example_that_needs_another_one_has_it() {
        let files = Project::of(Some("moderation")).unwrap().files("guard", &framework()).unwrap();
        let text = |path: &str| &files.iter().find(|(file, _)| file == path).unwrap().1;
        assert!(text("Cargo.toml").contains("profanity-filter = { path = \"profanity-filter\" }"));
        assert!(text("profanity-filter/Cargo.toml").contains("name = \"profanity-filter\""));
        assert!(text("profanity-filter/src/main.rs").contains("use profanity_filter::"));
        assert!(!text("profanity-filter/Cargo.toml").contains("[workspace]"));
    }

    #[test]
    fn a_library_is_named_anew() {
        let files = Project::of(Some("profanity-filter")).unwrap().files("my-guard", &framework()).unwrap();
        let main = files.iter().find(|(file, _)| file == "src/main.rs").unwrap();
        assert!(main.1.contains("use my_guard::"), "{}", main.1);
    }

    #[test]
    fn an_example_that_does_not_exist_is_answered_with_those_that_do() {
        for name in ["no-such", "processor", ""] {
            let failure = Project::of(Some(name)).unwrap_err().to_string();
            assert!(failure.contains("assistant, flood, moderation, presence, profanity-filter"), "{failure}");
            assert!(!failure.contains("moderation, processor"), "{failure}");
        }
    }

    #[test]
    fn the_condition_is_that_there_is_no_other_name() {
        let text = "a\n{% if binary_name %}\n[[bin]]\n{% endif %}\nb \"{% if binary_name %}x{% else %}{{ project_name }}{% endif %}\"";
        assert_eq!(rendered(text, "guard", &framework()), "a\n\nb \"guard\"");
    }

    #[test]
    fn dependencies_and_words() {
        assert_eq!(dependency("a = \"1\"", "path = \"x\""), "a = { path = \"x\" }");
        assert_eq!(
            dependency("a = { version = \"1\", features = [\"b\"] }", "path = \"x\""),
            "a = { path = \"x\", features = [\"b\"] }"
        );
        assert_eq!(without_word("send -p a b, -p a, -p a-b -p a", " -p a"), "send b,, -p a-b");
    }
}
