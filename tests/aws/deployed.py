"""Checks the stack that template.yaml created in the cloud at AWS_ENDPOINT_URL.

python deployed.py STACK [--fallback ACTION] [--held]

--held: the stack holds messages, so it has a table and a sweep.
"""

import argparse
import json
import os
import sys
import urllib.request

import boto3

ACCOUNT = "123456789012"


def main(stack, fallback, held):
    resources = boto3.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    # moto lists resources that a condition leaves out, without a name.
    resources = [resource for resource in resources if "LogicalResourceId" in resource]
    ids = {resource["LogicalResourceId"]: resource.get("PhysicalResourceId") for resource in resources}
    with urllib.request.urlopen(f"{os.environ['AWS_ENDPOINT_URL']}/records") as answer:
        records = json.load(answer)
    app_instance = next(record["Id"] for record in records if record["Type"] == "AWS::Chime::AppInstance")

    awslambda = boto3.client("lambda")
    functions = {name: awslambda.get_function_configuration(FunctionName=ids[name]) for name in (
        "FilterFunction", "RescueFunction", *(["SweepFunction"] if held else []))}
    expect("SweepFunction" in ids, held)
    for function in functions.values():
        expect(function["Runtime"], "provided.al2023")
        expect(function["Architectures"], ["x86_64"])
        expect(function["MemorySize"], 128)
        # Without a custom endpoint there is no variable for it.
        expect(function["Environment"]["Variables"], {
            "PROFANITY_ACTION": "deny", "PROFANITY_REPLACEMENT": "*", "PROFANITY_ALSO": "", "PROFANITY_ALLOW": "",
            "CHANNEL_FLOW_FALLBACK_ACTION": fallback, "CHANNEL_FLOW_MAY_ASK_STATUS": "true", "CHANNEL_FLOW_METRICS": "emf",
            "CHANNEL_FLOW_DRY_RUN": "false", **({"CHANNEL_FLOW_TABLE": ids["Table"]} if held else {})})
        expect(function["CodeSha256"], functions["FilterFunction"]["CodeSha256"])
    rescue = functions["RescueFunction"]["FunctionArn"]

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

    table = held_table(ids["Table"]) if held else None
    expect("Table" in ids, held)

    # Exactly these grants.
    callback = ("chime:ChannelFlowCallback", (app_instance, f"{app_instance}/*"))
    status = ("chime:GetChannelMessageStatus", tuple(f"{app_instance}/{kind}/*" for kind in ("user", "bot", "channel")))
    log = ("logs:CreateLogStream", "logs:PutLogEvents")
    groups = {group["logGroupName"]: group for group in boto3.client("logs").describe_log_groups()["logGroups"]}
    every = tuple(f"dynamodb:{action}" for action in ("GetItem", "PutItem", "UpdateItem", "DeleteItem"))
    resolve = (("dynamodb:GetItem", "dynamodb:UpdateItem"), table)
    query = ("dynamodb:Query", f"{table}/index/queues")
    log_groups = ["FilterLogGroup", "RescueLogGroup", *(["SweepLogGroup"] if held else [])]
    for role, expected, for_held in (
        ("FilterRole", {callback, status, (log, "FilterLogGroup"), ("lambda:InvokeFunction", rescue)}, {(every, table)}),
        ("RescueRole", {callback, status, (log, "RescueLogGroup"), (
            ("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"), queue["QueueArn"])},
         {("dynamodb:GetItem", table)}),
        *([("SweepRole", {callback, status, (log, "SweepLogGroup")}, {resolve, query})] if held else []),
    ):
        # AWS appends `:*` to both ARNs, moto to one of them only.
        named = {groups[ids[name]]["arn"].removesuffix(":*"): name for name in log_groups}
        found = {(action, named.get(resource, resource)) for action, resource in grants(ids[role])}
        expect(found, expected | for_held if held else expected)
    for name in (*log_groups, "UnreachedLogGroup"):
        expect(groups[ids[name]]["retentionInDays"], 14)
    if held:
        expect(set(managed_grants(ids["ReviewerPolicy"])), {resolve, query, callback, status})
    expect("ReviewerPolicy" in ids, held)

    events = boto3.client("events")
    rules = events.list_rules()["Rules"]
    scheduled = [rule for rule in rules if rule.get("ScheduleExpression")]
    expect([rule["ScheduleExpression"] for rule in scheduled], ["rate(1 minute)"] if held else [])
    for rule in scheduled:
        [target] = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        # Without an input, so that the function recognizes the event of a schedule.
        expect((target["Arn"], "Input" in target), (functions["SweepFunction"]["FunctionArn"], False))
        [statement] = json.loads(awslambda.get_policy(FunctionName=ids["SweepFunction"])["Policy"])["Statement"]
        expect(statement["Principal"], {"Service": "events.amazonaws.com"})
        expect(statement["Condition"], {"ArnLike": {"AWS:SourceArn": rule["Arn"]}})
    [rule] = [rule for rule in rules if rule not in scheduled]
    expect(json.loads(rule["EventPattern"])["detail"]["processorResourceArn"], [functions["FilterFunction"]["FunctionArn"]])

    alarms = [record["Properties"] for record in records if record["Type"] == "AWS::CloudWatch::Alarm"]
    expect({alarm.get("MetricName", "") for alarm in alarms}, {
        "Errors", "Throttles", "Invocations", "DestinationDeliveryFailures", "DeadLetterErrors", "FallbackDecisions",
        "DoubtfulCallbacks", "LateCallbacks", "TriggeredRules", "Duration", "AfterCallbackFailed", "",
        *(["OldestHeldSeconds", "HeldExpired"] if held else [])})
    of_sweep = {
        alarm["MetricName"] for alarm in alarms
        if held and {"Name": "FunctionName", "Value": ids["SweepFunction"]} in alarm.get("Dimensions", [])}
    expect(of_sweep, {"Errors", "OldestHeldSeconds", "HeldExpired"} if held else set())
    dashboard = boto3.client("cloudwatch").get_dashboard(DashboardName=ids["Dashboard"])["DashboardBody"]
    titles = [widget["properties"]["title"] for widget in json.loads(dashboard)["widgets"]]
    expect([title for title in titles if "eld message" in title], [
        "Held messages", "Age of the oldest held message in seconds", "Held messages by who decided"] if held else [])
    filters = [record["Properties"] for record in records if record["Type"] == "AWS::Logs::MetricFilter"]
    expect({(one["LogGroupName"], one["FilterPattern"], one["MetricTransformations"][0]["MetricName"]) for one in filters}, {
        (ids["FilterLogGroup"], '{ $.fields.fallback_action = "*" }', "FallbackDecisions"),
        (ids["FilterLogGroup"], '{ $.fields.doubt = "*" }', "DoubtfulCallbacks"),
        (ids["RescueLogGroup"], '{ $.fields.doubt = "*" }', "DoubtfulCallbacks"),
        (ids["FilterLogGroup"], "{ $.fields.expired IS TRUE }", "LateCallbacks"),
        (ids["RescueLogGroup"], "{ $.fields.expired IS TRUE }", "LateCallbacks"),
        *([(ids["SweepLogGroup"], '{ $.fields.doubt = "*" }', "DoubtfulCallbacks"),
           (ids["SweepLogGroup"], "{ $.fields.expired IS TRUE }", "LateCallbacks")] if held else [])})
    # A new account cannot reserve any concurrency.
    expect("Concurrency" in awslambda.get_function(FunctionName=ids["RescueFunction"]), False)

    [flow] = [record for record in records if record["Type"] == "AWS::Chime::ChannelFlow"]
    described = boto3.client("chime-sdk-messaging").describe_channel_flow(ChannelFlowArn=flow["Id"])["ChannelFlow"]
    expect(described["Processors"], [{
        "Name": "profanity-filter",
        "ExecutionOrder": 1,
        "FallbackAction": fallback,
        "Configuration": {"Lambda": {
            "ResourceArn": functions["FilterFunction"]["FunctionArn"], "InvocationType": "ASYNC"}},
    }])
    print(f"{len(resources)} resources and {len(records)} records are as expected")


