//! A flow of rules, one of which also works after the callback as the content of the message says.

use std::time::Duration;

use channel_flow::{
    Adapter, Decision, FallbackAction, Flow, LimitError, Mask, Message, Processor, Settled, Step, condition,
    processor_fn,
};

/// Decides nothing, and works after the callback.
struct Worker;

impl Processor for Worker {
    type Error = &'static str;

    async fn process(&self, _: &Message) -> Result<Decision, &'static str> {
        Ok(Decision::no_change())
    }

    async fn after_callback(&self, message: &Message, _: &Decision, settled: &Settled) -> Result<(), &'static str> {
        tracing::warn!(outcome = settled.outcome.as_str(), "worked");
        match message.content() {
            "work fails" => Err("no answer"),
            "work panics" => panic!("private: {}", message.content()),
            "work never ends" => std::future::pending().await,
            "work blocks" => loop {
                std::thread::sleep(Duration::from_secs(60));
            },
            _ => Ok(()),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), channel_flow::Error> {
    let cursing = processor_fn(|message: Message| async move {
        let find = |text: &str| text.match_indices("damn").map(|(at, curse)| at..at + curse.len()).collect();
        let update = message.mask_texts(Mask::default(), find)?;
        let cursed = !update.is_empty();
        let decision = Decision::from(update);
        Ok::<_, LimitError>(if cursed { decision.because("cursing") } else { decision })
    });
    let judge = processor_fn(|message: Message| async move {
        match message.content() {
            "the judge fails" => Err("no answer"),
            "the judge hangs" => std::future::pending().await,
            _ => Ok(Decision::no_change()),
        }
    });
    let links = processor_fn(|message: Message| async move {
        if message.content() == "the list of links is away" {
            return Err("no answer");
        }
        let has_link = message.any_text(|text| text.contains("://"));
        Ok(if has_link { Decision::deny().because("links") } else { Decision::no_change() })
    });
    let long = processor_fn(|message: Message| async move {
        let is_long = message.content().len() > 20;
        Ok::<_, LimitError>(if is_long { Decision::deny().because("long") } else { Decision::no_change() })
    });
    let flow = Flow::new()
        .step(Step::new("worker", Worker))
        .step(Step::new("cursing", cursing))
        .step(
            Step::new("judge", judge)
                .only_if(condition::from_user())
                .time_limit(Duration::from_millis(100))
                .fallback_action(FallbackAction::Continue),
        )
        .step(Step::new("links", links))
        .step(Step::new("long", long).shadow(true));
    Adapter::builder(flow).after_decided_before(std::env::var_os("AFTER_DECIDED_BEFORE").is_some()).run().await
}
