//! Endpoints of app-instance users: devices for push notifications, which nobody sends any to.

use crate::ids;
use crate::limits;
use crate::messaging::api::call::Call;
use crate::messaging::api::operation::Operation;
use crate::messaging::resource::identity::{MemberKind, UserEndpoint};
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::wire::common_shapes::{ARN, CLIENT_REQUEST_TOKEN, MAX_RESULTS, NEXT_TOKEN};
use crate::messaging::wire::output::{object, seconds};
use crate::messaging::wire::shape::{Member, Shape};
use serde_json::{Value, json};

const USER: Member = Member::new("AppInstanceUserArn", ARN).path("appInstanceUserArn");
const ENDPOINT: Member = Member::new("EndpointId", Shape::Text(limits::ENDPOINT_ID)).path("endpointId");
const NAME: Member = Member::new("Name", Shape::Text(limits::ENDPOINT_NAME));
const ALLOW_MESSAGES: Member = Member::new("AllowMessages", Shape::OneOf(&["ALL", "NONE"]));

const ATTRIBUTES: Shape = Shape::Structure(&[
    Member::new("DeviceToken", Shape::Text(limits::DEVICE_TOKEN)).required(),
    Member::new("VoipDeviceToken", Shape::Text(limits::VOIP_DEVICE_TOKEN)),
]);

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "RegisterAppInstanceUserEndpoint",
        method: "POST",
        path: "/app-instance-users/{appInstanceUserArn}/endpoints",
        selector: None,
        status: 201,
        input: &[
            USER,
            NAME,
            Member::new("Type", Shape::OneOf(&["APNS", "APNS_SANDBOX", "GCM"])).required(),
            Member::new("ResourceArn", ARN).required(),
            Member::new("EndpointAttributes", ATTRIBUTES).required(),
            CLIENT_REQUEST_TOKEN,
            ALLOW_MESSAGES,
        ],
        exceptions: &[Exception::Conflict, Exception::ResourceLimitExceeded],
        run: register_app_instance_user_endpoint,
    },
    Operation {
        name: "DescribeAppInstanceUserEndpoint",
        method: "GET",
        path: "/app-instance-users/{appInstanceUserArn}/endpoints/{endpointId}",
        selector: None,
        status: 200,
        // The model has another shape for the ARN here than in the other operations.
        input: &[
            Member::new("AppInstanceUserArn", Shape::Text(limits::ANY_USER_ARN)).path("appInstanceUserArn"),
            ENDPOINT,
        ],
        exceptions: &[],
        run: describe_app_instance_user_endpoint,
    },
    Operation {
        name: "ListAppInstanceUserEndpoints",
        method: "GET",
        path: "/app-instance-users/{appInstanceUserArn}/endpoints",
        selector: None,
        status: 200,
        input: &[USER, MAX_RESULTS, NEXT_TOKEN],
        exceptions: &[],
        run: list_app_instance_user_endpoints,
    },
    Operation {
        name: "UpdateAppInstanceUserEndpoint",
        method: "PUT",
        path: "/app-instance-users/{appInstanceUserArn}/endpoints/{endpointId}",
        selector: None,
        status: 200,
        input: &[USER, ENDPOINT, NAME, ALLOW_MESSAGES],
        exceptions: &[Exception::Conflict],
        run: update_app_instance_user_endpoint,
    },
    Operation {
        name: "DeregisterAppInstanceUserEndpoint",
        method: "DELETE",
        path: "/app-instance-users/{appInstanceUserArn}/endpoints/{endpointId}",
        selector: None,
        status: 204,
        input: &[USER, ENDPOINT],
        exceptions: &[],
        run: deregister_app_instance_user_endpoint,
    },
];

impl Call<'_> {
    /// The user of the request and the id of one of the user's endpoints, and the key of the two.
    fn endpoint(&self) -> Result<(String, String, String), ApiError> {
        let user_arn = self.member_of_kind("AppInstanceUserArn", MemberKind::User)?;
        let id = self.input.text("EndpointId").to_owned();
        let key = key(&user_arn, &id);
        match self.world.user_endpoints.contains(&key) {
            true => Ok((user_arn, id, key)),
            false => Err(self.not_found("endpoint of this user")),
        }
    }
}

fn register_app_instance_user_endpoint(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let user_arn = call.member_of_kind("AppInstanceUserArn", MemberKind::User)?;
    let id = ids::uuid();
    let endpoint = UserEndpoint {
        name: call.input.optional("Name").map(str::to_owned),
        kind: call.input.text("Type").to_owned(),
        resource_arn: call.input.text("ResourceArn").to_owned(),
        attributes: call.input.members().get("EndpointAttributes").cloned().unwrap_or_default(),
        allow_messages: call.input.optional("AllowMessages").unwrap_or("ALL").to_owned(),
        created: call.now,
        last_updated: call.now,
    };
    call.world.user_endpoints.put(&mut call.world.batch, key(&user_arn, &id), endpoint);
    Ok(json!({ "AppInstanceUserArn": user_arn, "EndpointId": id }))
}

fn describe_app_instance_user_endpoint(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (user_arn, id, key) = call.endpoint()?;
    let endpoint = call.world.user_endpoints.get(&key).ok_or_else(|| call.not_found("endpoint of this user"))?;
    let mut described = endpoint.summarize(&user_arn, &id);
    described["ResourceArn"] = endpoint.resource_arn.as_str().into();
    described["EndpointAttributes"] = endpoint.attributes.clone();
    described["CreatedTimestamp"] = seconds(endpoint.created);
    described["LastUpdatedTimestamp"] = seconds(endpoint.last_updated);
    Ok(json!({ "AppInstanceUserEndpoint": described }))
}

fn list_app_instance_user_endpoints(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let user_arn = call.member_of_kind("AppInstanceUserArn", MemberKind::User)?;
    let of_user = key(&user_arn, "");
    let endpoints = call.world.user_endpoints.under(&of_user);
    let page = call.page(endpoints, |key, endpoint| endpoint.summarize(&user_arn, &key[of_user.len()..]))?;
    Ok(page.answer("AppInstanceUserEndpoints"))
}

fn update_app_instance_user_endpoint(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (user_arn, id, key) = call.endpoint()?;
    let given = |name| call.input.optional(name).map(str::to_owned);
    let (name, allow_messages) = (given("Name"), given("AllowMessages"));
    call.world.user_endpoints.change(&mut call.world.batch, &key, |endpoint| {
        endpoint.name = name.or_else(|| endpoint.name.take());
        endpoint.allow_messages = allow_messages.unwrap_or_else(|| endpoint.allow_messages.clone());
        endpoint.last_updated = call.now;
    });
    Ok(json!({ "AppInstanceUserArn": user_arn, "EndpointId": id }))
}

fn deregister_app_instance_user_endpoint(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (_, _, key) = call.endpoint()?;
    call.world.user_endpoints.remove(&mut call.world.batch, &key);
    Ok(Value::Null)
}

impl UserEndpoint {
    /// `AppInstanceUserEndpointSummary`.
    fn summarize(&self, user_arn: &str, id: &str) -> Value {
        object([
            ("AppInstanceUserArn", user_arn.into()),
            ("EndpointId", id.into()),
            ("Name", self.name.as_deref().into()),
            ("Type", self.kind.as_str().into()),
            ("AllowMessages", self.allow_messages.as_str().into()),
            // Nobody asks the provider whether there is such a device.
            ("EndpointState", json!({ "Status": "ACTIVE" })),
        ])
    }
}

fn key(user_arn: &str, id: &str) -> String {
    format!("{user_arn} {id}")
}
