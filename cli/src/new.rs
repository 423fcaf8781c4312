//! `new`: a project with a processor, in a new folder.

mod framework;
mod name;
mod project;
mod write;

use crate::args::New;
use crate::exit::{Exit, Failure};
use crate::text::{DIM, GOOD, printable, styled};
use framework::Framework;
use project::Project;
use std::fmt::Display;
use std::io::{self, Write};

pub(crate) fn run(args: &New) -> Result<Exit, Failure> {
    let project = Project::of(args.example.as_deref())?;
    name::check(&args.name, project)?;
    let framework = Framework::of(args.channel_flow.as_deref())?;
    let files = project.files(&args.name, &framework)?;
    let folder = write::files(&args.name, &files)?;
    let told = tell(args, project, &framework, &printable(&folder.display().to_string()));
    match told {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::not_started(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(Exit::Decided),
    }
}

fn tell(args: &New, project: Project, framework: &Framework, folder: &str) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    let mut line = |name: &str, text: &dyn Display| writeln!(out, "{}  {text}", styled(DIM, format_args!("{name:<9}")));
    line("made", &format_args!("{}, {}", styled(GOOD, &args.name), project.description()))?;
    line("folder", &folder)?;
    line("framework", &printable(&framework.to_string()))?;
    writeln!(out, "\nNext:")?;
    for (command, what) in [
        (format!("cd {}", args.name), ""),
        ("cargo test".to_owned(), "its decisions, and the built function in the emulator"),
        (format!("cargo channel-flow send {:?}", project.sample()), "one message through the function"),
        ("cargo channel-flow dev".to_owned(), "the messaging service with a chat page; builds again what changes"),
    ] {
        match what {
            "" => writeln!(out, "  {command}")?,
            _ => writeln!(out, "  {command:<50}  {}", styled(DIM, what))?,
        }
    }
    Ok(())
}
