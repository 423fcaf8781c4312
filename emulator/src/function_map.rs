//! Which function ARN is which binary or endpoint, as a file or a flag says.

mod binary;
mod field;

pub use field::FunctionMapError;

use crate::arn::function_arn;
use crate::emulator::Emulator;
use crate::error::Error;
use crate::lambda::event_queue::{EventInvokeConfig, EventQueue};
use crate::lambda::function_settings::FunctionSettings;
use crate::lambda::invoke_endpoint::InvokeEndpoint;
use crate::lambda::target::InvocationTarget;
use crate::limits;
use binary::Binary;
use field::Field;
use serde_json::value::RawValue;
use std::fs;
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Which function ARN leads to which binary or endpoint, read from a small file.
///
/// ```json
/// {
///   "functions": {
///     "arn:aws:lambda:us-east-1:123456789012:function:filter": {
///       "binary": "target/debug/filter",
///       "environments": 4,
///       "timeout": 10,
///       "env": { "RUST_LOG": "info" }
///     },
///     "translate": { "endpoint": "http://127.0.0.1:9000" }
///   }
/// }
/// ```
///
/// A function is named by its ARN, or by its bare name, which stands for the ARN in the emulator's region and account. With
/// `binary`, a path seen from the file's folder, these may be given:
///
/// | | |
/// | --- | --- |
/// | `environments` | how many there may be at once, 1 to 1000 |
/// | `timeout` | seconds for one invocation, 1 to 900 |
/// | `memory` | MB that the function is told to have, 128 to 10240 |
/// | `freeze` | whether environments are frozen between invocations |
/// | `env` | variables |
/// | `retries` | `MaximumRetryAttempts`, 0 to 2 |
/// | `retry_delays` | seconds before the first and the second retry, such as `[1, 2]` |
///
/// For everything else, the arguments of [`set`](Self::set) apply.
///
/// With `endpoint`, which is as for [`InvokeEndpoint::new`], these may be given: `name`, if the endpoint knows the
/// function by another name, and `timeout`, the seconds that it has to answer.
///
/// The file is JSON, and not some other format, because everything else here is: events, callbacks, and the input and
/// output of AWS's tools.
#[derive(Clone, Debug, Default)]
pub struct FunctionMap {
    functions: Vec<MappedFunction>,
}

/// One function, and the binary or endpoint that runs it.
///
/// A flag says it as `NAME=PATH` or `NAME=http://host:port/NAME`; the first name may be an ARN.
#[derive(Clone, Debug)]
pub struct MappedFunction {
    function: String,
    runs: Runs,
}

#[derive(Clone, Debug)]
enum Runs {
    Binary(Binary),
    Endpoint(InvokeEndpoint),
}

/// How long a function, or the answer of an endpoint, may take.
const TIMEOUT: RangeInclusive<f64> = 1.0..=900.0;

impl FunctionMap {
    /// Reads a file. Paths in it are seen from its folder.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is not as documented.
    pub fn read(path: &Path) -> Result<Self, FunctionMapError> {
        let unreadable = |error: io::Error| FunctionMapError {
            line: None,
            field: String::new(),
            problem: format!("{} cannot be read: {error}", path.display()),
        };
        let text = fs::read_to_string(path).map_err(unreadable)?;
        Self::parse(&text, path.parent().unwrap_or(Path::new(".")))
    }

