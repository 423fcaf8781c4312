//! The table and the messaging service: those of a running `dev`, or of an account.

use crate::args::Place;
use crate::exit::Failure;
use crate::sdk;
use crate::text::printable;
use crate::variables::TABLE;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use channel_flow::aws_sdk_chimesdkmessaging::Client as Messaging;
use channel_flow::{Callbacks, Reviewer};
use channel_flow_dynamodb::DynamoDbStore;
use channel_flow_dynamodb::aws_sdk_dynamodb::Client as DynamoDb;

/// Where `dev` is unless it was told otherwise.
const DEV: &str = "http://127.0.0.1:8700";

/// The region of `dev`.
const DEV_REGION: &str = "us-east-1";

/// A reviewer of the tickets in the place that the command line names.
pub(super) async fn reviewer(place: &Place) -> Result<Reviewer<DynamoDbStore>, Failure> {
    match (&place.dev, &place.table) {
        // Whether the user may ask is not known here: `CHANNEL_FLOW_MAY_ASK_STATUS` says it.
        (_, Some(table)) => {
            of(&sdk::config(place.profile.as_deref(), place.region.as_deref()).await?, table, |callbacks| callbacks)
        }
        (Some(url), None) => running_dev(url.trim_end_matches('/'), "").await,
        (None, None) => running_dev(DEV, ", or --table NAME for the table of a deployed function").await,
    }
}

/// A reviewer of the tickets of a `dev` that may serve at this URL.
async fn running_dev(url: &str, otherwise: &str) -> Result<Reviewer<DynamoDbStore>, Failure> {
    let config = dev_config(url)?;
    let described = DynamoDb::new(&config).describe_table().table_name(TABLE).send().await;
    let shown = printable(url);
    match described {
        Ok(_) => dev(url),
        Err(error) if error.as_service_error().is_some() || error.raw_response().is_some() => {
            Err(Failure::unusable(format!(
                "{shown} is not a `cargo channel-flow dev` with a table: pass the URL that dev prints, with --dev URL{otherwise}"
            )))
        }
        Err(_) => Err(Failure::not_started(format!(
            "nothing answers at {shown}: start `cargo channel-flow dev`, or pass the URL that it prints with --dev \
             URL{otherwise}"
        ))),
    }
}

/// A reviewer of the tickets of the `dev` that serves at this URL.
pub(super) fn dev(url: &str) -> Result<Reviewer<DynamoDbStore>, Failure> {
    // `dev` tells everybody the status of a message.
    of(&dev_config(url)?, TABLE, |callbacks| callbacks.may_ask_status(true))
}

fn of(
    config: &SdkConfig,
    table: &str,
    set: impl FnOnce(Callbacks) -> Callbacks,
) -> Result<Reviewer<DynamoDbStore>, Failure> {
    let callbacks = Callbacks::from_client(Messaging::new(config));
    let callbacks = callbacks.map_err(|error| Failure::unusable(error.to_string()))?;
    Ok(Reviewer::new(DynamoDbStore::new(DynamoDb::new(config), table), set(callbacks)))
}

/// `dev` takes any credentials. Those of the user are for an account.
fn dev_config(url: &str) -> Result<SdkConfig, Failure> {
    let credentials = Credentials::new("review", "review", None, None, "cargo channel-flow review");
    Ok(SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(DEV_REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(sdk::http_client(sdk::Proxy::None)?)
        .timeout_config(sdk::timeouts())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .endpoint_url(url)
        .build())
}
