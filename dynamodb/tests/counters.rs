//! Counters in a DynamoDB API, and what they cost in requests to it.

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use channel_flow::store::{Addition, Counter, CounterStore, Mark};
use channel_flow::testing::{self, CallbackService};
use channel_flow::{Adapter, Decision, Flood, Message, Processor, Strike, Strikes, processor_fn, strike_action_fn};
use channel_flow_dynamodb::aws_sdk_dynamodb::Client;
use channel_flow_dynamodb::aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use channel_flow_dynamodb::aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use channel_flow_dynamodb::aws_sdk_dynamodb::error::BoxError;
use channel_flow_dynamodb::aws_sdk_dynamodb::types::AttributeValue;
use channel_flow_dynamodb::{DynamoDbStore, StoreErrorKind, create_table};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);
/// An app instance, as the service names one.
const APP_INSTANCE: &str = "arn:aws:chime:us-east-1:111122223333:app-instance/5e6f7a8b-0c1d-4e2f-8a3b-4c5d6e7f8091";

#[tokio::test]
async fn the_contract_holds() {
    testing::counters_contract(&support::store().await).await;
}

#[tokio::test]
async fn a_store_without_its_table_says_so() {
    let store = DynamoDbStore::new(support::client().await, "no-such-table");
    let now = SystemTime::now();
    let added = store.add(&Addition::new("key", "id", now, vec![(1, 1)], now)).await.unwrap_err();
    assert_eq!(added.kind(), StoreErrorKind::TableMissing);
    assert_eq!(store.counter("key").await.unwrap_err().kind(), StoreErrorKind::TableMissing);
    let marked = store.mark(&Mark::new("key", "mark", "id", now, now)).await.unwrap_err();
    assert_eq!(marked.kind(), StoreErrorKind::TableMissing);
}

/// The requests that were sent, by operation, retries included.
#[derive(Clone, Debug, Default)]
struct Requests(Arc<Mutex<BTreeMap<String, usize>>>);

impl Intercept for Requests {
    fn name(&self) -> &'static str {
        "requests"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = context.request().headers().get("x-amz-target").unwrap_or_default().to_owned();
        let operation = operation.rsplit('.').next().unwrap_or_default().to_owned();
        *self.0.lock().unwrap().entry(operation).or_default() += 1;
        Ok(())
    }
}

impl Requests {
    /// Returns the requests since the last call.
    fn take(&self) -> Vec<(String, usize)> {
        std::mem::take(&mut *self.0.lock().unwrap()).into_iter().collect()
    }
}

/// The environments of a function, each with a store of its own in the same table.
struct Function {
    client: Client,
    table: String,
    requests: Requests,
}

impl Function {
    async fn new() -> Self {
        let client = support::client().await;
        let table = format!("test-{}", uuid::Uuid::new_v4());
        create_table(&client, &table).await.unwrap();
        let requests = Requests::default();
        let config = client.config().to_builder().interceptor(requests.clone()).build();
        Self { client: Client::from_conf(config), table, requests }
    }

    fn store(&self) -> DynamoDbStore {
        DynamoDbStore::new(self.client.clone(), &self.table)
    }

    /// Returns the items of the table.
    async fn items(&self) -> Vec<std::collections::HashMap<String, AttributeValue>> {
        let items = self.client.scan().table_name(&self.table).send().await.unwrap().items().to_vec();
        self.requests.take();
        items
    }
}

fn updates(number: usize) -> Vec<(String, usize)> {
    (number > 0).then(|| ("UpdateItem".to_owned(), number)).into_iter().collect()
}

fn message(id: usize, ms: u64) -> Message {
    let ms = 1_772_366_400_000 + ms;
    let user = format!(r#"{{ "Arn": "{APP_INSTANCE}/user/6f1c2b3a-4d5e-4f60-8172-93a4b5c6d7e8" }}"#);
    let seconds = format!("{}.{:03}", ms / 1_000, ms % 1_000);
    let message = testing::message("Hi").callback_id(&format!("callback-{id:032}")).field("Sender", &user);
    message.field("CreatedTimestamp", &seconds).build()
}

async fn decide(flood: &Flood<DynamoDbStore>, message: &Message) -> Decision {
    testing::decide_async(flood, message).await.expect("it decides")
}

/// The table of docs/counters.md.
#[tokio::test]
async fn a_message_costs_one_request() {
    let function = Function::new().await;
    let new = || Flood::more_than(5, 10 * SECOND, function.store()).mute(60 * SECOND);
    let environments = [new(), new()];
    for id in 0..5 {
        assert_eq!(decide(&environments[id % 2], &message(id, 100)).await, Decision::no_change());
        assert_eq!(function.requests.take(), updates(1));
    }
    // The message that is one too many, and the mute.
    assert_eq!(decide(&environments[0], &message(5, 200)).await, Decision::deny().because("flood"));
    assert_eq!(function.requests.take(), updates(2));
    // The environment that knows of the mute, and the one that learns of it.
    let muted = Decision::deny().because("muted");
    for (environment, id, requests) in [(0, 6, 0), (1, 7, 1), (1, 8, 0)] {
        assert_eq!(decide(&environments[environment], &message(id, 300)).await, muted);
        assert_eq!(function.requests.take(), updates(requests));
    }
}

#[tokio::test]
async fn with_few_environments_a_quiet_sender_costs_nothing() {
    let function = Function::new().await;
    let flood = Flood::more_than(10, 10 * SECOND, function.store()).environments(2);
    for id in 0..5 {
        assert_eq!(decide(&flood, &message(id, 100)).await, Decision::no_change());
    }
    assert_eq!(function.requests.take(), updates(0));
    for id in 5..10 {
        assert_eq!(decide(&flood, &message(id, 1_500)).await, Decision::no_change());
    }
    assert_eq!(function.requests.take(), updates(5));
    // All of them are counted, also those that were held back.
    let other = Flood::more_than(10, 10 * SECOND, function.store());
    assert_eq!(decide(&other, &message(10, 2_000)).await, Decision::deny().because("flood"));

    let muting = Flood::more_than(10, 10 * SECOND, function.store()).named("muting").environments(2).mute(DAY);
    function.requests.take();
    for id in 0..5 {
        decide(&muting, &message(id, 100)).await;
    }
    assert_eq!(function.requests.take(), [("GetItem".to_owned(), 1)]);
}

/// A write unit of DynamoDB is 1 KB.
#[tokio::test]
async fn an_item_stays_below_a_write_unit() {
    let function = Function::new().await;
    let new =
        || Flood::more_than(5, 10 * SECOND, function.store()).by(channel_flow::CountBy::SenderInChannel).mute(SECOND);
    let environments = [new(), new()];
    for id in 0..200 {
        decide(&environments[id % 2], &message(id, 400 * id as u64)).await;
    }
    let items = function.items().await;
    assert_eq!(items.len(), 1);
    let size = items[0].iter().map(|(name, value)| name.len() + size(value)).sum::<usize>();
    println!("{size} bytes in {} attributes", items[0].len());
    assert!(size <= 1_024, "{size} bytes: {:?}", items[0]);
}

/// The size of a value as DynamoDB counts it: two digits of a number are a byte, and it has one more.
fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => number.len().div_ceil(2) + 1,
        other => panic!("a counter has no {other:?}"),
    }
}

