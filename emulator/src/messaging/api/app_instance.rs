//! App instances and their admins.

use crate::arn::app_instance_of;
use crate::limits;
use crate::messaging::api::call::Call;
use crate::messaging::api::operation::Operation;
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::wire::common_shapes::{
    APP_INSTANCE, ARN, CLIENT_REQUEST_TOKEN, MAX_RESULTS, METADATA, NEXT_TOKEN, RESOURCE_NAME, TAGS,
};
use crate::messaging::wire::output::{object, seconds};
use crate::messaging::wire::shape::Member;
use serde_json::{Value, json};

const ADMIN: Member = Member::new("AppInstanceAdminArn", ARN).path("appInstanceAdminArn");

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateAppInstance",
        method: "POST",
        path: "/app-instances",
        selector: None,
        status: 201,
        input: &[
            Member::new("Name", RESOURCE_NAME).required(),
            Member::new("Metadata", METADATA),
            CLIENT_REQUEST_TOKEN,
            TAGS,
        ],
        exceptions: &[Exception::Conflict, Exception::ResourceLimitExceeded],
        run: create_app_instance,
    },
    Operation {
        name: "DescribeAppInstance",
        method: "GET",
        path: "/app-instances/{appInstanceArn}",
        selector: None,
        status: 200,
        input: &[APP_INSTANCE],
        exceptions: &[],
        run: describe_app_instance,
    },
    Operation {
        name: "ListAppInstances",
        method: "GET",
        path: "/app-instances",
        selector: None,
        status: 200,
        input: &[MAX_RESULTS, NEXT_TOKEN],
        exceptions: &[],
        run: list_app_instances,
    },
    Operation {
        name: "UpdateAppInstance",
        method: "PUT",
        path: "/app-instances/{appInstanceArn}",
        selector: None,
        status: 200,
        input: &[
            APP_INSTANCE,
            Member::new("Name", RESOURCE_NAME).required(),
            Member::new("Metadata", METADATA).required(),
        ],
        exceptions: &[Exception::Conflict],
        run: update_app_instance,
    },
    Operation {
        name: "DeleteAppInstance",
        method: "DELETE",
        path: "/app-instances/{appInstanceArn}",
        selector: None,
        status: 204,
        input: &[APP_INSTANCE],
        exceptions: &[Exception::ResourceLimitExceeded],
        run: delete_app_instance,
    },
    Operation {
        name: "CreateAppInstanceAdmin",
        method: "POST",
        path: "/app-instances/{appInstanceArn}/admins",
        selector: None,
        status: 201,
        input: &[APP_INSTANCE, Member::new("AppInstanceAdminArn", ARN).required()],
        exceptions: &[Exception::Conflict, Exception::ResourceLimitExceeded],
        run: create_app_instance_admin,
    },
    Operation {
        name: "DescribeAppInstanceAdmin",
        method: "GET",
        path: "/app-instances/{appInstanceArn}/admins/{appInstanceAdminArn}",
        selector: None,
        status: 200,
        input: &[APP_INSTANCE, ADMIN],
        exceptions: &[],
        run: describe_app_instance_admin,
    },
    Operation {
        name: "ListAppInstanceAdmins",
        method: "GET",
        path: "/app-instances/{appInstanceArn}/admins",
        selector: None,
        status: 200,
        input: &[APP_INSTANCE, MAX_RESULTS, NEXT_TOKEN],
        exceptions: &[Exception::ResourceLimitExceeded],
        run: list_app_instance_admins,
    },
    Operation {
        name: "DeleteAppInstanceAdmin",
        method: "DELETE",
        path: "/app-instances/{appInstanceArn}/admins/{appInstanceAdminArn}",
        selector: None,
        status: 204,
        input: &[APP_INSTANCE, ADMIN],
        exceptions: &[Exception::Conflict, Exception::ResourceLimitExceeded],
        run: delete_app_instance_admin,
    },
];

fn create_app_instance(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let tags = call.tags()?;
    let name = call.input.text("Name").to_owned();
    let metadata = call.input.optional("Metadata").map(str::to_owned);
    let arn = call.world.create_app_instance(name, metadata, call.now)?;
    call.world.add_tags(&arn, tags);
    Ok(json!({ "AppInstanceArn": arn }))
}

