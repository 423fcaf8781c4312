//! Calls to Amazon Chime SDK messaging.

use crate::account::arn::AppInstance;
use crate::account::clients::Clients;
use crate::account::explain::{Problem, Service};
use crate::account::plan::{self, ChannelFlow, FallbackAction};
use aws_sdk_chimesdkmessaging::types::{
    ChannelFlowSummary, InvocationType, LambdaConfiguration, Processor, ProcessorConfiguration, Tag,
};
use std::collections::BTreeMap;

macro_rules! problem {
    ($clients:expr, $operation:literal, $subject:expr) => {
        |error| Problem::new((Service::Messaging, $operation), &$subject, &$clients.region, error)
    };
}

/// Every flow of an app instance.
pub(crate) async fn flows(clients: &Clients, app_instance: &AppInstance) -> Result<Vec<ChannelFlow>, Problem> {
    let mut pages =
        clients.messaging.list_channel_flows().app_instance_arn(app_instance.as_str()).into_paginator().send();
    let mut flows = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(problem!(clients, "ListChannelFlows", app_instance.as_str()))?;
        flows.extend(page.channel_flows().iter().map(flow));
    }
    Ok(flows)
}

/// The channels that a flow is associated with.
pub(crate) async fn channels_of(clients: &Clients, flow_arn: &str) -> Result<Vec<String>, Problem> {
    let call = clients.messaging.list_channels_associated_with_channel_flow().channel_flow_arn(flow_arn);
    let mut pages = call.into_paginator().send();
    let mut channels = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(problem!(clients, "ListChannelsAssociatedWithChannelFlow", flow_arn))?;
        channels.extend(page.channels().iter().filter_map(|channel| channel.channel_arn().map(str::to_owned)));
    }
    Ok(channels)
}

/// The flow that a channel has.
pub(crate) async fn flow_of(clients: &Clients, channel_arn: &str, bearer: &str) -> Result<Option<String>, Problem> {
    let call = clients.messaging.describe_channel().channel_arn(channel_arn).chime_bearer(bearer);
    let answer = call.send().await.map_err(problem!(clients, "DescribeChannel", channel_arn))?;
    Ok(answer.channel.and_then(|channel| channel.channel_flow_arn))
}

pub(crate) async fn tags(clients: &Clients, arn: &str) -> Result<BTreeMap<String, String>, Problem> {
    let call = clients.messaging.list_tags_for_resource().resource_arn(arn);
    let answer = call.send().await.map_err(problem!(clients, "ListTagsForResource", arn))?;
    Ok(answer.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
}

/// Creates a flow, and returns its ARN.
pub(crate) async fn create(
    clients: &Clients,
    app_instance: &AppInstance,
    desired: &plan::Desired,
    client_token: Option<&str>,
) -> Result<String, Problem> {
    let call = clients
        .messaging
        .create_channel_flow()
        .app_instance_arn(app_instance.as_str())
        .name(&desired.name)
        .set_processors(Some(desired.processors.iter().map(processor).collect()))
        .set_tags((!desired.tags.is_empty()).then(|| tag_list(&desired.tags)))
        .set_client_request_token(client_token.map(str::to_owned));
    let answer = call.send().await.map_err(problem!(clients, "CreateChannelFlow", desired.name))?;
    Ok(answer.channel_flow_arn.unwrap_or_default())
}

pub(crate) async fn update(clients: &Clients, flow_arn: &str, desired: &plan::Desired) -> Result<(), Problem> {
    let call = clients
        .messaging
        .update_channel_flow()
        .channel_flow_arn(flow_arn)
        .name(&desired.name)
        .set_processors(Some(desired.processors.iter().map(processor).collect()));
    call.send().await.map_err(problem!(clients, "UpdateChannelFlow", flow_arn)).map(drop)
}

pub(crate) async fn tag(clients: &Clients, arn: &str, tags: &BTreeMap<String, String>) -> Result<(), Problem> {
    let call = clients.messaging.tag_resource().resource_arn(arn).set_tags(Some(tag_list(tags)));
    call.send().await.map_err(problem!(clients, "TagResource", arn)).map(drop)
}

pub(crate) async fn associate(
    clients: &Clients,
    channel_arn: &str,
    flow_arn: &str,
    bearer: &str,
) -> Result<(), Problem> {
    let call = clients.messaging.associate_channel_flow();
    let call = call.channel_arn(channel_arn).channel_flow_arn(flow_arn).chime_bearer(bearer);
    call.send().await.map_err(problem!(clients, "AssociateChannelFlow", channel_arn)).map(drop)
}

pub(crate) async fn disassociate(
    clients: &Clients,
    channel_arn: &str,
    flow_arn: &str,
    bearer: &str,
) -> Result<(), Problem> {
    let call = clients.messaging.disassociate_channel_flow();
    let call = call.channel_arn(channel_arn).channel_flow_arn(flow_arn).chime_bearer(bearer);
    call.send().await.map_err(problem!(clients, "DisassociateChannelFlow", channel_arn)).map(drop)
}

pub(crate) async fn delete(clients: &Clients, flow_arn: &str) -> Result<(), Problem> {
    let call = clients.messaging.delete_channel_flow().channel_flow_arn(flow_arn);
    call.send().await.map_err(problem!(clients, "DeleteChannelFlow", flow_arn)).map(drop)
}

fn flow(summary: &ChannelFlowSummary) -> ChannelFlow {
    let processor = |processor: &Processor| {
        let lambda = processor.configuration().and_then(ProcessorConfiguration::lambda);
        plan::Processor {
            name: processor.name().to_owned(),
            function_arn: lambda.map(|lambda| lambda.resource_arn().to_owned()).unwrap_or_default(),
            execution_order: processor.execution_order(),
            fallback_action: match processor.fallback_action().as_str() {
                "CONTINUE" => FallbackAction::Continue,
                _ => FallbackAction::Abort,
            },
        }
    };
    ChannelFlow {
        arn: summary.channel_flow_arn().unwrap_or_default().to_owned(),
        name: summary.name().unwrap_or_default().to_owned(),
        processors: summary.processors().iter().map(processor).collect(),
    }
}

fn processor(processor: &plan::Processor) -> Processor {
    let lambda = LambdaConfiguration::builder()
        .resource_arn(&processor.function_arn)
        .invocation_type(InvocationType::Async)
        .build()
        .expect("it has an ARN and an invocation type");
    Processor::builder()
        .name(&processor.name)
        .configuration(ProcessorConfiguration::builder().lambda(lambda).build())
        .execution_order(processor.execution_order)
        .fallback_action(match processor.fallback_action {
            FallbackAction::Abort => aws_sdk_chimesdkmessaging::types::FallbackAction::Abort,
            FallbackAction::Continue => aws_sdk_chimesdkmessaging::types::FallbackAction::Continue,
        })
        .build()
        .expect("it has all that a processor needs")
}

fn tag_list(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    let tag = |(key, value): (&String, &String)| {
        Tag::builder().key(key).value(value).build().expect("it has a key and a value")
    };
    tags.iter().map(tag).collect()
}