/// A sender whose messages each come long after the one before: none of them counts any more when the next one comes.
#[tokio::test]
async fn what_is_over_leaves_without_a_request() {
    let function = Function::new().await;
    let store = function.store();
    let flood = Flood::more_than(5, SECOND, store);
    for id in 0..100 {
        decide(&flood, &message(id, 60_000 * id as u64)).await;
    }
    assert_eq!(function.requests.take(), updates(100));
    let slots = |items: Vec<std::collections::HashMap<String, AttributeValue>>| {
        items[0].keys().filter(|name| name.starts_with('s')).count()
    };
    assert_eq!(slots(function.items().await), 2);
    // Each of these comes to a new environment, which knows nothing.
    for id in 100..300 {
        decide(&Flood::more_than(5, SECOND, function.store()), &message(id, 60_000 * id as u64)).await;
    }
    let sent = function.requests.take();
    assert!(sent[0].1 <= 200 + 200 / 64, "{sent:?}");
    assert!(slots(function.items().await) <= 66);
}

#[tokio::test]
async fn a_strike_costs_one_request_and_its_action_one_more() {
    let function = Function::new().await;
    let acted = Arc::new(Mutex::new(Vec::new()));
    let service = CallbackService::new([]);
    let adapter = adapter(&service, strikes(&function, &acted)).await;
    for id in 0..5 {
        testing::invoke(&adapter, event(id), 10 * SECOND).await.unwrap();
        assert_eq!(function.requests.take(), updates(if id == 2 { 2 } else { 1 }));
    }
    assert_eq!(*acted.lock().unwrap(), [3]);
}

/// Environments that deny at the same time do what is set for the third strike once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn environments_that_race_act_once() {
    for round in 0..5 {
        let function = Function::new().await;
        let acted = Arc::new(Mutex::new(Vec::new()));
        let service = CallbackService::new([]);
        let mut running = Vec::new();
        for id in 0..6 {
            let adapter = adapter(&service, strikes(&function, &acted)).await;
            running.push(tokio::spawn(async move {
                testing::invoke(&adapter, event(round * 10 + id), 10 * SECOND).await.unwrap();
            }));
        }
        for running in running {
            running.await.unwrap();
        }
        assert_eq!(*acted.lock().unwrap(), [3], "round {round}");
    }
}

fn strikes(function: &Function, acted: &Arc<Mutex<Vec<u64>>>) -> impl Processor + use<> {
    let acted = acted.clone();
    let act = strike_action_fn(move |strike: Strike| {
        acted.lock().unwrap().push(strike.number());
        async { Ok::<_, String>(()) }
    });
    let deny = processor_fn(|_: Message| async { Ok::<_, String>(Decision::deny()) });
    Strikes::within(DAY, function.store()).at(3, act).around(deny)
}

async fn adapter<P: Processor + 'static>(service: &CallbackService, processor: P) -> Adapter<P> {
    Adapter::builder(processor).client(service.client()).build().await.unwrap()
}

fn event(id: usize) -> String {
    let message = testing::message("Hi").id(&format!("message-{id}")).callback_id(&format!("callback-{id:032}"));
    message.to_event()
}

/// An item that is none of ours is an error, and no panic.
#[tokio::test]
async fn a_strange_item_is_an_error() {
    let function = Function::new().await;
    for (attribute, value) in [("sxyz", "1"), ("s10", "-1"), ("mark:muted", "0.5")] {
        let item = function.client.put_item().table_name(&function.table);
        let item = item.item("pk", AttributeValue::S("counter#strange".to_owned()));
        item.item(attribute, AttributeValue::N(value.to_owned())).send().await.unwrap();
        let error = function.store().counter("strange").await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unreadable, "{error}");
    }
    assert_eq!(function.store().counter("other").await.unwrap(), Counter::default());
}