def held_table(name):
    """Checks the table, and returns its ARN."""
    dynamodb = boto3.client("dynamodb")
    table = dynamodb.describe_table(TableName=name)["Table"]
    expect(table["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST")
    expect(table["KeySchema"], [{"AttributeName": "pk", "KeyType": "HASH"}])
    expect({one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}, {
        "pk": "S", "queue": "S", "queued_at": "N"})
    [index] = table["GlobalSecondaryIndexes"]
    expect((index["IndexName"], index["Projection"]), ("queues", {"ProjectionType": "ALL"}))
    expect(index["KeySchema"], [
        {"AttributeName": "queue", "KeyType": "HASH"}, {"AttributeName": "queued_at", "KeyType": "RANGE"}])
    return table["TableArn"]


def managed_grants(policy):
    iam = boto3.client("iam")
    version = iam.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=policy, VersionId=version)["PolicyVersion"]["Document"]
    for statement in document["Statement"]:
        expect(statement["Effect"], "Allow")
        yield hashable(statement["Action"]), hashable(statement["Resource"])


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
    parser = argparse.ArgumentParser()
    parser.add_argument("stack")
    parser.add_argument("--fallback", default="ABORT")
    parser.add_argument("--held", action="store_true")
    main(**vars(parser.parse_args()))
