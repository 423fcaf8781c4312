"""Checks the stack that template.yaml created in the cloud at AWS_ENDPOINT_URL.

python deployed.py STACK
"""

import json
import os
import sys
import urllib.request

import boto3

ACCOUNT = "123456789012"


def main(stack):
    resources = boto3.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    ids = {resource["LogicalResourceId"]: resource.get("PhysicalResourceId") for resource in resources}
    with urllib.request.urlopen(f"{os.environ['AWS_ENDPOINT_URL']}/records") as answer:
        records = json.load(answer)
    app_instance = next(record["Id"] for record in records if record["Type"] == "AWS::Chime::AppInstance")

    awslambda = boto3.client("lambda")
    functions = {name: awslambda.get_function_configuration(FunctionName=ids[name]) for name in (
        "FilterFunction", "RescueFunction")}
    for function in functions.values():
        expect(function["Runtime"], "provided.al2023")
        expect(function["Architectures"], ["x86_64"])
        expect(function["MemorySize"], 128)
        # Without a custom endpoint there is no variable for it.
        expect(function["Environment"]["Variables"], {
            "PROFANITY_ACTION": "deny", "PROFANITY_REPLACEMENT": "*", "PROFANITY_ALSO": "", "PROFANITY_ALLOW": "",
            "CHANNEL_FLOW_FALLBACK_ACTION": "ABORT", "CHANNEL_FLOW_MAY_ASK_STATUS": "true", "CHANNEL_FLOW_METRICS": "emf",
            "CHANNEL_FLOW_DRY_RUN": "false"})
    rescue = functions["RescueFunction"]["FunctionArn"]
    expect(functions["FilterFunction"]["CodeSha256"], functions["RescueFunction"]["CodeSha256"])

    config = awslambda.get_function_event_invoke_config(FunctionName=ids["FilterFunction"])
    expect(int(config["MaximumRetryAttempts"]), 2)
    expect(int(config["MaximumEventAgeInSeconds"]), 300)
    expect(config["DestinationConfig"]["OnFailure"]["Destination"], rescue)

    [statement] = json.loads(awslambda.get_policy(FunctionName=ids["FilterFunction"])["Policy"])["Statement"]
    expect(statement["Principal"], {"Service": "messaging.chime.amazonaws.com"})
    expect(statement["Action"], "lambda:InvokeFunction")
    expect(statement["Condition"], {
        "StringEquals": {"AWS:SourceAccount": ACCOUNT}, "ArnLike": {"AWS:SourceArn": f"{app_instance}*"}})

    queue = boto3.client("sqs").get_queue_attributes(QueueUrl=ids["DeadLetters"], AttributeNames=["All"])["Attributes"]
    expect(queue["SqsManagedSseEnabled"], "true")
    expect(queue["MessageRetentionPeriod"], "1209600")
    [mapping] = awslambda.list_event_source_mappings(FunctionName=ids["RescueFunction"])["EventSourceMappings"]
    expect(mapping["EventSourceArn"], queue["QueueArn"])

    # Exactly these grants.
    callback = ("chime:ChannelFlowCallback", (app_instance, f"{app_instance}/*"))
    status = ("chime:GetChannelMessageStatus", tuple(f"{app_instance}/{kind}/*" for kind in ("user", "bot", "channel")))
    log = ("logs:CreateLogStream", "logs:PutLogEvents")
    groups = {group["logGroupName"]: group for group in boto3.client("logs").describe_log_groups()["logGroups"]}
    for role, expected in (
        ("FilterRole", {callback, status, (log, "FilterLogGroup"), ("lambda:InvokeFunction", rescue)}),
        ("RescueRole", {callback, status, (log, "RescueLogGroup"), (
            ("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"), queue["QueueArn"])}),
    ):
        # AWS appends `:*` to both ARNs, moto to one of them only.
        named = {groups[ids[name]]["arn"].removesuffix(":*"): name for name in ("FilterLogGroup", "RescueLogGroup")}
        expect({(action, named.get(resource, resource)) for action, resource in grants(ids[role])}, expected)
    for name in ("FilterLogGroup", "RescueLogGroup", "UnreachedLogGroup"):
        expect(groups[ids[name]]["retentionInDays"], 14)

    [rule] = boto3.client("events").list_rules()["Rules"]
    expect(json.loads(rule["EventPattern"])["detail"]["processorResourceArn"], [functions["FilterFunction"]["FunctionArn"]])

    alarms = {record["Properties"].get("MetricName", "") for record in records if record["Type"] == "AWS::CloudWatch::Alarm"}
    expect(alarms, {
        "Errors", "Throttles", "Invocations", "DestinationDeliveryFailures", "DeadLetterErrors", "FallbackDecisions",
        "DoubtfulCallbacks", "LateCallbacks", "TriggeredRules", "Duration", "AfterCallbackFailed", ""})
    filters = [record["Properties"] for record in records if record["Type"] == "AWS::Logs::MetricFilter"]
    expect({(one["LogGroupName"], one["FilterPattern"], one["MetricTransformations"][0]["MetricName"]) for one in filters}, {
        (ids["FilterLogGroup"], '{ $.fields.fallback_action = "*" }', "FallbackDecisions"),
        (ids["FilterLogGroup"], '{ $.fields.doubt = "*" }', "DoubtfulCallbacks"),
        (ids["RescueLogGroup"], '{ $.fields.doubt = "*" }', "DoubtfulCallbacks"),
        (ids["FilterLogGroup"], "{ $.fields.expired IS TRUE }", "LateCallbacks"),
        (ids["RescueLogGroup"], "{ $.fields.expired IS TRUE }", "LateCallbacks")})
    # A new account cannot reserve any concurrency.
    expect("Concurrency" in awslambda.get_function(FunctionName=ids["RescueFunction"]), False)

    [flow] = [record for record in records if record["Type"] == "AWS::Chime::ChannelFlow"]
    described = boto3.client("chime-sdk-messaging").describe_channel_flow(ChannelFlowArn=flow["Id"])["ChannelFlow"]
    expect(described["Processors"], [{
        "Name": "profanity-filter",
        "ExecutionOrder": 1,
        "FallbackAction": "ABORT",
        "Configuration": {"Lambda": {
            "ResourceArn": functions["FilterFunction"]["FunctionArn"], "InvocationType": "ASYNC"}},
    }])
    print(f"{len(resources)} resources and {len(records)} records are as expected")


def grants(role):
    iam = boto3.client("iam")
    expect(iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"], [])
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        # boto3 decodes a URL-encoded document, but moto does not encode it as often as IAM does.
        document = json.loads(document) if isinstance(document, str) else document
        for statement in document["Statement"]:
            expect(statement["Effect"], "Allow")
            yield hashable(statement["Action"]), hashable(statement["Resource"])


def hashable(value):
    return tuple(value) if isinstance(value, list) else value


def expect(found, wanted):
    if found != wanted:
        sys.exit(f"found:  {found}\nwanted: {wanted}")


if __name__ == "__main__":
    main(sys.argv[1])
