//! Channel flows, and the channels that they are associated with.

use crate::arn::app_instance_of;
use crate::limits::{self, CHANNEL_FLOWS_OF_AN_APP_INSTANCE};
use crate::messaging::api::call::Call;
use crate::messaging::api::operation::Operation;
use crate::messaging::resource::channel_flow::{ChannelFlow, Processor};
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::wire::common_shapes::{
    ARN, BEARER, CHANNEL, CLIENT_REQUEST_TOKEN, MAX_RESULTS, NEXT_TOKEN, OF_APP_INSTANCE, RESOURCE_NAME, TAGS,
};
use crate::messaging::wire::output::seconds;
use crate::messaging::wire::shape::{Member, Shape};
use crate::messaging::world::access::Role;
use serde_json::{Value, json};

const CHANNEL_FLOW: Member = Member::new("ChannelFlowArn", ARN).path("channelFlowArn");

const NAME: Member = Member::new("Name", RESOURCE_NAME).required();

const PROCESSORS: Member = Member::new("Processors", Shape::List { min: 1, max: 3, element: &PROCESSOR }).required();

const PROCESSOR: Shape = Shape::Structure(&[
    NAME,
    Member::new("Configuration", Shape::Structure(&[Member::new("Lambda", LAMBDA).required()])).required(),
    Member::new("ExecutionOrder", Shape::Integer { min: 1, max: 3 }).required(),
    Member::new("FallbackAction", Shape::OneOf(&["CONTINUE", "ABORT"])).required(),
]);

const LAMBDA: Shape = Shape::Structure(&[
    Member::new("ResourceArn", Shape::Text(limits::LAMBDA_ARN)).required(),
    Member::new("InvocationType", Shape::OneOf(&["ASYNC"])).required(),
]);

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateChannelFlow",
        method: "POST",
        path: "/channel-flows",
        selector: None,
        status: 201,
        input: &[Member::new("AppInstanceArn", ARN).required(), PROCESSORS, NAME, TAGS, CLIENT_REQUEST_TOKEN],
        exceptions: &[Exception::Conflict, Exception::ResourceLimitExceeded],
        run: create_channel_flow,
    },
    Operation {
        name: "DescribeChannelFlow",
        method: "GET",
        path: "/channel-flows/{channelFlowArn}",
        selector: None,
        status: 200,
        input: &[CHANNEL_FLOW],
        exceptions: &[],
        run: describe_channel_flow,
    },
    Operation {
        name: "ListChannelFlows",
        method: "GET",
        path: "/channel-flows",
        selector: None,
        status: 200,
        input: &[OF_APP_INSTANCE, MAX_RESULTS, NEXT_TOKEN],
        exceptions: &[],
        run: list_channel_flows,
    },
    Operation {
        name: "UpdateChannelFlow",
        method: "PUT",
        path: "/channel-flows/{channelFlowArn}",
        selector: None,
        status: 200,
        input: &[CHANNEL_FLOW, PROCESSORS, NAME],
        exceptions: &[Exception::Conflict],
        run: update_channel_flow,
    },
    Operation {
        name: "DeleteChannelFlow",
        method: "DELETE",
        path: "/channel-flows/{channelFlowArn}",
        selector: None,
        status: 204,
        input: &[CHANNEL_FLOW],
        exceptions: &[Exception::Conflict],
        run: delete_channel_flow,
    },
    Operation {
        name: "AssociateChannelFlow",
        method: "PUT",
        path: "/channels/{channelArn}/channel-flow",
        selector: None,
        status: 200,
        input: &[CHANNEL, Member::new("ChannelFlowArn", ARN).required(), BEARER],
        exceptions: &[Exception::NotFound, Exception::Conflict],
        run: associate_channel_flow,
    },
    Operation {
        name: "DisassociateChannelFlow",
        method: "DELETE",
        path: "/channels/{channelArn}/channel-flow/{channelFlowArn}",
        selector: None,
        status: 204,
        input: &[CHANNEL, CHANNEL_FLOW, BEARER],
        exceptions: &[Exception::NotFound, Exception::Conflict],
        run: disassociate_channel_flow,
    },
];

