//! Settings of app instances: how long messages are retained, and where data is streamed to. Nothing is streamed.

use crate::messaging::api::call::Call;
use crate::messaging::api::operation::Operation;
use crate::messaging::resource::app_instance::Retention;
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::wire::common_shapes::{APP_INSTANCE, ARN};
use crate::messaging::wire::output::{object, seconds};
use crate::messaging::wire::shape::{Member, Shape};
use serde_json::{Value, json};

const RETENTION_SETTINGS: Shape = Shape::Structure(&[Member::new(
    "ChannelRetentionSettings",
    Shape::Structure(&[Member::new("RetentionDays", Shape::Integer { min: 1, max: 5475 })]),
)]);

const STREAMING_CONFIGURATION: Shape = Shape::Structure(&[
    Member::new("DataType", Shape::OneOf(&["Channel", "ChannelMessage"])).required(),
    Member::new("ResourceArn", ARN).required(),
]);

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "PutAppInstanceRetentionSettings",
        method: "PUT",
        path: "/app-instances/{appInstanceArn}/retention-settings",
        selector: None,
        status: 200,
        input: &[APP_INSTANCE, Member::new("AppInstanceRetentionSettings", RETENTION_SETTINGS).required()],
        exceptions: &[],
        run: put_app_instance_retention_settings,
    },
    Operation {
        name: "GetAppInstanceRetentionSettings",
        method: "GET",
        path: "/app-instances/{appInstanceArn}/retention-settings",
        selector: None,
        status: 200,
        input: &[APP_INSTANCE],
        exceptions: &[],
        run: get_app_instance_retention_settings,
    },
    Operation {
        name: "PutMessagingStreamingConfigurations",
        method: "PUT",
        path: "/app-instances/{appInstanceArn}/streaming-configurations",
        selector: None,
        status: 200,
        input: &[
            APP_INSTANCE,
            Member::new("StreamingConfigurations", Shape::List { min: 1, max: 2, element: &STREAMING_CONFIGURATION })
                .required(),
        ],
        exceptions: &[Exception::NotFound, Exception::Conflict],
        run: put_messaging_streaming_configurations,
    },
    Operation {
        name: "GetMessagingStreamingConfigurations",
        method: "GET",
        path: "/app-instances/{appInstanceArn}/streaming-configurations",
        selector: None,
        status: 200,
        input: &[APP_INSTANCE],
        exceptions: &[Exception::NotFound],
        run: get_messaging_streaming_configurations,
    },
    Operation {
        name: "DeleteMessagingStreamingConfigurations",
        method: "DELETE",
        path: "/app-instances/{appInstanceArn}/streaming-configurations",
        selector: None,
        status: 204,
        input: &[APP_INSTANCE],
        exceptions: &[],
        run: delete_messaging_streaming_configurations,
    },
];

fn put_app_instance_retention_settings(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.app_instance()?;
    let settings = call.input.members().get("AppInstanceRetentionSettings").cloned().unwrap_or_default();
    let days = settings["ChannelRetentionSettings"]["RetentionDays"].as_u64();
    let retention = Retention { days: days.and_then(|days| u32::try_from(days).ok()), since: call.now };
    call.world.retention_settings.put(&mut call.world.batch, arn, retention);
    get_app_instance_retention_settings(call)
}

fn get_app_instance_retention_settings(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.app_instance()?;
    let settings = call.world.retention_settings.get(&arn);
    let Some(Retention { days: Some(days), since }) = settings else {
        return Ok(json!({ "AppInstanceRetentionSettings": {} }));
    };
    Ok(object([
        ("AppInstanceRetentionSettings", json!({ "ChannelRetentionSettings": { "RetentionDays": days } })),
        ("InitiateDeletionTimestamp", seconds(*since)),
    ]))
}

fn put_messaging_streaming_configurations(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.app_instance()?;
    let configurations = call.input.members().get("StreamingConfigurations").cloned().unwrap_or_default();
    if configurations.get(1).is_some_and(|second| second["DataType"] == configurations[0]["DataType"]) {
        return Err(ApiError::bad_request("StreamingConfigurations has the same DataType twice"));
    }
    call.world.streaming_configurations.put(&mut call.world.batch, arn, configurations.clone());
    Ok(json!({ "StreamingConfigurations": configurations }))
}

fn get_messaging_streaming_configurations(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.app_instance()?;
    let configurations = call.world.streaming_configurations.get(&arn);
    let configurations = configurations.ok_or_else(|| call.not_found("streaming configuration"))?;
    Ok(json!({ "StreamingConfigurations": configurations }))
}

fn delete_messaging_streaming_configurations(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.app_instance()?;
    call.world.streaming_configurations.remove(&mut call.world.batch, &arn);
    Ok(Value::Null)
}
