//! `dev`: the messaging service, a chat page, and the user's processor, which is built again when its source changes.

mod banner;
mod demo;
mod feed;
mod port;
mod processor;
mod schedule;
mod sources;
mod watcher;

use crate::args::Dev;
use crate::build::Processor;
use crate::exit::{Exit, Failure};
use crate::interrupt;
#[cfg(feature = "review")]
use crate::review::PageDesk;
use crate::text::{error_label, printable};
use crate::variables::TABLE;
use channel_flow_emulator::{
    Emulator, Error, ErrorKind, FunctionMap, MessagingService, Recorder, RecorderSettings, Settings,
};
use demo::FlowProcessor;
use processor::Current;
use std::cell::OnceCell;
use std::error::Error as _;
use std::io::{self, Write};
use std::net::SocketAddr;
#[cfg(feature = "review")]
use std::sync::Arc;
use std::time::Duration;

pub(crate) fn run(args: &Dev) -> Result<Exit, Failure> {
    let functions = functions(args)?;
    let processor = match functions.functions() {
        [_, ..] if !args.processor.is_named() => None,
        _ => Some(Processor::of(&args.processor)?),
    };
    let emulator = OnceCell::<Emulator>::new();
    let at_last = async {
        if let Some(emulator) = emulator.get() {
            emulator.service().end().await;
        }
    };
    interrupt::unless_told_to_end(serve(args, &functions, processor.as_ref(), &emulator), at_last)
}

fn functions(args: &Dev) -> Result<FunctionMap, Failure> {
    let mut functions = match &args.functions {
        Some(path) => FunctionMap::read(path).map_err(|error| {
            Failure::unusable(format!("cannot use {}: {error}", printable(&path.display().to_string())))
        })?,
        None => FunctionMap::default(),
    };
    args.mapped.iter().cloned().for_each(|function| functions.add(function));
    Ok(functions)
}

/// Never ends by itself once it has started.
async fn serve(
    args: &Dev,
    functions: &FunctionMap,
    processor: Option<&Processor>,
    emulator: &OnceCell<Emulator>,
) -> Result<Exit, Failure> {
    port::check(args)?;
    let mut current = match processor {
        Some(processor) => Some(Current::build(args, processor).await?),
        None => None,
    };
    let started = Emulator::start(settings(args)).await.map_err(|error| not_started(args, &error))?;
    let emulator = emulator.get_or_init(|| started);
    let service = emulator.service();
    let (activities, attempts) = (service.watch(), service.watch());
    let mapped = functions.set(emulator, &processor::settings(args), &processor::invoke_config(args));
    mapped.map_err(|error| Failure::unusable(error.to_string()))?;
    let (function_arn, what) = match &current {
        Some(current) => (current.run(emulator)?, format!("{}, replaced when it changes", current.binary().display())),
        None => {
            let arn = functions.functions()[0].arn(service.region());
            (arn.clone(), arn)
        }
    };
    let flow = FlowProcessor { function_arn: &function_arn, fallback_action: args.fallback.as_str() };
    let demo = demo::set_up(service, flow).await;
    let demo = demo.map_err(|error| Failure::not_started(format!("cannot set up the demo: {error}")))?;
    let _recorder = record(args, service)?;
    let url = port::url(service.address());
    #[cfg(feature = "review")]
    service.set_review_desk(Arc::new(PageDesk::new(&url)?));
    banner::show(args, &url, service.region(), &what, &demo);
    let mapped = functions.functions().iter().map(|function| function.arn(service.region()));
    let scheduled: Vec<_> = current.as_ref().map(|_| function_arn.clone()).into_iter().chain(mapped).collect();
    let sweeps = schedule::keep(service, Duration::from_secs(args.sweep_every), attempts, &scheduled);
    let follow = async {
        if let Some(current) = &mut current {
            current.follow(emulator).await;
        }
    };
    tokio::join!(feed::show(activities, args.show_content), follow, sweeps);
    Ok(Exit::Decided)
}

fn settings(args: &Dev) -> Settings {
    let mut settings = Settings::new()
        .address(SocketAddr::new(args.address, args.port))
        .any_credentials(true)
        .processors_of_a_flow(args.processors_per_flow.into())
        .table(TABLE)
        .page(true);
    if let Some(data) = &args.data {
        settings = settings.data(data);
    }
    if let Some(certificate) = &args.certificate {
        settings = settings.certificate(certificate);
    }
    settings = args.allow_host.iter().fold(settings, Settings::allow_host);
    args.allow_origin.iter().fold(settings, Settings::allow_origin)
}

fn record(args: &Dev, service: &MessagingService) -> Result<Option<Recorder>, Failure> {
    let Some(path) = &args.record else { return Ok(None) };
    let name = printable(&path.display().to_string());
    let broken = format!("cannot write to {name}, so the recording lacks lines");
    let settings = RecorderSettings::new().content(args.record_content).on_error(move |error| {
        let _ = writeln!(anstream::stderr(), "{} {broken}: {error}", error_label());
    });
    let recorder = Recorder::start(service, path, settings);
    recorder.map(Some).map_err(|error| Failure::not_started(format!("cannot write to {name}: {error}")))
}

fn not_started(args: &Dev, error: &Error) -> Failure {
    let cause = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    match (error.kind(), cause) {
        (ErrorKind::Listen, Some(cause)) => port::failure(SocketAddr::new(args.address, args.port), cause),
        (_, Some(cause)) => Failure::not_started(format!("{error}: {}", printable(&cause.to_string()))),
        (_, None) => Failure::not_started(error.to_string()),
    }
}
