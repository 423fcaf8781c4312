"""The story that the documentation tells, from an empty file."""

import time

import boto3
from emulator import PATIENCE, function_arn


def test_bob_reads_a_clean_text(emulator):
    there = {"region_name": "us-east-1", "endpoint_url": emulator.url}
    identity = boto3.client("chime-sdk-identity", **there)
    messaging = boto3.client("chime-sdk-messaging", **there)

    app = identity.create_app_instance(Name="demo")["AppInstanceArn"]

    def user(name):
        made = identity.create_app_instance_user(AppInstanceArn=app, AppInstanceUserId=name.lower(), Name=name)
        return made["AppInstanceUserArn"]

    alice, bob = user("Alice"), user("Bob")

    channel = messaging.create_channel(AppInstanceArn=app, Name="general", ChimeBearer=alice)["ChannelArn"]
    messaging.create_channel_membership(ChannelArn=channel, MemberArn=bob, Type="DEFAULT", ChimeBearer=alice)

    processor = {
        "Name": "profanity-filter",
        "Configuration": {"Lambda": {"ResourceArn": function_arn("profanity-filter"), "InvocationType": "ASYNC"}},
        "ExecutionOrder": 1,
        "FallbackAction": "ABORT",
    }
    flow = messaging.create_channel_flow(AppInstanceArn=app, Name="clean", Processors=[processor])["ChannelFlowArn"]
    messaging.associate_channel_flow(ChannelArn=channel, ChannelFlowArn=flow, ChimeBearer=alice)

    sent = messaging.send_channel_message(
        ChannelArn=channel,
        Content="What the hell is this?",
        Type="STANDARD",
        Persistence="PERSISTENT",
        ChimeBearer=alice,
    )
    assert sent["Status"]["Value"] == "PENDING"

    message = {"ChannelArn": channel, "MessageId": sent["MessageId"]}
    overdue = time.monotonic() + PATIENCE
    while messaging.get_channel_message_status(**message, ChimeBearer=alice)["Status"]["Value"] == "PENDING":
        assert time.monotonic() < overdue
        time.sleep(0.02)

    [read] = messaging.list_channel_messages(ChannelArn=channel, ChimeBearer=bob)["ChannelMessages"]
    assert read["Content"] == "What the **** is this?"
    assert read["Sender"] == {"Arn": alice, "Name": "Alice"}
    assert read["Status"]["Value"] == "SENT"
    assert messaging.get_channel_message(**message, ChimeBearer=bob)["ChannelMessage"]["Content"] == read["Content"]