fn describe_app_instance(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.input.text("AppInstanceArn");
    let app_instance = call.world.app_instances.get(arn).ok_or_else(|| call.not_found("app instance"))?;
    Ok(json!({ "AppInstance": object([
        ("AppInstanceArn", arn.into()),
        ("Name", app_instance.name.as_str().into()),
        ("Metadata", app_instance.metadata.as_deref().into()),
        ("CreatedTimestamp", seconds(app_instance.created)),
        ("LastUpdatedTimestamp", seconds(app_instance.last_updated)),
    ]) }))
}

fn list_app_instances(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let page = call.page(call.world.app_instances.iter(), |arn, app_instance| {
        object([
            ("AppInstanceArn", arn.into()),
            ("Name", app_instance.name.as_str().into()),
            ("Metadata", app_instance.metadata.as_deref().into()),
        ])
    })?;
    Ok(page.answer("AppInstances"))
}

fn update_app_instance(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.app_instance()?;
    let (name, metadata) = (call.input.text("Name").to_owned(), call.input.text("Metadata").to_owned());
    call.world.app_instances.change(&mut call.world.batch, &arn, |app_instance| {
        app_instance.name = name;
        app_instance.metadata = Some(metadata);
        app_instance.last_updated = call.now;
    });
    Ok(json!({ "AppInstanceArn": arn }))
}

fn delete_app_instance(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.app_instance()?;
    call.world.delete_app_instance(&arn);
    Ok(Value::Null)
}

fn create_app_instance_admin(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.app_instance()?;
    let admin_arn = call.input.text("AppInstanceAdminArn").to_owned();
    let nobody = || ApiError::bad_request("AppInstanceAdminArn must be a user or bot of the app instance");
    let admin = call.member_beside(&arn, &admin_arn).map_err(|_| nobody())?;
    if call.world.is_admin(&admin_arn) {
        return Err(ApiError::conflict("this user or bot is an admin already"));
    }
    let inside = format!("{arn}/");
    let admins = call.world.members.under(&inside).filter(|(_, member)| member.admin_since.is_some()).count();
    if admins >= limits::ADMINS_OF_AN_APP_INSTANCE {
        return Err(call.over_quota(limits::ADMINS_OF_AN_APP_INSTANCE, "admins an app instance"));
    }
    call.world.members.change(&mut call.world.batch, &admin_arn, |member| member.admin_since = Some(call.now));
    Ok(json!({ "AppInstanceAdmin": admin, "AppInstanceArn": arn }))
}

/// The app instance and one of its admins.
fn admin(call: &Call<'_>) -> Result<(String, String), ApiError> {
    let arn = call.app_instance()?;
    let admin_arn = call.input.text("AppInstanceAdminArn");
    match app_instance_of(admin_arn) == arn && call.world.is_admin(admin_arn) {
        true => Ok((arn, admin_arn.to_owned())),
        false => Err(call.not_found("admin")),
    }
}

fn describe_app_instance_admin(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (arn, admin_arn) = admin(call)?;
    let since = call.world.members.get(&admin_arn).and_then(|member| member.admin_since);
    Ok(json!({ "AppInstanceAdmin": {
        "Admin": call.world.identity(&admin_arn),
        "AppInstanceArn": arn,
        "CreatedTimestamp": since.map(seconds),
    } }))
}

fn list_app_instance_admins(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.app_instance()?;
    let inside = format!("{arn}/");
    let admins = call.world.members.under(&inside).filter(|(_, member)| member.admin_since.is_some());
    let page = call.page(admins, |arn, member| json!({ "Admin": { "Arn": arn, "Name": member.name } }))?;
    Ok(page.answer_of("AppInstanceAdmins", "AppInstanceArn", &arn))
}

fn delete_app_instance_admin(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (_, admin_arn) = admin(call)?;
    call.world.members.change(&mut call.world.batch, &admin_arn, |member| member.admin_since = None);
    Ok(Value::Null)
}

impl Call<'_> {
    /// The app instance that the request names.
    ///
    /// # Errors
    ///
    /// There is no such one.
    pub(crate) fn app_instance(&self) -> Result<String, ApiError> {
        let arn = self.input.text("AppInstanceArn");
        match self.world.app_instances.contains(arn) {
            true => Ok(arn.to_owned()),
            false => Err(self.not_found("app instance")),
        }
    }
}