    /// Reads the text of a file in `folder`.
    ///
    /// # Errors
    ///
    /// It is not as documented.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, FunctionMapError> {
        serde_json::from_str::<&RawValue>(text).map_err(|error| FunctionMapError {
            line: Some(error.line()),
            field: String::new(),
            problem: format!("it is not JSON: see column {}", error.column()),
        })?;
        let mut functions = Vec::new();
        for field in Field::file(text).members(&["functions"])? {
            for function in field.entries()? {
                functions.push(MappedFunction::read(&function, folder)?);
            }
        }
        Ok(Self { functions })
    }

    /// Adds a function, in the place of one with the same name or ARN.
    pub fn add(&mut self, function: MappedFunction) {
        self.functions.retain(|other| other.function != function.function);
        self.functions.push(function);
    }

    /// All of them, in order.
    pub fn functions(&self) -> &[MappedFunction] {
        &self.functions
    }

    /// Puts all of them behind their ARNs. `settings` and `config` apply to everything that the map does not say of a
    /// binary.
    ///
    /// # Errors
    ///
    /// There is no such binary. The functions before it are behind their ARNs then.
    pub fn set(
        &self,
        emulator: &Emulator,
        settings: &FunctionSettings,
        config: &EventInvokeConfig,
    ) -> Result<(), Error> {
        for function in &self.functions {
            let target = function.target(emulator, settings.clone(), config.clone())?;
            emulator.service().set_function(&function.function, target);
        }
        Ok(())
    }
}

impl MappedFunction {
    /// A binary behind a name or an ARN.
    pub fn binary(function: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        let binary = Binary { path: path.into(), ..Binary::default() };
        Self { function: function.into(), runs: Runs::Binary(binary) }
    }

    /// An endpoint behind a name or an ARN.
    pub fn endpoint(function: impl Into<String>, endpoint: InvokeEndpoint) -> Self {
        Self { function: function.into(), runs: Runs::Endpoint(endpoint) }
    }

    /// Its name or ARN, as it was given.
    pub fn function(&self) -> &str {
        &self.function
    }

    /// Its ARN, if the emulator is in `region`.
    pub fn arn(&self, region: &str) -> String {
        function_arn(&self.function, region)
    }

    /// The binary that runs it, if one does.
    pub fn path(&self) -> Option<&Path> {
        match &self.runs {
            Runs::Binary(binary) => Some(&binary.path),
            Runs::Endpoint(_) => None,
        }
    }

    /// The target to put behind its ARN. `settings` and `config` apply to everything that the map does not say of a binary.
    ///
    /// # Errors
    ///
    /// There is no such binary.
    pub fn target(
        &self,
        emulator: &Emulator,
        settings: FunctionSettings,
        config: EventInvokeConfig,
    ) -> Result<InvocationTarget, Error> {
        match &self.runs {
            Runs::Endpoint(endpoint) => Ok(endpoint.clone().into()),
            Runs::Binary(binary) => {
                let settings = binary.settings(settings.name(short_name(&self.function)));
                let function = emulator.function(&binary.path, settings)?;
                Ok(EventQueue::new(function, binary.config(config)).into())
            }
        }
    }

    fn read(field: &Field<'_>, folder: &Path) -> Result<Self, FunctionMapError> {
        check_function(field.name()).map_err(|problem| field.problem(problem))?;
        let members = field.entries()?;
        let has = |name: &str| members.iter().any(|member| member.name() == name);
        let runs = match (has("binary"), has("endpoint")) {
            (true, false) => Runs::Binary(Binary::read(field, folder)?),
            (false, true) => Runs::Endpoint(read_endpoint(field)?),
            _ => return Err(field.problem("it needs either binary or endpoint")),
        };
        Ok(Self { function: field.name().to_owned(), runs })
    }
}

fn read_endpoint(field: &Field<'_>) -> Result<InvokeEndpoint, FunctionMapError> {
    let members = field.members(&["endpoint", "name", "timeout"])?;
    let member = |name: &str| members.iter().find(|member| member.name() == name);
    let text = |field: &Field<'_>| field.read::<String>("a string");
    let name = member("name").map(text).transpose()?;
    let timeout = member("timeout").map(|field| field.seconds(TIMEOUT)).transpose()?;
    let url = member("endpoint").unwrap_or(field);
    let name = name.as_deref().unwrap_or(short_name(field.name()));
    let endpoint = InvokeEndpoint::new(&text(url)?, name).map_err(|error| url.problem(error.to_string()))?;
    Ok(match timeout {
        Some(timeout) => endpoint.timeout(timeout),
        None => endpoint,
    })
}

