//! Policies from JSON: an environment variable or a file.

use std::borrow::Cow;
use std::env::{self, VarError};
use std::fmt;
use std::fs;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{self, DeserializeOwned, Deserializer, MapAccess, Visitor};

use super::table::Table;
use crate::Error;
use crate::error::one_line::one_line;
use crate::policy::Policies;

/// The longest text of an error, in characters.
const MOST_OF_A_PROBLEM: usize = 300;

impl<T: DeserializeOwned> Policies<T> {
    /// Reads policies from JSON:
    ///
    /// ```
    /// use channel_flow::{Policies, testing};
    ///
    /// let policies = Policies::<u32>::from_json(
    ///     r#"{
    ///         "default": 1,
    ///         "app_instances": { "arn:aws:chime:us-east-1:111122223333:app-instance/a": 2 },
    ///         "channels": { "arn:aws:chime:us-east-1:111122223333:app-instance/a/channel/kids": 3 }
    ///     }"#,
    /// )?;
    /// # Ok::<_, channel_flow::Error>(())
    /// ```
    ///
    /// `default` is required, so that every channel has a policy. To have unknown keys within a policy refused too, write
    /// `#[serde(deny_unknown_fields)]` over your type.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] of kind [`Configuration`](crate::ErrorKind::Configuration) that names the line, the column and the
    /// policy if `json` is not of this form, if a key is not the ARN of a channel or an app instance, or if it occurs twice.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        parse(json).map_err(|problem| Error::configuration(format!("the policies: {problem}")))
    }

    /// Reads policies from an environment variable, which holds [JSON](Self::from_json) or the path of a file with it. A
    /// value that begins with `{` is JSON.
    ///
    /// A relative path begins at the directory of the function's code, in Lambda.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] of kind [`Configuration`](crate::ErrorKind::Configuration) that names the variable if it is
    /// not set, if its file cannot be read, or in the cases of [`from_json`](Self::from_json).
    pub fn from_env(variable: &str) -> Result<Self, Error> {
        let value = match env::var(variable) {
            Ok(value) => value,
            Err(VarError::NotPresent) => String::new(),
            Err(VarError::NotUnicode(_)) => return Err(Error::configuration(format!("{variable} is not UTF-8"))),
        };
        match value.trim() {
            "" => Err(Error::configuration(format!(
                "{variable} is not set: set it to the policies as JSON, or to the path of a file with them"
            ))),
            json if json.starts_with('{') => {
                parse(&value).map_err(|problem| Error::configuration(format!("{variable}: {problem}")))
            }
            path => read(Path::new(path), &format!("{path} (from {variable})")),
        }
    }

    /// Reads policies from a file with [JSON](Self::from_json).
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] of kind [`Configuration`](crate::ErrorKind::Configuration) that names the file if it cannot be
    /// read, or in the cases of [`from_json`](Self::from_json).
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        read(path, &path.display().to_string())
    }
}

fn read<T: DeserializeOwned>(path: &Path, told: &str) -> Result<Policies<T>, Error> {
    let json = fs::read_to_string(path)
        .map_err(|error| Error::configuration(format!("cannot read the policies in {told}")).caused_by(error))?;
    parse(&json).map_err(|problem| Error::configuration(format!("{told}: {problem}")))
}

fn parse<T: DeserializeOwned>(json: &str) -> Result<Policies<T>, String> {
    // Editors on Windows begin a file with this character.
    let json = json.strip_prefix('\u{feff}').unwrap_or(json);
    let Form { default, channels, app_instances } =
        serde_json::from_str(json).map_err(|error| problem(&error.to_string()))?;
    let mut table = Table::new(default);
    for (arn, policy) in channels.0 {
        table.add_channel(arn, policy).map_err(|error| problem(&error))?;
    }
    for (arn, policy) in app_instances.0 {
        table.add_app_instance(arn, policy).map_err(|error| problem(&error))?;
    }
    Ok(Policies { table: Arc::new(table), source: None })
}

/// The JSON as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound = "T: DeserializeOwned")]
struct Form<T> {
    default: T,
    #[serde(default)]
    channels: Entries<T>,
    #[serde(default)]
    app_instances: Entries<T>,
}

/// The entries of an object in order, with keys that occur twice.
struct Entries<T>(Vec<(String, T)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

struct EntriesVisitor<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for EntriesVisitor<T> {
    type Value = Entries<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with ARNs as keys")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<T>, A::Error> {
        let mut entries = Vec::new();
        while let Some(arn) = map.next_key::<String>()? {
            // serde_json finds the line and the column again at the end of the text.
            let policy = map.next_value().map_err(|error| de::Error::custom(format!("{arn}: {error}")))?;
            entries.push((arn, policy));
        }
        Ok(Entries(entries))
    }
}

/// Returns the text of an error without strings of the policy, which might be secrets, and not much longer than is needed.
fn problem(text: &str) -> String {
    let mut text = Cow::Borrowed(text);
    if let (Some(start), Some(end)) = (text.find(": string \""), text.rfind("\", expected")) {
        text = Cow::Owned(format!("{}: a string{}", &text[..start], &text[end + 1..]));
    }
    let mut shown: String = text.chars().take(MOST_OF_A_PROBLEM).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    one_line(&shown).into_owned()
}
