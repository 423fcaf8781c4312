//! Functions on other runtimes, which bring their packages along.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Peer, Roots};
use crate::Error;

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

impl Peer {
    /// The filter in JavaScript.
    pub(crate) fn node() -> Result<Self, Error> {
        let folder = folder("node", &["index.mjs", "package.json", "package-lock.json", ".npmrc"])?;
        // The client compiles its native part, which takes minutes.
        let install = ["ci", "--omit=dev", "--no-audit", "--no-fund"];
        once(&folder, "package-lock.json", || run(Command::new("npm").args(install).current_dir(&folder)))?;
        let client = folder.join("node_modules/aws-lambda-ric/index.mjs");
        Ok(Self {
            // Node.js trusts Mozilla's list, which is compiled in.
            roots: Roots::None,
            roots_variable: "NODE_EXTRA_CA_CERTS",
            ..script("node", program("node")?, vec![client.into(), "index.handler".into()], "index.handler", folder)
        })
    }

    /// The filter in Python.
    pub(crate) fn python() -> Result<Self, Error> {
        let folder = folder("python", &["handler.py", "requirements.txt"])?;
        let environment = folder.join("environment");
        let install = ["install", "--quiet", "--disable-pip-version-check", "--requirement"];
        once(&folder, "requirements.txt", || {
            run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
            run(Command::new(environment.join("bin/pip")).args(install).arg(folder.join("requirements.txt")))
        })?;
        let arguments = ["-m", "awslambdaric", "handler.handler"].map(OsString::from);
        let python = environment.join("bin/python3");
        Ok(Self {
            roots: Roots::System,
            roots_variable: "AWS_CA_BUNDLE",
            ..script("python", python, arguments.into(), "handler.handler", folder)
        })
    }
}

fn script(name: &str, program: PathBuf, arguments: Vec<OsString>, handler: &'static str, folder: PathBuf) -> Peer {
    let variables =
        vec![("_HANDLER", handler.into()), ("PYTHONPATH", folder.clone().into()), ("LAMBDA_TASK_ROOT", folder.into())];
    Peer {
        name: name.to_owned(),
        program,
        arguments,
        size: None,
        zip: None,
        crates: None,
        roots: Roots::None,
        roots_variable: "",
        calls_back: true,
        variables,
    }
}

/// A folder in `target` with copies of these files.
fn folder(name: &str, files: &[&str]) -> Result<PathBuf, Error> {
    let from = Path::new(FOLDER).join(name);
    let to = Path::new(FOLDER).join("target").join(name);
    fs::create_dir_all(&to)?;
    for file in files {
        fs::copy(from.join(file), to.join(file))?;
    }
    Ok(to)
}

/// Installs what `versions` lists, unless that is what was installed last.
fn once(folder: &Path, versions: &str, install: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
    let (versions, installed) = (fs::read(folder.join(versions))?, folder.join("installed"));
    if fs::read(&installed).is_ok_and(|installed| installed == versions) {
        return Ok(());
    }
    install()?;
    Ok(fs::write(installed, versions)?)
}

/// The program itself, which a shim in PATH may only lead to.
fn program(name: &str) -> Result<PathBuf, Error> {
    let said = Command::new(name).args(["--print", "process.execPath"]).output();
    let said = said.map_err(|error| format!("{name}: {error}"))?;
    Ok(PathBuf::from(String::from_utf8(said.stdout)?.trim()))
}

fn run(command: &mut Command) -> Result<(), Error> {
    // Its output is not the table's.
    let status = command.stdout(std::io::stderr()).status();
    let status = status.map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}").into()) }
}