impl FromStr for MappedFunction {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || "write it as NAME=PATH or NAME=http://host:port/NAME".to_owned();
        let (function, runs) = text.split_once('=').ok_or_else(form)?;
        if runs.is_empty() {
            return Err(form());
        }
        check_function(function)?;
        if runs.contains("://") {
            return Ok(Self::endpoint(function, runs.parse().map_err(|error| format!("{error}"))?));
        }
        Ok(Self::binary(function, runs))
    }
}

/// A function's name, or the ARN of one.
fn check_function(function: &str) -> Result<(), String> {
    if function.contains(':') && limits::LAMBDA_ARN.check(function).is_err() {
        return Err("it is not the ARN of a function".to_owned());
    }
    let name = short_name(function);
    let of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || name.len() > 64 || !name.chars().all(of_name) {
        return Err("a function's name has 1 to 64 letters, digits, hyphens and underscores".to_owned());
    }
    Ok(())
}

/// The name in a function's ARN, without a version or alias; a name is its own.
fn short_name(function: &str) -> &str {
    function.split(':').nth(6).unwrap_or(function)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn parse(text: &str) -> Result<FunctionMap, FunctionMapError> {
        FunctionMap::parse(text, Path::new("folder"))
    }

    #[test]
    fn a_file_with_everything() {
        let map = parse(
            r#"{ "functions": {
                "arn:aws:lambda:us-east-1:123456789012:function:filter:live": {
                    "binary": "target/debug/filter", "environments": 4, "timeout": 2.5, "memory": 256,
                    "freeze": true, "env": { "A": "b" }, "retries": 1, "retry_delays": [0, 1.5]
                },
                "translate": { "endpoint": "http://127.0.0.1:9000", "timeout": 3, "name": "other" },
                "bare": { "endpoint": "http://127.0.0.1:9000" }
            } }"#,
        )
        .unwrap();
        let [filter, translate, bare] = map.functions() else { panic!("{map:?}") };
        assert_eq!(filter.path(), Some(Path::new("folder/target/debug/filter")));
        let Runs::Binary(binary) = &filter.runs else { panic!("{filter:?}") };
        assert_eq!(binary.environments, Some(4));
        assert_eq!(binary.timeout, Some(Duration::from_millis(2500)));
        assert_eq!((binary.memory, binary.freeze, binary.retries), (Some(256), Some(true), Some(1)));
        assert_eq!(binary.env["A"], "b");
        assert_eq!(binary.retry_delays, Some([Duration::ZERO, Duration::from_millis(1500)]));
        assert_eq!(short_name(filter.function()), "filter");
        assert_eq!(translate.arn("eu-west-1"), "arn:aws:lambda:eu-west-1:123456789012:function:translate");
        assert_eq!((filter.arn("eu-west-1").as_str(), translate.path()), (filter.function(), None));
        let url = |function: &MappedFunction| match &function.runs {
            Runs::Endpoint(endpoint) => endpoint.url(),
            Runs::Binary(binary) => panic!("{binary:?}"),
        };
        assert!(url(translate).ends_with("/functions/other/invocations"));
        assert!(url(bare).ends_with("/functions/bare/invocations"));
        assert!(parse("{}").unwrap().functions().is_empty());
    }

    #[test]
    fn what_is_not_said_of_retries_is_as_for_all() {
        let seconds = Duration::from_secs;
        let soon = EventInvokeConfig::new().maximum_retry_attempts(1).retry_delays(seconds(1), seconds(2));
        let config = |member: &str| {
            let text = format!(r#"{{ "functions": {{ "f": {{ "binary": "b"{member} }} }} }}"#);
            let map = parse(&text).unwrap();
            let [MappedFunction { runs: Runs::Binary(binary), .. }] = map.functions() else { panic!("{map:?}") };
            format!("{:?}", binary.config(soon.clone()))
        };
        let shown = |config: EventInvokeConfig| format!("{config:?}");
        assert_eq!(config(""), shown(soon.clone()));
        assert_eq!(config(r#", "retries": 2"#), shown(soon.clone().maximum_retry_attempts(2)));
        assert_eq!(config(r#", "retry_delays": [3, 4]"#), shown(soon.clone().retry_delays(seconds(3), seconds(4))));
    }

    #[test]
    fn problems_name_the_line_and_the_field() {
        for (text, expected) in [
            ("{\n\"functions\":\n", "line 3: it is not JSON"),
            ("[]", "line 1: it must be an object"),
            ("{\n  \"function\": {}}", "line 2: function: nothing is known by this name; there may be functions"),
            ("{\"functions\": {\n\"f\": 1}}", "line 2: functions.f: it must be an object"),
            ("{\"functions\": {\"f\": {}}}", "line 1: functions.f: it needs either binary or endpoint"),
            (
                "{\"functions\": {\"f\": {\"binary\": \"b\",\n\n \"timeout\": \"ten\"}}}",
                "line 3: functions.f.timeout: it must be a number of seconds",
            ),
            (
                "{\"functions\": {\"f\": {\"binary\": \"b\", \"timeout\": 901}}}",
                "functions.f.timeout: it must be from 1 to 900 seconds",
            ),
            (
                "{\"functions\": {\"f\": {\"binary\": \"b\", \"environments\": 0}}}",
                "functions.f.environments: it must be a whole number from 1 to 1000",
            ),
            (
                "{\"functions\": {\"f\": {\"binary\": \"b\", \"retry_delays\": [1]}}}",
                "functions.f.retry_delays: it must be two numbers",
            ),
            (
                "{\"functions\": {\"f\": {\"binary\": \"b\", \"env\": {\"A\": 1}}}}",
                "functions.f.env: it must be an object of strings",
            ),
            (
                "{\"functions\": {\"f\": {\"binary\": \"b\", \"binry\": 1}}}",
                "functions.f.binry: nothing is known by this name; there may be binary, environments",
            ),
            (
                "{\"functions\": {\"f\": {\"endpoint\": \"x\", \"retries\": 1}}}",
                "functions.f.retries: nothing is known by this name; there may be endpoint, name, timeout",
            ),
            (
                "{\"functions\": {\"f\": {\"endpoint\": \"https://x\"}}}",
                "functions.f.endpoint: the endpoint must begin with http://",
            ),
            (
                "{\"functions\": {\"f\": {\"binary\": \"b\"},\n\"f\": {\"binary\": \"b\"}}}",
                "line 2: functions.f: it is there twice",
            ),
            ("{\"functions\": {\"a b\": {\"binary\": \"b\"}}}", "a function's name has 1 to 64"),
            ("{\"functions\": {\"arn:aws:s3:::b\": {\"binary\": \"b\"}}}", "it is not the ARN of a function"),
        ] {
            let problem = parse(text).unwrap_err();
            assert!(problem.to_string().contains(expected), "{text}: {problem}");
            assert!(problem.line().is_some());
        }
        let gone = FunctionMap::read(Path::new("no/such/file")).unwrap_err();
        assert!(gone.to_string().starts_with("no/such/file cannot be read: "), "{gone}");
    }

    #[test]
    fn flags() {
        let binary: MappedFunction = "filter=target/debug/a=b".parse().unwrap();
        assert_eq!((binary.function(), binary.path()), ("filter", Some(Path::new("target/debug/a=b"))));
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:filter";
        let endpoint: MappedFunction = format!("{arn}=http://127.0.0.1:9000/f").parse().unwrap();
        assert_eq!((endpoint.function(), endpoint.path()), (arn, None));
        for text in ["", "filter", "filter=", "=x", "filter=https://x/y", "filter=http://x", "a b=c", "arn:x=y"] {
            assert!(text.parse::<MappedFunction>().is_err(), "{text}");
        }
        let mut map = FunctionMap::default();
        map.add("filter=one".parse().unwrap());
        map.add("filter=two".parse().unwrap());
        assert_eq!(map.functions().len(), 1);
        assert_eq!(map.functions()[0].path(), Some(Path::new("two")));
    }
}
