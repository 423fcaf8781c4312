//! A function of the framework, whose processor fails as the message says.

use channel_flow::{Adapter, Decision, FallbackAction, Flow, Message, Step, processor_fn};

/// Runs until it is killed.
pub(crate) fn run() -> ! {
    let failing = processor_fn(async |message: Message| match message.content() {
        content if content.starts_with("panic") => panic!("private: {content}"),
        "fail" => Err("the judge is away"),
        "hang" => std::future::pending().await,
        "block" => loop {
            std::thread::park();
        },
        "deny" => Ok(Decision::deny()),
        _ => Ok(Decision::no_change()),
    });
    let judge = processor_fn(async |message: Message| match message.content() {
        "the judge panics" => panic!("private"),
        _ => Ok::<_, &'static str>(Decision::no_change()),
    });
    let flow = Flow::new()
        .step(Step::new("judge", judge).fallback_action(FallbackAction::Continue))
        .step(Step::new("filter", failing));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ended = runtime.block_on(Adapter::builder(flow).run());
    panic!("{ended:?}")
}