impl Call<'_> {
    /// The ARN of the channel flow that the request names.
    ///
    /// # Errors
    ///
    /// There is no such one.
    pub(crate) fn channel_flow(&self) -> Result<String, ApiError> {
        let arn = self.input.text("ChannelFlowArn");
        match self.world.channel_flows.contains(arn) {
            true => Ok(arn.to_owned()),
            false => Err(self.not_found("channel flow")),
        }
    }

    /// The processors of the request in execution order, for a flow of this app instance.
    fn processors(&self, app_instance: &str) -> Result<Vec<Processor>, ApiError> {
        let mut processors: Vec<Processor> = self.input.read("Processors").unwrap_or_default();
        let quota = self.world.processors_of_a_flow;
        if processors.len() > quota {
            return Err(self.over_quota(quota, "processors a channel flow"));
        }
        processors.sort_by_key(|processor| processor.execution_order);
        if processors.windows(2).any(|pair| pair[0].execution_order == pair[1].execution_order) {
            return Err(ApiError::bad_request("two processors have the same ExecutionOrder"));
        }
        let home = region_and_account(app_instance);
        if processors.iter().any(|processor| region_and_account(&processor.configuration.lambda.resource_arn) != home) {
            return Err(ApiError::bad_request(
                "the function of a processor must be in the region and account of the app instance",
            ));
        }
        Ok(processors)
    }
}

fn region_and_account(arn: &str) -> Vec<&str> {
    arn.split(':').skip(3).take(2).collect()
}

fn create_channel_flow(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (app_instance, tags) = (call.app_instance()?, call.tags()?);
    let processors = call.processors(&app_instance)?;
    if call.world.channel_flows.under(&format!("{app_instance}/")).count() >= CHANNEL_FLOWS_OF_AN_APP_INSTANCE {
        return Err(call.over_quota(CHANNEL_FLOWS_OF_AN_APP_INSTANCE, "channel flows an app instance"));
    }
    let arn = call.world.new_arn(&format!("{app_instance}/channel-flow/"))?;
    let name = call.input.text("Name").to_owned();
    let flow = ChannelFlow { name, processors, created: call.now, last_updated: call.now };
    call.world.channel_flows.put(&mut call.world.batch, arn.clone(), flow);
    call.world.add_tags(&arn, tags);
    Ok(json!({ "ChannelFlowArn": arn }))
}

fn describe_channel_flow(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.channel_flow()?;
    let flow = call.world.channel_flows.get(&arn).map(|flow| flow.describe(&arn, seconds));
    Ok(json!({ "ChannelFlow": flow }))
}

fn list_channel_flows(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let inside = format!("{}/", call.app_instance()?);
    let page = call.page(
        call.world.channel_flows.under(&inside),
        |arn, flow| json!({ "ChannelFlowArn": arn, "Name": flow.name, "Processors": flow.processors }),
    )?;
    Ok(page.answer("ChannelFlows"))
}

fn update_channel_flow(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.channel_flow()?;
    let processors = call.processors(app_instance_of(&arn))?;
    let name = call.input.text("Name").to_owned();
    call.world.channel_flows.change(&mut call.world.batch, &arn, |flow| {
        flow.name = name;
        flow.processors = processors;
        flow.last_updated = call.now;
    });
    Ok(json!({ "ChannelFlowArn": arn }))
}

fn delete_channel_flow(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.channel_flow()?;
    let inside = format!("{}/", app_instance_of(&arn));
    if call.world.channels.under(&inside).any(|(_, channel)| channel.channel_flow_arn.as_ref() == Some(&arn)) {
        return Err(ApiError::conflict("the channel flow is associated with a channel"));
    }
    call.world.channel_flows.remove(&mut call.world.batch, &arn);
    call.world.forget_resource(&arn);
    Ok(Value::Null)
}

fn associate_channel_flow(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let channel_arn = call.in_channel_where(Role::may_choose_channel_flow)?;
    let flow = call.channel_flow()?;
    if app_instance_of(&flow) != app_instance_of(&channel_arn) {
        return Err(ApiError::bad_request("the channel flow is not of the app instance of the channel"));
    }
    match &call.channel(&channel_arn)?.channel_flow_arn {
        Some(associated) if *associated == flow => return Ok(Value::Null),
        Some(_) if !call.world.assumptions.second_channel_flow_replaces => {
            return Err(ApiError::conflict("the channel is associated with another channel flow"));
        }
        _ => {}
    }
    call.world.associate(&channel_arn, Some(flow), call.now);
    Ok(Value::Null)
}

fn disassociate_channel_flow(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let channel_arn = call.in_channel_where(Role::may_choose_channel_flow)?;
    if call.channel(&channel_arn)?.channel_flow_arn.as_deref() != Some(call.input.text("ChannelFlowArn")) {
        return Err(call.not_found("association of the channel with this channel flow"));
    }
    call.world.associate(&channel_arn, None, call.now);
    Ok(Value::Null)
}
