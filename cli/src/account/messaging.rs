//! Calls to Amazon Chime SDK messaging.

use crate::account::arn::{AppInstance, Arn};
use crate::account::channel_flow::{self, ChannelFlow};
use crate::account::clients::Clients;
use crate::account::explain::{Problem, Service};
use crate::fallback_action::FallbackAction;
use aws_sdk_chimesdkmessaging::types::{
    ChannelFlowSummary, InvocationType, LambdaConfiguration, Processor, ProcessorConfiguration, Tag,
};
use std::collections::BTreeMap;

/// Every flow of an app instance.
pub(crate) async fn flows(clients: &Clients, app_instance: &AppInstance) -> Result<Vec<ChannelFlow>, Problem> {
    let mut pages =
        clients.messaging.list_channel_flows().app_instance_arn(app_instance.as_str()).into_paginator().send();
    let mut flows = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(clients.problem(Service::Messaging, "ListChannelFlows", app_instance))?;
        for summary in page.channel_flows() {
            let misunderstood = clients.misunderstood(Service::Messaging, "ListChannelFlows", app_instance);
            flows.push(flow(summary).map_err(misunderstood)?);
        }
    }
    Ok(flows)
}

/// The channels that a flow is associated with.
pub(crate) async fn channels_of(clients: &Clients, flow: &Arn) -> Result<Vec<Arn>, Problem> {
    let call = clients.messaging.list_channels_associated_with_channel_flow().channel_flow_arn(flow.as_str());
    let mut pages = call.into_paginator().send();
    let mut channels = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(clients.problem(Service::Messaging, "ListChannelsAssociatedWithChannelFlow", flow))?;
        for channel in page.channels().iter().filter_map(|channel| channel.channel_arn()) {
            let misunderstood =
                clients.misunderstood(Service::Messaging, "ListChannelsAssociatedWithChannelFlow", flow);
            channels.push(channel.parse().map_err(misunderstood)?);
        }
    }
    Ok(channels)
}

/// The flow that a channel has.
pub(crate) async fn flow_of(clients: &Clients, channel: &Arn, bearer: &Arn) -> Result<Option<Arn>, Problem> {
    let call = clients.messaging.describe_channel().channel_arn(channel.as_str()).chime_bearer(bearer.as_str());
    let answer = call.send().await.map_err(clients.problem(Service::Messaging, "DescribeChannel", channel))?;
    let flow = answer.channel.and_then(|channel| channel.channel_flow_arn).map(|flow| flow.parse()).transpose();
    flow.map_err(clients.misunderstood(Service::Messaging, "DescribeChannel", channel))
}

pub(crate) async fn tags(clients: &Clients, flow: &Arn) -> Result<BTreeMap<String, String>, Problem> {
    let call = clients.messaging.list_tags_for_resource().resource_arn(flow.as_str());
    let answer = call.send().await.map_err(clients.problem(Service::Messaging, "ListTagsForResource", flow))?;
    Ok(answer.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
}

/// Creates a flow, and returns its ARN.
pub(crate) async fn create(
    clients: &Clients,
    app_instance: &AppInstance,
    name: &str,
    processors: &[channel_flow::Processor],
    tags: &BTreeMap<String, String>,
    client_token: Option<&str>,
) -> Result<Arn, Problem> {
    let call = clients
        .messaging
        .create_channel_flow()
        .app_instance_arn(app_instance.as_str())
        .name(name)
        .set_processors(Some(processors.iter().map(processor).collect()))
        .set_tags((!tags.is_empty()).then(|| tag_list(tags)))
        .set_client_request_token(client_token.map(str::to_owned));
    let answer = call.send().await.map_err(clients.problem(Service::Messaging, "CreateChannelFlow", name))?;
    let misunderstood = clients.misunderstood(Service::Messaging, "CreateChannelFlow", name);
    answer.channel_flow_arn.unwrap_or_default().parse().map_err(misunderstood)
}

pub(crate) async fn update(
    clients: &Clients,
    flow: &Arn,
    name: &str,
    processors: &[channel_flow::Processor],
) -> Result<(), Problem> {
    let call = clients
        .messaging
        .update_channel_flow()
        .channel_flow_arn(flow.as_str())
        .name(name)
        .set_processors(Some(processors.iter().map(processor).collect()));
    call.send().await.map_err(clients.problem(Service::Messaging, "UpdateChannelFlow", flow)).map(drop)
}

pub(crate) async fn tag(clients: &Clients, flow: &Arn, tags: &BTreeMap<String, String>) -> Result<(), Problem> {
    let call = clients.messaging.tag_resource().resource_arn(flow.as_str()).set_tags(Some(tag_list(tags)));
    call.send().await.map_err(clients.problem(Service::Messaging, "TagResource", flow)).map(drop)
}

pub(crate) async fn associate(clients: &Clients, channel: &Arn, flow: &Arn, bearer: &Arn) -> Result<(), Problem> {
    let call = clients.messaging.associate_channel_flow();
    let call = call.channel_arn(channel.as_str()).channel_flow_arn(flow.as_str()).chime_bearer(bearer.as_str());
    call.send().await.map_err(clients.problem(Service::Messaging, "AssociateChannelFlow", channel)).map(drop)
}

pub(crate) async fn disassociate(clients: &Clients, channel: &Arn, flow: &Arn, bearer: &Arn) -> Result<(), Problem> {
    let call = clients.messaging.disassociate_channel_flow();
    let call = call.channel_arn(channel.as_str()).channel_flow_arn(flow.as_str()).chime_bearer(bearer.as_str());
    call.send().await.map_err(clients.problem(Service::Messaging, "DisassociateChannelFlow", channel)).map(drop)
}

pub(crate) async fn delete(clients: &Clients, flow: &Arn) -> Result<(), Problem> {
    let call = clients.messaging.delete_channel_flow().channel_flow_arn(flow.as_str());
    call.send().await.map_err(clients.problem(Service::Messaging, "DeleteChannelFlow", flow)).map(drop)
}

fn flow(summary: &ChannelFlowSummary) -> Result<ChannelFlow, String> {
    let processor = |processor: &Processor| {
        let lambda = processor.configuration().and_then(ProcessorConfiguration::lambda);
        Ok(channel_flow::Processor {
            name: processor.name().to_owned(),
            function: lambda.map(LambdaConfiguration::resource_arn).unwrap_or_default().parse()?,
            execution_order: processor.execution_order(),
            fallback_action: match processor.fallback_action().as_str() {
                "CONTINUE" => FallbackAction::Continue,
                _ => FallbackAction::Abort,
            },
        })
    };
    Ok(ChannelFlow {
        arn: summary.channel_flow_arn().unwrap_or_default().parse()?,
        name: summary.name().unwrap_or_default().to_owned(),
        processors: summary.processors().iter().map(processor).collect::<Result<_, String>>()?,
    })
}

fn processor(processor: &channel_flow::Processor) -> Processor {
    let lambda = LambdaConfiguration::builder()
        .resource_arn(processor.function.as_str())
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
