//! The functions that are compared.

use std::time::Duration;

use channel_flow::{
    BoxProcessor, Decision, Flood, Hold, LimitError, Message, Occasion, Once, Processor, Settled, processor_fn,
};
use channel_flow_dynamodb::DynamoDbStore;

type Error = Box<dyn std::error::Error + Send + Sync>;

const TEN_SECONDS: Duration = Duration::from_secs(10);

/// Returns the functions with their names. All of them release or hold every message.
pub(crate) fn all(store: &DynamoDbStore) -> [(&'static str, BoxProcessor); 5] {
    let release = processor_fn(|_: Message| async { Ok::<_, LimitError>(Decision::no_change()) });
    let hold =
        processor_fn(|_: Message| async { Ok::<_, Error>(Decision::hold(Hold::new(Duration::from_secs(3600))?)) });
    // A limit that nobody exceeds, so that each message takes the same way.
    let flood = || Flood::more_than(1_000_000, TEN_SECONDS, store.clone());
    [
        ("without a store", BoxProcessor::new(release)),
        ("with work that is done once", BoxProcessor::new(Working(Once::new(store.clone())))),
        ("counted by `flood`", BoxProcessor::new(flood())),
        (
            "counted by `flood`, with the number of environments",
            BoxProcessor::new(flood().named("known").environments(10)),
        ),
        ("held for a person", BoxProcessor::new(hold)),
    ]
}

/// Does nothing, once.
struct Working(Once<DynamoDbStore>);

impl Processor for Working {
    type Error = Error;

    async fn process(&self, _: &Message) -> Result<Decision, Error> {
        Ok(Decision::no_change())
    }

    async fn after_callback(&self, message: &Message, _: &Decision, _: &Settled) -> Result<(), Error> {
        self.0.run(Occasion::of(message, "work"), |_| async { Ok::<_, Error>(()) }).await?;
        Ok(())
    }
}
