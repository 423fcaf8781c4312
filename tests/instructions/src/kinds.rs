//! The kinds of messages that are counted.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use aws_sdk_chimesdkmessaging::types::ChannelMessageCallback;
use channel_flow::store::MemoryStore;
use channel_flow::{
    Adapter, AdapterBuilder, Decision, Flow, Hold, LimitError, Message, Metrics, Occasion, Once, Processor, Settled,
    Step, processor_fn, run,
};

use crate::function::{CONTENT, Error, events, invoke};
use crate::service::Service;

/// The kinds, in the order of the file with the counts.
pub(crate) const KINDS: [&str; 15] = [
    "callback alone",
    "no change",
    "update",
    "deny",
    "flow of one step",
    "flow of three steps",
    "processor fails",
    "decided before",
    "from the dead-letter queue",
    "held",
    "work after the callback",
    "work done once",
    "no change, logged as text",
    "no change, logged as JSON",
    "no change, with metrics",
];

/// Decides this many messages of a kind.
pub(crate) async fn decide(kind: &str, messages: usize) -> Result<(), Error> {
    // As many are prepared, however many are decided.
    const PREPARED: usize = 100;
    let events = events(PREPARED);
    let failed: Vec<_> = events
        .iter()
        .map(|event| format!(r#"{{"requestContext":{{"condition":"RetriesExhausted"}},"requestPayload":{event}}}"#))
        .collect();
    let events = &events[..messages];
    let accepts = Service::Accepts;
    match kind {
        "callback alone" => callbacks(messages).await,
        "no change" => invoke(&built(plain(no_change), accepts).await?, events, "NO_CHANGE").await,
        "update" => invoke(&built(plain(update), accepts).await?, events, "UPDATE").await,
        "deny" => invoke(&built(plain(deny), accepts).await?, events, "DENY").await,
        "flow of one step" => {
            let flow = Flow::new().step(Step::new("first", processor_fn(no_change)));
            invoke(&built(Adapter::builder(flow), accepts).await?, events, "first").await
        }
        "flow of three steps" => {
            let flow = Flow::new()
                .step(Step::new("first", processor_fn(no_change)))
                .step(Step::new("second", processor_fn(update)))
                .step(Step::new("third", processor_fn(no_change)));
            invoke(&built(Adapter::builder(flow), accepts).await?, events, "third").await
        }
        "processor fails" => {
            let fails = |_: Message| async { Err::<Decision, _>(io::Error::other("a database is away")) };
            invoke(&built(plain(fails), accepts).await?, events, "FALLBACK_ACTION").await
        }
        "decided before" => {
            invoke(&built(plain(update), Service::DecidedBefore).await?, events, "DECIDED_BEFORE").await
        }
        "from the dead-letter queue" => {
            invoke(&built(plain(update), accepts).await?, &failed[..messages], "RESCUE").await
        }
        "held" => {
            let hold = |_: Message| async { Ok::<_, Infallible>(Decision::hold(hours(1)).because("link")) };
            let builder = plain(hold).tickets(MemoryStore::new());
            invoke(&built(builder, accepts).await?, events, "HELD").await
        }
        "work after the callback" => invoke(&built(Adapter::builder(Works), accepts).await?, events, "UPDATE").await,
        "work done once" => {
            let builder = Adapter::builder(WorksOnce(Once::new(MemoryStore::new())));
            invoke(&built(builder.after_decided_before(true), accepts).await?, events, "UPDATE").await
        }
        // The script sets the format of the log.
        "no change, logged as text" | "no change, logged as JSON" => {
            run::init_logging();
            invoke(&built(plain(no_change), accepts).await?, events, "NO_CHANGE").await
        }
        "no change, with metrics" => {
            run::init_logging();
            let builder = plain(no_change).metrics(Metrics::Emf);
            invoke(&built(builder, accepts).await?, events, "NO_CHANGE").await
        }
        _ => Err(format!("{kind} is none of the kinds").into()),
    }
}

/// Sends callbacks as the framework does, without the framework.
async fn callbacks(number: usize) -> Result<(), Error> {
    let client = Service::Accepts.client();
    for _ in 0..number {
        let message = ChannelMessageCallback::builder().message_id("0".repeat(64)).build()?;
        let channel =
            "arn:aws:chime:us-east-1:111122223333:app-instance/a/channel/9a8b7c6d-5e4f-4a3b-9c2d-1e0f9a8b7c6d";
        let call = client.channel_flow_callback().channel_arn(channel);
        call.callback_id("0b9e1c52-7a64-4d0e-9f3b-2c1d0e9f8a7b").channel_message(message).send().await?;
    }
    Ok(())
}

async fn built<P: Processor + 'static>(builder: AdapterBuilder<P>, service: Service) -> Result<Adapter<P>, Error> {
    Ok(builder.client(service.client()).build().await?)
}

fn plain<F, R, E>(decide: F) -> AdapterBuilder<impl Processor + 'static>
where
    F: Fn(Message) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Decision, E>> + Send + 'static,
    E: Into<Error> + Send + 'static,
{
    Adapter::builder(processor_fn(decide))
}

async fn no_change(_: Message) -> Result<Decision, Infallible> {
    Ok(Decision::no_change())
}

async fn deny(_: Message) -> Result<Decision, Infallible> {
    Ok(Decision::deny().because("cursing"))
}

async fn update(message: Message) -> Result<Decision, LimitError> {
    let mut content = message.content().to_owned();
    if let Some(at) = content.find("hell") {
        content.replace_range(at..at + 4, "****");
    }
    Ok(Decision::update(content)?.because("cursing"))
}

fn hours(number: u64) -> Hold {
    Hold::new(Duration::from_secs(number * 60 * 60)).expect("a hold can last that long")
}

struct Works;

impl Processor for Works {
    type Error = LimitError;

    async fn process(&self, message: &Message) -> Result<Decision, LimitError> {
        update(message.clone()).await
    }

    async fn after_callback(&self, message: &Message, _: &Decision, _: &Settled) -> Result<(), LimitError> {
        assert_eq!(message.content(), CONTENT);
        Ok(())
    }
}

struct WorksOnce(Once<MemoryStore>);

impl Processor for WorksOnce {
    type Error = Error;

    async fn process(&self, message: &Message) -> Result<Decision, Error> {
        Ok(update(message.clone()).await?)
    }

    async fn after_callback(&self, message: &Message, _: &Decision, _: &Settled) -> Result<(), Error> {
        self.0.run(Occasion::of(message, "count"), |_| async { Ok::<_, LimitError>(()) }).await?;
        Ok(())
    }
}
