//! App-instance users.

use crate::messaging::api::call::Call;
use crate::messaging::api::operation::Operation;
use crate::messaging::resource::identity::MemberKind;
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::wire::common_shapes::{
    ARN, CLIENT_REQUEST_TOKEN, ID, MAX_RESULTS, METADATA, NEXT_TOKEN, OF_APP_INSTANCE, TAGS, USER_NAME,
};
use crate::messaging::wire::output::{object, seconds};
use crate::messaging::wire::shape::{Member, Shape};
use serde_json::{Value, json};

const USER: Member = Member::new("AppInstanceUserArn", ARN).path("appInstanceUserArn");

const EXPIRATION_SETTINGS: Member = Member::new(
    "ExpirationSettings",
    Shape::Structure(&[
        Member::new("ExpirationDays", Shape::Integer { min: 1, max: 5475 }).required(),
        Member::new("ExpirationCriterion", Shape::OneOf(&["CREATED_TIMESTAMP"])).required(),
    ]),
);

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateAppInstanceUser",
        method: "POST",
        path: "/app-instance-users",
        selector: None,
        status: 201,
        input: &[
            Member::new("AppInstanceArn", ARN).required(),
            Member::new("AppInstanceUserId", ID).required(),
            Member::new("Name", USER_NAME).required(),
            Member::new("Metadata", METADATA),
            CLIENT_REQUEST_TOKEN,
            TAGS,
            EXPIRATION_SETTINGS,
        ],
        exceptions: &[Exception::Conflict, Exception::ResourceLimitExceeded],
        run: create_app_instance_user,
    },
    Operation {
        name: "DescribeAppInstanceUser",
        method: "GET",
        path: "/app-instance-users/{appInstanceUserArn}",
        selector: None,
        status: 200,
        input: &[USER],
        exceptions: &[],
        run: describe_app_instance_user,
    },
    Operation {
        name: "ListAppInstanceUsers",
        method: "GET",
        path: "/app-instance-users",
        selector: None,
        status: 200,
        input: &[OF_APP_INSTANCE, MAX_RESULTS, NEXT_TOKEN],
        exceptions: &[],
        run: list_app_instance_users,
    },
    Operation {
        name: "UpdateAppInstanceUser",
        method: "PUT",
        path: "/app-instance-users/{appInstanceUserArn}",
        selector: None,
        status: 200,
        input: &[USER, Member::new("Name", USER_NAME).required(), Member::new("Metadata", METADATA).required()],
        exceptions: &[Exception::Conflict, Exception::ResourceLimitExceeded],
        run: update_app_instance_user,
    },
    Operation {
        name: "DeleteAppInstanceUser",
        method: "DELETE",
        path: "/app-instance-users/{appInstanceUserArn}",
        selector: None,
        status: 204,
        input: &[USER],
        exceptions: &[Exception::Conflict, Exception::ResourceLimitExceeded],
        run: delete_app_instance_user,
    },
    Operation {
        name: "PutAppInstanceUserExpirationSettings",
        method: "PUT",
        path: "/app-instance-users/{appInstanceUserArn}/expiration-settings",
        selector: None,
        status: 200,
        input: &[USER, EXPIRATION_SETTINGS],
        exceptions: &[Exception::Conflict],
        run: put_app_instance_user_expiration_settings,
    },
];

impl Call<'_> {
    /// The ARN of a user or bot that the request names under `name`.
    ///
    /// # Errors
    ///
    /// There is no such one.
    pub(crate) fn member_of_kind(&self, name: &str, kind: MemberKind) -> Result<String, ApiError> {
        let arn = self.input.text(name);
        match kind.is_kind_of(arn) && self.world.members.contains(arn) {
            true => Ok(arn.to_owned()),
            false => Err(self.not_found(match kind {
                MemberKind::User => "app-instance user",
                MemberKind::Bot => "app-instance bot",
            })),
        }
    }

    /// Keeps `ExpirationSettings` of a resource, or takes them away if the request has none.
    pub(crate) fn put_expiration_settings(&mut self, arn: &str) {
        match self.input.members().get("ExpirationSettings").cloned() {
            Some(settings) => self.world.expiration_settings.put(&mut self.world.batch, arn.to_owned(), settings),
            None => {
                self.world.expiration_settings.remove(&mut self.world.batch, arn);
            }
        }
    }

    /// Gives a user or bot the name and metadata of the request.
    pub(crate) fn update_member(&mut self, arn: &str) {
        let (name, metadata) = (self.input.text("Name").to_owned(), self.input.text("Metadata").to_owned());
        self.world.members.change(&mut self.world.batch, arn, |member| {
            member.name = name;
            member.metadata = Some(metadata);
            member.last_updated = self.now;
        });
    }
}

fn create_app_instance_user(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (app_instance, tags) = (call.app_instance()?, call.tags()?);
    let arn = format!("{app_instance}{}{}", MemberKind::User.infix(), call.input.text("AppInstanceUserId"));
    if call.world.members.contains(&arn) {
        return Err(ApiError::conflict("there is a user with this AppInstanceUserId already"));
    }
    let metadata = call.input.optional("Metadata").map(str::to_owned);
    call.world.create_member(arn.clone(), call.input.text("Name").to_owned(), metadata, call.now);
    call.world.add_tags(&arn, tags);
    call.put_expiration_settings(&arn);
    Ok(json!({ "AppInstanceUserArn": arn }))
}

fn describe_app_instance_user(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.member_of_kind("AppInstanceUserArn", MemberKind::User)?;
    let user = call.world.members.get(&arn).ok_or_else(|| call.not_found("app-instance user"))?;
    Ok(json!({ "AppInstanceUser": object([
        ("AppInstanceUserArn", arn.as_str().into()),
        ("Name", user.name.as_str().into()),
        ("Metadata", user.metadata.as_deref().into()),
        ("CreatedTimestamp", seconds(user.created)),
        ("LastUpdatedTimestamp", seconds(user.last_updated)),
        ("ExpirationSettings", call.world.expiration_settings.get(&arn).cloned().into()),
    ]) }))
}

fn list_app_instance_users(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.app_instance()?;
    let users = format!("{arn}{}", MemberKind::User.infix());
    let page = call.page(call.world.members.under(&users), |arn, user| {
        object([
            ("AppInstanceUserArn", arn.into()),
            ("Name", user.name.as_str().into()),
            ("Metadata", user.metadata.as_deref().into()),
        ])
    })?;
    Ok(page.answer_of("AppInstanceUsers", "AppInstanceArn", &arn))
}

fn update_app_instance_user(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.member_of_kind("AppInstanceUserArn", MemberKind::User)?;
    call.update_member(&arn);
    Ok(json!({ "AppInstanceUserArn": arn }))
}

fn delete_app_instance_user(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.member_of_kind("AppInstanceUserArn", MemberKind::User)?;
    call.world.delete_member(&arn);
    Ok(Value::Null)
}

fn put_app_instance_user_expiration_settings(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.member_of_kind("AppInstanceUserArn", MemberKind::User)?;
    call.put_expiration_settings(&arn);
    Ok(object([
        ("AppInstanceUserArn", arn.as_str().into()),
        ("ExpirationSettings", call.world.expiration_settings.get(&arn).cloned().into()),
    ]))
}
