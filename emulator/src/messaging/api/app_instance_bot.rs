//! App-instance bots. Their Lex configuration is kept and shown; nothing speaks with Lex.

use crate::limits;
use crate::messaging::api::call::Call;
use crate::messaging::api::operation::Operation;
use crate::messaging::resource::identity::MemberKind;
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::wire::common_shapes::{
    ARN, BOT_NAME, CLIENT_REQUEST_TOKEN, MAX_RESULTS, METADATA, NEXT_TOKEN, OF_APP_INSTANCE, TAGS,
};
use crate::messaging::wire::output::{object, seconds};
use crate::messaging::wire::shape::{Member, Shape};
use serde_json::{Value, json};

const BOT: Member = Member::new("AppInstanceBotArn", ARN).path("appInstanceBotArn");

const CONFIGURATION: Member = Member::new(
    "Configuration",
    Shape::Structure(&[Member::new(
        "Lex",
        Shape::Structure(&[
            Member::new("RespondsTo", Shape::OneOf(&["STANDARD_MESSAGES"])),
            Member::new(
                "InvokedBy",
                Shape::Structure(&[
                    Member::new("StandardMessages", Shape::OneOf(&["AUTO", "ALL", "MENTIONS", "NONE"])).required(),
                    Member::new("TargetedMessages", Shape::OneOf(&["ALL", "NONE"])).required(),
                ]),
            ),
            Member::new("LexBotAliasArn", Shape::Text(limits::LEX_BOT_ALIAS_ARN)).required(),
            Member::new("LocaleId", Shape::Text(limits::LEX_LOCALE_ID)).required(),
            Member::new("WelcomeIntent", Shape::Text(limits::LEX_INTENT_NAME)),
        ]),
    )
    .required()]),
);

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateAppInstanceBot",
        method: "POST",
        path: "/app-instance-bots",
        selector: None,
        status: 201,
        input: &[
            Member::new("AppInstanceArn", ARN).required(),
            Member::new("Name", BOT_NAME),
            Member::new("Metadata", METADATA),
            CLIENT_REQUEST_TOKEN,
            TAGS,
            CONFIGURATION.required(),
        ],
        exceptions: &[Exception::Conflict, Exception::ResourceLimitExceeded],
        run: create_app_instance_bot,
    },
    Operation {
        name: "DescribeAppInstanceBot",
        method: "GET",
        path: "/app-instance-bots/{appInstanceBotArn}",
        selector: None,
        status: 200,
        input: &[BOT],
        exceptions: &[Exception::NotFound],
        run: describe_app_instance_bot,
    },
    Operation {
        name: "ListAppInstanceBots",
        method: "GET",
        path: "/app-instance-bots",
        selector: None,
        status: 200,
        input: &[OF_APP_INSTANCE, MAX_RESULTS, NEXT_TOKEN],
        exceptions: &[Exception::ResourceLimitExceeded],
        run: list_app_instance_bots,
    },
    Operation {
        name: "UpdateAppInstanceBot",
        method: "PUT",
        path: "/app-instance-bots/{appInstanceBotArn}",
        selector: None,
        status: 200,
        input: &[
            BOT,
            Member::new("Name", BOT_NAME).required(),
            Member::new("Metadata", METADATA).required(),
            CONFIGURATION,
        ],
        exceptions: &[Exception::Conflict, Exception::ResourceLimitExceeded],
        run: update_app_instance_bot,
    },
    Operation {
        name: "DeleteAppInstanceBot",
        method: "DELETE",
        path: "/app-instance-bots/{appInstanceBotArn}",
        selector: None,
        status: 204,
        input: &[BOT],
        exceptions: &[Exception::Conflict, Exception::ResourceLimitExceeded],
        run: delete_app_instance_bot,
    },
];

fn create_app_instance_bot(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (app_instance, tags) = (call.app_instance()?, call.tags()?);
    let arn = call.world.new_arn(&format!("{app_instance}{}", MemberKind::Bot.infix()))?;
    let metadata = call.input.optional("Metadata").map(str::to_owned);
    call.world.create_member(arn.clone(), call.input.text("Name").to_owned(), metadata, call.now);
    call.world.add_tags(&arn, tags);
    put_configuration(call, &arn);
    Ok(json!({ "AppInstanceBotArn": arn }))
}

fn put_configuration(call: &mut Call<'_>, arn: &str) {
    if let Some(configuration) = call.input.members().get("Configuration").cloned() {
        call.world.bot_configurations.put(&mut call.world.batch, arn.to_owned(), configuration);
    }
}

fn describe_app_instance_bot(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.member_of_kind("AppInstanceBotArn", MemberKind::Bot)?;
    let bot = call.world.members.get(&arn).ok_or_else(|| call.not_found("app-instance bot"))?;
    Ok(json!({ "AppInstanceBot": object([
        ("AppInstanceBotArn", arn.as_str().into()),
        ("Name", bot.name.as_str().into()),
        ("Configuration", call.world.bot_configurations.get(&arn).cloned().into()),
        ("CreatedTimestamp", seconds(bot.created)),
        ("LastUpdatedTimestamp", seconds(bot.last_updated)),
        ("Metadata", bot.metadata.as_deref().into()),
    ]) }))
}

fn list_app_instance_bots(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.app_instance()?;
    let bots = format!("{arn}{}", MemberKind::Bot.infix());
    let page = call.page(call.world.members.under(&bots), |arn, bot| {
        object([
            ("AppInstanceBotArn", arn.into()),
            ("Name", bot.name.as_str().into()),
            ("Metadata", bot.metadata.as_deref().into()),
        ])
    })?;
    Ok(page.answer_of("AppInstanceBots", "AppInstanceArn", &arn))
}

fn update_app_instance_bot(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.member_of_kind("AppInstanceBotArn", MemberKind::Bot)?;
    call.update_member(&arn);
    put_configuration(call, &arn);
    Ok(json!({ "AppInstanceBotArn": arn }))
}

fn delete_app_instance_bot(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.member_of_kind("AppInstanceBotArn", MemberKind::Bot)?;
    call.world.delete_member(&arn);
    Ok(Value::Null)
}
