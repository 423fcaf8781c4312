//! The user's processor behind its function ARN: built, run, and swapped when its source has changed.

use crate::args::Dev;
use crate::build::{Built, Processor};
use crate::dev::sources::{Seen, Sources, Stamp, lock_file};
use crate::dev::watcher::Watcher;
use crate::exit::Failure;
use crate::logs;
use crate::text::{DIM, GOOD, error_label, printable, styled};
use channel_flow_emulator::{Emulator, EventInvokeConfig, EventQueue, FunctionSettings};
use std::fmt::Display;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// The processor as it runs now.
pub(super) struct Current<'a> {
    args: &'a Dev,
    processor: &'a Processor,
    binary: PathBuf,
    stamp: Option<Stamp>,
    sources: Sources,
    seen: Seen,
}

impl<'a> Current<'a> {
    /// Builds it for the first time.
    pub(super) async fn build(args: &'a Dev, processor: &'a Processor) -> Result<Self, Failure> {
        let started = SystemTime::now();
        let built = processor.build().await?;
        let stamp = Stamp::of(&built.binary);
        let mut sources = Sources::default();
        for file in [&args.data, &args.record].into_iter().flatten() {
            // Cargo names the folders of packages from the root.
            sources.ignored.extend(std::path::absolute(file));
        }
        // The table of functions is beside the data file, and has files beside it while it is in use.
        for suffix in ["", "-wal", "-shm", "-journal"].iter().filter(|_| args.data.is_some()) {
            let mut name = args.data.clone().unwrap_or_default().into_os_string();
            name.push(format!(".table{suffix}"));
            sources.ignored.extend(std::path::absolute(name));
        }
        let mut current = Self { args, processor, binary: built.binary.clone(), stamp, sources, seen: Seen::default() };
        current.learn(built, started);
        Ok(current)
    }

    pub(super) fn binary(&self) -> &Path {
        &self.binary
    }

    /// The function's name: that of the binary, or of its folder if the binary is a `bootstrap`, in characters that Lambda
    /// accepts.
    pub(super) fn function_name(&self) -> String {
        let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let absolute = std::path::absolute(&self.binary).unwrap_or_else(|_| self.binary.clone());
        let name = match stem(&absolute) {
            name if name == "bootstrap" => absolute.parent().map(stem).unwrap_or(name),
            name => name,
        };
        let known = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
        let name: String = name.chars().map(known).take(64).collect();
        if name.is_empty() { "processor".to_owned() } else { name }
    }

    /// Puts it behind its function ARN, which is returned. In-flight events finish on the previous build.
    pub(super) fn run(&self, emulator: &Emulator) -> Result<String, Failure> {
        let settings = settings(self.args).name(self.function_name());
        let function = emulator.function(&self.binary, settings);
        let function = function.map_err(|error| Failure::not_started(error.to_string()))?;
        let arn = function.arn();
        emulator.service().set_function(&arn, EventQueue::new(function, invoke_config(self.args)));
        Ok(arn)
    }

    /// Builds and swaps it whenever its source has changed. Never ends unless watching fails.
    pub(super) async fn follow(&mut self, emulator: &Emulator) {
        let unwatched = |error: &dyn Display| {
            let error = printable(&error.to_string());
            say_error(&format_args!("cannot watch the source, so the processor is not rebuilt: {error}"));
        };
        let mut watcher = match Watcher::new() {
            Ok(watcher) => watcher,
            Err(error) => return unwatched(&error),
        };
        loop {
            let now = match self.look(&mut watcher) {
                Ok(now) => now,
                Err(error) => return unwatched(&error),
            };
            match self.seen.changed(&now).map(Path::to_owned) {
                None => watcher.happened().await,
                Some(changed) => {
                    self.seen = now;
                    self.build_again(emulator, &changed).await;
                }
            }
        }
    }

    /// The state of all sources, with their folders watched from before it was taken.
    fn look(&self, watcher: &mut Watcher) -> Result<Seen, impl Display + use<>> {
        let mut now = self.sources.look();
        loop {
            watcher.watch(&now.folders)?;
            let later = self.sources.look();
            if later.folders == now.folders {
                return Ok::<_, notify_debouncer_mini::notify::Error>(later);
            }
            now = later;
        }
    }

    async fn build_again(&mut self, emulator: &Emulator, changed: &Path) {
        let begun = Instant::now();
        let started = SystemTime::now();
        say(&format_args!("{} changed", self.short(changed)));
        let built = match self.processor.build().await {
            Ok(built) => built,
            Err(failure) => {
                return say_error(&format_args!("{failure}; messages still go through the previous build"));
            }
        };
        let stamp = Stamp::of(&built.binary);
        if stamp == self.stamp && built.binary == self.binary {
            self.learn(built, started);
            return say(&"the processor is unchanged");
        }
        self.binary.clone_from(&built.binary);
        self.learn(built, started);
        match self.run(emulator) {
            Ok(_) => {
                self.stamp = stamp;
                let seconds = begun.elapsed().as_secs_f64();
                say(&styled(GOOD, format_args!("messages go through the new processor ({seconds:.1} s)")));
            }
            Err(failure) => say_error(&format_args!("{failure}; messages still go through the previous build")),
        }
    }

    /// Takes in what a build that began at `started` was made of.
    fn learn(&mut self, built: Built, started: SystemTime) {
        if built.packages.is_empty() {
            self.sources.files.extend(std::path::absolute(&built.binary));
        }
        for lock in built.packages.iter().filter_map(|package| lock_file(package)) {
            // That of the workspace, whose settings may be those of the package.
            self.sources.files.insert(lock.with_file_name("Cargo.toml"));
            self.sources.files.insert(lock);
        }
        // Cargo marks it as a cache when it makes it, but not if it was there.
        self.sources.ignored.extend(built.target);
        self.sources.packages = built.packages;
        self.seen.learn(self.sources.look(), started);
    }

    /// A path relative to the current directory, if it is below it.
    fn short(&self, path: &Path) -> String {
        let here = std::env::current_dir().ok();
        let short = here.as_ref().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path);
        printable(&short.display().to_string())
    }
}

/// How functions run by default.
pub(super) fn settings(args: &Dev) -> FunctionSettings {
    let settings = args.function.settings().concurrency(args.environments.into()).freeze(true);
    if args.logs { settings.log_sink(logs::line) } else { settings }
}

/// How often and how soon failed events are retried: within seconds, instead of Lambda's minutes.
pub(super) fn invoke_config(args: &Dev) -> EventInvokeConfig {
    EventInvokeConfig::new()
        .maximum_retry_attempts(args.retries.into())
        .retry_delays(Duration::from_secs(1), Duration::from_secs(2))
}

fn say(what: &dyn Display) {
    let _ = writeln!(anstream::stdout(), "{} {what}", styled(DIM, "dev"));
}

fn say_error(what: &dyn Display) {
    let _ = writeln!(anstream::stderr(), "{} {what}", error_label());
}
